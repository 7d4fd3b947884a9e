// The canonical block that a kind of neighbor is sent for a path: the path's own, copied from start to end with the
// edits made on the way.
//
// RFC 4271 §5.1 (each attribute's propagation); RFC 4360 §6, RFC 5701 §2 (non-transitive extended communities); RFC 4456
// §8 (reflection); RFC 5065 §4 and §5.2 (confederations); RFC 7947 §2.2 (route servers); RFC 8950 (next hops of the other family).

import { ATTRIBUTES } from '../wire/attributes.js';
import { Family } from '../wire/family.js';
import { MAX_BLOCK_BYTES } from './arena.js';
import { writeEditedAsPath } from './as-path-edits.js';
import { DEFAULT_LOCAL_PREF } from './attribute-sets.js';
import type { ExportOptions } from './export.js';
import { ONLY_TO_CUSTOMER, OTC_RULES, writeOnlyToCustomer } from './only-to-customer.js';
import { Fixed } from './route-policy.js';
import { SourceKind, type Sources } from './sources.js';

const Code = { origin: 1, asPath: 2, med: 4, localPref: 5, originatorId: 9, clusterList: 10 } as const;
/** Communities that may be non-transitive, by code: octets of one (RFC 4360 §6, RFC 5701 §2). */
const EXTENDED: { readonly [code: number]: number | undefined } = { 16: 8, 25: 20 };
const Flag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;

const scratch = new Uint8Array(MAX_BLOCK_BYTES);
const edited = new Uint8Array(MAX_BLOCK_BYTES);

/** Makes the blocks for one kind of neighbor. */
export class AdvertisedBlock {
  /** Where `write` leaves a block, until the next call of anybody. */
  readonly bytes = scratch;
  private readonly options: ExportOptions;
  private readonly sources: Sources;
  /** The AS that unmarked routes are marked with (RFC 9234 §5); 0: they are not. */
  private readonly marking: number;
  /** The neighbor is in this AS or in another one of the confederation. */
  private readonly interior: boolean;

  constructor(options: ExportOptions, sources: Sources) {
    this.options = options;
    this.sources = sources;
    const { role, asPath, localAs } = options;
    this.interior = options.internal || options.member === true;
    this.marking = role !== undefined && OTC_RULES[role].marksTold ? (asPath?.ownAs ?? localAs) : 0;
  }

  /** Makes what is advertised of a block in `bytes`; `fixed`: bits of Fixed. Returns its length. */
  write(from: Uint8Array, start: number, size: number, source: number, fixed: number): number {
    const { options, sources } = this;
    const end = start + size;
    const through = this.passesThrough(source);
    const foreignMed = sources.kind[source] >= SourceKind.external && (fixed & Fixed.med) === 0 && !through;
    const reflected = options.internal && sources.kind[source] === SourceKind.internal;

    let to = this.writeNextHop(from, start, this.nextHopIsOwn(from, start, source, fixed) === true);
    let localPrefDue = this.interior;
    let originatorDue = reflected;
    let clusterDue = reflected;
    let markDue = this.marking !== 0;
    for (let at = start + 1 + from[start]; at < end; ) {
      const flags = from[at];
      const code = from[at + 1];
      const value = at + ((flags & Flag.extendedLength) !== 0 ? 4 : 3);
      const length = (flags & Flag.extendedLength) !== 0 ? (from[at + 2] << 8) | from[at + 3] : from[at + 2];
      const next = value + length;
      if (localPrefDue && code >= Code.localPref) {
        localPrefDue = false;
        if (code !== Code.localPref) to = writeUint32(to, Flag.transitive, Code.localPref, DEFAULT_LOCAL_PREF);
      }
      if (originatorDue && code >= Code.originatorId) {
        originatorDue = false;
        if (code !== Code.originatorId) {
          to = writeUint32(to, Flag.optional, Code.originatorId, sources.routerId[source]);
        }
      }
      if (clusterDue && code >= Code.clusterList) {
        clusterDue = false;
        to = this.writeClusterList(to, from, value, code === Code.clusterList ? length : 0);
        if (code === Code.clusterList) {
          at = next;
          continue;
        }
      }
      if (markDue && code >= ONLY_TO_CUSTOMER) {
        markDue = false;
        if (code !== ONLY_TO_CUSTOMER) to = writeOnlyToCustomer(scratch, to, this.marking);
      }
      if (code === Code.asPath && !options.internal && !through) {
        to = writeAsPath(to, from, value, length, options);
      } else if (!this.interior && !through && EXTENDED[code] !== undefined) {
        to = writeTransitiveExtended(to, flags, code, from, value, next, EXTENDED[code]);
      } else if (this.kept(code, flags, foreignMed)) {
        const unknown = ATTRIBUTES[code] === undefined;
        scratch[to] = unknown ? flags | Flag.partial : flags;
        for (let i = at + 1; i < next; i++) scratch[to + i - at] = from[i];
        to += next - at;
      }
      at = next;
    }
    if (localPrefDue) to = writeUint32(to, Flag.transitive, Code.localPref, DEFAULT_LOCAL_PREF);
    if (originatorDue) to = writeUint32(to, Flag.optional, Code.originatorId, sources.routerId[source]);
    if (clusterDue) to = this.writeClusterList(to, from, 0, 0);
    if (markDue) to = writeOnlyToCustomer(scratch, to, this.marking);
    return to;
  }

  /** From one route server client to another: AS_PATH, next hop, MED and communities stay as they are (RFC 7947 §2.2). */
  passesThrough(source: number): boolean {
    const { options, sources } = this;
    return options.viewOf !== undefined && sources.client[source] === 1 && sources.kind[source] === SourceKind.external;
  }

  /** Is an attribute passed on to this kind of neighbor (RFC 4271 §5, §5.1.4, §5.1.5; RFC 4456 §8)? */
  private kept(code: number, flags: number, foreignMed: boolean): boolean {
    if (ATTRIBUTES[code] === undefined) return (flags & Flag.transitive) !== 0;
    if (this.options.internal) return true;
    if (code === Code.med) return this.interior || !foreignMed;
    if (code === Code.localPref) return this.interior;
    return code !== Code.originatorId && code !== Code.clusterList;
  }

  /** Is this speaker the next hop, or the path's own one; null when the neighbor can be given neither. */
  nextHopIsOwn(from: Uint8Array, start: number, source: number, fixed: number): boolean | null {
    const { options, sources } = this;
    const length = from[start];
    const reflected = options.internal && sources.kind[source] === SourceKind.internal;
    const linkLocal = length >= 16 && from[start + 1] === 0xfe && (from[start + 2] & 0xc0) === 0x80;
    const standard =
      (!this.interior && !options.nextHopUnchanged && !this.passesThrough(source)) ||
      (options.nextHopSelf && !reflected) ||
      linkLocal;
    const chosen = (fixed & Fixed.nextHop) === 0 ? standard : (fixed & Fixed.nextHopSelf) !== 0;
    const own = length === 0 || chosen;
    const size = own ? options.ownNextHop.length : length;
    if (size === 0) return null;
    if (options.family === Family.ipv4Unicast && size !== 4 && !options.extendedNextHop) return null;
    if (options.family === Family.ipv6Unicast && size === 4) return null;
    return own;
  }

  /** Writes the next hop at the head of the block; of a global and a link-local one, a path's own, the global. */
  private writeNextHop(from: Uint8Array, start: number, own: boolean): number {
    const bytes = own ? this.options.ownNextHop : from;
    const at = own ? 0 : start + 1;
    const size = own ? bytes.length : Math.min(from[start], 16);
    scratch[0] = size;
    for (let i = 0; i < size; i++) scratch[1 + i] = bytes[at + i];
    return 1 + size;
  }

  // RFC 4456 §8: the reflector prepends its cluster id.
  private writeClusterList(to: number, from: Uint8Array, value: number, length: number): number {
    let at = writeHeader(to, Flag.optional, Code.clusterList, length + 4);
    at = writeValue32(at, this.options.clusterId);
    for (let i = 0; i < length; i++) scratch[at++] = from[value + i];
    return at;
  }
}

// RFC 4271 §5.1.2: prepended as the last AS of an AS_SEQUENCE, a new segment when there is none or it is full.
function writeAsPath(to: number, from: Uint8Array, value: number, length: number, options: ExportOptions): number {
  if (options.asPath !== null) {
    const size = writeEditedAsPath(options.asPath, from, value, value + length, edited, 0);
    const start = writeHeader(to, Flag.transitive, Code.asPath, size);
    for (let i = 0; i < size; i++) scratch[start + i] = edited[i];
    return start + size;
  }
  const extend = length > 0 && from[value] === 2 && from[value + 1] < 255;
  let at = writeHeader(to, Flag.transitive, Code.asPath, length + (extend ? 4 : 6));
  scratch[at++] = 2;
  scratch[at++] = extend ? from[value + 1] + 1 : 1;
  at = writeValue32(at, options.localAs);
  for (let i = extend ? 2 : 0; i < length; i++) scratch[at++] = from[value + i];
  return at;
}

function writeTransitiveExtended(
  to: number,
  flags: number,
  code: number,
  from: Uint8Array,
  start: number,
  end: number,
  octets: number,
): number {
  let count = 0;
  for (let i = start; i < end; i += octets) if ((from[i] & 0x40) === 0) count++;
  if (count === 0) return to;
  let at = writeHeader(to, flags & ~Flag.extendedLength, code, count * octets);
  for (let i = start; i < end; i += octets) {
    if ((from[i] & 0x40) !== 0) continue;
    for (let j = 0; j < octets; j++) scratch[at++] = from[i + j];
  }
  return at;
}

function writeUint32(to: number, flags: number, code: number, value: number): number {
  return writeValue32(writeHeader(to, flags, code, 4), value);
}

function writeHeader(to: number, flags: number, code: number, length: number): number {
  scratch[to] = length > 255 ? flags | Flag.extendedLength : flags;
  scratch[to + 1] = code;
  if (length <= 255) {
    scratch[to + 2] = length;
    return to + 3;
  }
  scratch[to + 2] = length >>> 8;
  scratch[to + 3] = length;
  return to + 4;
}

function writeValue32(to: number, value: number): number {
  scratch[to] = value >>> 24;
  scratch[to + 1] = value >>> 16;
  scratch[to + 2] = value >>> 8;
  scratch[to + 3] = value;
  return to + 4;
}
