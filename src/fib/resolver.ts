// Next-hop resolution: by which link and gateway is a BGP next hop reached, and at what cost? (RFC 4271 §5.1.3, §9.1.2.1)
//
// The answer is the longest match over the kernel's routes that are not ours, as the kernel itself would look it up:
// the table our routes go to first, then the main table. A route of Linux always names link and gateway, so one step is
// enough for recursive next hops. A way counts while its link is up with carrier; if it goes down the next hop is
// unreachable, not led elsewhere: the kernel would not lead it elsewhere either. A link-local next hop needs its link only.

import type { Kernel } from './kernel.js';
import type { KernelRoute, RouteTable } from './route-table.js';
import { type Leg, RouteTableId, RouteType } from './rtnetlink.js';
import type { NextHops } from './source.js';

/** The way to a next hop. */
export interface Resolution {
  interfaceIndex: number;
  /** Whom to hand packets to on that link: the next hop itself when it is on the link. 4 or 16 bytes. */
  gateway: Uint8Array;
  /** The gateway is on the link though no subnet says so. */
  onlink: boolean;
  /** 0 on a link of ours, else the metric of the kernel's route, at least 1. */
  cost: number;
}

/** Answers for every next hop in use, kept up to date. */
export class Resolver {
  private readonly kernel: Kernel;
  private readonly nextHops: NextHops;
  /** Called before the RIB hears of it: what was built on the old answer is void. */
  private readonly onChange: (id: number) => void;
  private readonly answers = new Map<number, Resolution | null>();

  constructor(kernel: Kernel, nextHops: NextHops, onChange: (id: number) => void) {
    this.kernel = kernel;
    this.nextHops = nextHops;
    this.onChange = onChange;
  }

  /** Begins to answer; the kernel's state has been read. */
  start(): void {
    this.nextHops.watch({
      needed: id => this.update(id),
      released: id => {
        this.answers.delete(id);
        this.onChange(id);
      },
    });
  }

  /** The way to a next hop, or null when there is none. */
  resolution(id: number): Resolution | null {
    return this.answers.get(id) ?? null;
  }

  /** Looks all next hops up again: links, addresses or routes changed. */
  refresh(): void {
    for (const id of [...this.answers.keys()]) this.update(id);
  }

  private update(id: number): void {
    const known = this.answers.has(id);
    const old = this.answers.get(id) ?? null;
    const now = resolve(this.kernel, this.nextHops.address(id), this.nextHops.interfaceIndex(id));
    if (known && sameWay(old, now) && old?.cost === now?.cost) return;
    this.answers.set(id, now);
    this.onChange(id);
    this.nextHops.set(id, now !== null, now?.cost ?? 0);
    if (old !== null && now !== null && old.cost === now.cost) this.nextHops.touch(id);
  }
}

function sameWay(a: Resolution | null, b: Resolution | null): boolean {
  if (a === null || b === null) return a === b;
  return a.interfaceIndex === b.interfaceIndex && a.onlink === b.onlink && Buffer.compare(a.gateway, b.gateway) === 0;
}

/** The way to an address (4 or 16 bytes); `interfaceIndex` is the link of a link-local one, else 0. */
export function resolve(kernel: Kernel, address: Uint8Array, interfaceIndex: number): Resolution | null {
  if (kernel.isOwnAddress(address, interfaceIndex)) return null;
  if (interfaceIndex !== 0) {
    return isUp(kernel, interfaceIndex, address) ? { interfaceIndex, gateway: address, onlink: false, cost: 0 } : null;
  }
  const routes = lookup(kernel.ownTable, address) ?? lookup(kernel.table(RouteTableId.main), address) ?? [];
  for (const route of routes) {
    const leg = route.legs.find(candidate => isUp(kernel, candidate.interfaceIndex, address));
    if (leg !== undefined) return follow(route, leg, address);
  }
  return null;
}

// RTN_THROW sends the lookup on to the next table.
function lookup(table: RouteTable, address: Uint8Array): readonly KernelRoute[] | undefined {
  const routes = table.lookup(address).filter(route => route.tos === 0);
  if (routes.length === 0 || routes[0].type === RouteType.throw) return undefined;
  return routes[0].type === RouteType.unicast ? routes.filter(route => route.type === RouteType.unicast) : [];
}

function follow(route: KernelRoute, leg: Leg, address: Uint8Array): Resolution {
  const { interfaceIndex, gateway, onlink } = leg;
  if (gateway === null) return { interfaceIndex, gateway: address, onlink: false, cost: 0 };
  return { interfaceIndex, gateway, onlink, cost: Math.max(1, route.metric) };
}

// IPv6 takes no route by a link before it is running.
function isUp(kernel: Kernel, interfaceIndex: number, address: Uint8Array): boolean {
  const link = kernel.links.get(interfaceIndex);
  return link !== undefined && (address.length === 4 ? link.up : link.running && link.up);
}
