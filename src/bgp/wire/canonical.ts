// Canonical attribute blocks: path attributes in the one form in which equal sets have equal octets.
//
//   [next hop length, 1 octet] [next hop] then the attributes in ascending order of their type code
//
// NEXT_HOP, MP_REACH_NLRI and MP_UNREACH_NLRI are not among them, nor AS4_PATH and AS4_AGGREGATOR: AS_PATH and AGGREGATOR
// always have 4-octet AS numbers. Flags are the category's, Partial as received; Extended Length only for values over 255
// octets. Unknown attributes stay when they are transitive (RFC 4271 §5).
//
// canonicalize makes a block of a scanned UPDATE, writeWireAttributes an UPDATE's attributes of a block; both are plain
// loops over octets. The conversions of RFC 6793 §4.2.2 and §4.2.3 happen here and nowhere else.

import { AS_TRANS, countAsPath, MAX_SEGMENT, SegmentType } from './aspath.js';
import { FLAGS, NO_ROW } from './attribute-columns.js';
import { AttributeCode, AttributeFlag } from './attribute-table.js';
import { codeOf, decodeAttributes, encodeAttributes, type PathAttribute } from './attributes.js';
import { pushBytes, readU16 } from './bytes.js';
import { DEFAULT_CONTEXT } from './context.js';
import type { UpdateScan } from './update-scan.js';

const { asPath, nextHop, aggregator, as4Path, as4Aggregator, largeCommunities } = AttributeCode;

/**
 * Writes the canonical block of a scanned message into `out` (65,600 octets suffice) and returns its length. The next
 * hop is octets [nextHopStart, nextHopEnd) of `buf`: the NEXT_HOP attribute's value or MP_REACH_NLRI's. `as4`: the
 * message has 4-octet AS numbers. Not for messages that are treat-as-withdraw.
 */
export function canonicalize(
  buf: Uint8Array,
  scan: UpdateScan,
  as4: boolean,
  nextHopStart: number,
  nextHopEnd: number,
  out: Uint8Array,
): number {
  let to = 0;
  out[to++] = nextHopEnd - nextHopStart;
  for (let i = nextHopStart; i < nextHopEnd; i++) out[to++] = buf[i];
  const { codes, codeCount, valueStart, valueEnd, flags } = scan;
  for (let k = 0; k < codeCount; k++) {
    const code = codes[k];
    if (code === nextHop || code === as4Path || code === as4Aggregator) continue;
    let category = FLAGS[code];
    if (category === NO_ROW) {
      if ((flags[code] & AttributeFlag.transitive) === 0) continue;
      category = AttributeFlag.optional | AttributeFlag.transitive;
    }
    const kept = category === OPTIONAL_TRANSITIVE ? category | (flags[code] & AttributeFlag.partial) : category;
    if (!as4 && code === asPath) {
      to = writeMergedAsPath(buf, scan, out, to);
    } else if (!as4 && code === aggregator) {
      to = writeMergedAggregator(buf, scan, kept, out, to);
    } else if (code === largeCommunities) {
      to = writeLargeCommunities(buf, valueStart[code], valueEnd[code], kept, out, to);
    } else {
      const start = valueStart[code];
      const end = valueEnd[code];
      to = writeHeader(out, to, kept, code, end - start);
      for (let i = start; i < end; i++) out[to++] = buf[i];
    }
  }
  return to;
}

const OPTIONAL_TRANSITIVE = AttributeFlag.optional | AttributeFlag.transitive;

function writeHeader(out: Uint8Array, at: number, flags: number, code: number, length: number): number {
  out[at + 1] = code;
  if (length > 255) {
    out[at] = flags | AttributeFlag.extendedLength;
    out[at + 2] = length >>> 8;
    out[at + 3] = length & 0xff;
    return at + 4;
  }
  out[at] = flags;
  out[at + 2] = length;
  return at + 3;
}

const LONG_HEADER = 4;

/** Completes an attribute whose value was written up to `end`, leaving room for a long header: a short one closes up. */
function writeHeaderBefore(out: Uint8Array, at: number, flags: number, code: number, end: number): number {
  const length = end - at - LONG_HEADER;
  const value = writeHeader(out, at, flags, code, length);
  if (value !== at + LONG_HEADER) out.copyWithin(value, at + LONG_HEADER, end);
  return value + length;
}

/** Large communities, each once: a receiver removes redundant ones (RFC 8092 §3). */
function writeLargeCommunities(
  buf: Uint8Array,
  start: number,
  end: number,
  flags: number,
  out: Uint8Array,
  at: number,
): number {
  const value = at + LONG_HEADER;
  let to = value;
  for (let from = start; from < end; from += 12) {
    let seen = value;
    while (seen < to && !equals12(buf, from, out, seen)) seen += 12;
    if (seen === to) for (let i = 0; i < 12; i++) out[to++] = buf[from + i];
  }
  return writeHeaderBefore(out, at, flags, largeCommunities, to);
}

function equals12(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  for (let i = 11; i >= 0; i--) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** AGGREGATOR of a 2-octet neighbor: AS4_AGGREGATOR has the truth when the AS is AS_TRANS (RFC 6793 §4.2.3). */
function writeMergedAggregator(buf: Uint8Array, scan: UpdateScan, flags: number, out: Uint8Array, at: number): number {
  const start = scan.valueStart[aggregator];
  const as4Start = scan.valueStart[as4Aggregator];
  let to = writeHeader(out, at, flags, aggregator, 8);
  if (as4Start !== -1 && readU16(buf, start) === AS_TRANS) {
    for (let i = 0; i < 8; i++) out[to++] = buf[as4Start + i];
    return to;
  }
  out[to++] = 0;
  out[to++] = 0;
  for (let i = 0; i < 6; i++) out[to++] = buf[start + i];
  return to;
}

/** True when AGGREGATOR says that AS4_PATH is outdated: an old speaker has aggregated (RFC 6793 §4.2.3). */
function isAs4PathIgnored(buf: Uint8Array, scan: UpdateScan): boolean {
  const start = scan.valueStart[aggregator];
  return start !== -1 && scan.valueStart[as4Aggregator] !== -1 && readU16(buf, start) !== AS_TRANS;
}

/** AS_PATH of a 2-octet neighbor: its leading part, then AS4_PATH (RFC 6793 §4.2.3). */
function writeMergedAsPath(buf: Uint8Array, scan: UpdateScan, out: Uint8Array, at: number): number {
  const start = scan.valueStart[asPath];
  const end = scan.valueEnd[asPath];
  const as4Start = scan.valueStart[as4Path];
  const as4End = scan.valueEnd[as4Path];
  const value = at + LONG_HEADER;
  let to = value;
  const own = countAsPath(buf, start, end, 2);
  const mapped = as4Start === -1 ? 0 : countAsPath(buf, as4Start, as4End, 4);
  if (mapped === 0 || own < mapped || isAs4PathIgnored(buf, scan)) {
    to = writeLeading(buf, start, end, own, true, out, to);
  } else {
    to = writeLeading(buf, start, end, own - mapped, false, out, to);
    to = appendAs4Path(buf, as4Start, as4End, out, value, to);
  }
  return writeHeaderBefore(out, at, AttributeFlag.transitive, asPath, to);
}

/**
 * Writes the leading part of a 2-octet path, `count` AS numbers long, with 4-octet AS numbers; or `all` of it. A
 * confederation segment goes along when it leads or follows a whole segment that was taken (RFC 6793 §4.2.3).
 */
function writeLeading(
  buf: Uint8Array,
  start: number,
  end: number,
  count: number,
  all: boolean,
  out: Uint8Array,
  at: number,
): number {
  let to = at;
  let left = count;
  for (let from = start; from < end; ) {
    const type = buf[from];
    const size = buf[from + 1];
    let taken = size;
    if (type === SegmentType.sequence) {
      if (!all && left === 0) break;
      if (!all && left < size) taken = left;
      left -= taken;
    } else if (type === SegmentType.set) {
      if (!all && left === 0) break;
      left--;
    }
    out[to++] = type;
    out[to++] = taken;
    for (let i = 0, source = from + 2; i < taken; i++, source += 2) {
      out[to++] = 0;
      out[to++] = 0;
      out[to++] = buf[source];
      out[to++] = buf[source + 1];
    }
    if (taken < size) break;
    from += 2 + size * 2;
  }
  return to;
}

/**
 * Appends AS4_PATH to the path in [pathStart, at) without confederation segments, which have no business there (RFC 6793
 * §6). A sequence that follows a sequence continues it, as far as one segment holds.
 */
function appendAs4Path(
  buf: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  pathStart: number,
  at: number,
): number {
  let last = -1;
  for (let segment = pathStart; segment < at; segment += 2 + out[segment + 1] * 4) last = segment;
  let to = at;
  for (let from = start; from < end; ) {
    const type = buf[from];
    const size = buf[from + 1];
    const next = from + 2 + size * 4;
    if (type === SegmentType.sequence || type === SegmentType.set) {
      let source = from + 2;
      if (last !== -1 && type === SegmentType.sequence && out[last] === type && out[last + 1] + size <= MAX_SEGMENT) {
        out[last + 1] += size;
      } else {
        source = from;
      }
      while (source < next) out[to++] = buf[source++];
    }
    last = -1;
    from = next;
  }
  return to;
}

/**
 * Offset of an attribute's header (flags, type, length) in the canonical block in octets [start, end), or -1. Its value
 * begins 3 octets on, or 4 when the Extended Length flag (0x10) is set.
 */
export function findAttribute(block: Uint8Array, start: number, end: number, code: number): number {
  let at = start + 1 + block[start];
  while (at < end) {
    const here = block[at + 1];
    if (here === code) return at;
    if (here > code) return -1;
    at += attributeSize(block, at);
  }
  return -1;
}

function attributeSize(block: Uint8Array, at: number): number {
  return (block[at] & AttributeFlag.extendedLength) === 0 ? 3 + block[at + 2] : 4 + readU16(block, at + 2);
}

/**
 * Writes the path attributes of the canonical block in octets [start, end) as an UPDATE carries them, into `out` from `at`,
 * and returns where they end. `as4`: the neighbor takes 4-octet AS numbers; else AS_PATH and AGGREGATOR have 2 octets,
 * and AS4_PATH and AS4_AGGREGATOR accompany them where needed (RFC 6793 §4.2.2), which makes up to 1.5 times the octets.
 * `ipv4NextHop`: the block's 4-octet next hop becomes NEXT_HOP; it is left out otherwise (MP_REACH_NLRI has it).
 */
export function writeWireAttributes(
  block: Uint8Array,
  start: number,
  end: number,
  as4: boolean,
  ipv4NextHop: boolean,
  out: Uint8Array,
  at: number,
): number {
  let to = at;
  let nextHopDue = ipv4NextHop;
  let pathAt = -1;
  let aggregatorAt = -1;
  for (let from = start + 1 + block[start]; from < end; ) {
    const code = block[from + 1];
    const next = from + attributeSize(block, from);
    if (nextHopDue && code > nextHop) {
      to = writeNextHop(block, start, out, to);
      nextHopDue = false;
    }
    if (!as4 && code > as4Aggregator) {
      to = writeAs4(block, pathAt, aggregatorAt, out, to);
      pathAt = aggregatorAt = -1;
    }
    if (as4 || (code !== asPath && code !== aggregator)) {
      while (from < next) out[to++] = block[from++];
    } else if (code === asPath) {
      pathAt = from;
      to = writeTwoOctetPath(block, from, next, out, to);
    } else {
      aggregatorAt = from;
      to = writeTwoOctetAggregator(block, from, out, to);
    }
    from = next;
  }
  if (nextHopDue) to = writeNextHop(block, start, out, to);
  return as4 ? to : writeAs4(block, pathAt, aggregatorAt, out, to);
}

function writeNextHop(block: Uint8Array, start: number, out: Uint8Array, at: number): number {
  let to = writeHeader(out, at, AttributeFlag.transitive, nextHop, 4);
  for (let i = 1; i <= 4; i++) out[to++] = block[start + i];
  return to;
}

function writeTwoOctetPath(block: Uint8Array, header: number, next: number, out: Uint8Array, at: number): number {
  let from = valueStartOf(block, header);
  let length = 0;
  for (let segment = from; segment < next; segment += 2 + block[segment + 1] * 4) length += 2 + block[segment + 1] * 2;
  let to = writeHeader(out, at, AttributeFlag.transitive, asPath, length);
  while (from < next) {
    const size = block[from + 1];
    out[to++] = block[from++];
    out[to++] = block[from++];
    for (let i = 0; i < size; i++, from += 4) {
      const mappable = (block[from] | block[from + 1]) === 0;
      out[to++] = mappable ? block[from + 2] : AS_TRANS >>> 8;
      out[to++] = mappable ? block[from + 3] : AS_TRANS & 0xff;
    }
  }
  return to;
}

function writeTwoOctetAggregator(block: Uint8Array, header: number, out: Uint8Array, at: number): number {
  const from = header + 3;
  const mappable = (block[from] | block[from + 1]) === 0;
  let to = writeHeader(out, at, block[header], aggregator, 6);
  out[to++] = mappable ? block[from + 2] : AS_TRANS >>> 8;
  out[to++] = mappable ? block[from + 3] : AS_TRANS & 0xff;
  for (let i = 4; i < 8; i++) out[to++] = block[from + i];
  return to;
}

/** AS4_PATH and AS4_AGGREGATOR of the AS_PATH and AGGREGATOR at these headers (-1: none), where they are needed. */
function writeAs4(block: Uint8Array, pathAt: number, aggregatorAt: number, out: Uint8Array, at: number): number {
  let to = at;
  if (pathAt !== -1) to = writeAs4Path(block, pathAt, out, to);
  if (aggregatorAt !== -1 && readU16(block, aggregatorAt + 3) !== 0) {
    to = writeHeader(out, to, block[aggregatorAt], as4Aggregator, 8);
    for (let i = 0; i < 8; i++) out[to++] = block[aggregatorAt + 3 + i];
  }
  return to;
}

/** The whole path but confederation segments, when an AS number of it does not fit in 2 octets. */
function writeAs4Path(block: Uint8Array, header: number, out: Uint8Array, at: number): number {
  const start = valueStartOf(block, header);
  const end = header + attributeSize(block, header);
  let length = 0;
  let needed = false;
  for (let from = start; from < end; ) {
    const next = from + 2 + block[from + 1] * 4;
    if (block[from] === SegmentType.sequence || block[from] === SegmentType.set) {
      length += next - from;
      for (let i = from + 2; i < next; i += 4) if ((block[i] | block[i + 1]) !== 0) needed = true;
    }
    from = next;
  }
  if (!needed) return at;
  let to = writeHeader(out, at, OPTIONAL_TRANSITIVE, as4Path, length);
  for (let from = start; from < end; ) {
    const next = from + 2 + block[from + 1] * 4;
    const kept = block[from] === SegmentType.sequence || block[from] === SegmentType.set;
    if (kept) while (from < next) out[to++] = block[from++];
    from = next;
  }
  return to;
}

function valueStartOf(block: Uint8Array, header: number): number {
  return header + ((block[header] & AttributeFlag.extendedLength) === 0 ? 3 : 4);
}

/** Next hop (0, 4, 16 or 32 octets) and attributes of a block. */
export function decodeCanonical(block: Uint8Array): { nextHop: Uint8Array; attributes: PathAttribute[] } {
  const start = 1 + block[0];
  return { nextHop: block.slice(1, start), attributes: decodeAttributes(block, start, block.length, DEFAULT_CONTEXT) };
}

const NOT_IN_BLOCKS = new Set<number>([
  nextHop,
  AttributeCode.mpReach,
  AttributeCode.mpUnreach,
  as4Path,
  as4Aggregator,
]);

/** The block of a next hop and attributes in any order; those that have no place in a block are left out. */
export function encodeCanonical(nextHop: Uint8Array, attributes: readonly PathAttribute[]): Uint8Array {
  const out = [nextHop.length];
  pushBytes(out, nextHop);
  const kept = attributes.filter(attribute => !NOT_IN_BLOCKS.has(codeOf(attribute)));
  encodeAttributes(
    kept.sort((a, b) => codeOf(a) - codeOf(b)),
    out,
    DEFAULT_CONTEXT,
  );
  return Uint8Array.from(out);
}
