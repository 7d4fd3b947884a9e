// What a neighbor is told of a path: whether at all, and with which attributes.
//
// An ExportProfile stands for all neighbors to whom the answer is the same; its `key` says which those are. `export` only
// decides; what it returns stands for what is advertised: the path's own set. The attributes are worked out by `render`
// when a message is written, once for all routes of the message, by copying the canonical block from start to end with
// the edits made on the way: a full table goes out without a second copy of its attributes in memory.
//
// An export policy judges first, on the attributes as Loc-RIB has them; the transformation follows and keeps the MED and
// the next hop that the policy fixed. NO_EXPORT and its like are obeyed before either. What a policy changed is rendered
// at once and advertised as it is.
//
// RFC 4271 §5.1 (each attribute's propagation), §9.1.3; RFC 1997 (NO_EXPORT …); RFC 4360 §6, RFC 5701 §2 (non-transitive
// extended communities); RFC 4456 (reflection); RFC 8950 (next hops of the other family).

import { ATTRIBUTES } from '../wire/attributes.js';
import { Family } from '../wire/family.js';
import { MAX_BLOCK_BYTES } from './arena.js';
import { ADVERTISED, type AttributeSets, DEFAULT_LOCAL_PREF, Mark } from './attribute-sets.js';
import type { PrefixTable } from './prefix-table.js';
import { AppliedPolicy, Fixed, type RoutePolicy } from './route-policy.js';
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
  policy: RoutePolicy | null;
  /** RFC 6793: the neighbor speaks four-octet AS numbers. */
  as4: boolean;
  maxMessageLength: number;
  /** RFC 8950: IPv4 routes may have an IPv6 next hop. */
  extendedNextHop: boolean;
  /** RFC 7911: so many paths of a prefix are sent, with path identifiers; absent: the best one, without. */
  addPath?: number | 'all';
}

const Code = { origin: 1, asPath: 2, med: 4, localPref: 5, originatorId: 9, clusterList: 10 } as const;
/** Communities that may be non-transitive, by code: octets of one (RFC 4360 §6, RFC 5701 §2). */
const EXTENDED: { readonly [code: number]: number | undefined } = { 16: 8, 25: 20 };
const Flag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;
const scratch = new Uint8Array(MAX_BLOCK_BYTES);
/** A rendered block that another is compared with. */
const other = new Uint8Array(MAX_BLOCK_BYTES);

/** The key under which neighbors share a profile. */
export function exportKey(o: ExportOptions): string {
  return JSON.stringify({ ...o, ownNextHop: Array.from(o.ownNextHop), policy: o.policy?.id });
}

/** The export of one kind of neighbor. */
export class ExportProfile {
  readonly options: ExportOptions;
  readonly key: string;
  /** Where `render` leaves a block, until the next call of any profile. */
  readonly rendered = scratch;
  private readonly sets: AttributeSets;
  private readonly sources: Sources;
  private readonly policy: AppliedPolicy | null;
  // The last question and its answer: routes come in runs of one set.
  private lastSerial = 0;
  private lastSource = -1;
  private lastAnswer = false;

  constructor(options: ExportOptions, sets: AttributeSets, sources: Sources) {
    this.options = options;
    this.key = exportKey(options);
    this.sets = sets;
    this.sources = sources;
    const { policy } = options;
    this.policy =
      policy &&
      new AppliedPolicy(policy, sets, sources, (set, from, outcome) => this.finish(policy, set, from, outcome));
  }

  /**
   * The set that stands for what is advertised of a path of a prefix, with a reference for the caller; 0: it is not
   * advertised.
   */
  export(set: number, source: number, prefixes: PrefixTable, prefix: number): number {
    const { sets, policy } = this;
    if (policy !== null) return this.allowed(set, source) ? policy.apply(prefixes, prefix, set, source) : 0;
    const serial = sets.serial[set];
    if (serial !== this.lastSerial || source !== this.lastSource) {
      this.lastSerial = serial;
      this.lastSource = source;
      this.lastAnswer =
        this.allowed(set, source) && this.nextHopIsOwn(sets.buffer(set), sets.start(set), source, 0) !== null;
    }
    if (!this.lastAnswer) return 0;
    sets.retain(set);
    return set;
  }

  /** In place of a set that `export` returned, and its reference: one that is advertised as it is, whatever the source. */
  settle(set: number, source: number): number {
    const settled = this.sets.intern(scratch, this.render(set, source), ADVERTISED);
    this.sets.release(set);
    return settled;
  }

  /** Is the same advertised for both sets of these sources? */
  rendersSame(a: number, sourceA: number, b: number, sourceB: number): boolean {
    const length = this.render(a, sourceA);
    for (let i = 0; i < length; i++) other[i] = scratch[i];
    if (this.render(b, sourceB) !== length) return false;
    for (let i = 0; i < length; i++) if (other[i] !== scratch[i]) return false;
    return true;
  }

  /** The set for what the policy made of a set; one that it left alone stays itself. */
  private finish(policy: RoutePolicy, set: number, source: number, outcome: number): number {
    const { sets } = this;
    const edited = policy.length > 0;
    const fixed = policy.fixes(outcome);
    const from = edited ? policy.block : sets.buffer(set);
    const start = edited ? 0 : sets.start(set);
    if (this.nextHopIsOwn(from, start, source, fixed) === null) return 0;
    if (edited || fixed !== 0) {
      const size = edited ? policy.length : sets.size[set];
      return sets.intern(scratch, this.transform(from, start, size, source, fixed), ADVERTISED);
    }
    sets.retain(set);
    return set;
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

  /** Makes the canonical block that is advertised for a set that `export` returned, in `rendered`; returns its length. */
  render(set: number, source: number): number {
    const { sets } = this;
    const from = sets.buffer(set);
    const start = sets.start(set);
    const size = sets.size[set];
    if (!sets.isAdvertised(set)) return this.transform(from, start, size, source, 0);
    for (let i = 0; i < size; i++) scratch[i] = from[start + i];
    return size;
  }

  /** Makes what is advertised of a block in `scratch`; `fixed`: bits of Fixed. Returns its length. */
  private transform(from: Uint8Array, start: number, size: number, source: number, fixed: number): number {
    const { options, sources } = this;
    const end = start + size;
    const foreignMed = sources.kind[source] >= SourceKind.external && (fixed & Fixed.med) === 0;
    const reflected = options.internal && sources.kind[source] === SourceKind.internal;

    let to = this.writeNextHop(from, start, this.nextHopIsOwn(from, start, source, fixed) === true);
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
    return to;
  }

  /** Is an attribute passed on to this kind of neighbor (RFC 4271 §5, §5.1.4, §5.1.5; RFC 4456 §8)? */
  private kept(code: number, flags: number, foreignMed: boolean): boolean {
    if (ATTRIBUTES[code] === undefined) return (flags & Flag.transitive) !== 0;
    if (this.options.internal) return true;
    if (code === Code.med) return !foreignMed;
    return code !== Code.localPref && code !== Code.originatorId && code !== Code.clusterList;
  }

  /** Is this speaker the next hop, or the path's own one; null when the neighbor can be given neither. */
  private nextHopIsOwn(from: Uint8Array, start: number, source: number, fixed: number): boolean | null {
    const { options, sources } = this;
    const length = from[start];
    const reflected = options.internal && sources.kind[source] === SourceKind.internal;
    const linkLocal = length >= 16 && from[start + 1] === 0xfe && (from[start + 2] & 0xc0) === 0x80;
    const standard = !options.internal || (options.nextHopSelf && !reflected) || linkLocal;
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
