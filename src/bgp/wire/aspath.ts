// AS paths: octets, objects and text.
//
// An AS_PATH is a list of segments <type, count, AS numbers>, with AS numbers of 2 or 4 octets (RFC 4271 §4.3, RFC 5065 §3,
// RFC 6793). In text, sets stand in braces, confederation sequences in parentheses and confederation sets in brackets:
// `(65010 65011) 65001 65002 {65003,65004}`. Checks on octets return the reason as a constant string, so that a good
// path costs no allocation.

import { pushU16, pushU32, readU16, readU32 } from './bytes.js';
import type { ScanContext } from './context.js';
import { InputError } from './input-error.js';

/** Segment types by name (RFC 4271 §4.3, RFC 5065 §3). */
export const SegmentType = { set: 1, sequence: 2, confedSequence: 3, confedSet: 4 } as const;

export interface AsPathSegment {
  type: keyof typeof SegmentType;
  /** 1 to 255 AS numbers. */
  asns: number[];
}

/** The AS number that stands for one that does not fit in 2 octets (RFC 6793 §3). */
export const AS_TRANS = 23456;
/** AS numbers a segment can hold. */
export const MAX_SEGMENT = 255;

const SEGMENT_NAMES = ['set', 'sequence', 'confedSequence', 'confedSet'] as const;

const SINGLE_OCTET = 'a single octet is left after the last segment';
const UNKNOWN_SEGMENT = 'a segment has an unrecognized type';
const EMPTY_SEGMENT = 'a segment is empty';
const SEGMENT_OVERRUN = 'the last segment is longer than the attribute';
const AS_ZERO = 'it contains AS 0 (RFC 7607)';
const CONFED_FROM_OUTSIDE = 'it has confederation segments and comes from outside (RFC 5065 §5)';
const AS_SETS_REJECTED = 'it contains an AS_SET (RFC 9774)';

/**
 * The AS_PATH rules of RFC 7606 §7.2, RFC 7607 §2 and RFC 5065 §5 on octets [start, end): a reason, or null when the path
 * is good.
 */
export function checkAsPath(buf: Uint8Array, start: number, end: number, ctx: ScanContext): string | null {
  return checkSegments(buf, start, end, ctx.as4 ? 4 : 2, ctx.internal, ctx.rejectAsSets === true);
}

/** The rules of AS4_PATH (RFC 6793 §6): its confederation segments are skipped later, not an error. */
export function checkAs4Path(buf: Uint8Array, start: number, end: number, ctx: ScanContext): string | null {
  return checkSegments(buf, start, end, 4, true, ctx.rejectAsSets === true);
}

function checkSegments(
  buf: Uint8Array,
  start: number,
  end: number,
  asSize: number,
  confed: boolean,
  rejectSets: boolean,
): string | null {
  let at = start;
  while (at < end) {
    if (end - at < 2) return SINGLE_OCTET;
    const type = buf[at];
    const count = buf[at + 1];
    at += 2;
    const next = at + count * asSize;
    if (type < 1 || type > 4) return UNKNOWN_SEGMENT;
    if (count === 0) return EMPTY_SEGMENT;
    if (next > end) return SEGMENT_OVERRUN;
    if (type > 2 && !confed) return CONFED_FROM_OUTSIDE;
    if (rejectSets && (type === SegmentType.set || type === SegmentType.confedSet)) return AS_SETS_REJECTED;
    if (asSize === 4) {
      for (; at < next; at += 4) if ((buf[at] | buf[at + 1] | buf[at + 2] | buf[at + 3]) === 0) return AS_ZERO;
    } else {
      for (; at < next; at += 2) if ((buf[at] | buf[at + 1]) === 0) return AS_ZERO;
    }
  }
  return null;
}

/**
 * Length of a checked AS_PATH for route selection: a set counts 1, confederation segments 0 (RFC 4271 §9.1.2.2, RFC 5065
 * §5.3). `asSize` is 2 or 4.
 */
export function countAsPath(buf: Uint8Array, start: number, end: number, asSize: number): number {
  let length = 0;
  let at = start;
  while (at < end) {
    const type = buf[at];
    const count = buf[at + 1];
    if (type === SegmentType.sequence) length += count;
    else if (type === SegmentType.set) length++;
    at += 2 + count * asSize;
  }
  return length;
}

/** Length of an AS path in object form; see countAsPath. */
export function asPathLength(segments: readonly AsPathSegment[]): number {
  let length = 0;
  for (const segment of segments) {
    if (segment.type === 'sequence') length += segment.asns.length;
    else if (segment.type === 'set') length++;
  }
  return length;
}

/** Segments of a checked path. */
export function decodeAsPath(buf: Uint8Array, start: number, end: number, as4: boolean): AsPathSegment[] {
  const segments: AsPathSegment[] = [];
  const asSize = as4 ? 4 : 2;
  let at = start;
  while (at < end) {
    const segment: AsPathSegment = { type: SEGMENT_NAMES[buf[at] - 1], asns: [] };
    const next = at + 2 + buf[at + 1] * asSize;
    for (at += 2; at < next; at += asSize) segment.asns.push(as4 ? readU32(buf, at) : readU16(buf, at));
    segments.push(segment);
  }
  return segments;
}

/** Appends the octets of a path; with 2-octet AS numbers, larger ones become AS_TRANS (RFC 6793 §4.2.2). */
export function encodeAsPath(segments: readonly AsPathSegment[], as4: boolean, out: number[]): void {
  for (const { type, asns } of segments) {
    if (asns.length === 0 || asns.length > MAX_SEGMENT) {
      throw new InputError(`an AS path segment has ${asns.length} AS numbers`, `a segment holds 1 to ${MAX_SEGMENT}`);
    }
    out.push(SegmentType[type], asns.length);
    for (const as of asns) {
      if (as4) pushU32(out, as);
      else pushU16(out, toTwoOctets(as));
    }
  }
}

/** An AS number as it appears in a 2-octet field (RFC 6793 §4.2.2). */
export function toTwoOctets(as: number): number {
  return as > 0xffff ? AS_TRANS : as;
}

const BRACKETS = {
  sequence: { open: '', close: '', separator: ' ' },
  set: { open: '{', close: '}', separator: ',' },
  confedSequence: { open: '(', close: ')', separator: ' ' },
  confedSet: { open: '[', close: ']', separator: ',' },
} as const;

/** Text of a path: `65001 65002 {65003,65004}`; empty for a path without segments. */
export function formatAsPath(segments: readonly AsPathSegment[]): string {
  return segments
    .map(({ type, asns }) => BRACKETS[type].open + asns.join(BRACKETS[type].separator) + BRACKETS[type].close)
    .join(' ');
}

/** An AS number in decimal, 1 to 4294967295 (AS 0 is reserved, RFC 7607). Throws InputError. */
export function parseAs(text: string): number {
  const as = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (as < 1 || as > 0xffffffff) {
    throw new InputError(`"${text}" is not an AS number`, 'AS numbers go from 1 to 4294967295, such as 65001');
  }
  return as;
}

/** Segments of a path's text. Long sequences are split into segments of 255. Throws InputError. */
export function parseAsPath(text: string): AsPathSegment[] {
  const segments: AsPathSegment[] = [];
  const pieces = text.match(/[{[(][^{}[\]()]*[}\])]|[^{}[\]()]+|[{}[\]()]/g) ?? [];
  for (const piece of pieces) {
    const type = typeOfPiece(text, piece);
    const inner = type === 'sequence' ? piece : piece.slice(1, -1);
    const asns = inner.split(/[\s,]+/).filter(word => word !== '');
    if (asns.length === 0 && type !== 'sequence') {
      throw new InputError(`"${text}" has an empty ${piece}`, 'put AS numbers between the brackets or remove them');
    }
    for (let i = 0; i < asns.length; i += MAX_SEGMENT) {
      segments.push({ type, asns: asns.slice(i, i + MAX_SEGMENT).map(parseAs) });
    }
  }
  return segments;
}

function typeOfPiece(text: string, piece: string): AsPathSegment['type'] {
  const open = piece[0];
  if (!'{}[]()'.includes(open)) return 'sequence';
  for (const type of SEGMENT_NAMES) {
    if (BRACKETS[type].open === open && piece.length > 1 && piece.endsWith(BRACKETS[type].close)) return type;
  }
  throw new InputError(`"${text}" has a bracket without its partner`, 'write sets as {65003,65004}');
}
