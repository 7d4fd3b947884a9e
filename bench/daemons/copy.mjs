// Not a BGP daemon but the limit of the machine: a Node process that answers OPENs and copies whatever bytes come
// from one neighbor to all others (../reflector.mjs).

import { fileURLToPath } from 'node:url';
import { DAEMON_ADDRESS } from '../lab.mjs';

const REFLECTOR = fileURLToPath(new URL('../reflector.mjs', import.meta.url));
const ONLY_COPIES = 'only copies bytes';

/** @type {import('./daemon.mjs').Daemon} */
export const copy = {
  name: 'copy',
  title: 'byte copy (Node)',
  commands: {},
  files: () => ({}),
  processes: ({ as }) => [{ argv: [process.execPath, REFLECTOR, String(as), ...Object.values(DAEMON_ADDRESS)] }],
  // It has no table; what arrives is checked by the monitor.
  count: () => Promise.resolve(Number.NaN),
  version: () => process.version,
  sendsNoEndOfRib: true,
  lacks: Object.fromEntries(
    ['multi', 'reflector', 'fib', 'latency', 'policy', 'memory', 'idle', 'stall'].map(name => [name, ONLY_COPIES]),
  ),
};
