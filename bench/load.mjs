// The benchmarks' end of the load generator (load/generator.mjs), and the words in which it is told what to do.

import { fileURLToPath } from 'node:url';
import { Remote } from './remote.mjs';

const GENERATOR = fileURLToPath(new URL('load/generator.mjs', import.meta.url));

/** @typedef {import('./load/observer.mjs').Target} Target */

/**
 * @typedef {import('./load/session.mjs').SessionOptions & {
 *   observe?: { space: string, firstAs?: number, arrivals?: boolean } }} SessionPlan `observe`: what its monitor watches,
 *   from which feeder each prefix comes, when it came
 */

/**
 * @typedef {object} Exchange
 * @property {{ session: string, feed: string }[]} send
 * @property {{ session: string, target: Target }[]} until
 * @property {number} timeoutSeconds
 */

/**
 * @typedef {object} Flap
 * @property {string} feeder
 * @property {string} monitor
 * @property {string} down feed that withdraws the range
 * @property {string} up feed that announces it
 * @property {{ from: number, count: number }} range
 * @property {number} intervalMs
 * @property {number} seconds
 * @property {number} timeoutSeconds for a single change
 */

/**
 * Starts a load generator.
 * @param {import('../test/lab/node.mjs').Node} node
 * @returns {Remote<import('./load/generator.mjs').Operations>}
 */
export function startLoad(node) {
  return new Remote(node, GENERATOR);
}
