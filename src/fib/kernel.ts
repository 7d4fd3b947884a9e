// The kernel's state as far as BGP depends on it: links, own addresses, other programs' routes.
//
// Fed with messages (kernel-feed.ts) and asked by the resolver and the redistribution. It knows which routes are our
// own by table, metric and protocol, and leaves them out. No sockets here.

import { Family } from '../bgp/wire/family.js';
import type { InterfaceAddress, Link } from './link-message.js';
import { type Identity, kernelMetric } from './route-batch.js';
import { type Effect, type KernelRoute, keyOf, RouteTable } from './route-table.js';
import { AF_INET, type RouteMessage, RouteTableId } from './rtnetlink.js';

/** Is this route one that a FIB of this identity writes? */
export function isOwn(route: RouteMessage, identity: Identity): boolean {
  return (
    route.protocol === identity.protocol &&
    route.table === identity.table &&
    route.metric === kernelMetric(familyOf(route), identity.metric) &&
    route.tos === 0
  );
}

/** The family of a route message. */
export function familyOf(route: RouteMessage): Family {
  return route.family === AF_INET ? Family.ipv4Unicast : Family.ipv6Unicast;
}

/** What became of a route of another program. */
export interface RouteChange {
  /** The prefix (see keyOf). */
  key: string;
  effect: Effect;
  /** It is in the table our routes go to … */
  inOwnTable: boolean;
  /** … and has our metric too. */
  rival: boolean;
}

/** Links, addresses and routes. */
export class Kernel {
  /** By index. */
  links = new Map<number, Link>();
  private identity: Identity;
  private addresses = new Map<string, InterfaceAddress>();
  private tables = new Map<number, RouteTable>();
  /** Prefixes of other programs' routes that have our table and metric: replacing such a route could hit theirs. */
  private rivals = new Set<string>();

  /** Knows nothing yet; keeps the routes of the main table and of the one of `identity`. */
  constructor(identity: Identity) {
    this.identity = identity;
    for (const id of [RouteTableId.main, identity.table]) this.tables.set(id, new RouteTable());
  }

  /** Takes over what another one has come to know. */
  become(other: Kernel): void {
    this.identity = other.identity;
    this.links = other.links;
    this.addresses = other.addresses;
    this.tables = other.tables;
    this.rivals = other.rivals;
  }

  /** The tables kept, without doubles. */
  get tableIds(): number[] {
    return [...this.tables.keys()];
  }

  /** The other programs' routes of a table that is kept. */
  table(id: number): RouteTable {
    const table = this.tables.get(id);
    if (table === undefined) throw new RangeError(`table ${id} is not kept`);
    return table;
  }

  get ownTableIsMain(): boolean {
    return this.identity.table === RouteTableId.main;
  }

  /** The table our routes go to. */
  get ownTable(): RouteTable {
    return this.table(this.identity.table);
  }

  /** RTM_NEWLINK; `routesLost` when the kernel has dropped, without a word, IPv4 routes that went out by it. */
  addLink(link: Link): { changed: boolean; routesLost: boolean } {
    const old = this.links.get(link.index);
    this.links.set(link.index, link);
    if (old === undefined) return { changed: true, routesLost: false };
    return {
      changed:
        old.up !== link.up ||
        old.running !== link.running ||
        old.enabled !== link.enabled ||
        old.name !== link.name ||
        old.master !== link.master,
      routesLost: (old.enabled && !link.enabled) || old.master !== link.master,
    };
  }

  /** RTM_DELLINK; false when it was not known. */
  removeLink(link: Link): boolean {
    return this.links.delete(link.index);
  }

  /** RTM_NEWADDR; false when it was known. */
  addAddress(address: InterfaceAddress): boolean {
    const key = addressKey(address);
    const known = this.addresses.has(key);
    this.addresses.set(key, address);
    return !known;
  }

  /** RTM_DELADDR; false when it was not known. */
  removeAddress(address: InterfaceAddress): boolean {
    return this.addresses.delete(addressKey(address));
  }

  /** The machine's addresses. */
  interfaceAddresses(): Iterable<InterfaceAddress> {
    return this.addresses.values();
  }

  /** Is it an address of this machine? `interfaceIndex` matters for link-local ones. */
  isOwnAddress(address: Uint8Array, interfaceIndex: number): boolean {
    for (const own of this.addresses.values()) {
      if (own.address.length !== address.length || !own.address.every((octet, i) => octet === address[i])) continue;
      if (interfaceIndex === 0 || own.interfaceIndex === interfaceIndex) return true;
    }
    return false;
  }

  /** RTM_NEWROUTE or RTM_DELROUTE of another program; undefined when its table is not kept. */
  changeRoute(message: RouteMessage, added: boolean, replaces: boolean): RouteChange | undefined {
    const table = this.tables.get(message.table);
    if (table === undefined) return undefined;
    const route = toRoute(message);
    const key = keyOf(route.address, route.length);
    const effect = added ? table.add(route, replaces) : table.remove(route);
    const inOwnTable = route.table === this.identity.table;
    const rival = inOwnTable && this.isRival(route);
    if (rival) this.countRivals(key);
    return { key, effect, inOwnTable, rival };
  }

  /** Does any route of another program have our table and metric? Mostly not, and `rival` need not be asked. */
  hasRivals(): boolean {
    return this.rivals.size > 0;
  }

  /** The other program's route with this prefix and our table and metric. */
  rival(address: Uint8Array, length: number): KernelRoute | undefined {
    return this.ownTable.at(keyOf(address, length)).find(route => this.isRival(route));
  }

  private isRival(route: KernelRoute): boolean {
    return route.metric === kernelMetric(route.family, this.identity.metric) && route.tos === 0;
  }

  private countRivals(key: string): void {
    if (this.ownTable.at(key).some(route => this.isRival(route))) this.rivals.add(key);
    else this.rivals.delete(key);
  }
}

function addressKey({ interfaceIndex, address, prefixLength }: InterfaceAddress): string {
  return `${interfaceIndex} ${address.join('.')}/${prefixLength}`;
}

function toRoute(message: RouteMessage): KernelRoute {
  return {
    family: familyOf(message),
    address: message.prefixBytes(),
    length: message.prefixLength,
    table: message.table,
    tos: message.tos,
    protocol: message.protocol,
    scope: message.scope,
    type: message.type,
    metric: message.metric,
    legs: message.legs(),
  };
}
