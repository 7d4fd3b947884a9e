// Nodes: machines made of namespaces, for the demo and the tests that need a network (see node.sh for what one is).
//
//   const a = await createNode('tsbgp-a');
//   const b = await createNode('tsbgp-b');
//   await link(a, 'eth1', b, 'eth1');
//   await a.run('ip addr add 10.0.0.1/24 dev eth1 && ip link set eth1 up');
//   await cleanup();
//
// Nobody has to call cleanup() for the machine's sake: a node goes with the process that made it, even a killed one.
// Node's own modules only: the demo runs this before anything is known to be installed.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_SH = fileURLToPath(new URL('node.sh', import.meta.url));

/** @typedef {{ status: number | string, output: string, stdout: string }} Result how a command ended (exit status or
 *    name of the signal) and what it wrote: `output` is both streams in the order of their arrival */

/** @type {Set<Node>} */
const created = new Set();

/** A machine made of namespaces. Made by createNode or found by findNode. */
export class Node {
  /** @type {import('node:child_process').ChildProcess | null} */
  #guardian;
  #isOff = false;

  /**
   * @param {string} name its host name and the name of its network namespace
   * @param {number} pid of the process that holds its namespaces
   * @param {import('node:child_process').ChildProcess | null} guardian node.sh, if this process made the node
   */
  constructor(name, pid, guardian) {
    this.name = name;
    this.pid = pid;
    this.#guardian = guardian;
  }

  /** The command line that opens a shell on this node. */
  get enterCommand() {
    return `nsenter -t ${this.pid} -m -u -n env PATH="/run/bin:$PATH" bash`;
  }

  /**
   * Where a file of this node is for processes outside it; all but /run is the same.
   * @param {string} path '/run/...'
   */
  path(path) {
    return `/proc/${this.pid}/root${path}`;
  }

  /**
   * Makes a command of this node, so that people and tests type what they would on a real machine.
   * @param {string} name
   * @param {string[]} words what it runs, before its own arguments
   */
  addCommand(name, words) {
    const file = this.path(`/run/bin/${name}`);
    writeFileSync(file, `#!/bin/sh\nexec ${words.map(quote).join(' ')} "$@"\n`);
    chmodSync(file, 0o755);
  }

  /**
   * Starts a shell command on this node and leaves it running; it ends with the node at the latest.
   * @param {string} command
   * @param {string} [outputFile] of this node, to append both streams to; without it they can be read from the process
   * @returns {import('node:child_process').ChildProcess} whose pid is the command's own if it is a simple one
   */
  start(command, outputFile) {
    const file = outputFile === undefined ? null : openSync(this.path(outputFile), 'a');
    const env = { ...process.env, PATH: `/run/bin:${process.env.PATH}` };
    // Its own session: Ctrl-C on the terminal is for the process that made the node, which then ends it in order.
    const child = spawn('nsenter', ['-t', String(this.pid), '-m', '-u', '-n', '--', 'sh', '-c', command], {
      stdio: ['ignore', file ?? 'pipe', file ?? 'pipe'],
      detached: true,
      env,
    });
    if (file !== null) closeSync(file);
    return child;
  }

  /**
   * Runs a shell command on this node to its end, whatever that is.
   * @param {string} command
   * @param {number} timeoutMs after which it is killed, and an error
   * @returns {Promise<Result>}
   */
  async try(command, timeoutMs = 20_000) {
    const child = this.start(command);
    let output = '';
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', text => {
      output += text;
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', text => {
      output += text;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    }, timeoutMs);
    const [code, signal] = await once(child, 'close');
    clearTimeout(timer);
    if (late) throw new Error(`${this.name}: \`${command}\` took over ${timeoutMs} ms\n${output}`);
    if (this.#isOff) throw new Error(`${this.name} was switched off during \`${command}\``);
    return { status: code ?? signal, output, stdout };
  }

  /**
   * Runs a shell command on this node; it is an error if it fails.
   * @param {string} command
   * @param {number} [timeoutMs]
   * @returns {Promise<string>} its standard output
   */
  async run(command, timeoutMs) {
    const { status, output, stdout } = await this.try(command, timeoutMs);
    if (status !== 0) throw new Error(`${this.name}: \`${command}\` ended with ${status}\n${output}`);
    return stdout;
  }

  /** Ends everything that runs on this node, and the node. */
  async powerOff() {
    this.#isOff = true;
    created.delete(this);
    const child = this.#guardian ?? spawn('sh', [NODE_SH, 'off', this.name], { stdio: ['pipe', 'ignore', 'inherit'] });
    this.#guardian = null;
    child.ref();
    child.stdin?.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  /** Lets the node live on after this process; findNode finds it again. */
  async keep() {
    created.delete(this);
    this.#guardian?.ref();
    this.#guardian?.stdin?.end('keep\n');
    if (this.#guardian) await once(this.#guardian, 'exit');
    this.#guardian = null;
  }
}

/**
 * Makes a node with nothing but a loopback interface. Needs root.
 * @param {string} name not in use as the name of a network namespace
 * @returns {Promise<Node>}
 */
export async function createNode(name) {
  const guardian = spawn('sh', [NODE_SH, 'hold', name], { detached: true });
  let complaint = '';
  guardian.stderr.setEncoding('utf8').on('data', text => {
    complaint += text;
  });
  const [line] = await Promise.race([once(guardian.stdout.setEncoding('utf8'), 'data'), once(guardian, 'close')]);
  if (typeof line !== 'string') throw new Error(`the node ${name} could not be made: ${complaint.trim()}`);
  guardian.unref();
  for (const pipe of guardian.stdio) /** @type {import('node:net').Socket} */ (pipe)?.unref();
  const node = new Node(name, Number(line), guardian);
  created.add(node);
  return node;
}

/**
 * The node of that name that another process made and kept, if there is one.
 * @param {string} name
 * @returns {Node | null}
 */
export function findNode(name) {
  if (!isTaken(name)) return null;
  for (const pid of execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n').filter(Boolean)) {
    const mark = `/proc/${pid}/root/run/holder`;
    if (existsSync(mark)) return new Node(name, Number(readFileSync(mark, 'utf8')), null);
  }
  return null;
}

/**
 * Is there a network namespace of that name, a node or not?
 * @param {string} name
 */
export function isTaken(name) {
  return existsSync(`/run/netns/${name}`);
}

/**
 * Joins two nodes by a cable (a veth pair); both ends are still down.
 * @param {Node} a
 * @param {string} interfaceOfA
 * @param {Node} b
 * @param {string} interfaceOfB
 */
export async function link(a, interfaceOfA, b, interfaceOfB) {
  await a.run(`ip link add ${interfaceOfA} type veth peer name ${interfaceOfB} netns ${b.pid}`);
}

/** Switches off all nodes that this process made and did not keep. */
export async function cleanup() {
  await Promise.all([...created].map(node => node.powerOff()));
}

/**
 * Asks again and again until the answer is neither false nor null nor undefined nor an error.
 * @template T
 * @param {string} what is awaited, for the error: 'bgp-1 is Established'
 * @param {() => T | Promise<T>} question
 * @param {number} timeoutMs
 * @returns {Promise<T>} the answer
 */
export async function waitFor(what, question, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let answer;
    let failure = '';
    try {
      answer = await question();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
    } catch (error) {
      failure = `: ${error instanceof Error ? error.message : error}`;
    }
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for this in vain: ${what}${failure}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

/** @param {string} word */
function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
