// Which prefix sets a prefix is in, against a look at every rule.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PrefixClasses } from '../../../src/bgp/policy/prefix-classes.js';
import { PrefixTable } from '../../../src/bgp/rib/prefix-table.js';
import { FAMILIES } from '../../../src/bgp/wire/family.js';
import { clearHostBits, formatPrefix, type Prefix, parsePrefix } from '../../../src/bgp/wire/prefix.js';

/** Prefixes from all over the address space that are inside one another often. */
const prefix: fc.Arbitrary<Prefix> = fc.constantFrom(...FAMILIES).chain(({ family, bits, addressBytes }) =>
  fc
    .record({
      octets: fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: addressBytes, maxLength: addressBytes }),
      length: fc.oneof(fc.nat(bits), fc.nat(9)),
    })
    .map(({ octets, length }) => {
      const address = Uint8Array.from(octets);
      clearHostBits(address, length);
      return { family, address, length } as Prefix;
    }),
);

const rule = fc.record({ prefix, more: fc.nat(128), range: fc.nat(128) }).map(({ prefix: it, more, range }) => {
  const bits = FAMILIES[it.family].bits;
  const ge = Math.min(bits, it.length + (more % 4));
  return { prefix: formatPrefix(it), ge, le: Math.min(bits, ge + range) };
});

/** The first bits of a prefix as text. */
function bitsOf({ address, length }: Prefix): string {
  return Array.from(address, octet => octet.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);
}

it('is told as if each rule were looked at', () => {
  const sets = fc.array(fc.array(rule, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });
  const check = (lists: { prefix: string; ge: number; le: number }[][], prefixes: Prefix[]) => {
    const classes = new PrefixClasses(lists);
    const tables = FAMILIES.map(({ family }) => new PrefixTable(family));
    // What the rules name is asked for, too, and what is next to it.
    for (const it of [...prefixes, ...lists.flat().map(({ prefix: text }) => parsePrefix(text))]) {
      const table = tables[it.family];
      const found = classes.of(table, table.ensure(it.address, it.length));
      const expected = lists.flatMap((list, set) =>
        list.some(({ prefix: text, ge, le }) => {
          const of = parsePrefix(text);
          return of.family === it.family && bitsOf(it).startsWith(bitsOf(of)) && ge <= it.length && it.length <= le;
        })
          ? [set]
          : [],
      );
      expect([...classes.classes[found].sets].sort()).toEqual(expected);
    }
  };
  fc.assert(fc.property(sets, fc.array(prefix, { maxLength: 10 }), check), { numRuns: 300 });
});
