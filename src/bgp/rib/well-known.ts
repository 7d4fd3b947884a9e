// What well-known communities make of an external neighbor's route before it is stored.
//
// GRACEFUL_SHUTDOWN: the route is the last choice, LOCAL_PREF 0 (RFC 8326 §4.3). BLACKHOLE: it stays in this AS, so
// NO_EXPORT joins it unless it is kept closer already (RFC 7999 §3.2). Works on canonical blocks (wire/canonical.ts).

import { readU32 } from '../wire/bytes.js';

const GRACEFUL_SHUTDOWN = 0xffff0000;
const BLACKHOLE = 0xffff029a;
const NO_EXPORT = 0xffffff01;
const NO_ADVERTISE = 0xffffff02;

const LOCAL_PREF = 5;
const COMMUNITIES = 8;
/** LOCAL_PREF 0 as a path attribute. */
const LAST_CHOICE = Uint8Array.of(0x40, LOCAL_PREF, 4, 0, 0, 0, 0);
const NO_EXPORT_OCTETS = Uint8Array.of(0xff, 0xff, 0xff, 0x01);

/** Applies them to the block in `block[0..length)`, which has no LOCAL_PREF yet; returns its new length. */
export function honorCommunities(block: Uint8Array, length: number): number {
  let beforeLocalPref = length;
  for (let at = 1 + block[0]; at < length; ) {
    const code = block[at + 1];
    const long = (block[at] & 0x10) !== 0;
    const value = at + (long ? 4 : 3);
    const end = value + (long ? (block[at + 2] << 8) | block[at + 3] : block[at + 2]);
    if (code > LOCAL_PREF && beforeLocalPref === length) beforeLocalPref = at;
    if (code === COMMUNITIES) {
      if (!hasReserved(block, value, end)) return length;
      const has = (wanted: number) => {
        for (let i = value; i < end; i += 4) if (readU32(block, i) === wanted) return true;
        return false;
      };
      let size = length;
      if (has(BLACKHOLE) && !has(NO_EXPORT) && !has(NO_ADVERTISE))
        size = append(block, size, at, value, end, NO_EXPORT_OCTETS);
      return has(GRACEFUL_SHUTDOWN) ? insert(block, size, beforeLocalPref, LAST_CHOICE) : size;
    }
    at = end;
  }
  return length;
}

/** Is there any of 0xFFFF0000 to 0xFFFFFFFF, where the well-known ones are? */
function hasReserved(block: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 4) if (block[i] === 0xff && block[i + 1] === 0xff) return true;
  return false;
}

/** Adds a community, 4 octets, that the block in `block[0..length)` does not have; returns the new length. */
export function addCommunity(block: Uint8Array, length: number, community: Uint8Array): number {
  let at = 1 + block[0];
  while (at < length) {
    const long = (block[at] & 0x10) !== 0;
    const value = at + (long ? 4 : 3);
    const end = value + (long ? (block[at + 2] << 8) | block[at + 3] : block[at + 2]);
    if (block[at + 1] === COMMUNITIES) return append(block, length, at, value, end, community);
    if (block[at + 1] > COMMUNITIES) break;
    at = end;
  }
  return insert(block, length, at, Uint8Array.of(0xc0, COMMUNITIES, 4, ...community));
}

/** Adds to the communities at `at`, whose value is octets [value, end). */
function append(
  block: Uint8Array,
  length: number,
  at: number,
  value: number,
  end: number,
  community: Uint8Array,
): number {
  const octets = end - value + 4;
  let size = insert(block, length, end, community);
  if (octets > 255 && value - at === 3) size = insert(block, size, at + 2, Uint8Array.of(0));
  if (octets > 255) {
    block[at] |= 0x10;
    block[at + 2] = octets >>> 8;
    block[at + 3] = octets & 0xff;
  } else {
    block[at + 2] = octets;
  }
  return size;
}

function insert(block: Uint8Array, length: number, at: number, octets: Uint8Array): number {
  block.copyWithin(at + octets.length, at, length);
  block.set(octets, at);
  return length + octets.length;
}
