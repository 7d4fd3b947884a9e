// A script of the benchmarks as a process on a lab node, told over an IPC channel what to do: the load generator and the
// probe of the kernel. `Remote` is this side of the channel, `serve` the other one.

import { fork } from 'node:child_process';
import { once } from 'node:events';

/** @typedef {Record<string, (argument: never) => unknown>} Operations each takes one argument, plain data, and so answers */

/**
 * A script that runs on a node.
 * @template {Operations} O
 */
export class Remote {
  #child;
  #requests = 0;
  /** @type {Map<number, { resolve: (value: never) => void, reject: (error: Error) => void }>} */
  #open = new Map();

  /**
   * @param {import('../test/lab/node.mjs').Node} node
   * @param {string} script that calls `serve`
   */
  constructor(node, script) {
    // nsenter executes the script in its own place, so the channel stays with it.
    this.#child = fork(script, {
      execPath: 'nsenter',
      execArgv: ['-t', String(node.pid), '-m', '-u', '-n', '--', process.execPath],
      detached: true,
      serialization: 'advanced',
    });
    this.#child.on('message', (/** @type {{ id: number, result: never, error?: string }} */ { id, result, error }) => {
      const request = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) request?.resolve(result);
      else request?.reject(new Error(error));
    });
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#open.values()) reject(new Error(`${script} ended with ${signal ?? code}`));
      this.#open.clear();
    });
  }

  /**
   * Has the script do something.
   * @template {keyof O & string} Name
   * @param {Name} operation
   * @param {Parameters<O[Name]>[0]} argument
   * @returns {Promise<Awaited<ReturnType<O[Name]>>>}
   */
  tell(operation, argument) {
    /** @type {Promise<Awaited<ReturnType<O[Name]>>>} */
    const answer = new Promise((resolve, reject) => {
      const id = this.#requests++;
      this.#open.set(id, { resolve, reject });
      this.#child.send({ id, operation, argument }, error => error && reject(error));
    });
    // Who asks may be busy with something else when the script ends, or never come to wait for this answer.
    answer.catch(() => {});
    return answer;
  }

  /** Ends the script. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}

/**
 * Does what the process that started this one asks for, and ends with it.
 * @param {Operations} operations
 */
export function serve(operations) {
  process.on('message', async (/** @type {{ id: number, operation: string, argument: never }} */ request) => {
    const { id, operation, argument } = request;
    try {
      process.send?.({ id, result: await operations[operation](argument) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
