// Redistribution: routes other programs gave to the kernel, announced by BGP while they can be used.
//
// A route counts when its source is wanted, it is unicast, in the table our own routes go to, and one of its links is
// up. The default route counts only when a prefix rule names it. Changes are collected and answered once the kernel's
// notifications at hand have all been read; the metric of the best route of a prefix becomes the MED.

import { FAMILIES, Family } from '../bgp/wire/family.js';
import type { Prefix } from '../bgp/wire/prefix.js';
import type { Kernel } from './kernel.js';
import { type KernelRoute, keyOf } from './route-table.js';
import { RouteProtocol, RouteType } from './rtnetlink.js';

/** Whose routes: `connected` the subnets of our interfaces, `static` proto static, `kernel` proto boot (made by hand). */
export type RedistributionSource = 'static' | 'connected' | 'kernel';

/** Prefixes within `prefix` with a length from `ge` to `le`. */
export interface PrefixRule {
  prefix: Prefix;
  ge: number;
  le: number;
}

const SOURCE_OF_PROTOCOL: Readonly<Record<number, RedistributionSource>> = {
  [RouteProtocol.kernel]: 'connected',
  [RouteProtocol.boot]: 'kernel',
  [RouteProtocol.static]: 'static',
};

/** Tells BGP of the kernel's routes. */
export class Redistribution {
  private readonly kernel: Kernel;
  private readonly announce: (prefix: Prefix, metric: number | null) => void;
  private sources = new Set<RedistributionSource>();
  private rules: readonly PrefixRule[] = [];
  /** Metric by prefix, of what BGP was told. */
  private readonly announced = new Map<string, number>();
  private readonly pending = new Set<string>();
  private everything = false;

  constructor(kernel: Kernel, announce: (prefix: Prefix, metric: number | null) => void) {
    this.kernel = kernel;
    this.announce = announce;
  }

  /** Routes announced at present. */
  get size(): number {
    return this.announced.size;
  }

  /** Changes what is wanted; `flush` makes it so. An empty list of rules lets every prefix pass. */
  configure(sources: readonly RedistributionSource[], rules: readonly PrefixRule[]): void {
    this.sources = new Set(sources);
    this.rules = rules;
    this.everything = true;
  }

  /** The kernel's routes of a prefix changed. */
  routeChanged(key: string): void {
    this.pending.add(key);
  }

  /** Links or addresses changed, or the kernel was read anew. */
  allChanged(): void {
    this.everything = true;
  }

  /** Tells BGP what is different from what it was last told. */
  flush(): void {
    const keys = this.everything ? this.everyKey() : [...this.pending];
    this.everything = false;
    this.pending.clear();
    for (const key of keys) this.settle(key);
  }

  private everyKey(): Set<string> {
    const keys = new Set(this.announced.keys());
    if (this.sources.size === 0) return keys;
    for (const key of this.kernel.ownTable.keys()) keys.add(key);
    for (const { address } of this.kernel.interfaceAddresses()) keys.add(keyOf(address, address.length * 8));
    return keys;
  }

  private settle(key: string): void {
    const metric = this.metricOf(key);
    const before = this.announced.get(key);
    if (metric === before) return;
    if (metric === undefined) this.announced.delete(key);
    else this.announced.set(key, metric);
    this.announce(prefixOf(key), metric ?? null);
  }

  /** The metric to announce a prefix with; undefined when it is not to be announced. */
  private metricOf(key: string): number | undefined {
    const prefix = prefixOf(key);
    if (!this.passes(prefix)) return undefined;
    const routes = this.kernel.ownTable.at(key).filter(route => this.counts(route));
    if (routes.length > 0) return Math.min(...routes.map(metricOf));
    return this.isHostAddress(prefix) ? 0 : undefined;
  }

  private passes(prefix: Prefix): boolean {
    if (isLinkLocal(prefix)) return false;
    const { rules } = this;
    if (rules.length === 0) return prefix.length > 0;
    return rules.some(rule => covers(rule.prefix, prefix) && prefix.length >= rule.ge && prefix.length <= rule.le);
  }

  private counts(route: KernelRoute): boolean {
    const source = SOURCE_OF_PROTOCOL[route.protocol];
    if (source === undefined || !this.sources.has(source)) return false;
    if (route.type !== RouteType.unicast || route.tos !== 0) return false;
    return route.legs.some(leg => {
      const link = this.kernel.links.get(leg.interfaceIndex);
      if (link === undefined || !link.up) return false;
      return source !== 'connected' || (leg.gateway === null && !link.loopback);
    });
  }

  // An address with the full prefix length is a connected subnet of its own, for which IPv4 has no route in the table.
  private isHostAddress({ family, address, length }: Prefix): boolean {
    if (length !== FAMILIES[family].bits || !this.sources.has('connected') || !this.kernel.ownTableIsMain) return false;
    for (const own of this.kernel.interfaceAddresses()) {
      if (own.prefixLength !== length || own.pointToPoint || Buffer.compare(own.address, address) !== 0) continue;
      const link = this.kernel.links.get(own.interfaceIndex);
      if (link?.up === true && !link.loopback) return true;
    }
    return false;
  }
}

// The kernel's metrics of connected routes (0 for IPv4, 256 for IPv6) say nothing.
function metricOf(route: KernelRoute): number {
  return route.protocol === RouteProtocol.kernel ? 0 : route.metric;
}

function prefixOf(key: string): Prefix {
  const address = new Uint8Array(key.length - 1);
  for (let i = 0; i < address.length; i++) address[i] = key.charCodeAt(i);
  const family = address.length === 4 ? Family.ipv4Unicast : Family.ipv6Unicast;
  return { family, address, length: key.charCodeAt(address.length) };
}

function isLinkLocal({ family, address, length }: Prefix): boolean {
  return family === Family.ipv6Unicast && length >= 10 && address[0] === 0xfe && (address[1] & 0xc0) === 0x80;
}

function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  for (let bit = 0; bit < outer.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((outer.address[bit >> 3] ^ inner.address[bit >> 3]) & mask) !== 0) return false;
  }
  return true;
}
