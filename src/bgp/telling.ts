// What a neighbor has told since the speaker started, and whether there is anything left to wait for.
//
// With graceful restart a neighbor says that a family is complete (End-of-RIB, RFC 4724 §2); one without is given a moment
// from Established on. Who makes no session within one attempt to connect, or loses it, is not there.

import type { Negotiated } from './session/session.js';
import type { Family } from './wire/family.js';

/** A neighbor without graceful restart never says that it has sent everything; this long after Established counts. */
const SETTLED_MS = 5_000;

/** What one neighbor tells. */
export class Telling {
  /** Families whose End-of-RIB has come in this session. */
  readonly endOfRib = new Set<Family>();
  /** It has once told everything since the speaker's start. */
  settled = false;
  private absent = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly changed: () => void;

  /** `changed`: what the start of the speaker waits for may have come. */
  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** It is connected to: an attempt takes so long. */
  expect(ms: number): void {
    this.after(ms, () => {
      this.absent = true;
    });
  }

  established({ gracefulRestart }: Negotiated): void {
    clearTimeout(this.timer);
    this.absent = false;
    this.endOfRib.clear();
    if (gracefulRestart === null) {
      this.after(SETTLED_MS, () => {
        this.settled = true;
      });
    }
    this.changed();
  }

  /** End-of-RIB has come; returns whether it was the last one. */
  complete(family: Family, negotiated: Negotiated | null): boolean {
    this.endOfRib.add(family);
    const all = negotiated?.families.every(each => this.endOfRib.has(each)) === true;
    if (all) this.settled = true;
    return all;
  }

  down(): void {
    this.stop();
    this.absent = true;
    this.changed();
  }

  /**
   * Does the choice of routes wait for its End-of-RIB (RFC 4724 §4.1)? Not when it restarts itself, nor when it is not
   * there. One that sends no End-of-RIB is given a moment. `families`: those it is expected to have.
   */
  awaited(family: Family, negotiated: Negotiated | null, families: readonly Family[]): boolean {
    if (this.settled || this.absent || this.endOfRib.has(family)) return false;
    if (negotiated === null) return families.includes(family);
    return negotiated.families.includes(family) && negotiated.gracefulRestart?.restarting !== true;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private after(ms: number, act: () => void): void {
    this.timer = setTimeout(() => {
      act();
      this.changed();
    }, ms);
    this.timer.unref();
  }
}
