// The table of attribute sets as it fills and empties; what a set means is the other tests' matter.

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
