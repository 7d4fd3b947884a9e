// Graceful restart of one neighbor, seen from the side that helps.
//
// When the session is lost the neighbor's routes stay, marked stale, and a timer runs. Back in time and saying that it
// still forwards, the neighbor makes them fresh by telling them again; what is stale at its End-of-RIB, or when the time
// is up, is swept. RFC 4724 §4.2; RFC 8538 §4 (which ends of a session count as a restart; several in a row).
//
// A family may be kept longer than that (RFC 9494): when the restart time is up its routes become the last choice, and a
// timer of its own begins. It runs on when the neighbor is back, or lost again, until End-of-RIB of the family.

import type { LocRib } from './rib/loc-rib.js';
import { Stale } from './rib/paths.js';
import type { Rib } from './rib/rib.js';
import type { Agreed } from './session/negotiate.js';
import type { SessionDown } from './session/session.js';
import type { Family } from './wire/family.js';
import { NotificationErrors } from './wire/notification.js';

/** Longer ones go off at once; a Long-Lived Stale Time has up to 194 days. */
const LONGEST_TIMER_MS = 0x7fffffff;

/** What the neighbor said about its restarts, in the families whose routes are kept for it. */
export type Retention = NonNullable<Agreed['gracefulRestart']> & {
  longLived: NonNullable<Agreed['longLived']>;
  /** How long routes stay stale once the neighbor is back, through further restarts, until End-of-RIB. */
  staleTimeSeconds: number;
};

/** What the helper needs of its neighbor. */
export interface RestartHooks {
  /** Tables have work. */
  wake(): void;
  /** The neighbor did not come back within its restart time; the routes of these families are kept on. */
  overdue(kept: Family[]): void;
  /** The neighbor's paths are judged anew, so that what is long-lived stale is marked. */
  reimport(table: LocRib): void;
}

/** A family whose stale routes are kept. */
interface Kept {
  /** Beyond the restart time; 0: not. */
  longLivedMs: number;
  /** Epoch milliseconds; absent before the long-lived period, and when it is over. */
  until?: number;
  timer?: NodeJS.Timeout;
  /** The long-lived period was over before the neighbor that is back had told all. */
  over: boolean;
}

/** The restarts of a neighbor. */
export class GracefulRestart {
  /** Its routes are kept until then, epoch milliseconds; undefined when it is not waited for. */
  until: number | undefined;
  private readonly rib: Rib;
  private readonly source: number;
  private readonly hooks: RestartHooks;
  private readonly kept = new Map<Family, Kept>();
  /** Runs while the neighbor is away. */
  private restartTimer: NodeJS.Timeout | undefined;
  /** Runs from its first return on. */
  private staleTimer: NodeJS.Timeout | undefined;
  private up = false;

  /** `source`: the neighbor among the sources of the tables. */
  constructor(rib: Rib, source: number, hooks: RestartHooks) {
    this.rib = rib;
    this.source = source;
    this.hooks = hooks;
  }

  /** Its long-lived stale routes of the family are kept until then, epoch milliseconds. */
  longLivedUntil(family: Family): number | undefined {
    return this.kept.get(family)?.until;
  }

  /** The session is over. `remote` is what the neighbor said about its restarts, null when its routes are not kept. */
  down(remote: Retention | null, down: SessionDown): void {
    this.up = false;
    clearTimeout(this.restartTimer);
    const helped = remote !== null && startsRestart(down, remote.notification) ? remote : null;
    const restartMs = (helped?.restartTimeSeconds ?? 0) * 1000;
    let waits = false;
    for (const table of this.rib.families) {
      const { family } = table;
      const restarts = restartMs > 0 && helped?.families.some(entry => entry.family === family) === true;
      const { staleTimeSeconds = 0 } = helped?.longLived.find(entry => entry.family === family) ?? {};
      const before = this.kept.get(family);
      if (before?.over || !(restarts || staleTimeSeconds > 0)) {
        this.drop(table);
        continue;
      }
      // RFC 4724 §4.2: what was stale already is not kept through a second restart, but by RFC 8538 §4.1 and RFC 9494 §4.2.
      if (before !== undefined && staleTimeSeconds === 0 && helped?.notification === false) {
        this.forget(family);
        table.removeStale(this.source);
      }
      table.markStale(this.source);
      const kept = this.kept.get(family) ?? { longLivedMs: 0, over: false };
      kept.longLivedMs = staleTimeSeconds * 1000;
      this.kept.set(family, kept);
      if (!restarts) this.beginLongLived(table);
      waits ||= restarts;
    }
    if (waits) this.await(restartMs);
  }

  /** The session is back: routes stay only where the neighbor says that it still forwards. */
  established(families: readonly Family[], remote: Retention | null): void {
    this.up = true;
    clearTimeout(this.restartTimer);
    this.until = undefined;
    for (const table of this.rib.families) {
      const kept = this.kept.get(table.family);
      if (kept !== undefined && families.includes(table.family) && forwards(table.family, kept, remote)) continue;
      this.forget(table.family);
      table.sweep(this.source);
    }
    if (this.kept.size === 0) this.clearStaleTimer();
    else this.staleTimer ??= setTimeout(() => this.sweepRestarting(), (remote?.staleTimeSeconds ?? 0) * 1000);
  }

  /** The neighbor has told all of a family; `complete`: of every family. */
  endOfRib(family: Family, complete: boolean): void {
    if (complete) this.clearStaleTimer();
    this.forget(family);
    this.rib.families[family].sweep(this.source);
  }

  /** Has nothing to wait for any more. */
  stop(): void {
    clearTimeout(this.restartTimer);
    this.clearStaleTimer();
    this.until = undefined;
    for (const family of [...this.kept.keys()]) this.forget(family);
  }

  private await(ms: number): void {
    this.until = Date.now() + ms;
    this.restartTimer = setTimeout(() => {
      this.until = undefined;
      const longLived = [...this.kept].flatMap(([family, { longLivedMs }]) => (longLivedMs > 0 ? [family] : []));
      this.hooks.overdue(longLived);
      for (const family of longLived) this.beginLongLived(this.rib.families[family]);
      this.sweepRestarting();
    }, ms);
  }

  private beginLongLived(table: LocRib): void {
    const kept = this.kept.get(table.family) as Kept;
    if (kept.until === undefined) {
      kept.until = Date.now() + kept.longLivedMs;
      this.runLongLived(table, kept, kept.longLivedMs);
    }
    table.markStale(this.source, Stale.longLived);
    this.hooks.reimport(table);
  }

  private runLongLived(table: LocRib, kept: Kept, ms: number): void {
    kept.timer = setTimeout(
      () => {
        if (ms > LONGEST_TIMER_MS) this.runLongLived(table, kept, ms - LONGEST_TIMER_MS);
        else this.endLongLived(table);
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
  }

  private endLongLived(table: LocRib): void {
    this.forget(table.family);
    if (this.up) this.kept.set(table.family, { longLivedMs: 0, over: true });
    table.sweep(this.source);
    this.hooks.wake();
  }

  /** Routes that are kept for the restart time only, which is over. */
  private sweepRestarting(): void {
    this.clearStaleTimer();
    for (const [family, { until, over }] of [...this.kept]) {
      if (until !== undefined || over) continue;
      this.forget(family);
      this.rib.families[family].sweep(this.source);
    }
    this.hooks.wake();
  }

  private clearStaleTimer(): void {
    clearTimeout(this.staleTimer);
    this.staleTimer = undefined;
  }

  private drop(table: LocRib): void {
    this.forget(table.family);
    table.markStale(this.source);
    table.sweep(this.source);
  }

  private forget(family: Family): void {
    clearTimeout(this.kept.get(family)?.timer);
    this.kept.delete(family);
  }
}

/** Whether the neighbor's routes stay: TCP is lost, or with `notification` any error but a Hard Reset (RFC 8538 §4). */
function startsRestart({ kind, code, subcode }: SessionDown, notification: boolean): boolean {
  if (kind === 'tcp-lost') return true;
  const { hardReset } = NotificationErrors;
  return notification && kind !== 'stopped' && !(code === hardReset.code && subcode === hardReset.subcode);
}

/** Does the neighbor that is back say that it has forwarded all the time (RFC 4724 §4.2, RFC 9494 §4.2)? */
function forwards(family: Family, { until }: Kept, remote: Retention | null): boolean {
  const restart = remote?.families.find(entry => entry.family === family);
  if (until === undefined) return restart?.forwarding === true;
  const longLived = remote?.longLived.find(entry => entry.family === family);
  return longLived?.forwarding === true && restart?.forwarding !== false;
}
