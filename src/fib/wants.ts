// What Loc-RIB wants the kernel to do with a prefix, as the id of a forwarding set.
//
// Next-hop ids of the best paths become legs by the resolver's answers. The result is remembered for each next hop, and
// for each combination of several, until the way to one of them changes.

import { Forwarding, type ForwardingSets } from './forwarding-sets.js';
import type { Resolver } from './resolver.js';
import type { Leg } from './rtnetlink.js';
import type { LocRib } from './source.js';

/** LocRib.forwarding() as forwarding set; 1 goes out by its next hops. */
const FIXED = [Forwarding.none, undefined, Forwarding.blackhole, Forwarding.unreachable];

/** The most legs a route gets. */
const MAX_LEGS = 256;
const UNKNOWN = -1;

/** One family's wishes. */
export class Wants {
  private readonly locRib: LocRib;
  private readonly resolver: Resolver;
  private readonly sets: ForwardingSets;
  private readonly ids = new Int32Array(MAX_LEGS);
  private readonly shares = new Float64Array(MAX_LEGS);
  private byOne = new Int32Array(16).fill(UNKNOWN);
  private readonly bySeveral = new Map<string, number>();

  constructor(locRib: LocRib, resolver: Resolver, sets: ForwardingSets) {
    this.locRib = locRib;
    this.resolver = resolver;
    this.sets = sets;
  }

  /** The forwarding set wanted for a prefix id; `none` too while none of its next hops is reachable. */
  of(prefixId: number): number {
    const fixed = FIXED[this.locRib.forwarding(prefixId)];
    if (fixed !== undefined) return fixed;
    const count = this.locRib.nextHopsOf(prefixId, this.ids, this.shares);
    return count === 1 ? this.byNextHop(this.ids[0]) : this.byNextHops(count);
  }

  /** The way to a next hop changed. */
  nextHopChanged(id: number): void {
    if (id < this.byOne.length && this.byOne[id] !== UNKNOWN) {
      this.sets.release(this.byOne[id]);
      this.byOne[id] = UNKNOWN;
    }
    for (const set of this.bySeveral.values()) this.sets.release(set);
    this.bySeveral.clear();
  }

  private byNextHop(id: number): number {
    if (id >= this.byOne.length) {
      const bigger = new Int32Array(id * 2).fill(UNKNOWN);
      bigger.set(this.byOne);
      this.byOne = bigger;
    }
    if (this.byOne[id] === UNKNOWN) this.byOne[id] = this.sets.acquire(this.legsTo(id, 1));
    return this.byOne[id];
  }

  private byNextHops(count: number): number {
    const ids = this.ids.subarray(0, count);
    const shares = this.shares.subarray(0, count);
    const even = shares.every(share => share === shares[0]);
    const key = even ? ids.join(' ') : `${ids.join(' ')}*${shares.join(' ')}`;
    let set = this.bySeveral.get(key);
    if (set === undefined) {
      set = this.sets.acquire([...ids].flatMap((id, i) => this.legsTo(id, even ? 1 : shares[i])));
      this.bySeveral.set(key, set);
    }
    return set;
  }

  private legsTo(id: number, weight: number): Leg[] {
    const way = this.resolver.resolution(id);
    if (way === null) return [];
    return [{ interfaceIndex: way.interfaceIndex, gateway: way.gateway, onlink: way.onlink, weight }];
  }
}
