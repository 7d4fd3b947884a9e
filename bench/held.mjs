// A process on a node that waits for the word to begin: what it costs to get it into the namespaces is over before the
// clock starts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { now } from './load/clock.mjs';

/** Says that it is there, waits for a line, becomes the command, whose input is what follows the line. */
const SHELL = 'echo; read _; exec "$@" >>/run/bench.log 2>&1';

/** Where, on the node, all such processes write. */
export const LOG = '/run/bench.log';

/**
 * @param {import('../test/lab/node.mjs').Node} node
 * @param {string[]} argv
 * @param {NodeJS.ProcessEnv} [env] besides the usual
 * @param {string} [input]
 */
export async function hold(node, argv, env, input = '') {
  const words = ['-t', String(node.pid), '-m', '-u', '-n', '--', 'sh', '-c', SHELL, 'sh', ...argv];
  const child = spawn('nsenter', words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'exit').then(([code]) => ({ at: now(), code: /** @type {number | null} */ (code) }));
  await Promise.race([once(child.stdout, 'data'), ended]);
  return {
    child,
    /** When it was over and how. */
    ended,
    /** Has it begin; returns the time on the clock of now(). */
    release() {
      const at = now();
      child.stdin.end(`\n${input}`);
      return at;
    },
  };
}

/**
 * How long a command takes, in milliseconds.
 * @param {import('../test/lab/node.mjs').Node} node
 * @param {string[]} argv
 */
export async function wallTime(node, argv) {
  const held = await hold(node, argv);
  const start = held.release();
  const { at, code } = await held.ended;
  if (code !== 0) throw new Error(`${argv.join(' ')} failed: ${await node.run(`tail -n 5 ${LOG}`)}`);
  return at - start;
}
