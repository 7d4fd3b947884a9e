// The table of attribute sets as it fills and empties; what a set means is the other tests' matter.

import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { type ColumnPlacer, placeLargeColumns } from '../../../src/bgp/rib/columns.js';
import { block, newRib } from './tables.js';

const PLACERS: [string, ColumnPlacer | null][] = [
  ['small pages', null],
  ['large ones', { spare: 64, place: (_memory, whole) => (whole ? 16 : 8) }],
];

it.each(PLACERS)('gives the memory of an emptied table back, and begins again: %s', (_pages, placer) => {
  placeLargeColumns(placer);
  onTestFinished(() => placeLargeColumns(null));
  const { sets } = newRib();
  const bytes = block({ asPath: '1 2 3', nextHop: '10.0.0.1', med: 0 });
  const med = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4);
  const intern = (value: number) => {
    med.setUint32(0, value);
    return sets.intern(bytes, bytes.length, 0);
  };
  const ids = Array.from({ length: 70_000 }, (_, value) => intern(value));
  expect(ids.every((id, value) => sets.med[id] === value && sets.block(id).at(-1) === (value & 255))).toBe(true);
  // What others leave is used again, and nobody else's.
  for (let value = 0; value < 70_000; value += 3) sets.release(ids[value]);
  for (let value = 0; value < 70_000; value += 3) ids[value] = intern(value);
  expect(ids.every((id, value) => sets.med[id] === value && sets.block(id).at(-1) === (value & 255))).toBe(true);
  expect(intern(4)).toBe(ids[4]);
  sets.release(ids[4]);
  const serial = sets.serial[ids[69_999]];
  for (const id of ids) sets.release(id);
  expect(sets.count).toBe(0);
  expect(sets.capacity).toBeLessThan(1000);
  expect(sets.arena.bytes).toBe(0);

  const again = intern(5);
  expect(sets.med[again]).toBe(5);
  expect(sets.serial[again]).toBeGreaterThan(serial);
  expect(intern(5)).toBe(again);
  expect(intern(6)).not.toBe(again);
});

/** Blocks that differ in their MED, on a few links: all of them are used again and again. */
const use = fc.record({
  last: fc.oneof(fc.nat(3), fc.nat(400)),
  link: fc.constantFrom(0, 1, 2),
  keep: fc.boolean(),
  times: fc.nat(3),
});

it('knows a set by its block and its link as long as somebody refers to it: against a Map', () => {
  fc.assert(
    fc.property(fc.array(use, { maxLength: 600 }), uses => {
      const { sets } = newRib();
      const model = new Map<string, { id: number; refs: number; serial: number }>();
      for (const { last, link, keep, times } of uses) {
        const bytes = block({ asPath: '1 2 3', nextHop: 'fe80::1', med: last });
        const key = `${last} ${link}`;
        for (let i = 0; i <= times; i++) {
          const id = sets.intern(bytes, bytes.length, link);
          const known = model.get(key);
          if (known !== undefined) expect([id, sets.serial[id]]).toEqual([known.id, known.serial]);
          else for (const other of model.values()) expect(id).not.toBe(other.id);
          const refs = (known?.refs ?? 0) + 1;
          expect(sets.refs[id]).toBe(refs);
          expect(sets.block(id)).toEqual(bytes);
          model.set(key, { id, refs, serial: sets.serial[id] });
        }
        const { id, refs } = model.get(key)!;
        if (keep) continue;
        for (let i = 0; i < refs; i++) sets.release(id);
        model.delete(key);
      }
      expect(sets.count).toBe(model.size);
    }),
    { numRuns: 60 },
  );
});

it('stays small while sets come and go', () => {
  const { sets } = newRib();
  const bytes = block({ asPath: '1 2 3', nextHop: '10.0.0.1', med: 0 });
  const med = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4);
  const ids: number[] = [];
  const next = (n: number) => {
    if (n >= 100) sets.release(ids[n % 100]);
    med.setUint32(0, n);
    ids[n % 100] = sets.intern(bytes, bytes.length, 0);
  };
  for (let n = 0; n < 1000; n++) next(n);
  const { arrayBuffers } = process.memoryUsage();
  for (let n = 1000; n < 200_000; n++) next(n);
  expect(sets.count).toBe(100);
  expect(sets.capacity).toBeLessThan(200);
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(2 << 20);
});
