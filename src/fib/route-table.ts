// The routes of other programs in one kernel table, as far as the notifications tell: what next hops are resolved by
// and what is redistributed. Never our own routes; those may be half a million (installed-table.ts).
//
// The kernel's rules for what a notification does to the routes of a prefix differ by family and are not all visible
// in the message. Where more than one reading is possible the table says so, and the owner reads it anew.

import { FAMILIES, Family } from '../bgp/wire/family.js';
import { type Leg, RouteType, wayOf } from './rtnetlink.js';

/** A route of another program. */
export interface KernelRoute {
  family: Family;
  /** 4 or 16 bytes, host bits zero. */
  address: Uint8Array;
  length: number;
  table: number;
  tos: number;
  protocol: number;
  scope: number;
  /** rtm_type */
  type: number;
  metric: number;
  legs: Leg[];
}

/** What a notification did: nothing, something, or something that cannot be told from the message. */
export type Effect = 'none' | 'changed' | 'unclear';

/** A prefix as a map key: one character for each octet, and the length. */
export function keyOf(address: Uint8Array, length: number): string {
  return String.fromCharCode(...address, length);
}

/** One table. */
export class RouteTable {
  private readonly routes = new Map<string, KernelRoute[]>();
  /** Prefixes by family and length, so that lookups skip lengths nobody uses. */
  private readonly counts = FAMILIES.map(({ bits }) => new Uint32Array(bits + 1));

  /** All prefixes' keys. */
  keys(): IterableIterator<string> {
    return this.routes.keys();
  }

  /** The routes of one prefix, best (lowest metric) first. */
  at(key: string): readonly KernelRoute[] {
    return this.routes.get(key) ?? [];
  }

  /** The routes of the longest prefix that covers the address, best first; empty when there is none. */
  lookup(address: Uint8Array): readonly KernelRoute[] {
    const counts = this.counts[address.length === 4 ? Family.ipv4Unicast : Family.ipv6Unicast];
    const masked = new Uint8Array(address);
    for (let length = counts.length - 1; length >= 0; length--) {
      if (length < counts.length - 1) masked[length >> 3] &= ~(0x80 >> (length & 7));
      if (counts[length] === 0) continue;
      const found = this.routes.get(keyOf(masked, length));
      if (found !== undefined) return found;
    }
    return [];
  }

  /** RTM_NEWROUTE; `replaces` when NLM_F_REPLACE is set. */
  add(route: KernelRoute, replaces: boolean): Effect {
    const key = keyOf(route.address, route.length);
    const list = this.routes.get(key) ?? [];
    if (list.some(known => sameRoute(known, route))) return 'none';
    const rivals = list.filter(known => known.metric === route.metric && known.tos === route.tos);
    // IPv6 tells a multipath route whole whenever a leg is added to it.
    const old = replaces ? rivals : rivals.filter(known => isIpv6Multipath(known) && isIpv6Multipath(route));
    const rest = old.length === 0 ? list : list.filter(known => known !== old[0]);
    this.put(
      key,
      [...rest, route].sort((a, b) => a.metric - b.metric),
    );
    return old.length > 1 ? 'unclear' : 'changed';
  }

  /** RTM_DELROUTE */
  remove(route: KernelRoute): Effect {
    const key = keyOf(route.address, route.length);
    const list = this.routes.get(key) ?? [];
    const exact = list.find(known => sameRoute(known, route));
    if (exact !== undefined) {
      this.put(
        key,
        list.filter(known => known !== exact),
      );
      return 'changed';
    }
    const similar = list.filter(
      known => known.metric === route.metric && known.tos === route.tos && known.protocol === route.protocol,
    );
    if (similar.length === 0) return 'none';
    // One leg of an IPv6 multipath route is deleted as if it were a route.
    const gone = new Set(route.legs.map(wayOf));
    const whole = similar.length === 1 ? similar[0] : undefined;
    if (whole === undefined || !isIpv6Multipath(whole)) return 'unclear';
    const legs = whole.legs.filter(leg => !gone.has(wayOf(leg)));
    const others = list.filter(known => known !== whole);
    this.put(key, legs.length === 0 ? others : [...others, { ...whole, legs }].sort((a, b) => a.metric - b.metric));
    return 'changed';
  }

  private put(key: string, list: KernelRoute[]): void {
    const counts = this.counts[key.length === 5 ? Family.ipv4Unicast : Family.ipv6Unicast];
    const length = key.charCodeAt(key.length - 1);
    if (list.length === 0) {
      if (this.routes.delete(key)) counts[length]--;
      return;
    }
    if (!this.routes.has(key)) counts[length]++;
    this.routes.set(key, list);
  }
}

function isIpv6Multipath(route: KernelRoute): boolean {
  return (
    route.family === Family.ipv6Unicast &&
    route.type === RouteType.unicast &&
    route.legs.every(leg => leg.gateway !== null)
  );
}

function sameRoute(a: KernelRoute, b: KernelRoute): boolean {
  return (
    a.metric === b.metric &&
    a.tos === b.tos &&
    a.protocol === b.protocol &&
    a.type === b.type &&
    a.legs.length === b.legs.length &&
    a.legs.every((leg, i) => wayOf(leg) === wayOf(b.legs[i]) && leg.weight === b.legs[i].weight)
  );
}
