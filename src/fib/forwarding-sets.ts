// What the kernel can be told to do with a prefix, each distinct answer once.
//
// A hundred thousand routes share a handful of answers: drop, or go out by these legs. An answer has a small id, so
// that "is it in the kernel already?" compares two numbers, and keeps its encoded form. Ids are counted references.

import type { Family } from '../bgp/wire/family.js';
import { encodeBody, type Identity, type RouteBody } from './route-batch.js';
import { type Leg, type RouteMessage, RouteScope, RouteType, wayOf } from './rtnetlink.js';
import { weightsOf } from './weights.js';

/** Ids that always exist. `altered` is a route of ours in the kernel that this speaker would never write: never equal. */
export const Forwarding = { none: 0, blackhole: 1, unreachable: 2, altered: 3 } as const;

const FIRST_FREE = 4;

/** The forwarding sets of one family. */
export class ForwardingSets {
  private readonly family: Family;
  private readonly identity: Identity;
  private readonly byKey = new Map<string, number>();
  private readonly keys: string[] = [];
  private readonly legsOf: (readonly Leg[])[] = [[], [], [], []];
  private readonly bodies: RouteBody[] = [];
  private readonly references: number[] = [];
  private readonly freeIds: number[] = [];

  constructor(family: Family, identity: Identity) {
    this.family = family;
    this.identity = identity;
    this.bodies[Forwarding.blackhole] = encodeBody(family, identity, RouteType.blackhole, []);
    this.bodies[Forwarding.unreachable] = encodeBody(family, identity, RouteType.unreachable, []);
  }

  /**
   * The id of these legs (in any order, their weights any shares of the traffic) with one reference more; `none` when
   * there are no legs.
   */
  acquire(legs: readonly Leg[]): number {
    return legs.length === 0 ? Forwarding.none : this.idOf(mergeLegs(legs));
  }

  private idOf(legs: readonly Leg[]): number {
    const key = keyOf(legs);
    let id = this.byKey.get(key);
    if (id === undefined) {
      id = this.freeIds.pop() ?? Math.max(this.keys.length, FIRST_FREE);
      this.byKey.set(key, id);
      this.keys[id] = key;
      this.legsOf[id] = legs;
      this.bodies[id] = encodeBody(this.family, this.identity, RouteType.unicast, legs);
      this.references[id] = 0;
    }
    this.references[id]++;
    return id;
  }

  /** The id of what a route in the kernel does, with one reference more. */
  acquireRoute(route: RouteMessage): number {
    if (!route.plain || route.scope !== RouteScope.universe) return Forwarding.altered;
    if (route.type === RouteType.blackhole) return Forwarding.blackhole;
    if (route.type === RouteType.unreachable) return Forwarding.unreachable;
    const { singleWay } = route;
    const known = singleWay === undefined ? undefined : this.byKey.get(singleWay);
    if (known !== undefined) {
      this.references[known]++;
      return known;
    }
    const legs = route.legs();
    return legs.length === 0 ? Forwarding.altered : this.idOf(inOrder(legs));
  }

  retain(id: number): void {
    if (id >= FIRST_FREE) this.references[id]++;
  }

  release(id: number): void {
    if (id < FIRST_FREE || --this.references[id] > 0) return;
    this.byKey.delete(this.keys[id]);
    this.legsOf[id] = [];
    this.freeIds.push(id);
  }

  /** Ways out, in a fixed order; empty for the ids that always exist. */
  legs(id: number): readonly Leg[] {
    return this.legsOf[id];
  }

  /** Does the first go out by some of the second's ways, and no others? */
  isPart(id: number, whole: number): boolean {
    const ways = new Set(this.legsOf[whole].map(wayOf));
    const legs = this.legsOf[id];
    return legs.length > 0 && legs.length < ways.size && legs.every(leg => ways.has(wayOf(leg)));
  }

  body(id: number): RouteBody {
    return this.bodies[id];
  }

  /** Does any route go out by this link? */
  uses(interfaceIndex: number): boolean {
    return this.legsOf.some(legs => legs.some(leg => leg.interfaceIndex === interfaceIndex));
  }
}

// Two next hops may lead to the same gateway: one leg with both shares.
function mergeLegs(legs: readonly Leg[]): Leg[] {
  const merged = new Map<string, Leg>();
  for (const leg of legs) {
    const way = wayOf(leg);
    const known = merged.get(way);
    if (known === undefined) merged.set(way, { ...leg });
    else known.weight += leg.weight;
  }
  const ordered = inOrder([...merged.values()]);
  const weights = weightsOf(ordered.map(({ weight }) => weight));
  return ordered.map((leg, i) => ({ ...leg, weight: weights[i] }));
}

function inOrder(legs: readonly Leg[]): Leg[] {
  return legs.length === 1 ? [{ ...legs[0], weight: 1 }] : [...legs].sort((a, b) => (wayOf(a) < wayOf(b) ? -1 : 1));
}

// A route by a single leg has its way as key (see acquireRoute).
function keyOf(legs: readonly Leg[]): string {
  return legs.length === 1 ? wayOf(legs[0]) : legs.map(leg => `${wayOf(leg)}*${leg.weight}`).join(' ');
}
