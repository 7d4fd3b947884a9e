// Loaded into a daemon by --import: writes the longest delay of its event loop, in milliseconds, to the file that
// TSBGP_BENCH_LOOP_DELAY names, five times a second. SIGUSR2 forgets what was before.

import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const output = process.env.TSBGP_BENCH_LOOP_DELAY;

if (output !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  process.on('SIGUSR2', () => delay.reset());
  // Each sample holds the timer's own interval, too.
  setInterval(() => writeFileSync(output, String(Math.max(0, delay.max / 1e6 - RESOLUTION_MS))), 200).unref();
}
