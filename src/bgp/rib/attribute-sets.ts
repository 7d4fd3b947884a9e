// Attribute sets: every distinct block of path attributes is stored once and known by a number.
//
// A block is canonical (see wire/canonical): next hop first, then the attributes in ascending order, AS numbers in four
// octets. Beside its bytes stand the columns the decision process compares, so that choosing a best path never looks
// into a block. Sets are counted: a path, an advertised route or whoever keeps a number holds a reference. A set to which
// nobody refers keeps its block until another takes its number: routes that flap bring the same sets again and again.

import { readFloat, readU32 } from '../wire/bytes.js';
import { Arena } from './arena.js';
import { grown, MANY_SETS, roomFor } from './columns.js';
import { FreeNumbers } from './free-numbers.js';
import type { NextHops } from './next-hops.js';
import { ONLY_TO_CUSTOMER } from './only-to-customer.js';
import { type Numbered, Slots } from './slots.js';

/** Bits of `marks`: what a set contains that the tables act upon. */
export const Mark = {
  med: 1,
  noExport: 2,
  noAdvertise: 4,
  noExportSubconfed: 8,
  blackhole: 16,
  gracefulShutdown: 32,
  originatorId: 64,
  onlyToCustomer: 128,
  llgrStale: 256,
  noLlgr: 512,
} as const;

/** RFC 1997, 7999, 8326, 9494: the well-known communities that change what is done with a route. */
const COMMUNITY_MARKS = new Map<number, number>([
  [0xffffff01, Mark.noExport],
  [0xffffff02, Mark.noAdvertise],
  [0xffffff03, Mark.noExportSubconfed],
  [0xffff029a, Mark.blackhole],
  [0xffff0000, Mark.gracefulShutdown],
  [0xffff0006, Mark.llgrStale],
  [0xffff0007, Mark.noLlgr],
]);

/** RFC 4271 §9.1.1 leaves the value to the speaker; everybody uses 100. */
export const DEFAULT_LOCAL_PREF = 100;

/** In `preference`, above everything else. */
export const LONG_LIVED_STALE = 2 ** 50;

/** In place of a link: the set is what we tell a neighbor. */
export const ADVERTISED = -1;

const Code = {
  origin: 1,
  asPath: 2,
  med: 4,
  localPref: 5,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  extendedCommunities: 16,
} as const;

/** The table of attribute sets; ids begin at 1. */
export class AttributeSets implements Numbered {
  readonly arena = new Arena();
  readonly nextHops: NextHops;
  handle = new Uint32Array(64);
  /** Block length in bytes. */
  size = new Uint32Array(64);
  /** Counts interned blocks: tells a number's present block from an earlier one that had the same number. */
  serial = new Uint32Array(64);
  refs = new Uint32Array(64);
  /**
   * LLGR_STALE, local preference, AS_PATH length and origin as one number, greater is worse (RFC 9494 §4.4; RFC 4271
   * §9.1.1, §9.1.2.2 a, b).
   */
  preference = new Float64Array(64);
  med = new Uint32Array(64);
  /** Leftmost AS outside the confederation, 0 for an empty AS_PATH or one that begins with a set. */
  neighborAs = new Uint32Array(64);
  nextHop = new Int32Array(64);
  originatorId = new Uint32Array(64);
  clusterListLength = new Uint16Array(64);
  marks = new Uint16Array(64);
  /** Sets in use. */
  count = 0;
  private hashes = new Int32Array(64);
  private scopes = new Int32Array(64);
  private readonly slots = new Slots(this, 1);
  private top = 1;
  /** Through nextHop and originatorId. */
  private readonly free = new FreeNumbers();
  private interned = 0;

  constructor(nextHops: NextHops) {
    this.nextHops = nextHops;
  }

  get capacity(): number {
    return this.refs.length;
  }

  /**
   * The set of a canonical block `bytes[0..length)`, with a reference for the caller. `link` (see NextHops.acquire)
   * tells apart link-local next hops on different links; ADVERTISED sets are kept apart, because nobody forwards by their next hop.
   */
  intern(bytes: Uint8Array, length: number, link: number): number {
    const scope = bytes[0] >= 16 || link === ADVERTISED ? link : 0;
    const hash = hashOf(bytes, length, scope);
    const slots = this.slots.of(hash);
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot];
      if (this.hashes[id] !== hash || this.scopes[id] !== scope || !this.equals(id, bytes, length)) continue;
      if (this.refs[id] === 0) {
        this.free.remove(id, this.nextHop, this.originatorId);
        this.begin(id, bytes, length, link);
      } else {
        this.refs[id]++;
      }
      return id;
    }
    const id = this.newId();
    this.hashes[id] = hash;
    this.scopes[id] = scope;
    this.handle[id] = this.arena.store(bytes, 0, length);
    this.size[id] = length;
    this.begin(id, bytes, length, link);
    this.slots.put(id, hash, slot);
    return id;
  }

  /** The first reference to a set. */
  private begin(id: number, bytes: Uint8Array, length: number, link: number): void {
    this.refs[id] = 1;
    this.serial[id] = ++this.interned;
    this.describe(id, bytes, length, link);
    this.count++;
  }

  /** Was it interned as ADVERTISED? */
  isAdvertised(id: number): boolean {
    return this.scopes[id] === ADVERTISED;
  }

  retain(id: number): void {
    this.refs[id]++;
  }

  release(id: number): void {
    if (--this.refs[id] !== 0) return;
    this.nextHops.release(this.nextHop[id]);
    this.serial[id] = 0;
    this.free.add(id, this.nextHop, this.originatorId);
    if (--this.count === 0 && this.arena.isLarge) this.beginAgain();
  }

  /** The `link` that tells the set apart from others with the same block. */
  scope(id: number): number {
    return this.scopes[id];
  }

  /** The buffer that holds the set's block, from `start(id)` for `size[id]` bytes; not to be kept. */
  buffer(id: number): Uint8Array {
    return this.arena.buffer(this.handle[id]);
  }

  start(id: number): number {
    return this.arena.offset(this.handle[id]);
  }

  /** A copy of the block. */
  block(id: number): Uint8Array {
    const start = this.start(id);
    return this.buffer(id).slice(start, start + this.size[id]);
  }

  /** Have both sets the same AS_PATH? (RFC 4271 leaves multipath to the speaker; equal paths are the strict choice.) */
  sameAsPath(a: number, b: number): boolean {
    if (a === b) return true;
    const bufferA = this.buffer(a);
    const bufferB = this.buffer(b);
    const atA = attributeOf(bufferA, this.start(a), this.size[a], Code.asPath);
    const atB = attributeOf(bufferB, this.start(b), this.size[b], Code.asPath);
    if (atA < 0 || atB < 0) return atA === atB;
    const header = (bufferA[atA] & 0x10) !== 0 ? 4 : 3;
    const length = header + valueLength(bufferA, atA);
    for (let i = 0; i < length; i++) if (bufferA[atA + i] !== bufferB[atB + i]) return false;
    return true;
  }

  /** ORIGIN, and the length of the AS_PATH as the decision process counts it. */
  lengthAndOrigin(id: number): { asPathLength: number; origin: number } {
    const rest = this.preference[id] % 0x40000;
    return { asPathLength: rest >>> 2, origin: rest & 3 };
  }

  /** Has the set an attribute with this code? */
  has(id: number, code: number): boolean {
    return attributeOf(this.buffer(id), this.start(id), this.size[id], code) >= 0;
  }

  /** Octets a second of the set's link bandwidth community (draft-ietf-idr-link-bandwidth §2), 0 when it has none. */
  linkBandwidth(id: number): number {
    const bytes = this.buffer(id);
    const at = attributeOf(bytes, this.start(id), this.size[id], Code.extendedCommunities);
    if (at < 0) return 0;
    const value = at + ((bytes[at] & 0x10) !== 0 ? 4 : 3);
    const end = value + valueLength(bytes, at);
    for (let i = value; i < end; i += 8) {
      if ((bytes[i] & ~0x40) !== 0 || bytes[i + 1] !== 4) continue;
      const octets = readFloat(bytes, i + 4);
      return octets > 0 && octets < Number.POSITIVE_INFINITY ? octets : 0;
    }
    return 0;
  }

  /** Is the number a set at present? */
  used(id: number): boolean {
    return this.refs[id] !== 0;
  }

  hashOf(id: number): number {
    return this.hashes[id];
  }

  homeOf(_id: number, hash: number, mask: number): number {
    return hash & mask;
  }

  private equals(id: number, bytes: Uint8Array, length: number): boolean {
    if (this.size[id] !== length) return false;
    const buffer = this.buffer(id);
    const start = this.start(id);
    for (let i = 0; i < length; i++) if (buffer[start + i] !== bytes[i]) return false;
    return true;
  }

  private describe(id: number, bytes: Uint8Array, length: number, link: number): void {
    const nextHopLength = bytes[0];
    const followed = link === ADVERTISED ? 0 : nextHopLength;
    this.nextHop[id] = this.nextHops.acquire(bytes, 1, followed, link);
    let localPref = DEFAULT_LOCAL_PREF;
    let asPathLength = 0;
    let origin = 2;
    let marks = 0;
    this.med[id] = 0;
    this.neighborAs[id] = 0;
    this.originatorId[id] = 0;
    this.clusterListLength[id] = 0;
    for (let at = 1 + nextHopLength; at < length; ) {
      const code = bytes[at + 1];
      const valueSize = valueLength(bytes, at);
      const value = at + ((bytes[at] & 0x10) !== 0 ? 4 : 3);
      at = value + valueSize;
      if (code === Code.origin) {
        origin = bytes[value];
      } else if (code === Code.asPath) {
        asPathLength = pathLength(bytes, value, at);
        this.neighborAs[id] = neighborAs(bytes, value, at);
      } else if (code === Code.med) {
        this.med[id] = readU32(bytes, value);
        marks |= Mark.med;
      } else if (code === Code.localPref) {
        localPref = readU32(bytes, value);
      } else if (code === Code.communities) {
        for (let i = value; i < at; i += 4) {
          if (bytes[i] === 0xff && bytes[i + 1] === 0xff) marks |= COMMUNITY_MARKS.get(readU32(bytes, i)) ?? 0;
        }
      } else if (code === Code.originatorId) {
        this.originatorId[id] = readU32(bytes, value);
        marks |= Mark.originatorId;
      } else if (code === Code.clusterList) {
        this.clusterListLength[id] = valueSize >>> 2;
      } else if (code === ONLY_TO_CUSTOMER) {
        marks |= Mark.onlyToCustomer;
      }
    }
    this.marks[id] = marks;
    const last = (marks & Mark.llgrStale) !== 0 ? LONG_LIVED_STALE : 0;
    this.preference[id] = last + (0xffffffff - localPref) * 0x40000 + asPathLength * 4 + origin;
  }

  private newId(): number {
    const free = this.free.first;
    if (free !== 0) {
      this.free.remove(free, this.nextHop, this.originatorId);
      this.arena.release(this.handle[free], this.size[free]);
      return free;
    }
    const id = this.top++;
    if (id === this.refs.length) this.resize(roomFor(id + 1, MANY_SETS));
    return id;
  }

  /** Gives the memory of an emptied table back. */
  private beginAgain(): void {
    this.top = 1;
    this.free.first = 0;
    this.resize(64);
    this.slots.clear();
    this.arena.clear();
  }

  private resize(length: number): void {
    const used = Math.min(length, this.top);
    this.handle = grown(this.handle, length, used);
    this.size = grown(this.size, length, used);
    this.serial = grown(this.serial, length, used);
    this.refs = grown(this.refs, length, used);
    this.preference = grown(this.preference, length, used);
    this.med = grown(this.med, length, used);
    this.neighborAs = grown(this.neighborAs, length, used);
    this.nextHop = grown(this.nextHop, length, used);
    this.originatorId = grown(this.originatorId, length, used);
    this.clusterListLength = grown(this.clusterListLength, length, used);
    this.marks = grown(this.marks, length, used);
    this.hashes = grown(this.hashes, length, used);
    this.scopes = grown(this.scopes, length, used);
  }
}

function hashOf(bytes: Uint8Array, length: number, seed: number): number {
  let hash = seed ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash ^ (hash >>> 13);
}

function valueLength(bytes: Uint8Array, at: number): number {
  return (bytes[at] & 0x10) !== 0 ? (bytes[at + 2] << 8) | bytes[at + 3] : bytes[at + 2];
}

// RFC 4271 §9.1.2.2 a: an AS_SET counts one; RFC 5065 §5.3: confederation segments count nothing.
function pathLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at += 2 + bytes[at + 1] * 4) {
    if (bytes[at] === 2) length += bytes[at + 1];
    else if (bytes[at] === 1) length += 1;
  }
  return length;
}

// RFC 5065 §5.3: what is in front of the first AS_SEQUENCE is the confederation's own.
function neighborAs(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] > 2) at += 2 + bytes[at + 1] * 4;
  return at < end && bytes[at] === 2 ? readU32(bytes, at + 2) : 0;
}

function attributeOf(bytes: Uint8Array, start: number, size: number, code: number): number {
  for (let at = start + 1 + bytes[start]; at < start + size; ) {
    if (bytes[at + 1] === code) return at;
    at += ((bytes[at] & 0x10) !== 0 ? 4 : 3) + valueLength(bytes, at);
  }
  return -1;
}
