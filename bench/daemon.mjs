// A daemon of daemons/ at work on a node: its files, its processes, what they use, and their end.

import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hold, LOG } from './held.mjs';
import { now } from './load/clock.mjs';
import { usageOf } from './usage.mjs';

const STOP_MS = 3000;
const READY_MS = 15_000;

/** @typedef {import('../test/lab/node.mjs').Node} Node */

/** A daemon that was, or is about to be, started on a node. */
export class RunningDaemon {
  /** When its first process was executed, on the clock of now(). */
  startedAt = 0;
  /** @type {import('node:child_process').ChildProcess[]} */
  #children = [];
  #stopping = false;
  /** @type {string[]} */
  #announced = [];

  /**
   * @param {import('./daemons/daemon.mjs').Daemon} daemon
   * @param {Node} node
   * @param {import('./daemons/daemon.mjs').Topology} topology
   */
  constructor(daemon, node, topology) {
    this.daemon = daemon;
    this.node = node;
    this.topology = topology;
  }

  /** Writes the files and executes the processes, which need not listen yet when this returns. */
  async start() {
    const { daemon, node, topology } = this;
    for (const [path, text] of Object.entries(daemon.files(topology))) {
      const file = node.path(path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    if (daemon.prepare) await node.run(daemon.prepare);
    const processes = daemon.processes(topology);
    for (const [i, { argv, env, ready }] of processes.entries()) {
      const held = await hold(node, argv, { ...topology.env, ...env });
      this.#children.push(held.child);
      const at = held.release();
      if (i === 0) this.startedAt = at;
      if (ready) await this.#await(ready);
    }
  }

  /** Waits until its show command answers. */
  async waitReady() {
    const deadline = now() + READY_MS;
    for (;;) {
      try {
        await this.count('ipv4');
        return;
      } catch (error) {
        if (now() > deadline || this.hasEnded) throw error;
        await sleep(20);
      }
    }
  }

  /** @param {string} file of the node that shows that a process is ready */
  async #await(file) {
    const deadline = now() + READY_MS;
    while (!existsSync(this.node.path(file))) {
      if (now() > deadline || this.hasEnded) throw new Error(`${this.daemon.title} does not start:\n${this.log()}`);
      await sleep(2);
    }
  }

  /** Has one of its processes ended by itself? */
  get hasEnded() {
    return !this.#stopping && this.#children.some(child => child.exitCode !== null || child.signalCode !== null);
  }

  /** Its processes. */
  get pids() {
    return this.#children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  usage() {
    return usageOf(this.pids);
  }

  /**
   * Prefixes in its table, by its own show command.
   * @param {'ipv4' | 'ipv6'} family
   */
  count(family) {
    return this.daemon.count(this.node, family);
  }

  /**
   * Announces a prefix as a person would, but with the command waiting for the word to begin.
   * @param {string} prefix
   */
  holdAnnouncement(prefix) {
    const { daemon, node } = this;
    if (daemon.announce === undefined) throw new Error(`${daemon.title} has no command to announce a prefix`);
    this.#announced.push(prefix);
    const { files = {}, argv } = daemon.announce(prefix, this.#announced);
    for (const [path, text] of Object.entries(files)) writeFileSync(node.path(path), text);
    return hold(node, argv);
  }

  /** Announces many prefixes at once, by a command that reads them. @param {string[]} prefixes */
  holdAnnouncements(prefixes) {
    const { daemon, node } = this;
    if (daemon.announceAll === undefined) throw new Error(`${daemon.title} has no command to announce many prefixes`);
    return hold(node, daemon.announceAll, undefined, `${prefixes.join('\n')}\n`);
  }

  /** The end of its log. */
  log(lines = 15) {
    const file = this.node.path(LOG);
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
  }

  /** Ends its processes: asks them, and if they do not hear, kills them. Their children go with the node. */
  async stop() {
    if (this.#stopping) return;
    this.#stopping = true;
    const alive = this.#children.filter(child => child.exitCode === null && child.signalCode === null);
    const ended = Promise.all(alive.map(child => once(child, 'exit')));
    for (const child of alive.reverse()) child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const child of alive) child.kill('SIGKILL');
    }, STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}
