// Our own routes of one family as we know them in the kernel, found by prefix.
//
// Loc-RIB's prefix ids come and go with its paths; the kernel's routes outlive them (a previous run's, one whose
// deletion failed, one somebody changed by hand). So they have a table of prefixes of their own, whose ids are the slots
// of columns for what the reconciliation needs to know.

import { grown } from '../bgp/rib/columns.js';
import { PrefixTable } from '../bgp/rib/prefix-table.js';
import { FAMILIES, type Family } from '../bgp/wire/family.js';
import type { Prefix } from '../bgp/wire/prefix.js';
import { Forwarding } from './forwarding-sets.js';
import type { RouteMessage } from './rtnetlink.js';

/** The kernel leaves the address of the default route out. */
const DEFAULT = new Uint8Array(16);

/** The table; slots begin at 1. */
export class InstalledTable {
  readonly family: Family;
  /** What the kernel does with the prefix (id in ForwardingSets), none when it has no route of ours. */
  have = new Int32Array(0);
  /** The prefix' id in Loc-RIB while it is wanted, else 0. */
  ribId = new Int32Array(0);
  /** The first sequence number of the batch that changed it last. */
  batch = new Uint32Array(0);
  /** Why the kernel refused the wanted route (id in Reasons), 0 when it did not. */
  reason = new Uint16Array(0);
  /** The reason people were last told about, where there was one. */
  readonly told = new Map<number, number>();
  /** 1 when the dump that runs, or the last one, has shown the route. */
  seen = new Uint8Array(0);
  /** 1 while a previous run's route has not been learned again as it was. */
  kept = new Uint8Array(0);
  private readonly prefixes: PrefixTable;

  constructor(family: Family) {
    this.family = family;
    this.prefixes = new PrefixTable(family);
    this.fit();
  }

  /** Slots below this may be in use. */
  get end(): number {
    return this.prefixes.end;
  }

  used(slot: number): boolean {
    return this.prefixes.used(slot);
  }

  /** The slot of the prefix whose 4 or 16 bytes are at `bytes[at]`, or 0. */
  find(bytes: Uint8Array, at: number, length: number): number {
    return this.prefixes.find(bytes, length, at);
  }

  /** The slot of the prefix of a route in the kernel, or 0. */
  findRoute(route: RouteMessage): number {
    return route.destination === 0
      ? this.find(DEFAULT, 0, route.prefixLength)
      : this.find(route.buf, route.destination, route.prefixLength);
  }

  /** The slot of the prefix of a route in the kernel, made if need be. */
  ensureRoute(route: RouteMessage): number {
    return route.destination === 0
      ? this.ensure(DEFAULT, 0, route.prefixLength)
      : this.ensure(route.buf, route.destination, route.prefixLength);
  }

  /** The slot of the prefix, made if need be. */
  ensure(bytes: Uint8Array, at: number, length: number): number {
    const { prefixes } = this;
    const before = prefixes.count;
    const slot = prefixes.ensure(bytes, length, at);
    if (prefixes.count === before) return slot;
    if (prefixes.capacity !== this.have.length) this.fit();
    this.have[slot] = Forwarding.none;
    this.ribId[slot] = 0;
    this.batch[slot] = 0;
    this.reason[slot] = 0;
    this.seen[slot] = 0;
    this.kept[slot] = 0;
    return slot;
  }

  /** Gives the slot back. */
  free(slot: number): void {
    this.prefixes.releaseIfIdle(slot);
    this.told.delete(slot);
  }

  /** Writes the prefix' 4 or 16 bytes to `out`; returns its length. */
  bytes(slot: number, out: Uint8Array): number {
    return this.prefixes.bytes(slot, out, 0);
  }

  prefix(slot: number): Prefix {
    const address = new Uint8Array(FAMILIES[this.family].addressBytes);
    return { family: this.family, length: this.bytes(slot, address), address };
  }

  // The columns follow the table of prefixes, which gives its memory back when it has become empty.
  private fit(): void {
    const { capacity } = this.prefixes;
    const kept = Math.min(capacity, this.have.length);
    this.have = grown(this.have, capacity, kept);
    this.ribId = grown(this.ribId, capacity, kept);
    this.batch = grown(this.batch, capacity, kept);
    this.reason = grown(this.reason, capacity, kept);
    this.seen = grown(this.seen, capacity, kept);
    this.kept = grown(this.kept, capacity, kept);
  }
}
