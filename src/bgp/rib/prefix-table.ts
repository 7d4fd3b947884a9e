// The prefixes of one address family as dense ids.
//
// Key columns (IPv4: one uint32 and a length; IPv6: four and a length) and slots that lead to them (slots.ts). Prefixes come
// in runs, so neighbors have their slots in one stretch of 64, four cache lines, in an order that differs from stretch to
// stretch: a run costs a few lines, not one for each. Probing goes on in the next stretch. A removed prefix stays in its
// slot, and has its id again when it comes back before another has taken that.
// `firstPath` heads the prefix's list of paths, `best` is the path the decision process chose (0: none). An id is
// reused once it has neither paths nor a consumer that still has to hear of it.

import { readU32, wordOf } from '../wire/bytes.js';
import { Family } from '../wire/family.js';
import { grown, isLarge, MANY_ROUTES, roomFor } from './columns.js';
import { FreeNumbers } from './free-numbers.js';
import { type Numbered, Slots } from './slots.js';

/** The table of prefixes; ids begin at 1. */
export class PrefixTable implements Numbered {
  readonly family: Family;
  /** Address words, one (IPv4) or four (IPv6) to an id: signed, which are numbers to V8 before it has compiled anything. */
  address: Int32Array;
  length: Uint8Array;
  firstPath: Int32Array;
  best: Int32Array;
  /** Prefixes in use. */
  count = 0;
  private holds: Uint16Array;
  private readonly slots = new Slots(this, STEP);
  private readonly stride: number;
  private top = 1;
  /** Through firstPath, which tells a free id by it, and best. */
  private readonly free = new FreeNumbers();

  constructor(family: Family) {
    this.family = family;
    this.stride = family === Family.ipv4Unicast ? 1 : 4;
    this.address = new Int32Array(32 * this.stride);
    this.length = new Uint8Array(32);
    this.firstPath = new Int32Array(32);
    this.best = new Int32Array(32);
    this.holds = new Uint16Array(32);
  }

  /** Ids below this may be in use. */
  get end(): number {
    return this.top;
  }

  get capacity(): number {
    return this.length.length;
  }

  /** The id of an IPv4 prefix, or 0. Address words are signed, host bits zero. */
  find4(address: number, length: number): number {
    const hash = hash4(address, length);
    const slots = this.slots.of(hash);
    const id = slots[this.slot4(slots, hash, address, length)];
    return this.firstPath[id] < 0 ? 0 : id;
  }

  /** The id of an IPv4 prefix, made if need be. */
  ensure4(address: number, length: number): number {
    const hash = hash4(address, length);
    const slots = this.slots.of(hash);
    const slot = this.slot4(slots, hash, address, length);
    const found = slots[slot];
    if (found !== 0) return this.present(found);
    const id = this.newId(length);
    this.address[id] = address;
    this.insert(id, hash, slot);
    return id;
  }

  find6(a: number, b: number, c: number, d: number, length: number): number {
    const hash = hash6(a, b, c, d, length);
    const slots = this.slots.of(hash);
    const id = slots[this.slot6(slots, hash, a, b, c, d, length)];
    return this.firstPath[id] < 0 ? 0 : id;
  }

  ensure6(a: number, b: number, c: number, d: number, length: number): number {
    const hash = hash6(a, b, c, d, length);
    const slots = this.slots.of(hash);
    const slot = this.slot6(slots, hash, a, b, c, d, length);
    const found = slots[slot];
    if (found !== 0) return this.present(found);
    const id = this.newId(length);
    const at = id << 2;
    this.address[at] = a;
    this.address[at + 1] = b;
    this.address[at + 2] = c;
    this.address[at + 3] = d;
    this.insert(id, hash, slot);
    return id;
  }

  /** Looks a prefix up by its address bytes (4 or 16 from `at` on, host bits zero). */
  find(bytes: Uint8Array, length: number, at = 0): number {
    const a = wordOf(bytes, at, 4);
    if (this.stride === 1) return this.find4(a, length);
    return this.find6(a, wordOf(bytes, at + 4, 4), wordOf(bytes, at + 8, 4), wordOf(bytes, at + 12, 4), length);
  }

  ensure(bytes: Uint8Array, length: number, at = 0): number {
    const a = wordOf(bytes, at, 4);
    if (this.stride === 1) return this.ensure4(a, length);
    return this.ensure6(a, wordOf(bytes, at + 4, 4), wordOf(bytes, at + 8, 4), wordOf(bytes, at + 12, 4), length);
  }

  /** Writes the address bytes (4 or 16) at `out[at]`; returns the prefix length. */
  bytes(id: number, out: Uint8Array, at: number): number {
    for (let i = 0; i < this.stride; i++) {
      const w = this.address[id * this.stride + i];
      out[at + i * 4] = w >>> 24;
      out[at + i * 4 + 1] = w >>> 16;
      out[at + i * 4 + 2] = w >>> 8;
      out[at + i * 4 + 3] = w;
    }
    return this.length[id];
  }

  /** Is this id a prefix at present? */
  used(id: number): boolean {
    return id < this.top && this.firstPath[id] >= 0;
  }

  /** The ids in use, in the table's order. */
  *ids(): Iterable<number> {
    for (let id = 1; id < this.top; id++) if (this.used(id)) yield id;
  }

  /** The ids in use, in the order of address and length. */
  sorted(): number[] {
    return [...this.ids()].sort((a, b) => this.compare(a, b));
  }

  /** Is the prefix the one of these address bytes and length, or within it? */
  within(id: number, bytes: Uint8Array, length: number): boolean {
    if (this.length[id] < length) return false;
    for (let bit = 0; bit < length; bit += 32) {
      const mask = length - bit >= 32 ? -1 : -1 << (32 - (length - bit));
      const own = this.address[id * this.stride + (bit >>> 5)];
      if (((own ^ readU32(bytes, bit >>> 3)) & mask) !== 0) return false;
    }
    return true;
  }

  hold(id: number): void {
    this.holds[id]++;
  }

  unhold(id: number): void {
    if (--this.holds[id] === 0 && this.firstPath[id] === 0) this.release(id);
  }

  /** Called when a prefix has lost its last path: frees the id unless a consumer holds it. */
  releaseIfIdle(id: number): void {
    if (this.holds[id] === 0 && this.firstPath[id] === 0) this.release(id);
  }

  private compare(a: number, b: number): number {
    for (let i = 0; i < this.stride; i++) {
      const difference = (this.address[a * this.stride + i] >>> 0) - (this.address[b * this.stride + i] >>> 0);
      if (difference !== 0) return difference;
    }
    return this.length[a] - this.length[b];
  }

  private newId(length: number): number {
    let id = this.free.first;
    if (id !== 0) {
      this.free.remove(id, this.firstPath, this.best);
    } else {
      id = this.top++;
      if (id === this.length.length) this.growColumns();
    }
    this.length[id] = length;
    this.firstPath[id] = 0;
    this.best[id] = 0;
    return id;
  }

  /** The id, in use again if it was free. */
  private present(id: number): number {
    if (this.firstPath[id] >= 0) return id;
    this.free.remove(id, this.firstPath, this.best);
    this.firstPath[id] = 0;
    this.best[id] = 0;
    this.count++;
    return id;
  }

  private release(id: number): void {
    this.free.add(id, this.firstPath, this.best);
    this.count--;
    if (this.count === 0 && isLarge(this.top)) this.shrink();
  }

  private shrink(): void {
    this.address = new Int32Array(32 * this.stride);
    this.length = new Uint8Array(32);
    this.firstPath = new Int32Array(32);
    this.best = new Int32Array(32);
    this.holds = new Uint16Array(32);
    this.slots.clear();
    this.top = 1;
    this.free.first = 0;
  }

  private growColumns(): void {
    const size = roomFor(this.length.length + 1, MANY_ROUTES);
    this.address = grown(this.address, size * this.stride);
    this.length = grown(this.length, size);
    this.firstPath = grown(this.firstPath, size);
    this.best = grown(this.best, size);
    this.holds = grown(this.holds, size);
  }

  hashOf(id: number): number {
    if (this.stride === 1) return hash4(this.address[id], this.length[id]);
    const at = id << 2;
    const w = this.address;
    return hash6(w[at], w[at + 1], w[at + 2], w[at + 3], this.length[id]);
  }

  homeOf(id: number, hash: number, mask: number): number {
    if (this.stride === 1) return home(hash, this.address[id], this.length[id], mask);
    const at = id << 2;
    const w = this.address;
    return home6(hash, w[at], w[at + 1], w[at + 2], w[at + 3], this.length[id], mask);
  }

  /** The slot of an IPv4 prefix: the one that leads to its id, in use or free, or the empty one after all that may. */
  private slot4(slots: Int32Array, hash: number, address: number, length: number): number {
    const { address: words, length: lengths } = this;
    const mask = slots.length - 1;
    for (let slot = home(hash, address, length, mask); ; slot = (slot + STEP) & mask) {
      const id = slots[slot];
      if (id === 0 || (words[id] === address && lengths[id] === length)) return slot;
    }
  }

  private slot6(slots: Int32Array, hash: number, a: number, b: number, c: number, d: number, length: number): number {
    const { address: words, length: lengths } = this;
    const mask = slots.length - 1;
    for (let slot = home6(hash, a, b, c, d, length, mask); ; slot = (slot + STEP) & mask) {
      const id = slots[slot];
      const at = id << 2;
      if (
        id === 0 ||
        (words[at + 1] === b && words[at] === a && words[at + 2] === c && words[at + 3] === d && lengths[id] === length)
      ) {
        return slot;
      }
    }
  }

  private insert(id: number, hash: number, slot: number): void {
    this.count++;
    this.slots.put(id, hash, slot);
  }
}

/** One stretch and one slot: odd, so that probing visits all slots of a power of two. */
const STEP = 65;
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

// The hash names a block and with it the stretch: what is inside of a /18 for the lengths of /22 to /24, of a /15 for /19 to
// /21, of a /12 for /17 and /18, and so on with each octet; no block is larger than the word that the prefix ends in.

/** By length: how many bits of its last word the block has, … */
const BLOCK_BITS = new Uint8Array(129);
/** … and how much longer the longest prefixes of the block are. */
const SHORTER = new Uint8Array(129);
for (let length = 1; length <= 128; length++) {
  const bit = (length - 1) & 7;
  BLOCK_BITS[length] = Math.max(0, ((length - 1) & 24) + [-4, -4, -1, -1, -1, 2, 2, 2][bit]);
  SHORTER[length] = [1, 0, 2, 1, 0, 2, 1, 0][bit];
}

function hash4(address: number, length: number): number {
  return lastHash(0, address, length);
}

function hash6(a: number, b: number, c: number, d: number, length: number): number {
  if (length <= 32) return lastHash(0, a, length);
  if (length <= 64) return lastHash(mix(a), b, length);
  if (length <= 96) return lastHash(mix(mix(a) ^ b), c, length);
  return lastHash(mix(mix(mix(a) ^ b) ^ c), d, length);
}

function lastHash(hash: number, word: number, length: number): number {
  const bits = BLOCK_BITS[length];
  const block = bits === 0 ? 0 : word & (-1 << (32 - bits));
  return mix(hash ^ block ^ Math.imul(bits + 1, 0x9e3779b1));
}

/** The slot where probing begins: in the stretch of the block by the six bits after it, in an order of the stretch's own. */
function home(hash: number, word: number, length: number, mask: number): number {
  const place = ((word << BLOCK_BITS[length]) >>> 26) ^ SHORTER[length];
  return ((hash << 6) | ((place ^ (hash >>> 20)) & 63)) & mask;
}

function home6(hash: number, a: number, b: number, c: number, d: number, length: number, mask: number): number {
  return home(hash, length <= 32 ? a : length <= 64 ? b : length <= 96 ? c : d, length, mask);
}
