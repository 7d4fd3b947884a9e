// Where to look for a number by a hash: open addressing for the tables that keep what the numbers stand for in columns.
//
// A slot says where to look, the columns what is there. So what is removed stays in its slot until the slots are placed
// anew: to remove it costs no look at them, and a number that is another's by now does no harm. Slots are in stripes, which
// grow one by one, each at a load of its own: nothing waits for a million others to be placed.

import { Pieces } from './columns.js';

/** The table that the numbers are of. */
export interface Numbered {
  /** Numbers in use. */
  readonly count: number;
  /** Is this one in use? */
  used(id: number): boolean;
  hashOf(id: number): number;
  /** The slot where probing for it begins, in a stripe of `mask` + 1 slots: a power of two. */
  homeOf(id: number, hash: number, mask: number): number;
}

const STRIPES = 64;
/** The highest bits of a hash name the stripe. */
const STRIPE_SHIFT = 26;
/** Slots of a stripe of a large table. */
const LARGE_STRIPE = 1 << 13;

/** The slots of a table; 0 is an empty one. */
export class Slots {
  private readonly table: Numbered;
  private readonly step: number;
  private stripes = emptyStripes();
  /** By stripe: slots that are not empty, whatever has become of the number. */
  private readonly taken = new Uint32Array(STRIPES);
  private pieces = new Pieces();

  /** Probing goes on by `step` slots, which is odd, so that it comes to all of them in time. */
  constructor(table: Numbered, step: number) {
    this.table = table;
    this.step = step;
  }

  /** The stripe for a hash: some of its slots are empty. */
  of(hash: number): Int32Array {
    return this.stripes[hash >>> STRIPE_SHIFT];
  }

  /** Puts a number into the empty slot where probing for it ended, or a stale one before it. The table counts it already. */
  put(id: number, hash: number, slot: number): void {
    const stripe = hash >>> STRIPE_SHIFT;
    const slots = this.stripes[stripe];
    const stale = this.staleSlot(slots, id, hash, slot);
    slots[stale] = id;
    if (stale !== slot) return;
    const taken = ++this.taken[stripe];
    // A half to three quarters of them, so that stripes that fill alike do not grow in the same moment.
    if (taken * 2 > slots.length + (slots.length >>> 1) * (stripe / STRIPES)) this.placeAnew(stripe);
  }

  /**
   * The first slot on the way to `end` whose number is another stripe's by now, or `end`. Else what comes and goes in turns,
   * each time with another's number, would take one more slot each time.
   */
  private staleSlot(slots: Int32Array, id: number, hash: number, end: number): number {
    const { table, step } = this;
    const mask = slots.length - 1;
    let slot = table.homeOf(id, hash, mask);
    while (slot !== end && table.hashOf(slots[slot]) >>> STRIPE_SHIFT === hash >>> STRIPE_SHIFT)
      slot = (slot + step) & mask;
    return slot;
  }

  /** Empties all slots and gives their memory back. */
  clear(): void {
    this.stripes = emptyStripes();
    this.pieces = new Pieces();
    this.taken.fill(0);
  }

  /** Gets rid of what is not there any more, and gives a stripe four times its slots if what is needs three eighths of them. */
  private placeAnew(stripe: number): void {
    const before = this.stripes[stripe];
    // All stripes together are counted; what is in this one turns out when it is placed.
    const many = this.table.count * 8 > before.length * STRIPES * 3;
    this.place(stripe, many ? before.length * 4 : before.length);
    if (!many && this.taken[stripe] * 8 > before.length * 3) this.place(stripe, before.length * 4);
  }

  private place(stripe: number, length: number): void {
    const { table, step } = this;
    const before = this.stripes[stripe];
    // What comes and goes must not need new memory each time: that of large stripes is collected late (memory.ts).
    const again = length === before.length;
    const ids = again ? before.slice() : before;
    const slots = again ? before.fill(0) : this.room(length);
    const mask = length - 1;
    let taken = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (id === 0 || !table.used(id)) continue;
      const hash = table.hashOf(id);
      // The number may be another's by now, which has a slot elsewhere or in several.
      if (hash >>> STRIPE_SHIFT !== stripe) continue;
      let slot = table.homeOf(id, hash, mask);
      while (slots[slot] !== 0 && slots[slot] !== id) slot = (slot + step) & mask;
      if (slots[slot] === 0) taken++;
      slots[slot] = id;
    }
    this.stripes[stripe] = slots;
    this.taken[stripe] = taken;
  }

  private room(length: number): Int32Array {
    return length < LARGE_STRIPE ? new Int32Array(length) : this.pieces.takeInts(length);
  }
}

function emptyStripes(): Int32Array[] {
  return Array.from({ length: STRIPES }, () => new Int32Array(8));
}
