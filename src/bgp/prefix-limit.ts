// How many prefixes a neighbor may send: a warning on the way, and what happens past the limit (RFC 4271 §6.7, RFC 4486 §4).

import type { Logger } from 'pino';
import type { NeighborOptions } from './session/options.js';

/** Prefixes from which on there is a warning. */
export const warningLevel = ({ limit, warningPercent }: NonNullable<NeighborOptions['maxPrefix']>): number =>
  Math.ceil((limit * warningPercent) / 100);

/** What a limit makes happen. */
export interface LimitActions {
  /** Ends the session for the limit's sake. */
  end(limit: number): void;
  /** … and lets it come back, where the configuration says after how long. */
  comeBack(): void;
}

/** The limit of one neighbor. Each line is logged once, until the number has gone down again. */
export class PrefixLimit {
  private readonly log: Logger;
  private readonly actions: LimitActions;
  private warned = false;
  private exceeded = false;
  /** Runs while the session is down for the limit's sake. */
  private timer: NodeJS.Timeout | undefined;

  constructor(log: Logger, actions: LimitActions) {
    this.log = log;
    this.actions = actions;
  }

  /** The session does not come back by itself any more. */
  stop(): void {
    clearTimeout(this.timer);
  }

  check({ address, maxPrefix }: NeighborOptions, received: number): void {
    if (maxPrefix === undefined) return;
    const { limit, action, restartSeconds } = maxPrefix;
    const fields = { neighbor: address, received, limit };
    const exceeded = received > limit;
    if (exceeded && !this.exceeded) {
      const back = restartSeconds > 0 ? `back in ${restartSeconds} s` : 'enable it by hand';
      const words = action === 'warn' ? 'the session goes on, as configured' : back;
      this.log.error(fields, `${address} sent more than ${limit} prefixes; ${words}`);
    }
    this.exceeded = exceeded;
    if (exceeded && action === 'end') {
      this.exceeded = false;
      this.actions.end(limit);
      this.stop();
      if (restartSeconds > 0) this.timer = setTimeout(() => this.actions.comeBack(), restartSeconds * 1000);
      return;
    }
    const high = received >= warningLevel(maxPrefix);
    if (high && !this.warned && !exceeded) {
      this.log.warn(fields, `${address} sent ${received} of at most ${limit} prefixes`);
    }
    this.warned = high;
  }
}
