// An update group whose members are told several paths of a prefix (RFC 7911): all of them, or the best ones.
//
// The Adj-RIB-Out has an entry for each path, in a list a prefix. A path's number in the tables is its Path Identifier: no
// two paths share one, it is never 0, and a path keeps it as long as it lives, whichever is the best. All else (what is
// encoded once, who is spared, how groups split and merge) is as in every update group.

import { grown } from './columns.js';
import { eligible, visitInOrder } from './decision.js';
import type { ExportProfile } from './export.js';
import { type AdvertisedPath, RESEND, UpdateGroup } from './update-group.js';

/** One update group with path identifiers. */
export class AddPathGroup extends UpdateGroup {
  /** By prefix: its first entry, 0 when there is none. */
  private first = new Int32Array(0);
  private pathId = new Int32Array(64);
  private entrySet = new Int32Array(64);
  private entrySource = new Uint16Array(64);
  /** The prefix' next entry; of a free one, the next free one. */
  private next = new Int32Array(64);
  private top = 1;
  private freeEntry = 0;
  /** While a prefix is visited: its entries as they were, less those that have been taken over. */
  private before = 0;

  protected override get room(): number {
    return this.first.length;
  }

  override advertisedPaths(prefix: number, source: number): AdvertisedPath[] {
    const paths: AdvertisedPath[] = [];
    for (let entry = this.first[prefix] ?? 0; entry !== 0; entry = this.next[entry]) {
      const set = this.entrySet[entry];
      if (set <= 0 || this.entrySource[entry] === source) continue;
      paths.push({ pathId: this.pathId[entry], block: this.render(prefix, set, this.entrySource[entry]) });
    }
    return paths;
  }

  override resend(): void {
    for (let prefix = 1; prefix < this.end; prefix++) {
      for (let entry = this.first[prefix]; entry !== 0; entry = this.next[entry]) {
        if (this.entrySet[entry] > 0) this.table.sets.release(this.entrySet[entry]);
        this.entrySet[entry] = RESEND;
      }
      if (this.first[prefix] !== 0) this.dirty.mark(prefix);
    }
  }

  override close(): void {
    for (let entry = 1; entry < this.top; entry++) {
      if (this.entrySet[entry] > 0) this.table.sets.release(this.entrySet[entry]);
    }
    super.close();
  }

  protected override dropColumns(): void {
    this.first = new Int32Array(0);
    this.pathId = new Int32Array(64);
    this.entrySet = new Int32Array(64);
    this.entrySource = new Uint16Array(64);
    this.next = new Int32Array(64);
    this.top = 1;
    this.freeEntry = 0;
  }

  protected override copyColumns(other: AddPathGroup): void {
    this.first = other.first.slice();
    this.pathId = other.pathId.slice();
    this.entrySet = other.entrySet.slice();
    this.entrySource = other.entrySource.slice();
    this.next = other.next.slice();
    this.top = other.top;
    this.freeEntry = other.freeEntry;
    for (let entry = 1; entry < this.top; entry++) {
      if (this.entrySet[entry] > 0) this.table.sets.retain(this.entrySet[entry]);
    }
  }

  protected override settle(prefix: number, profile: ExportProfile): void {
    for (let entry = this.first[prefix]; entry !== 0; entry = this.next[entry]) {
      const set = this.entrySet[entry];
      if (set > 0) this.entrySet[entry] = profile.settle(set, this.entrySource[entry]);
    }
  }

  // The entries come off the prefix' list; those of paths that are told go onto a new one, the rest is withdrawn.
  protected override visit(prefix: number): void {
    const { table } = this;
    if (prefix >= this.first.length) this.first = grown(this.first, this.roomNeeded);
    this.before = this.first[prefix];
    this.first[prefix] = 0;
    const firstPath = Math.max(table.prefixes.firstPath[prefix], 0);
    const { addPath } = this.profile.options;
    const own = this.originated(prefix);
    if (own !== 0) {
      this.take(prefix, own);
    } else if (addPath === 'all') {
      for (let path = firstPath; path !== 0; path = table.paths.next[path]) {
        if (eligible(table, path)) this.take(prefix, path);
      }
    } else {
      let left = addPath ?? 0;
      visitInOrder(table, firstPath, path => {
        if (this.take(prefix, path)) left--;
        return left > 0;
      });
    }
    while (this.before !== 0) {
      const entry = this.before;
      const set = this.entrySet[entry];
      this.before = this.next[entry];
      this.free(entry);
      this.tell(prefix, this.pathId[entry], set, this.entrySource[entry], 0, 0);
    }
  }

  /** Tells of a path; false when the members may not hear of it. */
  private take(prefix: number, path: number): boolean {
    if (this.table.deferred(path)) return false;
    const set = this.exported(prefix, path);
    if (set === 0) return false;
    let entry = this.before;
    let previous = 0;
    while (entry !== 0 && this.pathId[entry] !== path) {
      previous = entry;
      entry = this.next[entry];
    }
    if (entry === 0) entry = this.newEntry(path);
    else if (previous === 0) this.before = this.next[entry];
    else this.next[previous] = this.next[entry];
    const setBefore = this.entrySet[entry];
    const sourceBefore = this.entrySource[entry];
    this.entrySet[entry] = set;
    this.entrySource[entry] = this.exportedSource;
    this.next[entry] = this.first[prefix];
    this.first[prefix] = entry;
    this.tell(prefix, path, setBefore, sourceBefore, set, this.exportedSource);
    return true;
  }

  private newEntry(path: number): number {
    let entry = this.freeEntry;
    if (entry !== 0) {
      this.freeEntry = this.next[entry];
    } else {
      entry = this.top++;
      if (entry === this.next.length) this.grow(entry * 2);
    }
    this.pathId[entry] = path;
    return entry;
  }

  private grow(size: number): void {
    this.pathId = grown(this.pathId, size);
    this.entrySet = grown(this.entrySet, size);
    this.entrySource = grown(this.entrySource, size);
    this.next = grown(this.next, size);
  }

  private free(entry: number): void {
    this.entrySet[entry] = 0;
    this.next[entry] = this.freeEntry;
    this.freeEntry = entry;
  }
}
