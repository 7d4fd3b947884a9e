// tsbgp daemons on lab nodes, run from dist with their files in the node's own /run/tsbgp: the configuration, the log
// and the control socket in its usual place, so that `tsbgp ...` on the node needs no option.

import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { waitFor } from './node.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const LOG = '/run/tsbgp/tsbgp.log';

/** Where a node's configuration is, on the node. */
export const CONFIG = '/run/tsbgp/tsbgp.yml';

/** A running daemon. */
export class Daemon {
  /**
   * @param {import('./node.mjs').Node} node
   * @param {import('node:child_process').ChildProcess} child
   */
  constructor(node, child) {
    this.node = node;
    this.pid = /** @type {number} */ (child.pid);
    /** @type {Promise<number | string>} the exit status or the name of the signal that ended it */
    this.ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  }

  /**
   * Ends the daemon; its kernel routes are its own affair.
   * @param {NodeJS.Signals} signal
   * @returns {Promise<number | string>} how it ended
   */
  stop(signal = 'SIGTERM') {
    process.kill(this.pid, signal);
    return this.ended;
  }
}

/**
 * Starts tsbgp on a node and waits until its log says that it is ready: it listens then, for people and for neighbors.
 * @param {import('./node.mjs').Node} node
 * @param {string} [config] YAML; without it, what is there from the last start
 * @param {string} [wrapper] command that runs it, such as `setpriv ...`
 * @returns {Promise<Daemon>}
 */
export async function startDaemon(node, config, wrapper = '') {
  node.addCommand('tsbgp', [process.execPath, MAIN]);
  if (config !== undefined) writeFileSync(node.path(CONFIG), config);
  const before = wholeLog(node).length;
  const daemon = new Daemon(node, node.start(`exec ${wrapper} tsbgp daemon --config ${CONFIG}`, LOG));
  const ended = daemon.ended.then(status => {
    throw new Error(`${node.name}: the daemon ended with ${status} as it started\n${readLog(node)}`);
  });
  ended.catch(() => {}); // after the start nobody listens
  const isReady = () => wholeLog(node).includes('tsbgp is ready', before);
  await Promise.race([ended, waitFor(`the daemon of ${node.name} is ready`, isReady)]);
  return daemon;
}

/**
 * The end of the log of all daemons that ran on a node.
 * @param {import('./node.mjs').Node} node
 * @param {number} lines
 */
export function readLog(node, lines = 20) {
  return wholeLog(node).trimEnd().split('\n').slice(-lines).join('\n');
}

/** @param {import('./node.mjs').Node} node */
function wholeLog(node) {
  const file = node.path(LOG);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
