// Graceful restart of one neighbor, seen from the side that helps.
//
// When the session is lost the neighbor's routes stay, marked stale, and a timer runs. Back in time and saying that it
// still forwards, the neighbor makes them fresh by telling them again; what is stale at its End-of-RIB, or when the time
// is up, is swept. RFC 4724 §4.2; RFC 8538 §4 (which ends of a session count as a restart).

import type { Rib } from './rib/rib.js';
import type { Agreed } from './session/negotiate.js';
import type { SessionDown } from './session/session.js';
import type { Family } from './wire/family.js';
import { NotificationErrors } from './wire/notification.js';

/** How long routes stay stale after the neighbor is back, without an End-of-RIB (RFC 4724 §4.2: a local choice). */
const STALE_PATHS_MS = 360_000;

/** What the helper needs of its neighbor. */
export interface RestartHooks {
  /** Tables have work. */
  wake(): void;
  /** The neighbor did not come back within its restart time. */
  overdue(): void;
}

/** The restarts of a neighbor. */
export class GracefulRestart {
  /** Its routes are kept until then, epoch milliseconds; undefined when it is not waited for. */
  until: number | undefined;
  private readonly rib: Rib;
  private readonly source: number;
  private readonly hooks: RestartHooks;
  private timer: NodeJS.Timeout | undefined;

  /** `source`: the neighbor among the sources of the tables. */
  constructor(rib: Rib, source: number, hooks: RestartHooks) {
    this.rib = rib;
    this.source = source;
    this.hooks = hooks;
  }

  /** The session is over. `remote` is what the neighbor said about its restarts, null when its routes are not kept. */
  down(remote: Agreed['gracefulRestart'], down: SessionDown): void {
    clearTimeout(this.timer);
    const kept =
      remote !== null && startsRestart(down, remote.notification) ? remote.families.map(({ family }) => family) : [];
    for (const table of this.rib.families) {
      // RFC 4724 §4.2: what was stale already is not kept through a second restart.
      if (kept.includes(table.family)) table.removeStale(this.source);
      table.markStale(this.source);
      if (!kept.includes(table.family)) table.sweep(this.source);
    }
    if (remote !== null && kept.length > 0) this.await(remote.restartTimeSeconds * 1000);
  }

  /** The session is back: routes stay only where the neighbor says that it still forwards. */
  established(families: readonly Family[], remote: Agreed['gracefulRestart']): void {
    clearTimeout(this.timer);
    const kept = remote?.families.filter(f => f.forwarding).map(f => f.family) ?? [];
    const waiting = this.until !== undefined;
    this.until = undefined;
    for (const table of this.rib.families) {
      if (!waiting || !kept.includes(table.family) || !families.includes(table.family)) table.sweep(this.source);
    }
    if (waiting && kept.length > 0) this.timer = setTimeout(() => this.dropStale(), STALE_PATHS_MS);
  }

  /** The neighbor has told all of a family; `complete`: of every family. */
  endOfRib(family: Family, complete: boolean): void {
    if (complete) clearTimeout(this.timer);
    this.rib.families[family].sweep(this.source);
  }

  /** Has nothing to wait for any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.until = undefined;
  }

  private await(ms: number): void {
    this.until = Date.now() + ms;
    this.timer = setTimeout(() => {
      this.until = undefined;
      this.hooks.overdue();
      this.dropStale();
    }, ms);
  }

  private dropStale(): void {
    for (const table of this.rib.families) table.sweep(this.source);
    this.hooks.wake();
  }
}

/** Whether the neighbor's routes stay: TCP is lost, or with `notification` any error but a Hard Reset (RFC 8538 §4). */
function startsRestart({ kind, code, subcode }: SessionDown, notification: boolean): boolean {
  if (kind === 'tcp-lost') return true;
  const { hardReset } = NotificationErrors;
  return notification && kind !== 'stopped' && !(code === hardReset.code && subcode === hardReset.subcode);
}
