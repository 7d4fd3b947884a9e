// An update group: neighbors that have been sent exactly the same routes of one family (their Adj-RIB-Out).
//
// The group keeps one column of what was advertised, drains one dirty set and encodes each change once; every member is
// written the same bytes, less the stretches that hold its own routes: a route never goes back to where it came from, nor
// to a neighbor that an own route names as next hop.
// A member's Adj-RIB-Out is therefore the column without the prefixes whose source it is. When the source of a prefix
// changes, the old and the new source need a message of their own; `private` collects those.
//
// Groups split and merge instead of keeping a state per member: see update-groups.ts.

import { grown, isLarge } from './columns.js';
import type { DirtySet } from './dirty-set.js';
import type { ExportProfile } from './export.js';
import type { LocRib } from './loc-rib.js';
import type { Packer } from './packer.js';
import { ORIGINATED_SOURCE, SourceKind } from './sources.js';

/** A neighbor as its update group sees it. */
export interface Member {
  /** Its number among the sources. */
  readonly source: number;
  /** Bytes written to it that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Writes whole messages; the bytes are shared and never change. */
  write(bytes: Uint8Array, updates: number): void;
  /** Everything that was to be sent has been written for the first time since joining or a refresh. */
  synced(): void;
}

/** A path as a member has been told of it. */
export interface AdvertisedPath {
  /** RFC 7911; 0 without. */
  pathId: number;
  /** Canonical. */
  block: Uint8Array;
}

/** In the column: advertised, but to be sent again whatever it was (RFC 2918). */
export const RESEND = -1;
/** Routes encoded in one go. */
const SLICE_ROUTES = 1 << 14;
/** A member with more than this unwritten is not given more while the others of its group wait too. */
export const BLOCKED_BYTES = 1 << 18;

/** One update group. */
export class UpdateGroup {
  profile: ExportProfile;
  readonly members = new Map<number, Member>();
  /** Members that wait to hear that they are in sync. */
  readonly unsynced = new Set<Member>();
  /** Prefixes advertised. */
  advertised = 0;
  readonly dirty: DirtySet;
  protected readonly table: LocRib;
  private readonly packer: Packer;
  private set = new Int32Array(0);
  private source = new Uint16Array(0);
  private bySource = new Uint32Array(8);
  /** While a new profile is being adopted: the one before, and 1 for each prefix whose set it renders. */
  private earlier: { profile: ExportProfile; prefixes: Uint8Array } | null = null;
  private privates: { to: number; prefix: number; pathId: number; set: number; source: number }[] = [];
  /** See `exported`. */
  protected exportedSource = 0;
  /** The source of the only member; -1 while there are several. Nobody hears of what comes from there. */
  private sole = -1;

  constructor(table: LocRib, profile: ExportProfile, packer: Packer, dirty: DirtySet) {
    this.table = table;
    this.profile = profile;
    this.packer = packer;
    this.dirty = dirty;
  }

  /** Has nobody been told anything that still holds? Then another neighbor may join. */
  get untouched(): boolean {
    return this.room === 0;
  }

  /** How many prefixes the columns have room for. */
  protected get room(): number {
    return this.set.length;
  }

  /** Prefixes advertised to the member with this source number. */
  advertisedTo(source: number): number {
    return this.advertised - (this.bySource[source] ?? 0);
  }

  /** What is advertised for a prefix to a member. */
  advertisedPaths(prefix: number, source: number): AdvertisedPath[] {
    const set = this.set[prefix] ?? 0;
    if (set <= 0 || this.source[prefix] === source) return [];
    return [{ pathId: 0, block: this.render(prefix, set, this.source[prefix]) }];
  }

  /** A copy of the canonical block of a set that is advertised for a prefix. */
  protected render(prefix: number, set: number, source: number): Uint8Array {
    const profile = this.earlier?.prefixes[prefix] === 1 ? this.earlier.profile : this.profile;
    return profile.rendered.slice(0, profile.render(set, source));
  }

  /** The columns hold nothing from here on. */
  protected get end(): number {
    return Math.min(this.table.prefixes.end, this.room);
  }

  /** Is every member too far behind to be given more? */
  get blocked(): boolean {
    for (const member of this.members.values()) if (member.bufferedBytes <= BLOCKED_BYTES) return false;
    return true;
  }

  /** Sends a slice of what waits; returns whether more waits. */
  drain(): boolean {
    const { members } = this;
    this.sole = members.size === 1 ? (members.keys().next().value as number) : -1;
    this.dirty.drain(SLICE_ROUTES, this.visitor, this.send);
    if (this.dirty.size > 0) return true;
    this.earlier = null;
    if (this.advertised === 0 && isLarge(this.room)) this.dropColumns();
    return false;
  }

  /** A group for one of the members alone, which has been sent what this group has. */
  split(member: Member, dirty: DirtySet): UpdateGroup {
    const group = new (this.constructor as typeof UpdateGroup)(this.table, this.profile, this.packer, dirty);
    group.copyColumns(this);
    group.bySource = this.bySource.slice();
    group.advertised = this.advertised;
    group.earlier = this.earlier && { ...this.earlier, prefixes: this.earlier.prefixes.slice() };
    this.dirty.copyTo(dirty);
    this.members.delete(member.source);
    if (this.unsynced.delete(member)) group.unsynced.add(member);
    group.members.set(member.source, member);
    return group;
  }

  /** Has sent what `other` has sent. */
  protected copyColumns(other: UpdateGroup): void {
    const { end } = other;
    this.set = grown(other.set.subarray(0, end), other.set.length);
    this.source = grown(other.source.subarray(0, end), other.source.length);
    for (let prefix = 1; prefix < end; prefix++) if (this.set[prefix] > 0) this.table.sets.retain(this.set[prefix]);
  }

  /** Forgets what was advertised, so that all of it is sent again, or withdrawn where it is gone. */
  resend(): void {
    for (let prefix = 1; prefix < this.end; prefix++) {
      if (this.set[prefix] > 0) this.table.sets.release(this.set[prefix]);
      if (this.set[prefix] === 0) continue;
      this.set[prefix] = RESEND;
      this.dirty.mark(prefix);
    }
  }

  /** Exports by another profile from now on: everything is looked at again, what is the same is not sent. */
  adopt(profile: ExportProfile): void {
    const { end } = this;
    const { prefixes } = this.table;
    for (let prefix = 1; this.earlier !== null && prefix < end; prefix++) this.settleEarlier(prefix);
    this.earlier = { profile: this.profile, prefixes: new Uint8Array(end).fill(1) };
    this.profile = profile;
    for (let prefix = 1; prefix < prefixes.end; prefix++) if (prefixes.used(prefix)) this.dirty.mark(prefix);
  }

  /** Lets go of everything. */
  close(): void {
    this.dirty.close();
    for (let prefix = 1; prefix < this.end; prefix++)
      if (this.set[prefix] > 0) this.table.sets.release(this.set[prefix]);
    this.dropColumns();
    this.members.clear();
  }

  /** Has advertised nothing. */
  protected dropColumns(): void {
    this.set = new Int32Array(0);
    this.source = new Uint16Array(0);
  }

  private readonly visitor = (prefix: number): void => {
    if (this.earlier !== null) this.settleEarlier(prefix);
    this.visit(prefix);
  };

  /** Has the members told what is new about a prefix. */
  protected visit(prefix: number): void {
    if (prefix >= this.set.length) this.growColumns();
    const own = this.originated(prefix);
    const set = own === 0 ? this.chosen(prefix) : this.exported(prefix, own);
    const before = this.set[prefix];
    if (set === 0 && before === 0) return;
    const sourceBefore = this.source[prefix];
    this.set[prefix] = set;
    this.source[prefix] = this.exportedSource;
    this.tell(prefix, 0, before, sourceBefore, set, this.exportedSource);
  }

  /** The set that is advertised for a prefix; see `exported`. */
  protected chosen(prefix: number): number {
    const best = this.table.prefixes.best[prefix];
    return best === 0 ? 0 : this.exported(prefix, best);
  }

  /** The own default route that the members are told of in place of any other path of the prefix; 0: none. */
  protected originated(prefix: number): number {
    const { table, profile } = this;
    const { originated } = profile.options;
    if (originated === undefined || table.prefixes.length[prefix] !== 0) return 0;
    let path = Math.max(table.prefixes.firstPath[prefix], 0);
    while (path !== 0 && !table.paths.is(path, ORIGINATED_SOURCE, originated)) path = table.paths.next[path];
    return path;
  }

  /** The set that is advertised of a path, with a reference, 0 for none; `exportedSource` is whom it is kept from. */
  protected exported(prefix: number, path: number): number {
    const { profile, table } = this;
    const from = table.paths.source[path];
    if (from === ORIGINATED_SOURCE) {
      this.exportedSource = from;
      return profile.originate(table.paths.received[path], from);
    }
    if (table.aggregates?.suppresses(prefix)) return 0;
    const set = profile.export(table.paths.attributes[path], from, table.prefixes, prefix);
    if (set === 0) return 0;
    this.exportedSource = this.keptFrom(path);
    return this.exportedSource === from ? set : profile.settle(set, from);
  }

  /**
   * The members had the set `before`, kept from `sourceBefore`, and are to have `set`, kept from `source`; 0 is nothing.
   * The columns hold the new ones already; the reference to the old set is let go.
   */
  protected tell(
    prefix: number,
    pathId: number,
    before: number,
    sourceBefore: number,
    set: number,
    source: number,
  ): void {
    if (before > 0 && set !== 0 && this.isSame(before, sourceBefore, set, source)) {
      if (source !== sourceBefore) {
        this.move(sourceBefore, source);
        this.addPrivate(sourceBefore, prefix, pathId, set, source);
        this.addPrivate(source, prefix, pathId, 0, source);
      }
    } else if (set === 0) {
      this.advertised--;
      this.bySource[sourceBefore]--;
      this.add(prefix, 0, sourceBefore, pathId);
    } else {
      this.add(prefix, set, source, pathId);
      if (before === 0) {
        this.advertised++;
        this.count(source);
      } else if (source !== sourceBefore) {
        this.move(sourceBefore, source);
        this.addPrivate(source, prefix, pathId, 0, source);
      }
    }
    if (before > 0) this.table.sets.release(before);
  }

  /** What the earlier profile advertised is known by its rendered form once the new one looks at the prefix. */
  private settleEarlier(prefix: number): void {
    const { earlier } = this;
    if (earlier?.prefixes[prefix] !== 1) return;
    earlier.prefixes[prefix] = 0;
    this.settle(prefix, earlier.profile);
  }

  /** Makes the sets of a prefix the ones that `profile` renders. */
  protected settle(prefix: number, profile: ExportProfile): void {
    if (this.set[prefix] > 0) this.set[prefix] = profile.settle(this.set[prefix], this.source[prefix]);
  }

  private isSame(before: number, sourceBefore: number, set: number, source: number): boolean {
    if (sourceBefore === source && (before === set || source === this.sole)) return true;
    return this.profile.rendersSame(before, sourceBefore, set, source);
  }

  /** The source that is not told of a path: where it came from, or whom an own route names as next hop (RFC 4271 §5.1.3). */
  private keptFrom(path: number): number {
    const { paths, sources, sets, nextHops } = this.table;
    const source = paths.source[path];
    const { internal, member, nextHopSelf } = this.profile.options;
    if (sources.kind[source] >= SourceKind.external || !(internal || member) || nextHopSelf) return source;
    const nextHop = sets.nextHop[paths.attributes[path]];
    return nextHop === 0 ? source : (sources.at(nextHops.address(nextHop)) ?? source);
  }

  private add(prefix: number, set: number, source: number, pathId: number): void {
    if (source !== this.sole) this.packer.add(prefix, set, source, pathId);
  }

  private readonly send = (): void => {
    const bytes = this.packer.pack(this.table, this.profile);
    if (bytes.length > 0) for (const member of this.members.values()) this.writeAllBut(member, bytes);
    this.writePrivates();
  };

  private move(from: number, to: number): void {
    this.bySource[from]--;
    this.count(to);
  }

  private count(source: number): void {
    if (source >= this.bySource.length)
      this.bySource = grown(this.bySource, Math.max(source + 1, this.bySource.length * 2));
    this.bySource[source]++;
  }

  /** A message for the member `to` alone: the set of this source, or 0 for a withdrawal. */
  private addPrivate(to: number, prefix: number, pathId: number, set: number, source: number): void {
    if (this.members.has(to)) this.privates.push({ to, prefix, pathId, set, source });
  }

  private writePrivates(): void {
    const { packer, privates } = this;
    if (privates.length === 0) return;
    privates.sort((a, b) => a.to - b.to);
    for (let i = 0; i < privates.length; ) {
      const { to } = privates[i];
      for (; i < privates.length && privates[i].to === to; i++) {
        const { prefix, set, source, pathId } = privates[i];
        packer.add(prefix, set, source, pathId);
      }
      const bytes = packer.pack(this.table, this.profile);
      this.members.get(to)?.write(bytes, packer.messages);
    }
    this.privates = [];
  }

  private writeAllBut(member: Member, bytes: Uint8Array): void {
    const { packer } = this;
    const { segments, segmentSource, segmentStart, segmentMessages } = packer;
    let start = 0;
    let updates = 0;
    for (let i = 0; i < segments; i++) {
      if (segmentSource[i] !== member.source) {
        updates += segmentMessages[i];
        continue;
      }
      if (start < segmentStart[i]) member.write(bytes.subarray(start, segmentStart[i]), updates);
      start = i + 1 < segments ? segmentStart[i + 1] : bytes.length;
      updates = 0;
    }
    if (start < bytes.length) member.write(start === 0 ? bytes : bytes.subarray(start), updates);
  }

  /** Room that columns by prefix are to have. Groups may be many: a full table's is for those that have a large one. */
  protected get roomNeeded(): number {
    const { capacity, end } = this.table.prefixes;
    return isLarge(end) ? capacity : Math.min(capacity, 2 * end);
  }

  private growColumns(): void {
    const size = this.roomNeeded;
    this.set = grown(this.set, size);
    this.source = grown(this.source, size);
  }
}
