// The laboratory of one run: two lab nodes joined by a cable, one with the daemon that is measured, one with the load
// generator, which is all of its neighbors and has an address for each of them. For the latency of two daemons there is
// a third node behind the first.
//
// Neighbors' hardware addresses are permanent entries of the daemon's node: a thousand neighbors would not fit in the
// kernel's neighbor cache otherwise, and address resolution is not what is measured.

import { spawnSync } from 'node:child_process';
import { createNode, isTaken, link } from '../test/lab/node.mjs';
import { RunningDaemon } from './daemon.mjs';
import { startLoad } from './load.mjs';

/** @typedef {import('../test/lab/node.mjs').Node} Node */
/** @typedef {import('./daemons/daemon.mjs').Daemon} Daemon */
/** @typedef {import('./daemons/daemon.mjs').Topology} Topology */

/** The AS number of the daemon; of internal neighbors, too. */
export const DAEMON_AS = 65000;
/** The AS number of feeder 0; the others follow. */
export const FEEDER_AS = 65101;
/** The AS number of the first external monitor. */
export const MONITOR_AS = 65401;
/** Addresses of the daemon on the cable to the load. */
export const DAEMON_ADDRESS = { ipv4: '10.99.0.1', ipv6: 'fd99::1' };
/** Addresses of the two daemons on the cable between them. */
export const PAIR_ADDRESS = ['10.98.0.1', '10.98.0.2'];

const CABLE = 'eth1';
const PAIR_CABLE = 'eth2';
const ADDRESSES_A_ROW = 250;

/**
 * The address of the n-th neighbor, from 0.
 * @param {number} n
 * @param {'ipv4' | 'ipv6'} family
 */
export function neighborAddress(n, family = 'ipv4') {
  if (family === 'ipv6') return `fd99::1:${(n + 1).toString(16)}`;
  return `10.99.${1 + Math.floor(n / ADDRESSES_A_ROW)}.${1 + (n % ADDRESSES_A_ROW)}`;
}

let labs = 0;

/** The nodes of one run. Made by createLab. */
export class Lab {
  /** @type {RunningDaemon[]} */
  #daemons = [];

  /** @param {Node} loadNode @param {Node[]} daemonNodes */
  constructor(loadNode, daemonNodes) {
    this.loadNode = loadNode;
    this.daemonNodes = daemonNodes;
    this.load = startLoad(loadNode);
  }

  /**
   * Starts a daemon on its node.
   * @param {Daemon} daemon
   * @param {Partial<Topology> & Pick<Topology, 'neighbors'>} topology
   * @param {number} [place] 1: on the third node
   */
  async start(daemon, topology, place = 0) {
    const node = this.daemonNodes[place];
    const running = new RunningDaemon(daemon, node, { ...defaultTopology(place), ...topology });
    this.#daemons.push(running);
    await running.start();
    return running;
  }

  /** Ends everything. */
  async close() {
    for (const daemon of this.#daemons) await daemon.stop();
    await this.load.stop();
    // Those of a run that took too long are gone already.
    const nodes = [this.loadNode, ...this.daemonNodes].filter(({ name }) => isTaken(name));
    await Promise.all(nodes.map(node => node.powerOff()));
  }
}

/** @param {number} place @returns {Omit<Topology, 'neighbors'>} */
function defaultTopology(place) {
  return { as: DAEMON_AS, routerId: place === 0 ? DAEMON_ADDRESS.ipv4 : PAIR_ADDRESS[1], holdSeconds: 240, fib: false };
}

/**
 * Makes the nodes and the load generator.
 * @param {{ neighbors: number, daemons?: 1 | 2 }} size how many addresses the load needs, how many nodes there are for
 *   daemons
 */
export async function createLab({ neighbors, daemons = 1 }) {
  const prefix = `tsbgp-bench-${process.pid}-${labs++}`;
  const [loadNode, ...daemonNodes] = await Promise.all(
    ['load', 'a', 'b'].slice(0, 1 + daemons).map(name => createNode(`${prefix}-${name}`)),
  );
  await link(loadNode, CABLE, daemonNodes[0], CABLE);
  // Duplicate address detection of the link-local address would hold up the first IPv6 packets for a second.
  for (const node of [loadNode, daemonNodes[0]])
    await node.run(`echo 0 >/proc/sys/net/ipv6/conf/${CABLE}/dad_transmits`);
  const mac = (await loadNode.run(`cat /sys/class/net/${CABLE}/address`)).trim();
  const numbers = Array.from({ length: neighbors }, (_, n) => n);
  batch(loadNode, [
    ...numbers.map(n => `address add ${neighborAddress(n)}/16 dev ${CABLE}`),
    ...numbers.map(n => `address add ${neighborAddress(n, 'ipv6')}/64 dev ${CABLE} nodad`),
    `link set ${CABLE} up`,
  ]);
  batch(daemonNodes[0], [
    `address add ${DAEMON_ADDRESS.ipv4}/16 dev ${CABLE}`,
    `address add ${DAEMON_ADDRESS.ipv6}/64 dev ${CABLE} nodad`,
    `link set ${CABLE} up`,
    ...numbers.flatMap(n =>
      /** @type {const} */ (['ipv4', 'ipv6']).map(
        family => `neighbor add ${neighborAddress(n, family)} lladdr ${mac} dev ${CABLE} nud permanent`,
      ),
    ),
  ]);
  if (daemons === 2) {
    await link(daemonNodes[0], PAIR_CABLE, daemonNodes[1], PAIR_CABLE);
    for (const [i, node] of daemonNodes.entries()) {
      batch(node, [`address add ${PAIR_ADDRESS[i]}/24 dev ${PAIR_CABLE}`, `link set ${PAIR_CABLE} up`]);
    }
  }
  const lab = new Lab(loadNode, daemonNodes);
  // The generator has to be there before a daemon is, for the time until the first session counts.
  await lab.load.tell('look', { sessions: [] });
  return lab;
}

/** Runs many `ip` commands on a node at once. @param {Node} node @param {string[]} commands */
function batch(node, commands) {
  const { status, stderr } = spawnSync('nsenter', ['-t', String(node.pid), '-m', '-u', '-n', 'ip', '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${node.name}: ip failed: ${stderr}`);
}
