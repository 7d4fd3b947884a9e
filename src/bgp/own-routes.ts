// Routes this speaker announces by itself: those added by hand, and the kernel's that are redistributed.
//
// Each is a path like any other, from a source of its own; the decision process prefers them (RFC 4271 §9.1.2.2). What was
// added by hand is told to listeners, so that somebody can keep it through a restart.

import { buildRoute, type LocalRoutesChange, type RouteSpec } from './local-routes.js';
import { prefixText } from './path-view.js';
import { Verdict } from './rib/paths.js';
import type { Rib } from './rib/rib.js';
import { KERNEL_SOURCE, LOCAL_SOURCE } from './rib/sources.js';
import { encodeCanonical } from './wire/canonical.js';
import { InputError } from './wire/input-error.js';
import type { PathAttribute } from './wire/path-attribute.js';
import { formatPrefix, type Prefix, parsePrefix } from './wire/prefix.js';

/** The own routes of a speaker. */
export class OwnRoutes {
  private readonly rib: Rib;
  private readonly wake: () => void;
  private readonly listeners = new Set<(change: LocalRoutesChange) => void>();

  /** `wake` is called when there is something to tell. */
  constructor(rib: Rib, wake: () => void) {
    this.rib = rib;
    this.wake = wake;
  }

  /** Adds or replaces own routes, all or none. Throws InputError naming the route that cannot be used. */
  add(specs: RouteSpec[]): void {
    const routes = specs.map((spec, index) => {
      try {
        return buildRoute(spec);
      } catch (error) {
        if (!(error instanceof InputError) || specs.length === 1) throw error;
        throw new InputError(`route ${index + 1} (${spec.prefix}): ${error.message}`, error.hint);
      }
    });
    for (const { prefix, block } of routes) this.announce(prefix, block, LOCAL_SOURCE);
    this.changed({
      added: specs.map((spec, i) => ({ ...spec, prefix: formatPrefix(routes[i].prefix) })),
      removed: [],
    });
  }

  /** Removes own routes; returns how many there were. Throws InputError. */
  delete(prefixes: string[]): number {
    const parsed = prefixes.map(parsePrefix);
    const removed = parsed.filter(prefix => this.withdraw(prefix, LOCAL_SOURCE)).map(formatPrefix);
    this.changed({ added: [], removed });
    return removed.length;
  }

  /** Removes all own routes, in slices; returns how many there were. */
  deleteAll(): number {
    const removed: string[] = [];
    for (const table of this.rib.families) {
      const { paths } = table;
      for (let path = 1; path < paths.end; path++) {
        if (paths.prefix[path] === 0 || paths.source[path] !== LOCAL_SOURCE) continue;
        removed.push(prefixText(table, paths.prefix[path]));
      }
      table.markStale(LOCAL_SOURCE);
      table.sweep(LOCAL_SOURCE);
    }
    this.wake();
    this.changed({ added: [], removed });
    return removed.length;
  }

  /** Calls `listener` after own routes changed; returns the way to stop that. */
  onChange(listener: (change: LocalRoutesChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A kernel route to be announced, its metric as MED; null when it is gone. */
  redistribute(prefix: Prefix, metric: number | null): void {
    if (metric === null) {
      this.withdraw(prefix, KERNEL_SOURCE);
      return;
    }
    const attributes: PathAttribute[] = [
      { type: 'origin', origin: 'incomplete' },
      { type: 'asPath', segments: [] },
    ];
    if (metric > 0) attributes.push({ type: 'med', value: metric });
    this.announce(prefix, encodeCanonical(new Uint8Array(0), attributes), KERNEL_SOURCE);
  }

  private announce(prefix: Prefix, block: Uint8Array, source: number): void {
    const table = this.rib.families[prefix.family];
    this.rib.now = Math.floor(Date.now() / 1000);
    const set = this.rib.sets.intern(block, block.length, 0);
    table.announce(table.prefixes.ensure(prefix.address, prefix.length), source, 0, set, Verdict.accepted);
    this.rib.sets.release(set);
    this.wake();
  }

  private withdraw(prefix: Prefix, source: number): boolean {
    const table = this.rib.families[prefix.family];
    const id = table.prefixes.find(prefix.address, prefix.length);
    this.wake();
    return id !== 0 && table.withdraw(id, source, 0);
  }

  private changed(change: LocalRoutesChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
