// Slots against a Map: numbers come and go, are given again to something with another hash, and are found by their hash.

import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placeLargeColumns } from '../../../src/bgp/rib/columns.js';
import { type Numbered, Slots } from '../../../src/bgp/rib/slots.js';

/** A table that knows what a number stands for by its hash alone. */
class Hashes implements Numbered {
  count = 0;
  readonly slots: Slots;
  private readonly hashes = [0];
  private readonly present = [false];
  private readonly free: number[] = [];

  constructor(step: number) {
    this.slots = new Slots(this, step);
  }

  used(id: number): boolean {
    return this.present[id];
  }

  hashOf(id: number): number {
    return this.hashes[id];
  }

  homeOf(_id: number, hash: number, mask: number): number {
    return hash & mask;
  }

  /** The number of a hash, or 0, the slot where looking for it ended, and how many were looked at. */
  find(hash: number, step: number): { id: number; slot: number; looks: number } {
    const slots = this.slots.of(hash);
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let looks = 1; looks <= slots.length; looks++, slot = (slot + step) & mask) {
      const id = slots[slot];
      if (id === 0 || (this.present[id] && this.hashes[id] === hash)) return { id, slot, looks };
    }
    throw new Error('all slots are taken');
  }

  add(hash: number, step: number): number {
    const { slot } = this.find(hash, step);
    const id = this.free.pop() ?? this.hashes.length;
    this.hashes[id] = hash;
    this.present[id] = true;
    this.count++;
    this.slots.put(id, hash, slot);
    return id;
  }

  remove(id: number): void {
    this.present[id] = false;
    this.free.push(id);
    this.count--;
  }
}

function hashOf(n: number): number {
  const mixed = Math.imul(n ^ (n >>> 7), 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
}

/** Hashes of all stripes, of one stripe, and some that begin at the same slot. */
const hashes = fc.oneof(
  fc.integer(),
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 60 }).map(n => n << 17),
);

describe.each([1, 65])('slots, %i apart', step => {
  it('do not fill with what comes and goes in turns, each time with a number of another', () => {
    const table = new Hashes(step);
    for (let n = 0; n < 20_000; n++) table.add(hashOf(n), step);
    const turning = [1 << 26, 2 << 26, 3 << 26].map(stripe => stripe | 12_345);
    const ids = turning.slice(0, 2).map(hash => table.add(hash, step));
    for (let n = 0; n < 3000; n++) {
      table.remove(ids[n % 2]);
      ids[n % 2] = table.add(turning[(n + 2) % 3], step);
    }
    for (const hash of turning) expect(table.find(hash, step).looks).toBeLessThan(20);
  });

  it('lead to what is there and to nothing else', () => {
    const turns = fc.array(fc.record({ hash: hashes, add: fc.boolean() }), { maxLength: 800 });
    fc.assert(
      fc.property(turns, events => {
        const table = new Hashes(step);
        const model = new Map<number, number>();
        for (const { hash, add } of events) {
          const known = model.get(hash);
          expect(table.find(hash, step).id).toBe(known ?? 0);
          if (add && known === undefined) model.set(hash, table.add(hash, step));
          else if (!add && known !== undefined) {
            table.remove(known);
            model.delete(hash);
          }
        }
        for (const [hash, id] of model) expect(table.find(hash, step).id).toBe(id);
        table.slots.clear();
        for (const hash of model.keys()) expect(table.find(hash, step).id).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('are found after few looks, however many have been removed', () => {
    const table = new Hashes(step);
    const ids: number[] = [];
    let looks = 0;
    for (let n = 0; n < 100_000; n++) {
      if (n >= 20_000) table.remove(ids[n % 20_000]);
      ids[n % 20_000] = table.add(hashOf(n), step);
      looks += table.find(hashOf(n), step).looks;
    }
    expect(looks / 100_000).toBeLessThan(4);
  });

  it('have room for what is there, not for what was', () => {
    const table = new Hashes(step);
    const ids = Array.from({ length: 20_000 }, (_, n) => table.add(hashOf(n), step));
    const room = () => Array.from({ length: 64 }, (_, i) => table.slots.of(i << 26).length);
    const before = room();
    for (let n = 0; n < 19_900; n++) table.remove(ids[n]);
    for (let n = 20_000; n < 120_000; n++) table.remove(table.add(hashOf(n), step));
    expect(room()).toEqual(before);
  });

  it('need no more memory while what they lead to comes and goes', () => {
    let placed = 0;
    const place = (memory: SharedArrayBuffer) => {
      placed += memory.byteLength;
      return 0;
    };
    placeLargeColumns({ spare: 0, place });
    onTestFinished(() => placeLargeColumns(null));
    const table = new Hashes(step);
    const ids: number[] = [];
    for (let n = 0; n < 150_000; n++) ids[n] = table.add(hashOf(n), step);
    const { arrayBuffers } = process.memoryUsage();
    const before = placed;
    expect(before).toBeGreaterThan(1 << 20);
    for (let n = 150_000; n < 1_500_000; n++) {
      table.remove(ids[n % 150_000]);
      ids[n % 150_000] = table.add(hashOf(n), step);
    }
    expect(placed).toBe(before);
    // Copies that are made on the way are V8's to collect.
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(1 << 25);
  });
});
