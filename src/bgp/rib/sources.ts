// Where paths come from: this speaker's own routes, the kernel's, and each neighbor, as small numbers.
//
// The decision process compares sources by these columns (RFC 4271 §9.1.2.2 d, f, g); a path carries only the number.

import { grown } from './columns.js';

/**
 * What kind of source a path has, in the order in which the decision process prefers them; it takes a neighbor in another
 * AS of the confederation for an internal one (RFC 5065 §5.3).
 */
export const SourceKind = { local: 0, kernel: 1, aggregate: 2, external: 3, internal: 4, confederation: 5 } as const;
export type SourceKind = (typeof SourceKind)[keyof typeof SourceKind];

/** The routes added by hand, the kernel's and the aggregates are sources of their own; neighbors follow. */
export const LOCAL_SOURCE = 0;
export const AGGREGATE_SOURCE = 2;
/** Of default routes for some neighbors alone. */
export const ORIGINATED_SOURCE = 3;
/** The kernel's routes that are redistributed, by who made them. */
export const KERNEL_SOURCES = { kernel: 1, connected: 4, static: 5 } as const;
export type KernelSource = keyof typeof KERNEL_SOURCES;

/** A kernel's route to be announced. */
export interface KernelRouteSpec {
  source: KernelSource;
  /** Becomes the MED; 0 becomes none. */
  metric: number;
}

/** This speaker's own sources: a name and a kind for each number. */
const OWN: readonly (readonly [name: string, kind: SourceKind])[] = [
  ['local', SourceKind.local],
  ['kernel', SourceKind.kernel],
  ['aggregate', SourceKind.aggregate],
  ['default-originate', SourceKind.local],
  ['connected', SourceKind.kernel],
  ['static', SourceKind.kernel],
];

/** The table of sources. */
export class Sources {
  kind = new Uint8Array(8);
  /** BGP Identifier of the neighbor, from its OPEN; see `identify`. */
  routerId = new Uint32Array(8);
  /**
   * Differs whenever a number stands for another neighbor, or for one with another BGP Identifier: who remembers an answer
   * about a source remembers it by this.
   */
  serial = new Uint32Array(8);
  /** Order of the neighbors' addresses, for the last tie-break. */
  rank = new Int32Array(8);
  /** 1 for a client: an internal neighbor of the route reflector (RFC 4456), an external one of the route server (RFC 7947). */
  client = new Uint8Array(8);
  /** 1: this speaker has told the neighbor that it knows LLGR_STALE (RFC 9494 §4.3). */
  longLived = new Uint8Array(8);
  private readonly names = OWN.map(([name]) => name);
  private readonly addresses = OWN.map((): Uint8Array | undefined => undefined);
  /** The neighbors in the order of their addresses. */
  private readonly ordered: number[] = [];
  private readonly freeIds: number[] = [];
  private serials = 0;

  constructor() {
    OWN.forEach(([, kind], source) => {
      this.serial[source] = ++this.serials;
      this.kind[source] = kind;
    });
  }

  /** 'local', 'kernel', 'connected', 'static', 'aggregate', 'default-originate' or the neighbor's address. */
  name(source: number): string {
    return this.names[source];
  }

  /** The neighbor's 4 or 16 bytes; undefined for this speaker and the kernel. */
  address(source: number): Uint8Array | undefined {
    return this.addresses[source];
  }

  /** The neighbor with this address. */
  at(address: Uint8Array): number | undefined {
    const id = this.ordered[this.placeOf(address)];
    return id !== undefined && compareAddresses(this.addressOf(id), address) === 0 ? id : undefined;
  }

  /** A number for a neighbor; `address` is its 4 or 16 bytes. */
  add(name: string, address: Uint8Array, kind: SourceKind, client: boolean): number {
    const id = this.freeIds.pop() ?? this.names.length;
    if (id >= this.kind.length) {
      const size = this.kind.length * 2;
      this.kind = grown(this.kind, size);
      this.routerId = grown(this.routerId, size);
      this.serial = grown(this.serial, size);
      this.rank = grown(this.rank, size);
      this.client = grown(this.client, size);
      this.longLived = grown(this.longLived, size);
    }
    this.names[id] = name;
    this.addresses[id] = address;
    this.kind[id] = kind;
    this.client[id] = client ? 1 : 0;
    this.longLived[id] = 0;
    this.routerId[id] = 0;
    this.serial[id] = ++this.serials;
    const place = this.placeOf(address);
    this.ordered.splice(place, 0, id);
    this.rankFrom(place);
    return id;
  }

  /** Notes the BGP Identifier that the neighbor names in its OPEN, and whether it has heard that LLGR_STALE is known. */
  identify(source: number, routerId: number, longLived = false): void {
    if (this.routerId[source] === routerId && (this.longLived[source] === 1) === longLived) return;
    this.routerId[source] = routerId;
    this.longLived[source] = longLived ? 1 : 0;
    this.serial[source] = ++this.serials;
  }

  /** Gives the number back; no path may carry it any more. */
  remove(source: number): void {
    const place = this.ordered.indexOf(source);
    this.ordered.splice(place, 1);
    this.rankFrom(place);
    this.addresses[source] = undefined;
    this.names[source] = '';
    this.freeIds.push(source);
  }

  private rankFrom(place: number): void {
    for (let i = place; i < this.ordered.length; i++) this.rank[this.ordered[i]] = i + 1;
  }

  /** How many neighbors come before this address. */
  private placeOf(address: Uint8Array): number {
    let low = 0;
    for (let high = this.ordered.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (compareAddresses(this.addressOf(this.ordered[middle]), address) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private addressOf(id: number): Uint8Array {
    return this.addresses[id] as Uint8Array;
  }
}

function compareAddresses(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}
