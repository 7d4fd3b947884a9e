// Paths as columns: who told us of which prefix with which attributes (Adj-RIB-In), and what import made of it.
//
// A prefix's paths are a list threaded through `next`, headed by the prefix table. `received` is what the source sent;
// `attributes` is what the decision process may use, 0 when it may not, and `verdict` says why.

import { grown, isLarge, MANY_ROUTES, roomFor } from './columns.js';

/** Why a path takes part in the decision process or not. */
export const Verdict = {
  accepted: 0,
  importPolicy: 1,
  asLoop: 2,
  originatorLoop: 3,
  clusterLoop: 4,
  firstAs: 5,
  ownNextHop: 6,
  offLinkNextHop: 7,
  routeLeak: 8,
  forSomeNeighbors: 9,
  confederation: 10,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Each verdict in words, for people. */
export const VERDICT_WORDS: readonly string[] = [
  'accepted',
  'rejected by the import policy',
  'own AS in AS_PATH (RFC 4271 §9.1.2)',
  'own router id is ORIGINATOR_ID (RFC 4456 §8)',
  'own cluster id in CLUSTER_LIST (RFC 4456 §8)',
  "AS_PATH does not begin with the neighbor's AS (RFC 4271 §6.3)",
  'the next hop is this speaker (RFC 4271 §5.1.3)',
  'the next hop is on no subnet in common with the neighbor (RFC 4271 §6.3)',
  'a route leak by its ONLY_TO_CUSTOMER and the role of the neighbor (RFC 9234 §5)',
  'announced to neighbors with default-originate alone',
  'AS_PATH of a confederation neighbor does not begin with AS_CONFED_SEQUENCE (RFC 5065 §5)',
];

/** Not told again since the session was lost (RFC 4724), for long (RFC 9494); what a sweep that is under way removes. */
export const Stale = { no: 0, stale: 1, longLived: 2, leaving: 3 } as const;
export type Stale = (typeof Stale)[keyof typeof Stale];

/** The columns; ids begin at 1. */
export class Paths {
  prefix = new Int32Array(32);
  source = new Uint16Array(32);
  /** Attribute set as received. */
  received = new Int32Array(32);
  /** Attribute set after import, 0 when not accepted. It has a reference of its own where it is not `received`. */
  attributes = new Int32Array(32);
  verdict = new Uint8Array(32);
  /** RFC 7911 path identifier, 0 without add-path: then the column is left alone, and costs no memory. */
  pathId = new Uint32Array(32);
  private pathIdsUsed = false;
  next = new Int32Array(32);
  /** See Stale. */
  stale = new Uint8Array(32);
  /** Epoch seconds of the last change. */
  at = new Uint32Array(32);
  /** Paths in use. */
  count = 0;
  private top = 1;
  private freeId = 0;

  /** Ids below this may be in use; `prefix` is 0 for those that are not. */
  get end(): number {
    return this.top;
  }

  /** A new path at the head of a list whose head was `next`. */
  add(prefix: number, source: number, pathId: number, next: number): number {
    let id = this.freeId;
    if (id !== 0) {
      this.freeId = this.next[id];
    } else {
      id = this.top++;
      if (id === this.prefix.length) this.grow(roomFor(id + 1, MANY_ROUTES));
    }
    this.prefix[id] = prefix;
    this.source[id] = source;
    this.next[id] = next;
    if (pathId !== 0) {
      this.pathId[id] = pathId;
      this.pathIdsUsed = true;
    }
    this.count++;
    return id;
  }

  /** Is it the path of this source with this path identifier? */
  is(id: number, source: number, pathId: number): boolean {
    return this.source[id] === source && (this.pathIdsUsed ? this.pathId[id] === pathId : pathId === 0);
  }

  /** Frees a path; true when it was the last of so many that all the memory went with it. */
  free(id: number): boolean {
    this.prefix[id] = 0;
    if (this.pathIdsUsed) this.pathId[id] = 0;
    if (this.stale[id] !== 0) this.stale[id] = 0;
    this.next[id] = this.freeId;
    this.freeId = id;
    if (--this.count > 0 || !isLarge(this.top)) return false;
    this.grow(0);
    this.pathIdsUsed = false;
    this.top = 1;
    this.freeId = 0;
    return true;
  }

  // Growing to 0 begins afresh, which gives the memory of an emptied table back.
  private grow(size: number): void {
    const resize = <T extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(column: T): T =>
      size === 0 ? new (column.constructor as new (length: number) => T)(32) : grown(column, size);
    this.prefix = resize(this.prefix);
    this.source = resize(this.source);
    this.received = resize(this.received);
    this.attributes = resize(this.attributes);
    this.verdict = resize(this.verdict);
    this.pathId = resize(this.pathId);
    this.next = resize(this.next);
    this.stale = resize(this.stale);
    this.at = resize(this.at);
  }
}
