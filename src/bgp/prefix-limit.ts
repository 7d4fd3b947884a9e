// How many prefixes a neighbor may send: a warning on the way, and what happens past the limit (RFC 4271 §6.7, RFC 4486 §4).

import type { Logger } from 'pino';
import type { NeighborOptions } from './session/options.js';

/** Prefixes from which on there is a warning. */
export const warningLevel = ({ limit, warningPercent }: NonNullable<NeighborOptions['maxPrefix']>): number =>
  Math.ceil((limit * warningPercent) / 100);

/** The limit of one neighbor. Each line is logged once, until the number has gone down again. */
export class PrefixLimit {
  private readonly log: Logger;
  private readonly end: () => void;
  private warned = false;
  private exceeded = false;

  /** `end` ends the session for the limit's sake. */
  constructor(log: Logger, end: () => void) {
    this.log = log;
    this.end = end;
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
      this.end();
      return;
    }
    const high = received >= warningLevel(maxPrefix);
    if (high && !this.warned && !exceeded) {
      this.log.warn(fields, `${address} sent ${received} of at most ${limit} prefixes`);
    }
    this.warned = high;
  }
}
