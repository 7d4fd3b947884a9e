// An aggregate in words: its prefix, then what `aggregates` in the configuration file has for it.

import type { AggregateInput } from '../api/control.js';
import { usageError } from './exit.js';
import { suggestion } from './suggest.js';

/** A word and its value. */
export interface AggregateWord {
  readonly word: string;
  /** Empty: it stands alone. */
  readonly value: string;
  readonly describe: string;
  readonly example: string;
  /** The only values, or well-known ones. */
  readonly values?: readonly string[];
  readonly parse: (value: string) => Omit<AggregateInput, 'prefix'>;
}

const KERNEL = ['blackhole', 'unreachable', 'none'] as const;

/** The words, in the order of the documentation. */
export const AGGREGATE_WORDS: readonly AggregateWord[] = [
  {
    word: 'summary-only',
    value: '',
    describe: 'Keep the more specific routes from all neighbors',
    example: 'summary-only',
    parse: () => ({ summaryOnly: true }),
  },
  {
    word: 'kernel',
    value: 'blackhole|unreachable|none',
    describe: 'What the own kernel does with packets that no more specific route takes; blackhole when left out',
    example: 'kernel unreachable',
    values: KERNEL,
    parse: value => {
      const kernel = KERNEL.find(it => it === value);
      if (kernel === undefined) throw usageError(`there is no kernel "${value}"`, suggestion(value, KERNEL));
      return { kernel };
    },
  },
  {
    word: 'community',
    value: 'C[,C]',
    describe: 'Communities, as numbers or well-known names (RFC 1997)',
    example: 'community 65001:100,no-export',
    values: ['no-export', 'no-advertise'],
    parse: value => ({ communities: value.split(',') }),
  },
  {
    word: 'large-community',
    value: 'A:B:C[,…]',
    describe: 'Large communities (RFC 8092)',
    example: 'large-community 65001:1:2',
    parse: value => ({ largeCommunities: value.split(',') }),
  },
];

/** The aggregate that the words mean. Throws CommandError. */
export function parseAggregate(prefix: string, words: readonly string[]): AggregateInput {
  const given = new Set<string>();
  const left = [...words];
  let aggregate: AggregateInput = { prefix };
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const row = AGGREGATE_WORDS.find(it => it.word === word);
    if (!row) {
      const known = AGGREGATE_WORDS.map(it => it.word);
      throw usageError(`"${word}" is not an option of an aggregate`, suggestion(word, known));
    }
    if (given.has(word)) throw usageError(`${word} is given twice`);
    given.add(word);
    const value = row.value === '' ? '' : left.shift();
    if (value === undefined) throw usageError(`${word} needs a value`, `such as: ${row.example}`);
    aggregate = { ...aggregate, ...row.parse(value) };
  }
  return aggregate;
}
