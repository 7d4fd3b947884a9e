// What one consumer of Loc-RIB (an update group, the kernel, an event stream) has yet to look at.
//
// A queue of prefix ids and a bitmap: marking twice costs nothing and the memory is bounded by the table. While an id
// waits here the prefix table keeps it from being reused (`holds`).

import { grown, isLarge } from './columns.js';

/** The owner of the prefix ids: told when a set takes hold of one and lets go of it. */
export interface Holder {
  hold(prefixId: number): void;
  unhold(prefixId: number): void;
}

const NONE = new Int32Array(0);
/** Its multiples, less their whole parts, are spread evenly over 0 to 1 however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** A consumer's set of changed prefix ids. */
export class DirtySet {
  private queue = new Int32Array(64);
  private bits = new Uint32Array(8);
  /** Where `drain` puts the ids it works on. */
  private spare = NONE;
  private head = 0;
  private count = 0;
  /** Where in the queue, from 0 to 1, `drainSpread` was last. */
  private place = 0;
  private readonly holder: Holder;
  private readonly onDirty: () => void;
  private readonly onClose: (set: DirtySet) => void;

  constructor(holder: Holder, onDirty: () => void, onClose: (set: DirtySet) => void) {
    this.holder = holder;
    this.onDirty = onDirty;
    this.onClose = onClose;
  }

  /** How many prefixes wait. */
  get size(): number {
    return this.count;
  }

  /** Adds a prefix id; wakes the consumer when the set was empty. */
  mark(id: number): void {
    const word = id >>> 5;
    if (word >= this.bits.length) this.bits = grown(this.bits, Math.max(word + 1, this.bits.length * 2));
    const bit = 1 << (id & 31);
    if ((this.bits[word] & bit) !== 0) return;
    this.bits[word] |= bit;
    if (this.count === this.queue.length) this.growQueue();
    this.queue[(this.head + this.count) & (this.queue.length - 1)] = id;
    this.holder.hold(id);
    if (++this.count === 1) this.onDirty();
  }

  has(id: number): boolean {
    const word = id >>> 5;
    return word < this.bits.length && (this.bits[word] & (1 << (id & 31))) !== 0;
  }

  /**
   * Visits up to `max` ids, oldest first, and returns how many. An id may be marked again from within `visit`; none is
   * reused before `done` has returned.
   */
  drain(max: number, visit: (prefixId: number) => void, done?: () => void): number {
    const size = Math.min(max, this.count);
    const ids = this.spare.length < size ? new Int32Array(size) : this.spare;
    this.spare = NONE;
    const { queue, bits } = this;
    const mask = queue.length - 1;
    for (let i = 0; i < size; i++) {
      const id = queue[(this.head + i) & mask];
      ids[i] = id;
      bits[id >>> 5] &= ~(1 << (id & 31));
    }
    this.head = (this.head + size) & mask;
    this.count -= size;
    if (this.count === 0 && isLarge(this.queue.length)) {
      this.queue = new Int32Array(64);
      this.head = 0;
    }
    for (let i = 0; i < size; i++) visit(ids[i]);
    done?.();
    for (let i = 0; i < size; i++) this.holder.unhold(ids[i]);
    this.spare = ids;
    return size;
  }

  /**
   * The same for up to `max` ids that were marked one after the other somewhere in the queue: all that wait are visited in
   * an order that is spread over them.
   */
  drainSpread(max: number, visit: (prefixId: number) => void): number {
    this.bringForward(max);
    return this.drain(max, visit);
  }

  /** Marks in `other` whatever waits here. */
  copyTo(other: DirtySet): void {
    for (let i = 0; i < this.count; i++) other.mark(this.queue[(this.head + i) & (this.queue.length - 1)]);
  }

  /** Ends the subscription; what waits is let go. */
  close(): void {
    this.drain(this.count, () => {});
    this.onClose(this);
  }

  /** Brings a stretch of the queue to its front, in exchange for what is there. */
  private bringForward(size: number): void {
    const { queue, head } = this;
    const mask = queue.length - 1;
    this.place = (this.place + GOLDEN_RATIO) % 1;
    const from = head + size * Math.floor(this.place * Math.floor(this.count / size));
    for (let i = 0; i < size && from > head; i++) {
      const id = queue[(head + i) & mask];
      queue[(head + i) & mask] = queue[(from + i) & mask];
      queue[(from + i) & mask] = id;
    }
  }

  private growQueue(): void {
    const bigger = new Int32Array(this.queue.length * 2);
    for (let i = 0; i < this.count; i++) bigger[i] = this.queue[(this.head + i) & (this.queue.length - 1)];
    this.queue = bigger;
    this.head = 0;
  }
}
