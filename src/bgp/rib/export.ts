// What a neighbor is told of a path: whether at all, and with which attributes.
//
// An ExportProfile stands for all neighbors to whom the answer is the same; its `key` says which those are. The answer
// depends on the path's attribute set and source only, so it is worked out once per set and remembered. Attributes are
// changed by copying the canonical block from start to end with the edits made on the way.
//
// RFC 4271 §5.1 (each attribute's propagation), §9.1.3; RFC 1997 (NO_EXPORT …); RFC 4360 §6, RFC 5701 §2 (non-transitive
// extended communities); RFC 4456 (reflection); RFC 8950 (next hops of the other family).

import { ATTRIBUTES } from '../wire/attributes.js';
import { Family } from '../wire/family.js';
import { MAX_BLOCK_BYTES } from './arena.js';
import { ADVERTISED, type AttributeSets, DEFAULT_LOCAL_PREF, Mark } from './attribute-sets.js';
import { SourceKind, type Sources } from './sources.js';

/** All that decides what a neighbor is told in one family. */
export interface ExportOptions {
  family: Family;
  internal: boolean;
  localAs: number;
  routerId: number;
  clusterId: number;
  /** The neighbor is a route reflector client. */
  client: boolean;
  /** Give this speaker as next hop to internal neighbors too. */
  nextHopSelf: boolean;
  /** This speaker's address on the session: 4, 16 or 32 (global and link-local) bytes; empty when it has none of use. */
  ownNextHop: Uint8Array;
  accept: boolean;
  /** RFC 6793: the neighbor speaks four-octet AS numbers. */
  as4: boolean;
  maxMessageLength: number;
  /** RFC 8950: IPv4 routes may have an IPv6 next hop. */
  extendedNextHop: boolean;
}

const Code = { origin: 1, asPath: 2, med: 4, localPref: 5, originatorId: 9, clusterList: 10 } as const;
/** Communities that may be non-transitive, by code: octets of one (RFC 4360 §6, RFC 5701 §2). */
const EXTENDED: { readonly [code: number]: number | undefined } = { 16: 8, 25: 20 };
const Flag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;
const scratch = new Uint8Array(MAX_BLOCK_BYTES);

/** The key under which neighbors share a profile. */
export function exportKey(o: ExportOptions): string {
  return JSON.stringify({ ...o, ownNextHop: Array.from(o.ownNextHop) });
}

/** The export of one kind of neighbor, remembered per attribute set. */
export class ExportProfile {
  readonly options: ExportOptions;
  readonly key: string;
  private readonly sets: AttributeSets;
  private readonly sources: Sources;
  // Four numbers to a set: its serial, the source, the result, the result's serial.
  private memo = new Uint32Array(0);

  constructor(options: ExportOptions, sets: AttributeSets, sources: Sources) {
    this.options = options;
    this.key = exportKey(options);
    this.sets = sets;
    this.sources = sources;
  }

  /** The set advertised for a path with this set from this source, with a reference for the caller; 0 for not at all. */
  export(set: number, source: number): number {
    const { sets } = this;
    if (set * 4 >= this.memo.length) {
      const bigger = new Uint32Array(Math.max(sets.capacity * 4, 256));
      bigger.set(this.memo);
      this.memo = bigger;
    }
    const at = set * 4;
    const { memo } = this;
    if (memo[at] === sets.serial[set] && memo[at + 1] === source) {
      const known = memo[at + 2];
      if (known === 0) return 0;
      if (sets.serial[known] === memo[at + 3]) {
        sets.retain(known);
        return known;
      }
    }
    const result = this.allowed(set, source) ? this.transform(set, source) : 0;
    memo[at] = sets.serial[set];
    memo[at + 1] = source;
    memo[at + 2] = result;
    memo[at + 3] = sets.serial[result];
    return result;
  }

  private allowed(set: number, source: number): boolean {
    const { options } = this;
    if (!options.accept) return false;
    const marks = this.sets.marks[set];
    if ((marks & Mark.noAdvertise) !== 0) return false;
    if (!options.internal) return (marks & (Mark.noExport | Mark.noExportSubconfed)) === 0;
    if (this.sources.kind[source] !== SourceKind.internal) return true;
    return options.client || this.sources.client[source] === 1;
  }

  private transform(set: number, source: number): number {
    const { sets, options, sources } = this;
    const from = sets.buffer(set);
    const start = sets.start(set);
    const end = start + sets.size[set];
    const learned = sources.kind[source] >= SourceKind.external;
    const reflected = options.internal && sources.kind[source] === SourceKind.internal;

    let to = this.writeNextHop(from, start, reflected);
    if (to < 0) return 0;
    let localPrefDue = options.internal;
    let originatorDue = reflected;
    let clusterDue = reflected;
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
      if (code === Code.asPath && !options.internal) {
        to = this.writeAsPath(to, from, value, length);
      } else if (!options.internal && EXTENDED[code] !== undefined) {
        to = writeTransitiveExtended(to, flags, code, from, value, next, EXTENDED[code]);
      } else if (this.kept(code, flags, learned)) {
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
    return sets.intern(scratch, to, ADVERTISED);
  }

  /** Is an attribute passed on to this kind of neighbor (RFC 4271 §5, §5.1.4, §5.1.5; RFC 4456 §8)? */
  private kept(code: number, flags: number, learned: boolean): boolean {
    if (ATTRIBUTES[code] === undefined) return (flags & Flag.transitive) !== 0;
    if (this.options.internal) return true;
    if (code === Code.med) return !learned;
    return code !== Code.localPref && code !== Code.originatorId && code !== Code.clusterList;
  }

  /** Writes the next hop at the head of the block; -1 when the neighbor cannot be given one. */
  private writeNextHop(from: Uint8Array, start: number, reflected: boolean): number {
    const { options } = this;
    const length = from[start];
    const linkLocal = length >= 16 && from[start + 1] === 0xfe && (from[start + 2] & 0xc0) === 0x80;
    const own = length === 0 || !options.internal || (options.nextHopSelf && !reflected) || linkLocal;
    const bytes = own ? options.ownNextHop : from;
    const at = own ? 0 : start + 1;
    const size = own ? bytes.length : length === 4 ? 4 : 16;
    if (size === 0) return -1;
    if (options.family === Family.ipv4Unicast && size !== 4 && !options.extendedNextHop) return -1;
    if (options.family === Family.ipv6Unicast && size === 4) return -1;
    scratch[0] = size;
    for (let i = 0; i < size; i++) scratch[1 + i] = bytes[at + i];
    return 1 + size;
  }

  // RFC 4271 §5.1.2: prepended as the last AS of an AS_SEQUENCE, a new segment when there is none or it is full.
  private writeAsPath(to: number, from: Uint8Array, value: number, length: number): number {
    const extend = length > 0 && from[value] === 2 && from[value + 1] < 255;
    let at = writeHeader(to, Flag.transitive, Code.asPath, length + (extend ? 4 : 6));
    scratch[at++] = 2;
    scratch[at++] = extend ? from[value + 1] + 1 : 1;
    at = writeValue32(at, this.options.localAs);
    for (let i = extend ? 2 : 0; i < length; i++) scratch[at++] = from[value + i];
    return at;
  }

  // RFC 4456 §8: the reflector prepends its cluster id.
  private writeClusterList(to: number, from: Uint8Array, value: number, length: number): number {
    let at = writeHeader(to, Flag.optional, Code.clusterList, length + 4);
    at = writeValue32(at, this.options.clusterId);
    for (let i = 0; i < length; i++) scratch[at++] = from[value + i];
    return at;
  }
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
