// What maintenance does to a neighbor's routes, after its policies (RFC 8326): those announced to it carry GRACEFUL_SHUTDOWN,
// those received from it have local preference 0, so that traffic moves to other ways before the session ends.

import type { PrefixTable } from '../rib/prefix-table.js';
import type { RoutePolicy } from '../rib/route-policy.js';
import type { Sources } from '../rib/sources.js';
import { compileEdits } from './edits.js';
import { Route } from './route.js';

const EDITS = {
  import: compileEdits({ 'local-pref': 0 }, 0),
  export: compileEdits({ community: { add: ['graceful-shutdown'] } }, 0),
};

const route = new Route();

/** A neighbor's policy, or none, with maintenance after it. */
export class MaintenancePolicy implements RoutePolicy {
  readonly id: number;
  readonly block: Uint8Array = route.bytes;
  length = 0;
  private readonly inner: RoutePolicy | null;
  private readonly direction: 'import' | 'export';

  constructor(inner: RoutePolicy | null, direction: 'import' | 'export') {
    this.inner = inner;
    this.direction = direction;
    // Programs have the numbers from 1 on.
    this.id = -1 - 2 * (inner?.id ?? 0) - (direction === 'export' ? 1 : 0);
  }

  classOf(prefixes: PrefixTable, prefix: number): number {
    return this.inner?.classOf(prefixes, prefix) ?? 0;
  }

  judge(bytes: Uint8Array, start: number, end: number, prefixClass: number, source: number, sources: Sources): number {
    const { inner } = this;
    const outcome = inner?.judge(bytes, start, end, prefixClass, source, sources) ?? 0;
    this.length = 0;
    if (!this.accepts(outcome)) return outcome;
    if (inner !== null && inner.length > 0) route.load(inner.block, 0, inner.length);
    else route.load(bytes, start, end);
    for (const edit of EDITS[this.direction]) edit(route, false);
    this.length = route.changedLength;
    return outcome;
  }

  accepts(outcome: number): boolean {
    return this.inner?.accepts(outcome) ?? true;
  }

  fixes(outcome: number): number {
    return this.inner?.fixes(outcome) ?? 0;
  }

  count(outcome: number): void {
    this.inner?.count(outcome);
  }
}
