// The update groups of one family: who is in which, and when they split and merge.
//
// A neighbor that joins begins in a group of its own with an empty column and everything dirty; one that lags too far
// behind is split off with a copy of the column; one that asks for a refresh is split off and sent everything again.
// Whenever a group has drained it has sent exactly what Loc-RIB and the profile say, so two drained groups of one
// profile are the same and merge. While the choice of routes is deferred, or aggregates are not counted yet, nobody has
// been sent all (RFC 4724 §4.1).

import { AddPathGroup } from './add-path-group.js';
import { type ExportOptions, ExportProfile, exportKey } from './export.js';
import type { LocRib } from './loc-rib.js';
import type { Packer } from './packer.js';
import { RouteServerGroup } from './route-server-group.js';
import { type AdvertisedPath, type Member, UpdateGroup } from './update-group.js';

/** A member with more than this unwritten is split from a group whose other members go on. */
const LAGGING_BYTES = 1 << 22;

interface Profile {
  export: ExportProfile;
  groups: Set<UpdateGroup>;
}

/** The kind of group that neighbors with these options are in; all but the plain one look at every path of a prefix. */
function groupOf({ addPath, viewOf }: ExportOptions): typeof UpdateGroup {
  if (addPath !== undefined) return AddPathGroup;
  return viewOf === undefined ? UpdateGroup : RouteServerGroup;
}

/** The groups of one family. */
export class UpdateGroups {
  private readonly table: LocRib;
  private readonly packer: Packer;
  private readonly wake: () => void;
  private readonly profiles = new Map<string, Profile>();
  private readonly groupOf = new Map<Member, UpdateGroup>();

  /** `wake` is called when a group has something to send. */
  constructor(table: LocRib, packer: Packer, wake: () => void) {
    this.table = table;
    this.packer = packer;
    this.wake = wake;
  }

  /** A neighbor whose session is up: it will be sent everything, then `synced` is called. */
  join(member: Member, options: ExportOptions): void {
    const profile = this.ensureProfile(options);
    let group = [...profile.groups].find(g => g.untouched);
    if (group === undefined) {
      const Group = groupOf(options);
      const dirty = this.table.subscribe(this.wake, Group !== UpdateGroup);
      group = new Group(this.table, profile.export, this.packer, dirty);
      profile.groups.add(group);
    }
    group.members.set(member.source, member);
    group.unsynced.add(member);
    this.groupOf.set(member, group);
    this.wake();
  }

  leave(member: Member): void {
    const group = this.groupOf.get(member);
    if (group === undefined) return;
    this.groupOf.delete(member);
    group.members.delete(member.source);
    group.unsynced.delete(member);
    if (group.members.size === 0) this.remove(group);
  }

  /** Sends the member everything again (RFC 2918 §4); `synced` is called when it is done. */
  refresh(member: Member): void {
    const group = this.groupOf.get(member);
    if (group === undefined) return;
    const own = this.isolate(member, group);
    own.resend();
    own.unsynced.add(member);
    this.wake();
  }

  /** The member's options changed: it is sent what differs from what it has been sent. */
  move(member: Member, options: ExportOptions): void {
    const group = this.groupOf.get(member);
    if (group === undefined || group.profile.key === exportKey(options)) return;
    const own = this.isolate(member, group);
    this.profileOf(own).groups.delete(own);
    own.adopt(this.ensureProfile(options).export);
    this.profileOf(own).groups.add(own);
    this.wake();
  }

  /** Does any group have something it can send now? */
  get pending(): boolean {
    for (const group of this.all())
      if ((group.dirty.size > 0 || (group.unsynced.size > 0 && this.table.complete)) && !group.blocked) return true;
    return false;
  }

  /** One slice of each group that can send; returns whether more can be sent at once. */
  drain(): boolean {
    for (const profile of this.profiles.values()) {
      for (const group of profile.groups) {
        if (group.dirty.size > 0 && !group.blocked) {
          this.splitLagging(group);
          group.drain();
        }
        if (group.dirty.size === 0 && this.table.complete) this.settle(profile, group);
      }
    }
    return this.pending;
  }

  /** Prefixes advertised to a member. */
  advertised(member: Member): number {
    return this.groupOf.get(member)?.advertisedTo(member.source) ?? 0;
  }

  /** What a member has been sent for a prefix. */
  advertisedPaths(member: Member, prefix: number): AdvertisedPath[] {
    return this.groupOf.get(member)?.advertisedPaths(prefix, member.source) ?? [];
  }

  /** Every group, for people. */
  *all(): Iterable<UpdateGroup> {
    for (const profile of this.profiles.values()) yield* profile.groups;
  }

  private ensureProfile(options: ExportOptions): Profile {
    const key = exportKey(options);
    let profile = this.profiles.get(key);
    if (profile === undefined) {
      profile = { export: new ExportProfile(options, this.table.sets, this.table.sources), groups: new Set() };
      this.profiles.set(key, profile);
    }
    return profile;
  }

  private splitLagging(group: UpdateGroup): void {
    if (group.members.size === 1) return;
    for (const member of group.members.values()) {
      if (member.bufferedBytes > LAGGING_BYTES && group.members.size > 1) this.isolate(member, group);
    }
  }

  private isolate(member: Member, group: UpdateGroup): UpdateGroup {
    if (group.members.size === 1) return group;
    const own = group.split(
      member,
      this.table.subscribeFromNow(this.wake, groupOf(group.profile.options) !== UpdateGroup),
    );
    this.profileOf(group).groups.add(own);
    this.groupOf.set(member, own);
    return own;
  }

  /** A group has sent all: tell its members, and let it become one with another that has. */
  private settle(profile: Profile, group: UpdateGroup): void {
    if (group.unsynced.size > 0) {
      const members = [...group.unsynced];
      group.unsynced.clear();
      for (const member of members) member.synced();
      // Whoever heard may have asked for everything again.
      if (group.dirty.size > 0 || group.unsynced.size > 0) return;
    }
    // A changed next hop counts at once where every path is looked at, though not all prefixes are marked yet.
    if (groupOf(profile.export.options) !== UpdateGroup && this.table.busy) return;
    for (const other of profile.groups) {
      if (other === group || other.dirty.size > 0 || other.unsynced.size > 0) continue;
      for (const member of group.members.values()) {
        other.members.set(member.source, member);
        this.groupOf.set(member, other);
      }
      this.remove(group);
      return;
    }
  }

  private profileOf(group: UpdateGroup): Profile {
    return this.profiles.get(group.profile.key) as Profile;
  }

  private remove(group: UpdateGroup): void {
    const { key } = group.profile;
    const profile = this.profiles.get(key) as Profile;
    profile.groups.delete(group);
    group.close();
    if (profile.groups.size === 0) this.profiles.delete(key);
  }
}
