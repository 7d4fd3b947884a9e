// After a start: when routes may be chosen, and when Loc-RIB is complete.
//
// A speaker that restarted, while neighbors and the kernel kept its routes, defers the choice among learned paths, family
// by family, until every neighbor that is there has sent its End-of-RIB, or the selection deferral time is up; only then
// does it send its own. Neighbors that are restarting themselves, or are not there, are not waited for (RFC 4724 §4.1).
// Own routes are chosen and announced at once: see docs/decisions/selection-deferral.md.
//
// Loc-RIB is complete, and kernel routes of the last run may go, when all neighbors have told what they know, the
// restarting ones too, or will not come back any more.

import type { Logger } from 'pino';
import type { LocRib } from './rib/loc-rib.js';
import { FAMILIES, type Family } from './wire/family.js';

/** A neighbor, as far as the start of the speaker waits for it. */
export interface Teller {
  readonly options: { address: string };
  /** It has told everything, or nothing is expected of it. */
  readonly told: boolean;
  /** Its session is up. */
  readonly present: boolean;
  /** The choice of routes waits for its End-of-RIB of the family. */
  awaited(family: Family): boolean;
}

/** How a speaker begins. */
export interface StartOptions {
  /** It ran before and its forwarding state is still in place (RFC 4724 §4.1). */
  restarted?: boolean;
  /** Called once, when all neighbors have told what they know or are given up waiting for. */
  onConverged?: () => void;
}

/** The start of a speaker. */
export class Convergence {
  /** The speaker has restarted, its routes were kept meanwhile. */
  restarted = false;
  private readonly tables: readonly LocRib[];
  private readonly tellers: () => Iterable<Teller>;
  private readonly log: Logger;
  private readonly wake: () => void;
  private timers: NodeJS.Timeout[] = [];
  private onConverged: () => void = () => {};
  private started = false;
  private converged = false;
  /** Who is not there does not come back any more … */
  private absentExpired = false;
  /** … and who is there does not tell. */
  private presentExpired = false;

  constructor(tables: readonly LocRib[], tellers: () => Iterable<Teller>, log: Logger, wake: () => void) {
    this.tables = tables;
    this.tellers = tellers;
    this.log = log;
    this.wake = wake;
  }

  /** Routes of some family are not chosen yet. */
  get deferring(): boolean {
    return this.tables.some(table => !table.selected);
  }

  /** The speaker has restarted, and not all neighbors are back, or given up. */
  get restarting(): boolean {
    return this.restarted && !this.converged;
  }

  /** Before any session. */
  begin({ restarted = false, onConverged = () => {} }: StartOptions): void {
    this.restarted = restarted;
    this.onConverged = onConverged;
    if (restarted) for (const table of this.tables) table.defer();
  }

  /** Neighbors are connected to; they may take so long to tell their routes, or to come back at all. */
  run({ selectionDeferralMs, comeBackMs }: { selectionDeferralMs: number; comeBackMs: number }): void {
    this.started = true;
    this.after(selectionDeferralMs, () => this.overdue());
    this.after(comeBackMs, () => {
      this.absentExpired = true;
    });
    this.after(Math.max(selectionDeferralMs, comeBackMs), () => {
      this.presentExpired = true;
    });
    this.check();
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  /** Something that is waited for may have come. */
  check(): void {
    if (!this.started || this.converged) return;
    const tellers = [...this.tellers()];
    for (const table of this.tables) {
      if (table.deferring && !tellers.some(teller => teller.awaited(table.family))) this.select(table);
    }
    const given = ({ told, present }: Teller) => told || (present ? this.presentExpired : this.absentExpired);
    if (this.deferring || !tellers.every(given)) return;
    this.converged = true;
    this.stop();
    this.log.info('all neighbors have told their routes');
    this.onConverged();
  }

  private select(table: LocRib): void {
    this.log.info({ family: FAMILIES[table.family].name }, `${FAMILIES[table.family].name} routes are chosen`);
    table.select(() => this.check());
    this.wake();
  }

  private overdue(): void {
    for (const table of this.tables) {
      if (!table.deferring) continue;
      const missing = [...this.tellers()].filter(teller => teller.awaited(table.family));
      const { name } = FAMILIES[table.family];
      const neighbors = missing.map(({ options }) => options.address);
      this.log.warn({ neighbors }, `no End-of-RIB of ${name} from ${neighbors.join(', ')} within the deferral time`);
      this.select(table);
    }
  }

  private after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      act();
      this.check();
    }, ms);
    timer.unref();
    this.timers.push(timer);
  }
}
