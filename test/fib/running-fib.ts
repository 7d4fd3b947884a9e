// A Fib at work in the test's namespace, on a stand-in RIB, with what it logged and redistributed.

import pino, { type Logger } from 'pino';
import { expect, vi } from 'vitest';
import type { KernelRouteSpec } from '../../src/bgp/rib/sources.js';
import { formatPrefix } from '../../src/bgp/wire/prefix.js';
import { Fib, type FibOptions } from '../../src/fib/fib.js';
import { routes } from './namespace.js';
import { StandInRib } from './stand-in-rib.js';

/** As the demo's config has them. */
export const OPTIONS: FibOptions = {
  install: true,
  table: 254,
  metric: 20,
  protocol: 186,
  redistribute: [],
  prefixes: [],
};

/** The Fib and what surrounds it. */
export class RunningFib {
  readonly fib: Fib;
  readonly rib: StandInRib;
  /** By prefix, what was redistributed. */
  readonly announced = new Map<string, KernelRouteSpec>();
  /** How often the RIB heard of a redistributed route. */
  announcements = 0;
  /** Warnings and errors. */
  readonly complaints: string[] = [];

  private constructor(rib: StandInRib, options: FibOptions) {
    this.rib = rib;
    const log: Logger = pino(
      { level: 'warn' },
      { write: (line: string) => this.complaints.push(JSON.parse(line).msg) },
    );
    this.fib = new Fib(
      rib.source,
      (prefix, route) => {
        this.announcements++;
        if (route === null) this.announced.delete(formatPrefix(prefix));
        else this.announced.set(formatPrefix(prefix), route);
      },
      options,
      log,
    );
  }

  /** With the demo's options, changed by `options`, on a RIB that `fill` may fill; not started yet. */
  static prepare(options: Partial<FibOptions> = {}, fill: (rib: StandInRib) => void = () => {}): RunningFib {
    const rib = new StandInRib();
    fill(rib);
    return new RunningFib(rib, { ...OPTIONS, ...options });
  }

  /** As `prepare`, and started. */
  static async start(
    options: Partial<FibOptions> = {},
    fill: (rib: StandInRib) => void = () => {},
  ): Promise<RunningFib> {
    const running = RunningFib.prepare(options, fill);
    await running.fib.start();
    return running;
  }

  /** Resolves when everything wanted has been written or refused. */
  async settled(): Promise<void> {
    await vi.waitFor(() => expect(this.fib.status().pending).toBe(0), { timeout: 10_000, interval: 5 });
  }

  /** Resolves when the kernel has exactly these BGP routes; throws with the difference when it does not come to that. */
  async expectRoutes(family: 4 | 6, expected: string[], table = 'main'): Promise<void> {
    await eventually(() => expect(ourRoutes(family, table)).toEqual([...expected].sort()));
    await this.settled();
  }

  /** Removes the routes and stops. */
  async end(): Promise<void> {
    await this.fib.flush();
    await this.fib.stop();
  }
}

/** The kernel's routes of protocol bgp, one line each, sorted. */
export function ourRoutes(family: 4 | 6, table = 'main'): string[] {
  return routes(family, `table ${table}`).filter(line => line.includes('proto bgp'));
}

/** Resolves when the expectation holds; rejects with its failure when it does not within a few seconds. */
export async function eventually(expectation: () => void): Promise<void> {
  await vi.waitFor(expectation, { timeout: 5000, interval: 10 });
}
