// What a neighbor is told of a path: whether at all, and with which attributes.
//
// An ExportProfile stands for all neighbors to whom the answer is the same; its `key` says which those are. `export` only
// decides; what it returns stands for what is advertised: the path's own set. The attributes are worked out by `render`
// when a message is written, once for all routes of the message (advertised-block.ts): a full table goes out without a
// second copy of its attributes in memory.
//
// An export policy judges first, on the attributes as Loc-RIB has them; the transformation follows and keeps the MED and
// the next hop that the policy fixed. NO_EXPORT and its like are obeyed before either. What a policy changed is rendered
// at once and advertised as it is.
//
// RFC 4271 §9.1.3; RFC 1997 (NO_EXPORT …); RFC 4456 §6 (reflection); RFC 7947 §2.2 (between
// route server clients); RFC 9234 §5 (route leaks); RFC 9494 §4.3 (LLGR_STALE).

import type { Role } from '../wire/capabilities.js';
import type { Family } from '../wire/family.js';
import { AdvertisedBlock } from './advertised-block.js';
import { MAX_BLOCK_BYTES } from './arena.js';
import type { AsPathEdits } from './as-path-edits.js';
import { ADVERTISED, type AttributeSets, Mark } from './attribute-sets.js';
import { OTC_RULES } from './only-to-customer.js';
import type { PrefixTable } from './prefix-table.js';
import { AppliedPolicy, type RoutePolicy } from './route-policy.js';
import { SourceKind, type Sources } from './sources.js';

/** All that decides what a neighbor is told in one family. */
export interface ExportOptions {
  family: Family;
  internal: boolean;
  /** The neighbor is in another AS of the confederation (RFC 5065). */
  member?: boolean;
  localAs: number;
  routerId: number;
  clusterId: number;
  /** The neighbor is a route reflector client. */
  client: boolean;
  /** Give this speaker as next hop to internal neighbors too. */
  nextHopSelf: boolean;
  /** External neighbors: a path keeps its next hop. */
  nextHopUnchanged: boolean;
  /** Null: the own AS goes in front, nothing else. */
  asPath: AsPathEdits | null;
  /** RFC 9234: what this speaker is to the neighbor. */
  role?: Role;
  /** RFC 7947: the neighbor is a route server client, and this is its number among the sources. */
  viewOf?: number;
  /** This speaker's address on the session: 4, 16 or 32 (global and link-local) bytes; empty when it has none of use. */
  ownNextHop: Uint8Array;
  accept: boolean;
  policy: RoutePolicy | null;
  /** The neighbor knows LLGR_STALE. */
  longLived: boolean;
  /** RFC 6793: the neighbor speaks four-octet AS numbers. */
  as4: boolean;
  maxMessageLength: number;
  /** RFC 8950: IPv4 routes may have an IPv6 next hop. */
  extendedNextHop: boolean;
  /** Path identifier of the own default route that is told in place of any other (default-routes.ts); absent: none is. */
  originated?: number;
  /** RFC 7911: so many paths of a prefix are sent, with path identifiers; absent: the best one, without. */
  addPath?: number | 'all';
}

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
  readonly rendered: Uint8Array;
  private readonly block: AdvertisedBlock;
  private readonly sets: AttributeSets;
  private readonly sources: Sources;
  private readonly policy: AppliedPolicy | null;
  /** Sets with any of these bits of Mark are not advertised. */
  private readonly refused: number;
  // The last question, by the serials of set and source, and its answer: routes come in runs of one set.
  private lastSet = 0;
  private lastSource = 0;
  private lastAnswer = false;
  /** The same for `rendersSame`: two sets and their sources. */
  private readonly lastPair = [0, 0, 0, 0];
  private lastSame = false;

  constructor(options: ExportOptions, sets: AttributeSets, sources: Sources) {
    this.options = options;
    this.key = exportKey(options);
    this.sets = sets;
    this.sources = sources;
    this.block = new AdvertisedBlock(options, sources);
    this.rendered = this.block.bytes;
    const { policy, internal, member, role, longLived } = options;
    this.refused =
      Mark.noAdvertise |
      (internal ? 0 : Mark.noExportSubconfed) |
      (internal || member ? 0 : Mark.noExport) |
      (role === undefined || OTC_RULES[role].tells ? 0 : Mark.onlyToCustomer) |
      (longLived ? 0 : Mark.llgrStale);
    this.policy =
      policy &&
      new AppliedPolicy(policy, sets, sources, (set, from, outcome) => this.finish(policy, set, from, outcome));
  }

  /**
   * The set that stands for what is advertised of a path of a prefix, with a reference for the caller; 0: it is not
   * advertised.
   */
  export(set: number, source: number, prefixes: PrefixTable, prefix: number): number {
    const { sets, sources, policy } = this;
    if (policy !== null) return this.allowed(set, source) ? policy.apply(prefixes, prefix, set, source) : 0;
    if (sets.serial[set] !== this.lastSet || sources.serial[source] !== this.lastSource) {
      this.lastSet = sets.serial[set];
      this.lastSource = sources.serial[source];
      this.lastAnswer =
        this.allowed(set, source) && this.block.nextHopIsOwn(sets.buffer(set), sets.start(set), source, 0) !== null;
    }
    if (!this.lastAnswer) return 0;
    sets.retain(set);
    return set;
  }

  /** The same for the own default route: no policy is asked. */
  originate(set: number, source: number): number {
    const { sets } = this;
    if (this.block.nextHopIsOwn(sets.buffer(set), sets.start(set), source, 0) === null) return 0;
    sets.retain(set);
    return set;
  }

  /** In place of a set that `export` returned, and its reference: one that is advertised as it is, whatever the source. */
  settle(set: number, source: number): number {
    const settled = this.sets.intern(this.rendered, this.render(set, source), ADVERTISED);
    this.sets.release(set);
    return settled;
  }

  /** Is the same advertised for both sets of these sources? */
  rendersSame(a: number, sourceA: number, b: number, sourceB: number): boolean {
    const { sets, sources, lastPair } = this;
    const isLast =
      sets.serial[a] === lastPair[0] &&
      sources.serial[sourceA] === lastPair[1] &&
      sets.serial[b] === lastPair[2] &&
      sources.serial[sourceB] === lastPair[3];
    if (isLast) return this.lastSame;
    lastPair[0] = sets.serial[a];
    lastPair[1] = sources.serial[sourceA];
    lastPair[2] = sets.serial[b];
    lastPair[3] = sources.serial[sourceB];
    this.lastSame = this.compare(a, sourceA, b, sourceB);
    return this.lastSame;
  }

  private compare(a: number, sourceA: number, b: number, sourceB: number): boolean {
    const length = this.render(a, sourceA);
    for (let i = 0; i < length; i++) other[i] = this.rendered[i];
    if (this.render(b, sourceB) !== length) return false;
    for (let i = 0; i < length; i++) if (other[i] !== this.rendered[i]) return false;
    return true;
  }

  /** The set for what the policy made of a set; one that it left alone stays itself. */
  private finish(policy: RoutePolicy, set: number, source: number, outcome: number): number {
    const { sets } = this;
    const edited = policy.length > 0;
    const fixed = policy.fixes(outcome);
    const from = edited ? policy.block : sets.buffer(set);
    const start = edited ? 0 : sets.start(set);
    if (this.block.nextHopIsOwn(from, start, source, fixed) === null) return 0;
    if (edited || fixed !== 0) {
      const size = edited ? policy.length : sets.size[set];
      return sets.intern(this.rendered, this.block.write(from, start, size, source, fixed), ADVERTISED);
    }
    sets.retain(set);
    return set;
  }

  private allowed(set: number, source: number): boolean {
    const { options } = this;
    if (!options.accept) return false;
    const counting = this.block.passesThrough(source) ? Mark.onlyToCustomer | Mark.llgrStale : ~0;
    const refused = this.sets.marks[set] & this.refused & counting;
    // LLGR_STALE counts where it was put here, or by a neighbor that knows that we know it.
    if (refused !== 0 && (refused !== Mark.llgrStale || this.sources.longLived[source] === 1)) return false;
    if (!options.internal || this.sources.kind[source] !== SourceKind.internal) return true;
    return options.client || this.sources.client[source] === 1;
  }

  /** Makes the canonical block that is advertised for a set that `export` returned, in `rendered`; returns its length. */
  render(set: number, source: number): number {
    const { sets } = this;
    const from = sets.buffer(set);
    const start = sets.start(set);
    const size = sets.size[set];
    if (!sets.isAdvertised(set)) return this.block.write(from, start, size, source, 0);
    for (let i = 0; i < size; i++) this.rendered[i] = from[start + i];
    return size;
  }
}
