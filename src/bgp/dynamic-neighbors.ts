// Neighbors that are not known one by one: whoever connects from within a prefix becomes one, with the options of the prefix.
//
// A neighbor is made when it connects, and removed a while after its session has ended and none of its routes is kept for
// it any more (RFC 4724). One that was shut down by hand stays, or it would be back at once.

import type { Logger } from 'pino';
import { canonicalAddress, contains, octetsOf } from './session/addresses.js';
import type { NeighborOptions } from './session/options.js';

/** How long a neighbor without a session stays. */
export const LINGER_MS = 60_000;

/** A neighbor, as far as it matters here. */
export interface DynamicNeighbor {
  readonly options: NeighborOptions;
  readonly shutdown: boolean;
  /** There is a session, or something of one is kept. */
  readonly needed: boolean;
}

/** A prefix and the neighbors from it. */
interface Range<N> {
  options: NeighborOptions;
  readonly members: Map<string, N>;
  full: boolean;
}

/** Does the address stand for many neighbors? */
export const isRange = (address: string): boolean => address.includes('/');

/** The prefixes of a speaker. */
export class DynamicNeighbors<N extends DynamicNeighbor> {
  private readonly ranges = new Map<string, Range<N>>();
  private readonly make: (options: NeighborOptions) => N;
  private readonly remove: (neighbor: N) => void;
  private readonly log: Logger;
  private readonly timers = new Map<N, NodeJS.Timeout>();

  /** `make` makes a neighbor and starts it, `remove` ends it for good and calls `gone`. */
  constructor(make: (options: NeighborOptions) => N, remove: (neighbor: N) => void, log: Logger) {
    this.make = make;
    this.remove = remove;
    this.log = log;
  }

  /** The options of every prefix. */
  *all(): Iterable<NeighborOptions> {
    for (const { options } of this.ranges.values()) yield options;
  }

  has(prefix: string): boolean {
    return this.ranges.has(prefix);
  }

  /** Adds a prefix, or gives one other options; returns those of its neighbors, which are to be updated. */
  set(options: NeighborOptions): NeighborOptions[] {
    const range = this.ranges.get(options.address);
    if (range === undefined) {
      this.ranges.set(options.address, { options, members: new Map(), full: false });
      return [];
    }
    range.options = options;
    range.full = false;
    return [...range.members.keys()].map(address => memberOptions(options, address));
  }

  /** Removes a prefix with its neighbors. */
  delete(prefix: string): void {
    const range = this.ranges.get(prefix);
    this.ranges.delete(prefix);
    for (const neighbor of range?.members.values() ?? []) this.remove(neighbor);
  }

  /** A neighbor for a connection from this address, by the longest prefix; undefined when there is none for it. */
  admit(address: string): N | undefined {
    const octets = octetsOf(address);
    const lengthOf = (prefix: string) => Number(prefix.split('/')[1]);
    const found = [...this.ranges.values()]
      .filter(({ options }) => contains(options.address, octets))
      .sort((a, b) => lengthOf(b.options.address) - lengthOf(a.options.address))[0];
    if (found === undefined || found.options.shutdown) return undefined;
    const { options, members } = found;
    if (members.size >= options.limit) {
      const words = `${options.address} has ${options.limit} neighbors, its limit: ${address} is refused`;
      this.log[found.full ? 'debug' : 'warn']({ neighbor: address, range: options.address }, words);
      found.full = true;
      return undefined;
    }
    const canonical = canonicalAddress(address);
    const neighbor = this.make(memberOptions(options, canonical));
    this.log.info(
      { neighbor: canonical, range: options.address },
      `${canonical}: a new neighbor of ${options.address}`,
    );
    members.set(canonical, neighbor);
    this.linger(neighbor);
    return neighbor;
  }

  /** The neighbor's state is another. */
  changed(neighbor: N): void {
    if (neighbor.options.range !== undefined) this.linger(neighbor);
  }

  /** The neighbor was replaced by another with the same address, or is gone. */
  replaced(neighbor: N, by?: N): void {
    clearTimeout(this.timers.get(neighbor));
    this.timers.delete(neighbor);
    const { range: prefix, address } = neighbor.options;
    const range = this.ranges.get(prefix ?? '');
    if (range === undefined) return;
    if (by === undefined) range.members.delete(address);
    else range.members.set(address, by);
    range.full = false;
    if (by !== undefined) this.linger(by);
  }

  /** Ends all waiting. */
  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private linger(neighbor: N): void {
    clearTimeout(this.timers.get(neighbor));
    const timer = setTimeout(() => {
      if (neighbor.needed || neighbor.shutdown) this.linger(neighbor);
      else this.remove(neighbor);
    }, LINGER_MS);
    timer.unref();
    this.timers.set(neighbor, timer);
  }
}

function memberOptions(options: NeighborOptions, address: string): NeighborOptions {
  return { ...options, address, passive: true, range: options.address };
}
