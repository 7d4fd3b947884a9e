// Which of many prefix sets a prefix is in, with one look.
//
// All rules of a program lie in one list of distinct prefixes per family, sorted by address and length, each with the one
// that contains it as parent. The innermost of them that contains a prefix, and the prefix's length, decide every rule at
// once: that is a row of class numbers, made beforehand. Prefixes of one class are in the same sets.

import type { PrefixTable } from '../rib/prefix-table.js';
import { readU32 } from '../wire/bytes.js';
import { FAMILIES, Family } from '../wire/family.js';
import { type Prefix, parsePrefix } from '../wire/prefix.js';
import type { PrefixRule } from './definition.js';

/** A class: its family and the sets (by number) that its prefixes are in. */
export interface PrefixClass {
  family: Family;
  sets: ReadonlySet<number>;
}

interface Rule {
  prefix: Prefix;
  set: number;
  ge: number;
  le: number;
}

/** The classes that some sets divide all prefixes into. */
export class PrefixClasses {
  /** By class number. */
  readonly classes: PrefixClass[] = [];
  private readonly families: readonly FamilyClasses[];

  constructor(sets: readonly (readonly PrefixRule[])[]) {
    const numbers = new Map<string, number>();
    const classOf = (family: Family, inSets: Iterable<number>): number => {
      const members = [...new Set(inSets)].sort((a, b) => a - b);
      const key = `${family}:${members.join()}`;
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, this.classes.length);
      this.classes.push({ family, sets: new Set(members) });
      return this.classes.length - 1;
    };
    const rules = sets.flatMap((list, set) =>
      list.map(({ prefix, ge, le }): Rule => ({ prefix: parsePrefix(prefix), set, ge, le })),
    );
    this.families = FAMILIES.map(
      ({ family, bits }) =>
        new FamilyClasses(
          rules.filter(rule => rule.prefix.family === family),
          bits,
          inSets => classOf(family, inSets),
        ),
    );
  }

  /** The class of a prefix in a table. */
  of(prefixes: PrefixTable, prefix: number): number {
    const family = this.families[prefixes.family];
    const { address, length } = prefixes;
    return prefixes.family === Family.ipv4Unicast
      ? family.find4(address[prefix], length[prefix])
      : family.find6(address, prefix << 2, length[prefix]);
  }
}

class FamilyClasses {
  /** Words of the distinct prefixes in the order of addresses, `stride` each. */
  private readonly words: Int32Array;
  private readonly lengths: Uint8Array;
  private readonly parents: Int32Array;
  /** By prefix: the row of `rows` that holds a class for each length; row 0 is that of no prefix. */
  private readonly rowOf: Int32Array;
  private readonly rows: Uint16Array[] = [];
  private readonly count: number;

  constructor(rules: readonly Rule[], bits: number, classOf: (inSets: Iterable<number>) => number) {
    const stride = bits >>> 5;
    const distinct = new Map<string, { prefix: Prefix; rules: Rule[] }>();
    for (const rule of rules) {
      const key = `${rule.prefix.address.join()}/${rule.prefix.length}`;
      const entry = distinct.get(key) ?? { prefix: rule.prefix, rules: [] };
      entry.rules.push(rule);
      distinct.set(key, entry);
    }
    const entries = [...distinct.values()].sort((a, b) => comparePrefixes(a.prefix, b.prefix));
    this.count = entries.length;
    this.words = new Int32Array(entries.length * stride);
    this.lengths = Uint8Array.from(entries, ({ prefix }) => prefix.length);
    this.parents = new Int32Array(entries.length).fill(-1);
    this.rowOf = new Int32Array(entries.length);
    const known = new Map<string, number>();
    const rowFor = (applying: readonly Rule[]): number => {
      const row = Uint16Array.from({ length: bits + 1 }, (_, length) =>
        classOf(applying.filter(rule => rule.ge <= length && length <= rule.le).map(rule => rule.set)),
      );
      const key = row.join();
      const found = known.get(key);
      if (found !== undefined) return found;
      known.set(key, this.rows.length);
      this.rows.push(row);
      return this.rows.length - 1;
    };
    rowFor([]);
    const inherited: Rule[][] = [];
    const enclosing: number[] = [];
    entries.forEach(({ prefix, rules: own }, i) => {
      for (let w = 0; w < stride; w++) this.words[i * stride + w] = readU32(prefix.address, w * 4);
      while (enclosing.length > 0 && !contains(entries[enclosing[enclosing.length - 1]].prefix, prefix))
        enclosing.pop();
      this.parents[i] = enclosing.at(-1) ?? -1;
      inherited[i] = [...(inherited[this.parents[i]] ?? []), ...own];
      this.rowOf[i] = rowFor(inherited[i]);
      enclosing.push(i);
    });
  }

  find4(address: number, length: number): number {
    const { words, lengths, parents } = this;
    // The last entry that is not after the prefix is inside the innermost one that contains it, or is that one.
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const word = words[middle];
      if (word >>> 0 < address >>> 0 || (word === address && lengths[middle] <= length)) low = middle + 1;
      else high = middle;
    }
    let at = low - 1;
    for (; at >= 0; at = parents[at]) {
      const bits = lengths[at];
      if (bits <= length && (bits === 0 || (words[at] ^ address) >>> (32 - bits) === 0)) break;
    }
    return this.rows[at < 0 ? 0 : this.rowOf[at]][length];
  }

  /** The prefix's four words are `address[from..from + 4)`. */
  find6(address: Int32Array, from: number, length: number): number {
    const { words, lengths, parents } = this;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let w = 0;
      while (w < 4 && words[middle * 4 + w] === address[from + w]) w++;
      const before = w < 4 ? words[middle * 4 + w] >>> 0 < address[from + w] >>> 0 : lengths[middle] <= length;
      if (before) low = middle + 1;
      else high = middle;
    }
    let at = low - 1;
    for (; at >= 0; at = parents[at]) {
      if (lengths[at] <= length && sameBits(words, at * 4, address, from, lengths[at])) break;
    }
    return this.rows[at < 0 ? 0 : this.rowOf[at]][length];
  }
}

function sameBits(a: Int32Array, aAt: number, b: Int32Array, bAt: number, bits: number): boolean {
  for (let w = 0; bits > 0; w++, bits -= 32) {
    const different = a[aAt + w] ^ b[bAt + w];
    if (bits >= 32 ? different !== 0 : different >>> (32 - bits) !== 0) return false;
  }
  return true;
}

function comparePrefixes(a: Prefix, b: Prefix): number {
  for (let i = 0; i < a.address.length; i++) if (a.address[i] !== b.address[i]) return a.address[i] - b.address[i];
  return a.length - b.length;
}

/** Is `inner` the prefix `outer` or within it? */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  const whole = outer.length >> 3;
  for (let i = 0; i < whole; i++) if (outer.address[i] !== inner.address[i]) return false;
  const rest = outer.length & 7;
  return rest === 0 || ((outer.address[whole] ^ inner.address[whole]) & (0xff00 >> rest) & 0xff) === 0;
}
