// The table of attribute sets as it fills and empties; what a set means is the other tests' matter.

import { expect, it } from 'vitest';
import { block, newRib } from './tables.js';

it('gives the memory of an emptied table back, and begins again', () => {
  const { sets } = newRib();
  const bytes = block({ asPath: '1 2 3', nextHop: '10.0.0.1', med: 0 });
  const med = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4);
  const intern = (value: number) => {
    med.setUint32(0, value);
    return sets.intern(bytes, bytes.length, 0);
  };
  const ids = Array.from({ length: 70_000 }, (_, value) => intern(value));
  expect(sets.med[ids[69_999]]).toBe(69_999);
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
