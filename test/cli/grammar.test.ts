// Words ↔ commands, routes and neighbors: matching, values, suggestions.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RouteSpec } from '../../src/api/control.js';
import { AGGREGATE_WORDS, parseAggregate } from '../../src/cli/aggregate-words.js';
import { COMMANDS, withoutAliases } from '../../src/cli/commands.js';
import { CommandError } from '../../src/cli/exit.js';
import { ARGUMENTS, type ArgumentName, match, parsePattern } from '../../src/cli/grammar.js';
import { NEIGHBOR_WORDS, parseNeighborWords } from '../../src/cli/neighbor-words.js';
import { parseRoute, ROUTE_WORDS, wordsOf } from '../../src/cli/route-words.js';
import { closest, distance } from '../../src/cli/suggest.js';

describe('patterns', () => {
  const EXAMPLES: Record<ArgumentName, string> = {
    PREFIX: '10.233.1.0/24',
    ADDRESS: '10.233.1.10',
    NEIGHBOR: '2001:db8::5',
    AS: '65001',
    ATTRIBUTE: 'med',
    OPTION: 'passive',
    SETTING: 'summary-only',
    MESSAGE: 'maintenance',
    FILE: 'tsbgp.yml',
    NAME: 'from-peer',
  };

  test.each(COMMANDS.map(it => it.usage))(
    '%s is reached by a line of its form, with and without what may be left out',
    usage => {
      const parts = parsePattern(usage);
      for (const given of [parts, parts.filter(part => !part.optional)]) {
        const words = given.map(part => ('words' in part ? part.words[0] : EXAMPLES[part.argument]));
        const { command, matched } = match(COMMANDS, words);
        expect(command.usage).toBe(usage);
        const names = given.flatMap(part => ('argument' in part && !part.rest ? [part.argument] : []));
        expect(matched.args).toEqual(Object.fromEntries(names.map(name => [name, EXAMPLES[name]])));
        expect(matched.rest).toHaveLength(given.filter(part => part.rest).length);
      }
    },
  );

  test('arguments of patterns are those of the table, and examples are lines that match', () => {
    for (const { usage, examples = [] } of COMMANDS) {
      for (const part of parsePattern(usage))
        if ('argument' in part) expect(Object.keys(ARGUMENTS)).toContain(part.argument);
      for (const [line] of examples) {
        const [, own] = /tsbgp ([^|<>)]+?) *(?:[|<>)].*)?$/.exec(line) ?? [];
        const words = wordsOf(own.replace(/ (-a|--family|--limit|--config) \S+| --\w+/g, ''));
        expect(match(COMMANDS, words).command.usage.split(' ')[0]).toBe(usage.split(' ')[0]);
      }
    }
  });

  test('the rest is kept in order, a choice is named', () => {
    const words = ['neighbor', '10.0.0.1', 'disable', 'back', 'at', '15:00'];
    expect(match(COMMANDS, words).matched.rest).toEqual(['back', 'at', '15:00']);
    expect(match(COMMANDS, ['neighbor', '10.0.0.1', 'softreset', 'out']).matched.choice).toBe('out');
    expect(match(COMMANDS, ['neighbor', '10.0.0.1', 'softreset']).matched.choice).toBeUndefined();
  });

  test.each([
    [['rib', '10.0.0.1'], 'rib ADDRESS'],
    [['rib', '10.0.0.0/8'], 'rib PREFIX'],
    [['rib', '::1'], 'rib ADDRESS'],
    [['rib', 'add', '-'], 'rib add -'],
    [['rib', 'add', '10.0.0.1'], 'rib add PREFIX [ATTRIBUTE...]'],
    [['rib', 'del', 'all'], 'rib del all'],
    [['neighbor', 'fe80::1%eth1'], 'neighbor NEIGHBOR'],
    [['neighbor', 'uplink'], 'neighbor NEIGHBOR'],
    [['neighbor', 'all', 'maintenance', 'on'], 'neighbor all maintenance on|off'],
    [['neighbor', 'add', 'eth1', 'as', 'external'], 'neighbor add NEIGHBOR as AS [OPTION...]'],
    [['neighbor', 'eth1', 'add', 'as', 'external'], 'neighbor NEIGHBOR add as AS [OPTION...]'],
  ])('%j is %s', (words, usage) => {
    expect(match(COMMANDS, words).command.usage).toBe(usage);
  });

  test('aliases replace only the beginning', () => {
    expect(withoutAliases(['global', 'rib', 'add', 'global'])).toEqual(['rib', 'add', 'global']);
    expect(withoutAliases(['monitor', 'global', 'rib'])).toEqual(['monitor', 'rib']);
    expect(withoutAliases(['global'])).toEqual(['status']);
    expect(withoutAliases(['rib', 'global'])).toEqual(['rib', 'global']);
  });

  test('any line of words is matched or refused in words', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'rib',
        'neighbor',
        'add',
        'del',
        'in',
        'as',
        '65001',
        '10.0.0.0/8',
        '10.0.0.1',
        'reset',
        'config',
        '-',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), words => {
        try {
          expect(COMMANDS).toContain(match(COMMANDS, words).command);
        } catch (error) {
          expect(error).toBeInstanceOf(CommandError);
          expect(error).toMatchObject({ exit: 2, message: expect.stringMatching(/"/) });
        }
      }),
    );
  });
});

describe('routes', () => {
  /** The words that make a route, values of lists apart or together. */
  function wordsFor(spec: RouteSpec, apart: boolean): string[] {
    return ROUTE_WORDS.flatMap(({ word, key }) => {
      const value = spec[key];
      if (value === undefined) return [];
      if (!Array.isArray(value)) return [word, String(value)];
      return apart ? value.flatMap(it => [word, it]) : [word, value.join(',')];
    });
  }

  const u32 = fc.nat({ max: 0xffffffff });
  const numbers = (count: number) => fc.tuple(...Array.from({ length: count }, () => u32)).map(list => list.join(':'));
  const list = (element: fc.Arbitrary<string>) => fc.array(element, { minLength: 1, maxLength: 4 });
  const prefix = fc.constantFrom('10.0.0.0/8', '2001:db8::/32');
  const spec: fc.Arbitrary<RouteSpec> = fc.record(
    {
      prefix,
      nextHop: fc.constantFrom('172.18.8.101', '2001:db8::1'),
      origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
      communities: list(fc.oneof(numbers(2), fc.constantFrom('blackhole', 'no-export'))),
      largeCommunities: list(numbers(3)),
      extendedCommunities: list(numbers(2).map(it => `rt:${it}`)),
      med: u32,
      localPref: u32,
      asPath: fc.array(u32, { minLength: 1, maxLength: 5 }).map(path => path.join(' ')),
    },
    { requiredKeys: ['prefix'] },
  );

  test('words ↔ RouteSpec, in any order of the attributes', () => {
    fc.assert(
      fc.property(spec, fc.boolean(), fc.infiniteStream(fc.nat()), (route, apart, order) => {
        const words = wordsFor(route, apart);
        const pairs = Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i], words[2 * i + 1]]);
        const kept = pairs.map(pair => ({ pair, at: order.next().value }));
        const shuffled = apart ? pairs : kept.sort((a, b) => a.at - b.at).map(it => it.pair);
        expect(parseRoute(route.prefix, shuffled.flat())).toEqual(route);
      }),
    );
  });

  test('a line of `rib add -` ↔ its words', () => {
    fc.assert(
      fc.property(spec, route => {
        const line = [route.prefix, ...wordsFor(route, false)]
          .map(word => (word.includes(' ') ? `"${word}"` : word))
          .join(' ');
        const [first, ...rest] = wordsOf(line);
        expect(parseRoute(first, rest)).toEqual(route);
      }),
    );
    expect(wordsOf("  10.0.0.0/8\taspath '65001 65002'  ")).toEqual(['10.0.0.0/8', 'aspath', '65001 65002']);
    expect(wordsOf('')).toEqual([]);
  });

  test.each([
    [['med', '4294967296'], 'med "4294967296" is not a number from 0 to 4294967295'],
    [['med', '-1'], 'med "-1" is not a number'],
    [['med', '1', 'med', '2'], 'med is given twice'],
    [['community', 'blackhole,'], 'has an empty element'],
    [['origin', 'ebgp'], 'there is no origin "ebgp"'],
    [['nexthop'], 'nexthop needs a value'],
    [['next-hop', '1.1.1.1'], '"next-hop" is not an attribute'],
    [['aspath', '65001', '65002'], '"65002" is not an attribute'],
  ])('%j is refused', (words, message) => {
    expect(() => parseRoute('10.0.0.0/8', words)).toThrow(message);
  });

  test('an AS path without quotes is explained', () => {
    expect(() => parseRoute('10.0.0.0/8', ['aspath', '65001', '65002'])).toThrow(
      expect.objectContaining({ hint: 'put the whole AS path in quotes: aspath "65001 65002"' }),
    );
  });
});

describe('neighbors', () => {
  test('every example is understood, and a flag alone is true', () => {
    for (const { word, example, values } of NEIGHBOR_WORDS) {
      const parsed = parseNeighborWords('10.0.0.1', '65001', wordsOf(example));
      expect(Object.keys(parsed)).toEqual(['address', 'as', word]);
      if (values?.includes('true')) expect(parsed[word]).toBe(true);
    }
  });

  test.each([
    ['10.0.0.1', 'address'],
    ['fe80::1%eth1', 'address'],
    ['10.0.0.0/8', 'address'],
    ['eth1', 'interface'],
    ['eth1.100', 'interface'],
  ])('%s is an %s', (name, key) => {
    expect(parseNeighborWords(name, 'external', [])).toEqual({ [key]: name, as: 'external' });
  });

  test('all keys together', () => {
    const words = NEIGHBOR_WORDS.flatMap(({ example }) => wordsOf(example));
    expect(Object.keys(parseNeighborWords('10.0.0.1', '65001', words))).toHaveLength(NEIGHBOR_WORDS.length + 2);
  });
});

describe('suggestions', () => {
  test('distance is a metric on words with edits and swaps', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, b) === 0).toBe(a === b);
        expect(distance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
    expect(distance('rib', 'rbi')).toBe(1);
    expect(distance('kitten', 'sitting')).toBe(3);
  });

  test.each([
    ['comunity', 'community'],
    ['neigh', 'neighbor'],
    ['RIB', 'rib'],
    ['confg', 'config'],
    ['frobnicate', undefined],
    ['x', undefined],
  ])('%s → %s', (word, expected) => {
    expect(closest(word, ['rib', 'neighbor', 'config', 'community', 'large-community'])).toBe(expected);
  });
});

describe('an aggregate in words', () => {
  test('has each option once, with its value', () => {
    expect(parseAggregate('10.0.0.0/8', [])).toEqual({ prefix: '10.0.0.0/8' });
    const words = 'summary-only kernel none community 65001:1,no-export large-community 65001:1:2'.split(' ');
    expect(parseAggregate('10.0.0.0/8', words)).toEqual({
      prefix: '10.0.0.0/8',
      summaryOnly: true,
      kernel: 'none',
      communities: ['65001:1', 'no-export'],
      largeCommunities: ['65001:1:2'],
    });
  });

  test.each([
    ['summary', '"summary" is not an option of an aggregate', 'did you mean "summary-only"?'],
    ['kernel', 'kernel needs a value', 'such as: kernel unreachable'],
    ['kernel drop', 'there is no kernel "drop"', undefined],
    ['summary-only summary-only', 'summary-only is given twice', undefined],
  ])('%s: refused', (line, message, hint) => {
    expect(() => parseAggregate('10.0.0.0/8', line.split(' '))).toThrow(
      expect.objectContaining(hint === undefined ? { message } : { message, hint }),
    );
  });

  test('examples are themselves right', () => {
    for (const { example } of AGGREGATE_WORDS) parseAggregate('10.0.0.0/8', example.split(' '));
  });
});
