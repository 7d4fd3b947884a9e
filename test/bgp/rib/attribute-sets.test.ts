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
  expect(sets.arena.isLarge).toBe(false);

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

it('knows sets by the same numbers when they come back, until others have taken these', () => {
  const { sets } = newRib();
  const path = { asPath: '1 2 3', nextHop: '10.0.0.1', originatorId: '9.9.9.9' };
  const blocks = Array.from({ length: 100 }, (_, med) => block({ ...path, med }));
  const intern = (n: number) => sets.intern(blocks[n], blocks[n].length, 0);
  const ids = blocks.map((_, n) => intern(n));
  fc.assert(
    fc.property(fc.shuffledSubarray(ids.map((_, n) => n)), fc.boolean(), (gone, reversed) => {
      const serials = gone.map(n => sets.serial[ids[n]]);
      for (const n of gone) sets.release(ids[n]);
      expect(sets.count).toBe(100 - gone.length);
      for (const n of reversed ? gone.toReversed() : gone) expect(intern(n)).toBe(ids[n]);
      // Whoever kept what follows from a set takes it for another one.
      expect(gone.filter((n, i) => sets.serial[ids[n]] === serials[i])).toEqual([]);
      expect(ids.filter((id, n) => sets.med[id] !== n || sets.refs[id] !== 1 || sets.nextHop[id] === 0)).toEqual([]);
    }),
  );
  for (const n of [1, 2, 3]) sets.release(ids[n]);
  const other = block({ ...path, med: 1000 });
  expect(sets.intern(other, other.length, 0)).toBe(ids[3]);
  expect([intern(1), intern(2)]).toEqual([ids[1], ids[2]]);
  const last = intern(3);
  expect(ids).not.toContain(last);
  expect(sets.block(last)).toEqual(blocks[3]);
  expect(sets.block(ids[3])).toEqual(other);
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
