// The prefix table against a Map: random runs of prefixes come and go, and every one is found under its own number.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTable } from '../../../src/bgp/rib/prefix-table.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { clearHostBits, formatPrefix } from '../../../src/bgp/wire/prefix.js';

const FAMILIES = [
  { family: Family.ipv4Unicast, octets: 4 },
  { family: Family.ipv6Unicast, octets: 16 },
] as const;

interface Run {
  head: number[];
  length: number;
  count: number;
}

/** Neighboring prefixes of one length. */
const run = (octets: number): fc.Arbitrary<Run> =>
  fc.record({
    head: fc.array(fc.constantFrom(0, 1, 10, 128, 255), { minLength: octets, maxLength: octets }),
    length: fc.oneof(fc.nat(octets * 8), fc.constantFrom(octets * 8, 24, 48 % (octets * 8))),
    count: fc.constantFrom(1, 3, 8, 40, 300),
  });

/** A few runs that come and go again and again, each time from one of its first prefixes on. */
const history = (octets: number) =>
  fc.array(run(octets), { minLength: 1, maxLength: 6 }).chain(runs => {
    const event = fc.record({ of: fc.constantFrom(...runs), from: fc.nat(3), add: fc.boolean() });
    return fc.array(event, { maxLength: 40 });
  });

/** The prefix `n` places after the one of these octets. */
function following(head: number[], length: number, n: number): Uint8Array {
  const bytes = Uint8Array.from(head);
  clearHostBits(bytes, length);
  let carry = n;
  for (let bit = length; bit > 0 && carry > 0; bit--) {
    const at = (bit - 1) >>> 3;
    const value = 1 << (7 - ((bit - 1) & 7));
    const sum = ((bytes[at] & value) === 0 ? 0 : 1) + (carry & 1);
    bytes[at] = (sum & 1) === 0 ? bytes[at] & ~value : bytes[at] | value;
    carry = (carry >>> 1) + (sum >>> 1);
  }
  return bytes;
}

describe.each(FAMILIES)('the prefix table of family $family', ({ family, octets }) => {
  it('finds what is in it and nothing else', () => {
    fc.assert(
      fc.property(history(octets), events => {
        const table = new PrefixTable(family);
        const model = new Map<string, { id: number; address: Uint8Array; length: number }>();
        for (const {
          of: { head, length, count },
          from,
          add,
        } of events) {
          for (let n = from; n < count; n++) {
            const address = following(head, length, n);
            const text = formatPrefix({ family, address, length });
            const known = model.get(text);
            expect(table.find(address, length)).toBe(known?.id ?? 0);
            if (add) {
              const id = table.ensure(address, length);
              if (known !== undefined) expect(id).toBe(known.id);
              model.set(text, { id, address, length });
            } else if (known !== undefined) {
              table.releaseIfIdle(known.id);
              model.delete(text);
            }
          }
        }
        expect(table.count).toBe(model.size);
        expect(new Set([...model.values()].map(({ id }) => id)).size).toBe(model.size);
        for (const { id, address, length } of model.values()) expect(table.find(address, length)).toBe(id);
        expect([...table.ids()].sort((a, b) => a - b)).toEqual(
          [...model.values()].map(({ id }) => id).sort((a, b) => a - b),
        );
        const inOrder = [...model.values()].sort((a, b) => Buffer.compare(a.address, b.address) || a.length - b.length);
        expect(table.sorted()).toEqual(inOrder.map(({ id }) => id));
      }),
      { numRuns: 100 },
    );
  });

  it('gives its memory back when it is empty, and no number is used any more', () => {
    const table = new PrefixTable(family);
    const ids = Array.from({ length: 70_000 }, (_, n) => table.ensure(following(Array(octets).fill(10), 24, n), 24));
    for (const id of ids) table.releaseIfIdle(id);
    expect(table.capacity).toBeLessThan(100);
    expect(ids.filter(id => table.used(id))).toEqual([]);
    expect(table.ensure(following(Array(octets).fill(10), 24, 1), 24)).toBe(1);
  });

  it('knows prefixes by the same ids when they come back, in whatever order', () => {
    const table = new PrefixTable(family);
    const prefixes = Array.from({ length: 200 }, (_, n) => following(Array(octets).fill(10), 24, n));
    const ids = prefixes.map(prefix => table.ensure(prefix, 24));
    fc.assert(
      fc.property(fc.shuffledSubarray(ids), fc.nat(), (gone, seed) => {
        for (const id of gone) table.releaseIfIdle(id);
        expect(table.count).toBe(200 - gone.length);
        expect(gone.some(id => table.used(id))).toBe(false);
        const start = seed % (gone.length + 1);
        for (const id of [...gone.slice(start), ...gone.slice(0, start)]) {
          const prefix = prefixes[ids.indexOf(id)];
          expect(table.find(prefix, 24)).toBe(0);
          expect(table.ensure(prefix, 24)).toBe(id);
          expect(table.best[id]).toBe(0);
        }
        expect(table.count).toBe(200);
      }),
    );
    expect(table.capacity).toBe(256);
  });

  it('stays quick to search while different prefixes come and go', () => {
    const table = new PrefixTable(family);
    const address = new Uint8Array(octets);
    const { arrayBuffers } = process.memoryUsage();
    for (let n = 0; n < 200_000; n++) {
      address[0] = n >>> 16;
      address[1] = n >>> 8;
      address[2] = n;
      table.releaseIfIdle(table.ensure(address, 24));
      expect(table.find(address, 24)).toBe(0);
    }
    expect(table.count).toBe(0);
    expect(table.capacity).toBe(32);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(1 << 20);
  });

  it('stays small while its numbers go from prefix to prefix', () => {
    const table = new PrefixTable(family);
    const address = new Uint8Array(octets);
    const ids: number[] = [];
    const { arrayBuffers } = process.memoryUsage();
    for (let n = 0; n < 60_000; n++) {
      if (n >= 1000) table.releaseIfIdle(ids[n % 1000]);
      address[0] = n >>> 8;
      address[1] = n;
      address[2] = n % 7;
      ids[n % 1000] = table.ensure(address, 24);
    }
    expect(table.count).toBe(1000);
    // What gave way to others is in it, as long as nothing was collected; with numbers of other stripes it would be 890,000.
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(700_000);
  });
});
