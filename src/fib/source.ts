// What the FIB sees of the RIB: the few methods it calls, as types. The classes of src/bgp/rib have this shape, and so
// does any stand-in a test writes; nothing here is code.

import type { Family } from '../bgp/wire/family.js';

/** Prefix ids that changed since the consumer last looked; memory is bounded by the table. */
export interface DirtySet {
  readonly size: number;
  /**
   * Visits up to `max` ids that were marked one after the other and returns how many; the next call's are far from them.
   * After it an id that lost its paths may be reused; `visit` may mark one again.
   */
  drainSpread(max: number, visit: (prefixId: number) => void): number;
  mark(prefixId: number): void;
  close(): void;
}

/** One family's chosen routes. Prefix ids are small positive numbers, reused once no consumer waits for them. */
export interface LocRib {
  readonly family: Family;
  /** All ids are below this. */
  readonly prefixCapacity: number;
  /** Writes the 4 or 16 address bytes at `out[at]`; returns the prefix length. */
  prefixBytes(id: number, out: Uint8Array, at: number): number;
  /** What the kernel is to do: 0 nothing, 1 forward, 2 drop silently (blackhole), 3 drop and say so (unreachable). */
  forwarding(id: number): number;
  /**
   * Next-hop ids of the best path and those equal to it, at most `out.length`, and the share of the traffic each is to
   * have, relative to the others and above 0; returns how many. For forwarding 1.
   */
  nextHopsOf(id: number, out: Int32Array, shares: Float64Array): number;
  /** Everything present is dirty at first; `onDirty` is called when an empty set becomes non-empty. */
  subscribe(onDirty: () => void): DirtySet;
}

/** The next hops of both families, by id. */
export interface NextHops {
  /** 4 or 16 bytes. */
  address(id: number): Uint8Array;
  /** The link of a link-local next hop, else 0. */
  interfaceIndex(id: number): number;
  /** Names the resolver; it hears at once of every next hop in use. */
  watch(watcher: { needed(id: number): void; released(id: number): void }): void;
  /** The resolver's answer. `cost` is the interior cost of RFC 4271 §9.1.2.2 e. */
  set(id: number, reachable: boolean, cost: number): void;
  /** The way to the next hop changed though reachability and cost did not. */
  touch(id: number): void;
}
