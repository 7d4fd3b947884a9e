// The benchmarks' end of the probe of the kernel's routes (kernel/probe.mjs).

import { fileURLToPath } from 'node:url';
import { Remote } from './remote.mjs';

const PROBE = fileURLToPath(new URL('kernel/probe.mjs', import.meta.url));

/**
 * Starts a probe.
 * @param {import('../test/lab/node.mjs').Node} node
 * @returns {Remote<import('./kernel/probe.mjs').Operations>}
 */
export function startProbe(node) {
  return new Remote(node, PROBE);
}
