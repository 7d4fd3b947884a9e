// Makes the kernel's routes of one family what Loc-RIB wants, one prefix at a time.
//
// What is wanted is asked of Loc-RIB and the resolver at the moment of writing; what the kernel has is known from our
// own writes, from dumps, and from notifications about what others did to our routes. Where both agree nothing is
// written: that is also how a previous run's routes are taken over. The first route of a prefix is added only if no
// other program has one there (NLM_F_EXCL), later ones replace ours. A refused change is undone in the books and its
// reason kept; if it was a replacement the old route goes too, for it is not wanted any more. A route whose last change the
// kernel has not answered yet waits for that before it is changed again: what replaces one that was refused might take another
// program's.
//
// What waits is written in an order spread over all of it: the kernel has IPv4 routes in a trie that it resizes on the way to
// each change, and a table in the order of its addresses costs it up to two and a half times as much.

import { FAMILIES, Family } from '../bgp/wire/family.js';
import { Errno } from './errno.js';
import { Forwarding, ForwardingSets } from './forwarding-sets.js';
import { InstalledTable } from './installed-table.js';
import type { Kernel } from './kernel.js';
import type { Reasons } from './reasons.js';
import type { Resolver } from './resolver.js';
import { encodeDeletion, type Identity, type RouteBatch, type RouteBody } from './route-batch.js';
import { MessageFlag, MessageType, type RouteMessage } from './rtnetlink.js';
import type { DirtySet, LocRib } from './source.js';
import { Wants } from './wants.js';

/** Prefixes looked at between two looks at how full the batch is: what tables have of them is in one cache line each. */
const DRAIN_AT_ONCE = 16;
/** Prefixes looked at for one batch; most of them may need no change. */
const DRAIN_PER_BATCH = 8192;
/** When all are flushed, each of them is so far from the one before. */
const FLUSH_STRIDE = 64;

/** What an installer works with. */
export interface InstallerTools {
  locRib: LocRib;
  kernel: Kernel;
  resolver: Resolver;
  identity: Identity;
  reasons: Reasons;
  /** There is something to do. */
  wake(): void;
  /** Only a dump can tell what the kernel has. */
  unclear(): void;
}

/** Our routes of one family. */
export class FamilyInstaller {
  readonly table: InstalledTable;
  readonly sets: ForwardingSets;
  /** Routes whose wanted change the kernel refused. */
  failed = 0;
  private readonly family: Family;
  private readonly tools: InstallerTools;
  private readonly wants: Wants;
  private readonly deletion: RouteBody;
  private dirty: DirtySet | undefined;
  /** Slots to look at for another reason than a change of Loc-RIB. */
  private readonly repairs = new Set<number>();
  /** Second routes of ours for one prefix, as the kernel told them, to be deleted. */
  private doubles: Uint8Array[] = [];
  /** Slot by prefix id of Loc-RIB, for wanted prefixes. */
  private slotOf = new Int32Array(64);
  /** Until Loc-RIB is complete, routes it does not want are left alone. */
  private complete = false;
  /** It is complete, but not all of it has been taken in. */
  private completing: boolean;
  private readonly address: Uint8Array;
  /** The batch that the kernel works on. */
  private underWay: RouteBatch | undefined;

  constructor(tools: InstallerTools, complete: boolean) {
    this.tools = tools;
    this.family = tools.locRib.family;
    this.completing = complete;
    this.table = new InstalledTable(this.family);
    this.sets = new ForwardingSets(this.family, tools.identity);
    this.wants = new Wants(tools.locRib, tools.resolver, this.sets);
    this.deletion = encodeDeletion(this.family, tools.identity);
    this.address = new Uint8Array(FAMILIES[this.family].addressBytes);
  }

  /** Begins to follow Loc-RIB; the kernel's routes have been dumped. */
  start(): void {
    this.dirty = this.tools.locRib.subscribe(this.tools.wake);
    this.tools.wake();
  }

  stop(): void {
    this.dirty?.close();
    this.dirty = undefined;
  }

  /** Prefixes that wait to be looked at. */
  get pending(): number {
    return (this.dirty?.size ?? 0) + this.repairs.size + this.doubles.length;
  }

  /** Fills the batch with changes, as far as there are any, while another is under way. Returns whether anything was looked at. */
  fill(batch: RouteBatch, underWay: RouteBatch | undefined): boolean {
    this.underWay = underWay;
    if (this.completing && this.dirty?.size === 0) this.removeUnwanted();
    const before = this.pending;
    if (before === 0) return false;
    while (this.doubles.length > 0 && !batch.full) batch.addDeletionOf(this.family, this.doubles.pop() as Uint8Array);
    for (const slot of this.repairs) {
      if (batch.full) break;
      if (this.isUnderWay(slot)) continue;
      this.repairs.delete(slot);
      if (this.table.used(slot)) this.repair(batch, slot);
    }
    const { dirty } = this;
    if (dirty === undefined) return true;
    this.growSlots(this.tools.locRib.prefixCapacity);
    const visit = (id: number) => {
      if (id < this.slotOf.length && this.isUnderWay(this.slotOf[id])) dirty.mark(id);
      else this.visit(batch, id);
    };
    const most = Math.min(dirty.size, DRAIN_PER_BATCH);
    for (let seen = 0; !batch.full && seen < most; ) seen += dirty.drainSpread(DRAIN_AT_ONCE, visit);
    return true;
  }

  private isUnderWay(slot: number): boolean {
    return slot !== 0 && this.table.batch[slot] === this.underWay?.first;
  }

  // Loc-RIB changed this prefix.
  private visit(batch: RouteBatch, id: number): void {
    const want = this.wants.of(id);
    if (id >= this.slotOf.length) this.growSlots(id + 1);
    let slot = this.slotOf[id];
    if (slot === 0) {
      if (want === Forwarding.none) return;
      const length = this.tools.locRib.prefixBytes(id, this.address, 0);
      slot = this.table.ensure(this.address, 0, length);
      this.slotOf[id] = slot;
      this.table.ribId[slot] = id;
    } else if (want === Forwarding.none) {
      this.slotOf[id] = 0;
      this.table.ribId[slot] = 0;
    }
    this.clearReason(slot);
    if (this.table.told.size > 0) this.table.told.delete(slot);
    if (this.table.kept[slot] === 1 && this.waits(slot, want)) return;
    this.change(batch, slot, want);
  }

  // Of several ways that a previous run left, one is learned again after the other: until Loc-RIB is complete they stay.
  private waits(slot: number, want: number): boolean {
    const { table } = this;
    if (!this.complete && this.sets.isPart(want, table.have[slot])) return true;
    table.kept[slot] = 0;
    return false;
  }

  // Something else happened to this prefix: a refused change, somebody's interference, a dump that tells otherwise.
  private repair(batch: RouteBatch, slot: number): void {
    const { table } = this;
    const id = table.ribId[slot];
    const refused = table.reason[slot] !== 0;
    this.change(batch, slot, id === 0 || refused ? Forwarding.none : this.wants.of(id));
  }

  private change(batch: RouteBatch, slot: number, want: number): void {
    const have = this.table.have[slot];
    if (want !== have) this.write(batch, slot, have, want);
    if (want === Forwarding.none && this.table.ribId[slot] === 0) {
      this.clearReason(slot);
      this.table.free(slot);
    }
  }

  private write(batch: RouteBatch, slot: number, have: number, want: number): void {
    const { kernel } = this.tools;
    const length = this.table.bytes(slot, this.address);
    const { create, exclusive, replace } = MessageFlag;
    // Where another program has a route beside ours, NLM_F_REPLACE might take theirs.
    const beside = have !== Forwarding.none && kernel.hasRivals() && kernel.rival(this.address, length) !== undefined;
    if (have !== Forwarding.none && (want === Forwarding.none || beside)) {
      this.add(batch, MessageType.delRoute, 0, length, this.deletion, have, Forwarding.none);
      have = Forwarding.none;
    }
    if (want !== Forwarding.none) {
      const flags = create | (have === Forwarding.none ? exclusive : replace);
      this.add(batch, MessageType.newRoute, flags, length, this.sets.body(want), have, want);
    }
    this.table.batch[slot] = batch.first;
    this.setHave(slot, want);
  }

  // The batch keeps references to what it may have to restore.
  private add(
    batch: RouteBatch,
    type: number,
    flags: number,
    length: number,
    body: RouteBody,
    before: number,
    after: number,
  ): void {
    this.sets.retain(before);
    this.sets.retain(after);
    batch.add(type, flags, this.family, this.address, 0, length, body, before, after);
  }

  /** The batch' message `index`, one of this family, has been dealt with. */
  settled(batch: RouteBatch, index: number): void {
    this.sets.release(batch.before[index]);
    this.sets.release(batch.after[index]);
  }

  /** The kernel refused message `index` of the batch. Returns the slot if people should hear of its reason, else 0. */
  refused(batch: RouteBatch, index: number, errno: number, text: string): number {
    const before = batch.before[index];
    const after = batch.after[index];
    const { at, length } = batch.prefixAt(index);
    const { table } = this;
    if (after === Forwarding.none) {
      if (before === Forwarding.none || errno === Errno.noSuchRoute) return 0;
      const slot = table.ensure(batch.datagram, at, length);
      if (table.have[slot] !== Forwarding.none) return 0;
      this.setHave(slot, before);
      return this.setReason(slot, text);
    }
    const slot = table.find(batch.datagram, at, length);
    if (slot === 0 || table.have[slot] !== after) return 0;
    this.setHave(slot, before);
    if (before !== Forwarding.none) {
      this.repairs.add(slot);
      // A refused IPv6 multipath route may have been taken half.
      if (this.family === Family.ipv6Unicast) this.tools.unclear();
    }
    return this.setReason(slot, errno === Errno.exists ? this.rivalText(slot, text) : text);
  }

  private rivalText(slot: number, text: string): string {
    const { address, length } = this.table.prefix(slot);
    const rival = this.tools.kernel.rival(address, length);
    if (rival !== undefined) return `${text}, protocol ${rival.protocol}`;
    // Then it may be one of ours, made by hand at the same moment.
    this.tools.unclear();
    return text;
  }

  /** Has another look at refused changes: the kernel's state is different now. */
  retry(): void {
    const { table } = this;
    if (this.failed === 0) return;
    for (let slot = 1; slot < table.end; slot++) {
      if (!table.used(slot) || table.reason[slot] === 0) continue;
      this.clearReason(slot);
      this.repairs.add(slot);
    }
    this.tools.wake();
  }

  /** Loc-RIB is complete: routes of ours that it does not want are removed, as soon as what it wants is known. */
  converged(): void {
    this.completing = true;
    this.tools.wake();
  }

  private removeUnwanted(): void {
    const { table } = this;
    this.completing = false;
    this.complete = true;
    for (let slot = 1; slot < table.end; slot++) {
      if (!table.used(slot) || table.have[slot] === Forwarding.none) continue;
      if (table.ribId[slot] === 0 || table.kept[slot] === 1) this.repairs.add(slot);
      table.kept[slot] = 0;
    }
  }

  /** Stops following Loc-RIB and removes all our routes. */
  flush(): void {
    this.stop();
    this.complete = true;
    this.slotOf.fill(0);
    this.table.ribId.fill(0);
    for (let first = 0; first < FLUSH_STRIDE; first++) {
      for (let slot = first; slot < this.table.end; slot += FLUSH_STRIDE)
        if (slot > 0 && this.table.used(slot)) this.repairs.add(slot);
    }
    this.tools.wake();
  }

  /** Our routes in the kernel, and those of them that a previous run left and nobody has asked for yet. */
  counts(): { installed: number; stale: number } {
    const { table } = this;
    let installed = 0;
    let stale = 0;
    for (let slot = 1; slot < table.end; slot++) {
      if (!table.used(slot) || table.have[slot] === Forwarding.none) continue;
      if (table.ribId[slot] === 0 && !this.complete) stale++;
      else installed++;
    }
    return { installed, stale };
  }

  /** What Loc-RIB wants for a slot (for people; id in `sets`). */
  wantedAt(slot: number): number {
    const id = this.table.ribId[slot];
    return id === 0 ? Forwarding.none : this.wants.of(id);
  }

  // A dump of our routes begins, its routes come, it ends: what it did not show is gone.

  dumpBegins(): void {
    this.table.seen.fill(0);
    this.doubles = [];
  }

  dumped(route: RouteMessage): void {
    const { table } = this;
    const slot = this.table.ensureRoute(route);
    const now = this.sets.acquireRoute(route);
    if (table.seen[slot] === 0) {
      table.seen[slot] = 1;
      if (!this.complete && table.have[slot] === Forwarding.none && table.ribId[slot] === 0) table.kept[slot] = 1;
      this.found(slot, now);
      return;
    }
    if (table.have[slot] !== now) this.doubles.push(new Uint8Array(route.buf.subarray(route.start, route.end)));
    this.sets.release(now);
  }

  dumpEnds(): void {
    const { table } = this;
    for (let slot = 1; slot < table.end; slot++) {
      if (!table.used(slot) || table.have[slot] === Forwarding.none) continue;
      if (table.seen[slot] === 0) this.found(slot, Forwarding.none);
      else if (table.ribId[slot] === 0) this.lookAt(slot);
    }
    this.tools.wake();
  }

  /** Somebody else made or changed a route that is ours by table, metric and protocol. */
  addedByOthers(route: RouteMessage, replaces: boolean): void {
    const slot = this.table.ensureRoute(route);
    const have = this.table.have[slot];
    const now = this.sets.acquireRoute(route);
    if (have !== Forwarding.none && have !== now && !replaces) {
      this.sets.release(now);
      this.tools.unclear();
    } else {
      this.found(slot, now);
      this.tools.wake();
    }
  }

  /** Somebody else, or the kernel, deleted a route of ours. */
  deletedByOthers(route: RouteMessage): void {
    const slot = this.table.findRoute(route);
    if (slot === 0) return;
    const deleted = this.sets.acquireRoute(route);
    const have = this.table.have[slot];
    this.sets.release(deleted);
    if (have !== Forwarding.none && have !== deleted) {
      this.tools.unclear();
      return;
    }
    this.found(slot, Forwarding.none);
    // It may have been what kept ours out.
    this.clearReason(slot);
    this.lookAt(slot);
    this.tools.wake();
  }

  /** Another program made a route with the prefix, table and metric of one of ours. */
  joinedByOthers(route: RouteMessage, replaces: boolean): void {
    const slot = this.table.findRoute(route);
    if (slot === 0 || this.table.have[slot] === Forwarding.none) return;
    if (replaces) this.found(slot, Forwarding.none);
    // IPv6 makes one multipath route of both.
    else if (this.family === Family.ipv6Unicast) this.tools.unclear();
    this.tools.wake();
  }

  /** The way to a next hop changed. */
  nextHopChanged(id: number): void {
    this.wants.nextHopChanged(id);
  }

  // The kernel turns out to have `now` (a reference that is taken over), whatever we believed.
  private found(slot: number, now: number): void {
    const { table } = this;
    if (table.have[slot] !== now) {
      this.clearReason(slot);
      this.setHave(slot, now);
      this.lookAt(slot);
    }
    this.sets.release(now);
  }

  // Routes that nobody wants yet wait for `converged`.
  private lookAt(slot: number): void {
    const { table } = this;
    if (this.complete || table.ribId[slot] !== 0 || table.have[slot] === Forwarding.none) this.repairs.add(slot);
  }

  private setHave(slot: number, id: number): void {
    this.sets.retain(id);
    this.sets.release(this.table.have[slot]);
    this.table.have[slot] = id;
  }

  // Returns the slot when the reason is news.
  private setReason(slot: number, text: string): number {
    const { table } = this;
    if (table.reason[slot] === 0) this.failed++;
    const reason = this.tools.reasons.idOf(text);
    const news = table.told.get(slot) !== reason;
    table.reason[slot] = reason;
    table.told.set(slot, reason);
    return news ? slot : 0;
  }

  private clearReason(slot: number): void {
    if (this.table.reason[slot] === 0) return;
    this.table.reason[slot] = 0;
    this.failed--;
  }

  private growSlots(length: number): void {
    if (length <= this.slotOf.length) return;
    const bigger = new Int32Array(Math.max(length, this.slotOf.length * 2));
    bigger.set(this.slotOf);
    this.slotOf = bigger;
  }
}
