// `tsbgp daemon`: the daemon in the foreground.

import { setFlagsFromString } from 'node:v8';
import { usageError } from './exit.js';
import type { Invocation } from './invocation.js';
import { suggestion } from './suggest.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** `daemon [--config FILE] [--log-level LEVEL]`; resolves when the daemon has ended. */
export async function run({ options }: Invocation): Promise<void> {
  const logLevel = options['log-level'];
  if (logLevel !== undefined && !LOG_LEVELS.includes(logLevel)) {
    throw usageError(`there is no log level "${logLevel}"`, suggestion(logLevel, LOG_LEVELS));
  }
  // Routes are not objects, and what is one dies young. A burst (the start, a thousand sessions at once) would make the young
  // generation 32 MiB for good.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Node knows an IPv6 address by one large regular expression, which takes five times as long to become bytecode first.
  setFlagsFromString('--no-regexp-tier-up');
  const { runDaemon } = await import('../daemon.js');
  await runDaemon({ config: options.config ?? '/etc/tsbgp/tsbgp.yml', logLevel });
}
