// A stand-in for the RIB: says what the test wants, behaves as the real one does towards its consumers.
//
// Prefix ids are reused at once, newest first, when the last dirty set has let go of them; what depends on a next hop
// becomes dirty when the resolver's answer changes; unreachable next hops do not count.

import { FAMILIES, type Family } from '../../src/bgp/wire/family.js';
import { formatPrefix, type Prefix, parseAddress, parsePrefix } from '../../src/bgp/wire/prefix.js';
import type { DirtySet, LocRib, NextHops } from '../../src/fib/source.js';

interface Route {
  prefix: Prefix;
  /** LocRib.forwarding() while a next hop is reachable. */
  forwarding: number;
  nextHops: number[];
  /** Of the traffic, by next hop. */
  shares: number[];
}

class StandInDirtySet implements DirtySet {
  private readonly ids = new Set<number>();
  private readonly onDirty: () => void;
  private readonly onVisited: (id: number) => void;

  constructor(onDirty: () => void, onVisited: (id: number) => void) {
    this.onDirty = onDirty;
    this.onVisited = onVisited;
  }

  get size(): number {
    return this.ids.size;
  }

  has(id: number): boolean {
    return this.ids.has(id);
  }

  mark(id: number): void {
    this.ids.add(id);
    if (this.ids.size === 1) this.onDirty();
  }

  drainSpread(max: number, visit: (prefixId: number) => void): number {
    let visited = 0;
    for (const id of this.ids) {
      if (visited === max) break;
      this.ids.delete(id);
      visit(id);
      this.onVisited(id);
      visited++;
    }
    return visited;
  }

  close(): void {
    this.drainSpread(this.size, () => {});
  }
}

class StandInLocRib implements LocRib {
  readonly family: Family;
  private readonly rib: StandInRib;
  private readonly routes: (Route | undefined)[] = [undefined];
  private readonly ids = new Map<string, number>();
  private readonly freeIds: number[] = [];
  private sets: StandInDirtySet[] = [];

  constructor(family: Family, rib: StandInRib) {
    this.family = family;
    this.rib = rib;
  }

  get prefixCapacity(): number {
    return this.routes.length;
  }

  prefixBytes(id: number, out: Uint8Array, at: number): number {
    const { prefix } = this.routes[id] as Route;
    out.set(prefix.address, at);
    return prefix.length;
  }

  forwarding(id: number): number {
    const route = this.routes[id] as Route;
    return route.forwarding !== 1 || route.nextHops.some(hop => this.rib.isReachable(hop)) ? route.forwarding : 0;
  }

  nextHopsOf(id: number, out: Int32Array, shares: Float64Array): number {
    const route = this.routes[id] as Route;
    let count = 0;
    for (const [i, hop] of route.nextHops.entries()) {
      if (!this.rib.isReachable(hop)) continue;
      out[count] = hop;
      shares[count++] = route.shares[i];
    }
    return count;
  }

  subscribe(onDirty: () => void): DirtySet {
    const set = new StandInDirtySet(onDirty, id => this.releaseIfIdle(id));
    this.sets.push(set);
    for (const [id, route] of this.routes.entries()) if (route !== undefined) set.mark(id);
    return set;
  }

  put(prefix: Prefix, forwarding: number, nextHops: number[], shares: number[]): void {
    const text = formatPrefix(prefix);
    const id = this.ids.get(text) ?? this.freeIds.pop() ?? this.routes.length;
    this.ids.set(text, id);
    this.routes[id] = { prefix, forwarding, nextHops, shares };
    this.mark(id);
  }

  nextHopChanged(nextHop: number): void {
    for (const [id, route] of this.routes.entries()) if (route?.nextHops.includes(nextHop) === true) this.mark(id);
  }

  private mark(id: number): void {
    for (const set of this.sets) set.mark(id);
  }

  private releaseIfIdle(id: number): void {
    const route = this.routes[id];
    if (route === undefined || route.forwarding !== 0 || this.sets.some(set => set.has(id))) return;
    this.routes[id] = undefined;
    this.ids.delete(formatPrefix(route.prefix));
    this.freeIds.push(id);
  }
}

/** Both families' Loc-RIB and the next hops. */
export class StandInRib implements NextHops {
  readonly locRib = FAMILIES.map(({ family }) => new StandInLocRib(family, this));
  /** How often the resolver said that only the way to a next hop changed. */
  touches = 0;
  private readonly hops = new Map<string, number>();
  private readonly hopList: {
    address: Uint8Array;
    interfaceIndex: number;
    answer: { reachable: boolean; cost: number };
  }[] = [{ address: new Uint8Array(0), interfaceIndex: 0, answer: { reachable: true, cost: 0 } }];
  private watcher: { needed(id: number): void; released(id: number): void } | undefined;

  /** As FibSource. */
  get source(): { locRib: readonly LocRib[]; nextHops: NextHops } {
    return { locRib: this.locRib, nextHops: this };
  }

  /** Forwards a prefix by next hops: addresses, link-local ones as `fe80::1%INDEX`, with their share as `ADDRESS*3`. */
  route(prefix: string, ...nextHops: string[]): void {
    const words = nextHops.map(hop => hop.split('*'));
    this.put(
      prefix,
      1,
      words.map(([hop]) => this.hop(hop)),
      words.map(([, share]) => Number(share ?? 1)),
    );
  }

  blackhole(prefix: string): void {
    this.put(prefix, 2, []);
  }

  unreachable(prefix: string): void {
    this.put(prefix, 3, []);
  }

  withdraw(prefix: string): void {
    this.put(prefix, 0, []);
  }

  /** The resolver's answer about a next hop: its cost, or null when it is unreachable. */
  costOf(nextHop: string): number | null {
    const { reachable, cost } = this.hopList[this.hop(nextHop)].answer;
    return reachable ? cost : null;
  }

  isReachable(id: number): boolean {
    return this.hopList[id].answer.reachable;
  }

  address(id: number): Uint8Array {
    return this.hopList[id].address;
  }

  interfaceIndex(id: number): number {
    return this.hopList[id].interfaceIndex;
  }

  watch(watcher: { needed(id: number): void; released(id: number): void }): void {
    this.watcher = watcher;
    for (let id = 1; id < this.hopList.length; id++) {
      this.set(id, false, 0);
      watcher.needed(id);
    }
  }

  set(id: number, reachable: boolean, cost: number): void {
    const { answer } = this.hopList[id];
    if (answer.reachable === reachable && answer.cost === cost) return;
    this.hopList[id].answer = { reachable, cost };
    for (const rib of this.locRib) rib.nextHopChanged(id);
  }

  touch(id: number): void {
    this.touches++;
    for (const rib of this.locRib) rib.nextHopChanged(id);
  }

  private put(text: string, forwarding: number, nextHops: number[], shares: number[] = []): void {
    const prefix = parsePrefix(text);
    this.locRib[prefix.family].put(prefix, forwarding, nextHops, shares);
  }

  private hop(text: string): number {
    const known = this.hops.get(text);
    if (known !== undefined) return known;
    const [address, interfaceIndex] = text.split('%');
    const id = this.hopList.length;
    this.hopList.push({
      address: parseAddress(address),
      interfaceIndex: Number(interfaceIndex ?? 0),
      answer: { reachable: this.watcher === undefined, cost: 0 },
    });
    this.hops.set(text, id);
    this.watcher?.needed(id);
    return id;
  }
}
