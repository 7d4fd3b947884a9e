// `tsbgp daemon`: the daemon in the foreground.

import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { loadScript } from '../code-cache.js';
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
  // Before the script, whose compiled code V8 takes only with the flags that it was compiled with.
  // Routes are not objects, and what is one dies young. A burst (the start, a thousand sessions at once) would make the young
  // generation 32 MiB for good.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Node knows an IPv6 address by one large regular expression, which takes five times as long to become bytecode first.
  setFlagsFromString('--no-regexp-tier-up');
  const script = fileURLToPath(new URL('../daemon.cjs', import.meta.url));
  // systemd's variable for what CacheDirectory= names, systemd.exec(5).
  const { runDaemon } = loadScript(script, process.env.CACHE_DIRECTORY) as typeof import('../daemon.js');
  await runDaemon({ config: options.config ?? '/etc/tsbgp/tsbgp.yml', logLevel });
}
