// One address family's routes: what every source told us (Adj-RIB-In), the chosen paths (Loc-RIB), and who must hear
// of a change.
//
// `announce` and `withdraw` change one path and decide its prefix at once; a changed best path is marked in the dirty
// set of every consumer. Whatever touches many paths (a next hop that came or went, a neighbor's routes to be removed,
// a changed import policy) is a task of one scan over the path columns, done in slices by `work` (path-scan.ts).

import type { Family } from '../wire/family.js';
import type { Aggregates } from './aggregates.js';
import { type AttributeSets, Mark } from './attribute-sets.js';
import { choose, chooseAfter, type DecisionTables, type Multipath, sharingPaths } from './decision.js';
import { DirtySet } from './dirty-set.js';
import { longLived, refusesLongLife } from './long-lived.js';
import type { NextHops } from './next-hops.js';
import { PathCounts } from './path-counts.js';
import { PathScan, type ScanTask, type ScanTasks } from './path-scan.js';
import { Paths, Stale, Verdict } from './paths.js';
import { PrefixTable } from './prefix-table.js';
import type { AppliedPolicy } from './route-policy.js';
import { AGGREGATE_SOURCE, SourceKind, type Sources } from './sources.js';

/** What the kernel is to do with a prefix. */
export const Forwarding = { none: 0, unicast: 1, blackhole: 2, unreachable: 3 } as const;

/** A changed import of a source. */
interface Reimport extends ScanTask {
  judge: (path: number) => Verdict;
  policy: AppliedPolicy | null;
}

/** The only selection that there can be. */
const SELECTION = 0;

/** Routes of one family. */
export class LocRib implements DecisionTables {
  readonly family: Family;
  readonly prefixes: PrefixTable;
  readonly paths = new Paths();
  readonly sets: AttributeSets;
  readonly nextHops: NextHops;
  readonly sources: Sources;
  private readonly perSource = new PathCounts();
  /** Epoch seconds given to changed paths; the owner sets it. */
  now = 0;
  multipath: Multipath;
  /** Called when a large table has lost its last path: memory has become free. */
  onEmptied: () => void = () => {};
  /** Present while there are any. */
  aggregates: Aggregates | null = null;
  private consumers: DirtySet[] = [];
  /** Those of them that look at every path, not only at the best one. */
  private watchers: DirtySet[] = [];
  /** Learned paths are not chosen: a speaker that restarted waits for its neighbors (RFC 4724 §4.1). */
  deferring = false;
  private readonly changedNextHops: ScanTasks = new Map();
  /** By source. */
  private readonly sweeps: ScanTasks = new Map();
  private readonly imports: ScanTasks<Reimport> = new Map();
  /** The choice that ends deferral, while it goes on. */
  private readonly selections: ScanTasks = new Map();
  private readonly scan = new PathScan(this.paths, [this.changedNextHops, this.sweeps, this.imports, this.selections]);

  constructor(family: Family, sets: AttributeSets, nextHops: NextHops, sources: Sources, multipath: Multipath) {
    this.family = family;
    this.prefixes = new PrefixTable(family);
    this.sets = sets;
    this.nextHops = nextHops;
    this.sources = sources;
    this.multipath = multipath;
  }

  get prefixCapacity(): number {
    return this.prefixes.capacity;
  }

  /** Writes the prefix's 4 or 16 address bytes at `out[at]`; returns its length in bits. */
  prefixBytes(id: number, out: Uint8Array, at: number): number {
    return this.prefixes.bytes(id, out, at);
  }

  /** What the kernel is to do with the prefix (see Forwarding). */
  forwarding(id: number): number {
    const best = this.prefixes.best[id];
    if (best === 0) return Forwarding.none;
    const kind = this.sources.kind[this.paths.source[best]];
    if (kind >= SourceKind.external) return Forwarding.unicast;
    const attributes = this.paths.attributes[best];
    if (kind === SourceKind.kernel) return Forwarding.none;
    if (this.paths.source[best] === AGGREGATE_SOURCE) return this.aggregates?.forwarding(id) ?? Forwarding.none;
    if ((this.sets.marks[attributes] & Mark.blackhole) !== 0) return Forwarding.blackhole;
    return this.sets.nextHop[attributes] === 0 ? Forwarding.none : Forwarding.unicast;
  }

  /** The best path and, with multipath, those equal to it; returns how many. */
  sharing(id: number, out: Int32Array): number {
    return sharingPaths(this, this.prefixes.firstPath[id], this.prefixes.best[id], this.multipath, out);
  }

  /**
   * Next-hop ids of the best path and, with multipath, of the paths equal to it, and the share of the traffic each is to
   * have: link bandwidths where all of them tell one, else 1. Returns how many.
   */
  nextHopsOf(id: number, out: Int32Array, shares: Float64Array): number {
    const { paths, sets, multipath } = this;
    const count = this.sharing(id, out);
    let weighted = count > 1 && multipath.linkBandwidth;
    for (let i = 0; i < count; i++) {
      const set = paths.attributes[out[i]];
      out[i] = sets.nextHop[set];
      shares[i] = weighted ? sets.linkBandwidth(set) : 1;
      weighted &&= shares[i] > 0;
    }
    if (!weighted) shares.fill(1, 0, count);
    return count;
  }

  /** Other equal paths share the traffic from now on. */
  setMultipath(multipath: Multipath): void {
    this.multipath = multipath;
    this.markAll();
  }

  /** A consumer's dirty set; everything present is in it at first. With `everyPath` it hears of each path's changes. */
  subscribe(onDirty: () => void, everyPath = false): DirtySet {
    const set = this.subscribeFromNow(onDirty, everyPath);
    for (let id = 1; id < this.prefixes.end; id++) if (this.prefixes.used(id)) set.mark(id);
    return set;
  }

  /** Has every consumer look at every prefix again. */
  markAll(): void {
    for (let id = 1; id < this.prefixes.end; id++) if (this.prefixes.used(id)) this.markDirty(id);
  }

  /** A consumer's dirty set that begins empty: for a consumer that has already seen everything. */
  subscribeFromNow(onDirty: () => void, everyPath = false): DirtySet {
    const set = new DirtySet(this.prefixes, onDirty, closed => {
      this.consumers = this.consumers.filter(consumer => consumer !== closed);
      this.watchers = this.watchers.filter(consumer => consumer !== closed);
    });
    this.consumers = [...this.consumers, set];
    if (everyPath) this.watchers = [...this.watchers, set];
    return set;
  }

  /**
   * A path from `source` for a prefix: new, or in place of the one with the same path identifier. `received` is
   * referenced; when `verdict` is accepted, it or what a policy made of it, `attributes`, is used in the decision process.
   */
  announce(
    prefix: number,
    source: number,
    pathId: number,
    received: number,
    verdict: Verdict,
    attributes = verdict === Verdict.accepted ? received : 0,
  ): void {
    const { paths, prefixes, sets } = this;
    const first = prefixes.firstPath[prefix];
    let path = first;
    while (path !== 0 && !paths.is(path, source, pathId)) path = paths.next[path];
    const added = path === 0;
    sets.retain(received);
    if (attributes !== received && attributes !== 0) sets.retain(attributes);
    if (added) {
      path = paths.add(prefix, source, pathId, first);
      prefixes.firstPath[prefix] = path;
      this.perSource.add(source);
    } else {
      if (paths.stale[path] !== 0) this.refreshStale(path);
      const before = paths.received[path];
      const attributesBefore = paths.attributes[path];
      sets.release(before);
      if (attributesBefore !== before && attributesBefore !== 0) sets.release(attributesBefore);
      if (before === received && attributesBefore === attributes && paths.verdict[path] === verdict) return;
      if (attributesBefore !== 0) this.perSource.accepted[source]--;
    }
    paths.received[path] = received;
    paths.verdict[path] = verdict;
    paths.at[path] = this.now;
    paths.attributes[path] = attributes;
    if (attributes !== 0) this.perSource.accepted[source]++;
    this.decide(prefix, path, added);
  }

  /** The same for a route that nothing but the source's import policy may still reject. */
  announceBy(policy: AppliedPolicy, prefix: number, source: number, pathId: number, received: number): void {
    const attributes = policy.apply(this.prefixes, prefix, received, source);
    const verdict = attributes === 0 ? Verdict.importPolicy : Verdict.accepted;
    this.announce(prefix, source, pathId, received, verdict, attributes);
    if (attributes !== 0) this.sets.release(attributes);
  }

  /** Removes the path of `source` with this path identifier; false when there is none. */
  withdraw(prefix: number, source: number, pathId: number): boolean {
    const { paths, prefixes } = this;
    let previous = 0;
    let path = prefixes.firstPath[prefix];
    while (path !== 0 && !paths.is(path, source, pathId)) {
      previous = path;
      path = paths.next[path];
    }
    if (path === 0) return false;
    this.perSource.received[source]--;
    if (paths.attributes[path] !== 0) this.perSource.accepted[source]--;
    if (paths.stale[path] !== 0) this.perSource.stale[source]--;
    if (previous === 0) prefixes.firstPath[prefix] = paths.next[path];
    else paths.next[previous] = paths.next[path];
    const set = paths.received[path];
    const attributes = paths.attributes[path];
    const emptied = paths.free(path);
    this.decide(prefix, path, false);
    this.sets.release(set);
    if (attributes !== set && attributes !== 0) this.sets.release(attributes);
    prefixes.releaseIfIdle(prefix);
    if (emptied) this.onEmptied();
    return true;
  }

  /** Has this source told of the prefix, without a path identifier, and not taken it back? */
  has(prefix: number, source: number): boolean {
    const { paths, prefixes } = this;
    let path = prefixes.firstPath[prefix];
    while (path !== 0 && !paths.is(path, source, 0)) path = paths.next[path];
    return path !== 0 && paths.stale[path] !== Stale.leaving;
  }

  /** Prefixes that have a best path. */
  bestCount(): number {
    let count = 0;
    for (let id = 1; id < this.prefixes.end; id++) if (this.prefixes.used(id) && this.prefixes.best[id] !== 0) count++;
    return count;
  }

  /** Paths in Adj-RIB-In from a source: all, accepted, stale. */
  counts(source: number): { received: number; accepted: number; stale: number } {
    return this.perSource.of(source);
  }

  /**
   * RFC 4724 §4.2: the source's paths stay in use, marked stale, until refreshed or swept. What LLGR_STALE means for them
   * comes into effect by `reimport` (RFC 9494 §4.2). Only those are marked that were at least as stale as `from`.
   */
  markStale(source: number, as: Stale = Stale.stale, from: Stale = Stale.no): void {
    const { paths } = this;
    if (this.counts(source).received === 0) return;
    for (let p = 1; p < paths.end; p++) {
      if (paths.source[p] !== source || paths.prefix[p] === 0 || paths.stale[p] >= as || paths.stale[p] < from)
        continue;
      if (paths.stale[p] === 0) this.perSource.stale[source]++;
      paths.stale[p] = as;
    }
  }

  /** Removes the source's stale paths, in slices; `done` is called when the last is gone. */
  sweep(source: number, done?: () => void): void {
    if (this.counts(source).stale === 0) {
      done?.();
      return;
    }
    // What becomes stale while the sweep goes on is none of it.
    this.markStale(source, Stale.leaving, Stale.stale);
    const earlier = this.sweeps.get(source)?.done;
    const both = () => {
      earlier?.();
      done?.();
    };
    this.sweeps.set(source, { ...this.scan.here, done: both });
  }

  /** Removes the source's stale paths at once. */
  removeStale(source: number): void {
    const { paths } = this;
    for (let p = 1; p < paths.end && this.perSource.stale[source] > 0; p++) {
      if (paths.source[p] === source && paths.prefix[p] !== 0 && paths.stale[p] !== 0) {
        this.withdraw(paths.prefix[p], source, paths.pathId[p]);
      }
    }
  }

  /** Chooses own routes only, until `select`. */
  defer(): void {
    this.deferring = true;
  }

  /** Does the path wait for the end of deferral? */
  deferred(path: number): boolean {
    return this.deferring && this.sources.kind[this.paths.source[path]] >= SourceKind.external;
  }

  /** Ends deferral: whatever has come is chosen from, in slices; `done` is called when that is through. */
  select(done?: () => void): void {
    this.deferring = false;
    this.selections.set(SELECTION, { ...this.scan.here, done });
  }

  /** Is every prefix decided? */
  get selected(): boolean {
    return !this.deferring && this.selections.size === 0;
  }

  /** … and every aggregate that follows from them? */
  get complete(): boolean {
    return this.selected && this.aggregates?.pending !== true;
  }

  /** Has the source's paths judged anew, in slices, and what `judge` accepts by `policy`: its import changed. */
  reimport(source: number, judge: (path: number) => Verdict, policy: AppliedPolicy | null = null): void {
    this.imports.set(source, { ...this.scan.here, judge, policy });
  }

  /** The answer for a next hop changed: whatever uses it is decided again, in slices. */
  nextHopChanged(nextHop: number): void {
    this.changedNextHops.set(nextHop, this.scan.here);
  }

  /** Is a scan under way? */
  get busy(): boolean {
    return this.scan.busy;
  }

  /** Scans up to `budget` paths for the tasks under way; returns whether more is to be done. */
  work(budget: number): boolean {
    this.scan.work(budget, this.visitor);
    return this.busy;
  }

  private readonly visitor = (path: number): void => {
    if (this.paths.prefix[path] !== 0) this.visit(path);
  };

  private visit(path: number): void {
    const { paths, sets } = this;
    const source = paths.source[path];
    const prefix = paths.prefix[path];
    if (paths.stale[path] === Stale.leaving && this.sweeps.size > 0 && this.sweeps.has(source)) {
      this.withdraw(prefix, source, paths.pathId[path]);
      return;
    }
    if (this.imports.size > 0) {
      const task = this.imports.get(source);
      if (task !== undefined) this.announceAgain(path, task.judge(path), task.policy);
      if (paths.prefix[path] === 0) return;
    }
    const attributes = paths.attributes[path];
    if (attributes !== 0 && this.changedNextHops.size > 0 && this.changedNextHops.has(sets.nextHop[attributes])) {
      this.prefixes.best[prefix] = this.choice(prefix);
      this.markDirty(prefix);
    } else if (this.selections.size > 0) {
      this.chooseFirst(prefix);
    }
  }

  /** Ends a prefix' deferral. An own route stays the best one; beside it the others count from now on. */
  private chooseFirst(prefix: number): void {
    const { best } = this.prefixes;
    if (best[prefix] !== 0) {
      this.markWatchers(prefix);
      return;
    }
    best[prefix] = this.choice(prefix);
    if (best[prefix] !== 0) this.markDirty(prefix);
  }

  private announceAgain(path: number, verdict: Verdict, policy: AppliedPolicy | null): void {
    const { paths, sets } = this;
    const stale = paths.stale[path];
    const prefix = paths.prefix[path];
    const source = paths.source[path];
    const pathId = paths.pathId[path];
    const set = paths.received[path];
    let attributes = 0;
    if (verdict === Verdict.accepted) {
      if (policy === null) sets.retain(set);
      attributes = policy === null ? set : policy.apply(this.prefixes, prefix, set, source);
      if (attributes === 0) verdict = Verdict.importPolicy;
    }
    if (stale === Stale.longLived && (refusesLongLife(sets, set) || refusesLongLife(sets, attributes))) {
      if (attributes !== 0) sets.release(attributes);
      this.withdraw(prefix, source, pathId);
      return;
    }
    if (stale === Stale.longLived && attributes !== 0) attributes = longLived(sets, attributes);
    this.announce(prefix, source, pathId, set, verdict, attributes);
    if (attributes !== 0) sets.release(attributes);
    if (stale === Stale.no) return;
    paths.stale[path] = stale;
    this.perSource.stale[source]++;
  }

  private refreshStale(path: number): void {
    this.paths.stale[path] = 0;
    this.perSource.stale[this.paths.source[path]]--;
  }

  /** Do paths beside the best one matter to the kernel? */
  private get shares(): boolean {
    return this.multipath.ebgp > 1 || this.multipath.ibgp > 1;
  }

  /** Chooses anew after `changed` was added, replaced or removed. */
  private decide(prefix: number, changed: number, added: boolean): void {
    const { prefixes } = this;
    const before = prefixes.best[prefix];
    const best = this.deferring
      ? this.choice(prefix)
      : chooseAfter(this, prefixes.firstPath[prefix], before, changed, added);
    if (best === before && best !== changed && !this.shares) {
      this.markWatchers(prefix);
      return;
    }
    prefixes.best[prefix] = best;
    this.markDirty(prefix);
  }

  /** The best path; while choosing is deferred, only if it is an own one, which no learned path can beat. */
  private choice(prefix: number): number {
    const best = choose(this, this.prefixes.firstPath[prefix]);
    return best !== 0 && this.deferred(best) ? 0 : best;
  }

  private markWatchers(prefix: number): void {
    for (let i = 0; i < this.watchers.length; i++) this.watchers[i].mark(prefix);
  }

  /** Has every consumer look at a prefix again. */
  markDirty(prefix: number): void {
    const { consumers } = this;
    for (let i = 0; i < consumers.length; i++) consumers[i].mark(prefix);
  }
}
