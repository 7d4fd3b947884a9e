// Our own routes of one family as we know them in the kernel, found by prefix.
//
// Loc-RIB's prefix ids come and go with its paths; the kernel's routes outlive them (a previous run's, one whose
// deletion failed, one somebody changed by hand). So they have their own dense slots: a chained hash over key columns
// (IPv4: one word and a length; IPv6: four and a length) and columns for what the reconciliation needs to know.

import { FAMILIES, Family } from '../bgp/wire/family.js';
import type { Prefix } from '../bgp/wire/prefix.js';
import { Forwarding } from './forwarding-sets.js';
import type { RouteMessage } from './rtnetlink.js';

const FREE = 255;
/** The kernel leaves the address of the default route out. */
const DEFAULT = new Uint8Array(16);

/** The table; slots begin at 1. */
export class InstalledTable {
  readonly family: Family;
  /** What the kernel does with the prefix (id in ForwardingSets), none when it has no route of ours. */
  have = new Int32Array(64);
  /** The prefix' id in Loc-RIB while it is wanted, else 0. */
  ribId = new Int32Array(64);
  /** Why the kernel refused the wanted route (id in Reasons), 0 when it did not. */
  reason = new Uint16Array(64);
  /** The reason people were last told about. */
  told = new Uint16Array(64);
  /** 1 when the dump that runs, or the last one, has shown the route. */
  seen = new Uint8Array(64);
  /** 1 while a previous run's route has not been learned again as it was. */
  kept = new Uint8Array(64);
  /** Slots below this may be in use. */
  end = 1;
  private readonly stride: number;
  private words = new Int32Array(64);
  private length = new Uint8Array(64).fill(FREE);
  private next = new Int32Array(64);
  private heads = new Int32Array(64);
  private count = 0;
  private freeSlots = 0;

  constructor(family: Family) {
    this.family = family;
    this.stride = family === Family.ipv4Unicast ? 1 : 4;
    this.words = new Int32Array(64 * this.stride);
  }

  used(slot: number): boolean {
    return this.length[slot] !== FREE;
  }

  /** The slot of the prefix whose 4 or 16 bytes are at `bytes[at]`, or 0. */
  find(bytes: Uint8Array, at: number, length: number): number {
    let slot = this.heads[this.hash(bytes, at, length) & (this.heads.length - 1)];
    while (slot !== 0 && !this.same(slot, bytes, at, length)) slot = this.next[slot];
    return slot;
  }

  /** The slot of the prefix of a route in the kernel, or 0. */
  findRoute(route: RouteMessage): number {
    return route.destination === 0
      ? this.find(DEFAULT, 0, route.prefixLength)
      : this.find(route.buf, route.destination, route.prefixLength);
  }

  /** The slot of the prefix of a route in the kernel, made if need be. */
  ensureRoute(route: RouteMessage): number {
    return route.destination === 0
      ? this.ensure(DEFAULT, 0, route.prefixLength)
      : this.ensure(route.buf, route.destination, route.prefixLength);
  }

  /** The slot of the prefix, made if need be. */
  ensure(bytes: Uint8Array, at: number, length: number): number {
    const found = this.find(bytes, at, length);
    if (found !== 0) return found;
    if (this.count === this.heads.length) this.rehash();
    const slot = this.newSlot();
    for (let i = 0; i < this.stride; i++) this.words[slot * this.stride + i] = word(bytes, at + i * 4);
    this.length[slot] = length;
    this.have[slot] = Forwarding.none;
    this.ribId[slot] = 0;
    this.reason[slot] = 0;
    this.told[slot] = 0;
    this.seen[slot] = 0;
    this.kept[slot] = 0;
    this.link(slot);
    this.count++;
    return slot;
  }

  /** Gives the slot back. */
  free(slot: number): void {
    const head = this.hashOf(slot) & (this.heads.length - 1);
    if (this.heads[head] === slot) {
      this.heads[head] = this.next[slot];
    } else {
      let before = this.heads[head];
      while (this.next[before] !== slot) before = this.next[before];
      this.next[before] = this.next[slot];
    }
    this.length[slot] = FREE;
    this.next[slot] = this.freeSlots;
    this.freeSlots = slot;
    this.count--;
  }

  /** Writes the prefix' 4 or 16 bytes to `out`; returns its length. */
  bytes(slot: number, out: Uint8Array): number {
    for (let i = 0; i < this.stride; i++) {
      const w = this.words[slot * this.stride + i];
      out[i * 4] = w >>> 24;
      out[i * 4 + 1] = w >>> 16;
      out[i * 4 + 2] = w >>> 8;
      out[i * 4 + 3] = w;
    }
    return this.length[slot];
  }

  prefix(slot: number): Prefix {
    const address = new Uint8Array(FAMILIES[this.family].addressBytes);
    return { family: this.family, length: this.bytes(slot, address), address };
  }

  private newSlot(): number {
    const slot = this.freeSlots;
    if (slot !== 0) {
      this.freeSlots = this.next[slot];
      return slot;
    }
    if (this.end === this.length.length) this.grow();
    return this.end++;
  }

  private grow(): void {
    const size = this.length.length * 2;
    const length = new Uint8Array(size).fill(FREE);
    length.set(this.length);
    this.length = length;
    this.words = grown(this.words, size * this.stride);
    this.have = grown(this.have, size);
    this.ribId = grown(this.ribId, size);
    this.reason = grown(this.reason, size);
    this.told = grown(this.told, size);
    this.seen = grown(this.seen, size);
    this.kept = grown(this.kept, size);
    this.next = grown(this.next, size);
  }

  private rehash(): void {
    this.heads = new Int32Array(this.heads.length * 2);
    for (let slot = 1; slot < this.end; slot++) if (this.used(slot)) this.link(slot);
  }

  private link(slot: number): void {
    const head = this.hashOf(slot) & (this.heads.length - 1);
    this.next[slot] = this.heads[head];
    this.heads[head] = slot;
  }

  private same(slot: number, bytes: Uint8Array, at: number, length: number): boolean {
    if (this.length[slot] !== length) return false;
    for (let i = 0; i < this.stride; i++) {
      if (this.words[slot * this.stride + i] !== word(bytes, at + i * 4)) return false;
    }
    return true;
  }

  private hash(bytes: Uint8Array, at: number, length: number): number {
    let h = length;
    for (let i = 0; i < this.stride; i++) h = mix(h, word(bytes, at + i * 4));
    return h;
  }

  private hashOf(slot: number): number {
    let h = this.length[slot];
    for (let i = 0; i < this.stride; i++) h = mix(h, this.words[slot * this.stride + i]);
    return h;
  }
}

function grown<T extends Int32Array | Uint16Array | Uint8Array>(column: T, length: number): T {
  const bigger = new (column.constructor as new (length: number) => T)(length);
  bigger.set(column);
  return bigger;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function mix(h: number, w: number): number {
  h = Math.imul(h ^ w, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
