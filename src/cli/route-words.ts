// A route in words, as people type it and as `tsbgp rib add -` reads it: PREFIX, then attributes, each a word and its value.

import type { RouteSpec } from '../api/control.js';
import { usageError } from './exit.js';
import { suggestion } from './suggest.js';

type Key = Exclude<keyof RouteSpec, 'prefix'>;
type KindOf<K extends Key> =
  NonNullable<RouteSpec[K]> extends string[] ? 'list' : NonNullable<RouteSpec[K]> extends number ? 'number' : 'text';

/** An attribute's word. */
export interface RouteWord {
  readonly word: string;
  readonly key: Key;
  /** A list is written with commas; its word may stand several times. */
  readonly kind: 'text' | 'number' | 'list';
  readonly value: string;
  readonly describe: string;
  readonly example: string;
  /** The only values, or well-known ones of a list. */
  readonly values?: readonly string[];
}

const attribute = <K extends Key>(row: RouteWord & { key: K; kind: KindOf<K> }): RouteWord => row;

/** The attributes, in the order of the documentation. */
export const ROUTE_WORDS: readonly RouteWord[] = [
  attribute({
    word: 'nexthop',
    key: 'nextHop',
    kind: 'text',
    value: 'ADDRESS',
    describe: 'Where packets go; this speaker when left out',
    example: '172.18.8.101',
  }),
  attribute({
    word: 'community',
    key: 'communities',
    kind: 'list',
    value: 'C[,C]',
    describe: 'Communities, as numbers or well-known names (RFC 1997)',
    example: 'blackhole',
    values: ['blackhole', 'no-export', 'no-advertise', 'graceful-shutdown'],
  }),
  attribute({
    word: 'large-community',
    key: 'largeCommunities',
    kind: 'list',
    value: 'A:B:C[,…]',
    describe: 'Large communities (RFC 8092)',
    example: '65001:1:2',
  }),
  attribute({
    word: 'ext-community',
    key: 'extendedCommunities',
    kind: 'list',
    value: 'KIND:A:B[,…]',
    describe: 'Extended communities (RFC 4360)',
    example: 'rt:65001:100',
  }),
  attribute({
    word: 'med',
    key: 'med',
    kind: 'number',
    value: 'N',
    describe: 'MULTI_EXIT_DISC: a neighboring AS prefers the smallest',
    example: '10',
  }),
  attribute({
    word: 'local-pref',
    key: 'localPref',
    kind: 'number',
    value: 'N',
    describe: 'LOCAL_PREF: the own AS prefers the greatest',
    example: '200',
  }),
  attribute({
    word: 'origin',
    key: 'origin',
    kind: 'text',
    value: 'igp|egp|incomplete',
    describe: 'ORIGIN; incomplete when left out',
    example: 'igp',
    values: ['igp', 'egp', 'incomplete'],
  }),
  attribute({
    word: 'aspath',
    key: 'asPath',
    kind: 'text',
    value: '"AS AS …"',
    describe: 'AS_PATH, in quotes when it has several numbers',
    example: '65001',
  }),
];

const ATTRIBUTE_NAMES = ROUTE_WORDS.map(row => row.word);

/** The route that the words mean. Throws CommandError; whether values are right is for the daemon to say. */
export function parseRoute(prefix: string, words: readonly string[]): RouteSpec {
  const values: Partial<Record<Key, string | number | string[]>> = {};
  for (let i = 0; i < words.length; i += 2) {
    const row = ROUTE_WORDS.find(it => it.word === words[i]);
    if (!row) throw unknownWord(words, i);
    const text = words[i + 1];
    if (text === undefined) throw usageError(`${row.word} needs a value`, `such as: ${row.word} ${row.example}`);
    const before = values[row.key];
    if (row.kind === 'list') values[row.key] = [...(Array.isArray(before) ? before : []), ...listOf(row, text)];
    else if (before !== undefined) throw usageError(`${row.word} is given twice`);
    else values[row.key] = row.kind === 'number' ? numberOf(row, text) : textOf(row, text);
  }
  return { prefix, ...(values as Omit<RouteSpec, 'prefix'>) };
}

/** A line of `rib add -` as words; quotes hold a value with spaces together. */
export function wordsOf(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g), ([all, double, single]) => double ?? single ?? all);
}

function unknownWord(words: readonly string[], at: number) {
  const word = words[at];
  const inPath = /^\d+$/.test(word) && words[at - 2] === 'aspath';
  const hint = inPath ? 'put the whole AS path in quotes: aspath "65001 65002"' : suggestion(word, ATTRIBUTE_NAMES);
  return usageError(`"${word}" is not an attribute of a route`, hint);
}

function listOf({ word, example }: RouteWord, text: string): string[] {
  const list = text.split(',').map(it => it.trim());
  if (list.includes('')) throw usageError(`${word} "${text}" has an empty element`, `such as: ${word} ${example}`);
  return list;
}

function numberOf({ word, example }: RouteWord, text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 0xffffffff) return value;
  throw usageError(`${word} "${text}" is not a number from 0 to 4294967295`, `such as: ${word} ${example}`);
}

function textOf({ word, values }: RouteWord, text: string): string {
  if (!values || values.includes(text)) return text;
  throw usageError(`there is no ${word} "${text}"`, suggestion(text, values));
}
