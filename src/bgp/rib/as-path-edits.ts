// What an external neighbor is shown of an AS_PATH besides the own AS in front: private ASes gone, its own AS replaced,
// another AS of ours in front.
//
// Works on AS_PATH values with four-octet ASes. The order is: private ASes, the neighbor's AS, then prepending. RFC 4271
// §5.1.2 (prepending); RFC 5065 §4 (confederations); RFC 6996 §4 (private ASes); RFC 7705 §3 (another AS towards one neighbor).

import { SegmentType } from '../wire/aspath.js';
import { readU32 } from '../wire/bytes.js';

/** The edits of one kind of neighbor. */
export interface AsPathEdits {
  /** To a neighbor in another AS of the confederation: an AS_CONFED_SEQUENCE, which no other neighbor sees. */
  member: boolean;
  /** ASes put in front, the leftmost first; 1 or 2. */
  prepend: readonly number[];
  /** Replaces the neighbor's AS and private ones. */
  ownAs: number;
  remoteAs: number;
  /** The neighbor's AS is replaced by the own one (as-override). */
  override: boolean;
  /**
   * Private ASes: 'only' removes them from paths that have no others, 'all' from every path, 'replace' puts the own AS in
   * their place. The neighbor's own AS stays, so that it still finds its loops.
   */
  removePrivate: false | 'only' | 'all' | 'replace';
}

const AS_PATH = 2;

/** RFC 6996 §5. */
export function isPrivateAs(as: number): boolean {
  return (as >= 64512 && as <= 65534) || (as >= 4200000000 && as <= 4294967294);
}

/** The AS_PATH value in `from[start..end)` after the edits, written at `out[at]`; returns where it ends. */
export function writeEditedAsPath(
  edits: AsPathEdits,
  from: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  const { prepend, removePrivate, member } = edits;
  const { sequence, confedSequence } = SegmentType;
  const own = member ? confedSequence : sequence;
  const clean = removePrivate === 'only' && !onlyPrivate(from, start, end) ? false : removePrivate;
  let to = at;
  // Room for the ASes in front: a segment of their own, joined to the first one in the end if that can be.
  out[to++] = own;
  out[to++] = prepend.length;
  for (const as of prepend) to = writeAs(out, to, as);
  const first = to;
  for (let segment = start; segment < end; segment += 2 + from[segment + 1] * 4) {
    if (!member && from[segment] > sequence) continue;
    const head = to;
    out[head] = from[segment];
    to += 2;
    for (let i = 0; i < from[segment + 1]; i++) {
      const as = readU32(from, segment + 2 + i * 4);
      const shown = shownAs(edits, clean, as);
      if (shown !== null) to = writeAs(out, to, shown);
    }
    out[head + 1] = (to - head - 2) >>> 2;
    if (out[head + 1] === 0) to = head;
  }
  if (first < to && out[first] === own && out[first + 1] + prepend.length <= 255) {
    out[at + 1] += out[first + 1];
    out.copyWithin(first, first + 2, to);
    to -= 2;
  }
  return to;
}

/** What is shown in place of an AS; null: it is left out. */
function shownAs(edits: AsPathEdits, removePrivate: AsPathEdits['removePrivate'], as: number): number | null {
  if (as === edits.remoteAs) return edits.override ? edits.ownAs : as;
  if (removePrivate === false || !isPrivateAs(as)) return as;
  return removePrivate === 'replace' ? edits.ownAs : null;
}

function onlyPrivate(from: Uint8Array, start: number, end: number): boolean {
  for (let segment = start; segment < end; segment += 2 + from[segment + 1] * 4) {
    if (from[segment] > SegmentType.sequence) continue;
    for (let i = 0; i < from[segment + 1]; i++) if (!isPrivateAs(readU32(from, segment + 2 + i * 4))) return false;
  }
  return true;
}

function writeAs(out: Uint8Array, at: number, as: number): number {
  out[at] = as >>> 24;
  out[at + 1] = as >>> 16;
  out[at + 2] = as >>> 8;
  out[at + 3] = as;
  return at + 4;
}

const plain = new Uint8Array(65_536);

/** Puts an AS in front of the AS_PATH of the canonical block `block[0..length)`; returns the block's new length. */
export function prependAs(block: Uint8Array, length: number, as: number): number {
  for (let at = 1 + block[0]; at < length; ) {
    const long = (block[at] & 0x10) !== 0;
    const value = at + (long ? 4 : 3);
    const end = value + (long ? (block[at + 2] << 8) | block[at + 3] : block[at + 2]);
    if (block[at + 1] !== AS_PATH) {
      at = end;
      continue;
    }
    const edits: AsPathEdits = {
      prepend: [as],
      ownAs: as,
      remoteAs: 0,
      override: false,
      removePrivate: false,
      member: false,
    };
    const size = writeEditedAsPath(edits, block, value, end, plain, 0);
    const start = at + (size > 255 ? 4 : 3);
    block.copyWithin(start + size, end, length);
    block.set(plain.subarray(0, size), start);
    block[at] = size > 255 ? block[at] | 0x10 : block[at] & ~0x10;
    if (size > 255) block[at + 2] = size >>> 8;
    block[start - 1] = size;
    return length + start + size - end;
  }
  return length;
}
