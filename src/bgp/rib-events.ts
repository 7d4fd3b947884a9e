// The stream of best-path changes for `monitor`: one more consumer of Loc-RIB, present only while somebody listens.

import { pathViews, prefixText } from './path-view.js';
import type { DirtySet } from './rib/dirty-set.js';
import type { LocRib } from './rib/loc-rib.js';
import type { RouteEvent } from './views.js';

/** Changes turned into objects in one go. */
const SLICE = 256;

/** Tells listeners the newest best path of each changed prefix. */
export class RibEvents {
  private readonly tables: readonly LocRib[];
  private readonly wake: () => void;
  private readonly listeners = new Set<(event: RouteEvent) => void>();
  private dirty: DirtySet[] = [];

  constructor(tables: readonly LocRib[], wake: () => void) {
    this.tables = tables;
    this.wake = wake;
  }

  /** Changes from now on. Returns the way to stop. */
  subscribe(listener: (event: RouteEvent) => void): () => void {
    this.listeners.add(listener);
    if (this.dirty.length === 0) this.dirty = this.tables.map(table => table.subscribeFromNow(this.wake));
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      for (const set of this.dirty) set.close();
      this.dirty = [];
    };
  }

  /** Tells a slice; returns whether more waits. */
  drain(): boolean {
    for (let i = 0; i < this.dirty.length; i++)
      this.dirty[i]?.drain(SLICE, prefix => this.tell(this.tables[i], prefix));
    return this.dirty.some(set => set.size > 0);
  }

  private tell(table: LocRib, prefix: number): void {
    const best = table.prefixes.best[prefix] === 0 ? null : pathViews(table, prefix)[0];
    const event: RouteEvent = { at: Date.now(), prefix: prefixText(table, prefix), best };
    for (const listener of this.listeners) listener(event);
  }
}
