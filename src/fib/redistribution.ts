// Redistribution: routes other programs gave to the kernel, announced by BGP while they can be used.
//
// A route counts when its source is wanted, it is unicast, in the table our own routes go to, and one of its links is
// up. The default route counts only when a prefix rule names it. Changes are collected and answered once the kernel's
// notifications at hand have all been read. Of several routes of a prefix the one that the kernel prefers is told: its source
// and its metric, which becomes the MED.

import type { KernelRouteSpec, KernelSource } from '../bgp/rib/sources.js';
import { FAMILIES, Family } from '../bgp/wire/family.js';
import type { Prefix } from '../bgp/wire/prefix.js';
import type { Kernel } from './kernel.js';
import { type KernelRoute, keyOf } from './route-table.js';
import { RouteProtocol, RouteType } from './rtnetlink.js';

/** Prefixes within `prefix` with a length from `ge` to `le`. */
export interface PrefixRule {
  prefix: Prefix;
  ge: number;
  le: number;
}

/** `connected` are the subnets of our interfaces, `static` is proto static, `kernel` proto boot (made by hand). */
const SOURCE_OF_PROTOCOL: Readonly<Record<number, KernelSource>> = {
  [RouteProtocol.kernel]: 'connected',
  [RouteProtocol.boot]: 'kernel',
  [RouteProtocol.static]: 'static',
};

/** Tells BGP of the kernel's routes. */
export class Redistribution {
  private readonly kernel: Kernel;
  private readonly announce: (prefix: Prefix, route: KernelRouteSpec | null) => void;
  private sources = new Set<KernelSource>();
  private rules: readonly PrefixRule[] = [];
  /** By prefix, what BGP was told. */
  private readonly announced = new Map<string, KernelRouteSpec>();
  private readonly pending = new Set<string>();
  private everything = false;

  constructor(kernel: Kernel, announce: (prefix: Prefix, route: KernelRouteSpec | null) => void) {
    this.kernel = kernel;
    this.announce = announce;
  }

  /** Routes announced at present. */
  get size(): number {
    return this.announced.size;
  }

  /** Changes what is wanted; `flush` makes it so. An empty list of rules lets every prefix pass. */
  configure(sources: readonly KernelSource[], rules: readonly PrefixRule[]): void {
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
    const route = this.routeOf(key);
    const before = this.announced.get(key);
    if (route?.source === before?.source && route?.metric === before?.metric) return;
    if (route === null) this.announced.delete(key);
    else this.announced.set(key, route);
    this.announce(prefixOf(key), route);
  }

  /** What to announce of a prefix; null: nothing. */
  private routeOf(key: string): KernelRouteSpec | null {
    const prefix = prefixOf(key);
    if (!this.passes(prefix)) return null;
    const routes = this.kernel.ownTable.at(key).filter(route => this.counts(route));
    if (routes.length > 0) return routes.map(describe).reduce((a, b) => (b.metric < a.metric ? b : a));
    return this.isHostAddress(prefix) ? { source: 'connected', metric: 0 } : null;
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
function describe({ protocol, metric }: KernelRoute): KernelRouteSpec {
  const source = SOURCE_OF_PROTOCOL[protocol];
  return { source, metric: source === 'connected' ? 0 : metric };
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
