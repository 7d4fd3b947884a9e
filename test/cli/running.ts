// The compiled command line and a server for it to talk to, made and removed around a file's tests.

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Served, served } from '../api/served.js';
import { type Compiled, compile, type Outcome, type RunOptions } from './compiled.js';

export interface Running {
  cli: Compiled;
  /** A new one for each test. */
  api: Served;
  /** Runs a line, cut at its spaces, or words as they are. */
  tsbgp(line: string | readonly string[], options?: RunOptions): Promise<Outcome>;
}

/** Nothing is said and all is well. */
export const quiet: Outcome = { code: 0, out: '', err: '' };

/** Registers the hooks; what is returned is filled when tests run. */
export function running(): Running {
  const it = {
    tsbgp: (line: string | readonly string[], options: RunOptions = {}) =>
      it.cli.run(typeof line === 'string' ? line.split(' ') : line, {
        ...options,
        env: { TSBGP_SOCKET: it.api.socket, TZ: 'UTC', ...options.env },
      }),
  } as Running;
  beforeAll(async () => {
    it.cli = await compile();
  }, 120_000);
  afterAll(() => it.cli.remove());
  beforeEach(async () => {
    it.api = await served();
  });
  afterEach(() => it.api.close());
  return it;
}
