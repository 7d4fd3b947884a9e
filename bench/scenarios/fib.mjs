// Routes into the kernel, to another gateway, and out again.

import { startProbe } from '../kernel.mjs';
import { FEEDER_AS, neighborAddress } from '../lab.mjs';
import { checkCount, establish, Failure, inWords, neighbor, withLab } from './scenario.mjs';

/** @type {import('./scenario.mjs').Goal[]} */
const GOALS = [
  { reference: 'bird', factor: 0.5 },
  { reference: 'kernel', factor: 1.3 },
];

/** Not a daemon: routes written in batches of 1,000 by a process that does nothing else. */
const kernel = {
  name: 'kernel',
  title: 'raw batched writer',
  commands: {},
  files: () => ({}),
  processes: () => [],
  count: () => Promise.resolve(Number.NaN),
  version: () => process.version,
  lacks: {},
};

/** @type {import('./scenario.mjs').Scenario} */
export const fib = {
  name: 'fib',
  title: 'Routes into the kernel',
  about: `One external feeder sends the table; the clock stops when the kernel has all of its routes. Then the feeder
announces all of them with another next hop, until the kernel has them all by that one, and withdraws them, until the
kernel has none. The raw writer is a process that only writes the same routes, in the order of the table.`,
  variants: ({ quick }) => (quick ? [variant(10_000)] : [variant(100_000), variant(500_000)]),
  besides: [kernel],
};

/** @param {number} prefixes @returns {import('./scenario.mjs').Variant} */
function variant(prefixes) {
  return {
    name: `${prefixes}`,
    title: `${inWords(prefixes)} IPv4 prefixes`,
    measures: [
      { id: 'install', title: 'installed', unit: 's', goals: GOALS },
      { id: 'change', title: 'next hop changed', unit: 's', goals: GOALS },
      { id: 'remove', title: 'removed', unit: 's', goals: GOALS },
      { id: 'cpu', title: 'CPU', unit: 's' },
      { id: 'peak', title: 'peak RSS', unit: 'MiB' },
    ],
    run: (daemon, limits) => (daemon === kernel ? writeRaw(prefixes) : viaDaemon(daemon, prefixes, limits)),
  };
}

/** @param {number} size */
function writeRaw(size) {
  return withLab({ neighbors: 2 }, async ({ daemonNodes }) => {
    const probe = startProbe(daemonNodes[0]);
    try {
      const install = await probe.tell('write', { size, change: 'add', gateway: neighborAddress(0) });
      const change = await probe.tell('write', { size, change: 'replace', gateway: neighborAddress(1) });
      const remove = await probe.tell('write', { size, change: 'remove', gateway: neighborAddress(1) });
      return { install, change, remove };
    } finally {
      await probe.stop();
    }
  });
}

/**
 * @param {import('./scenario.mjs').Daemon} daemon
 * @param {number} size
 * @param {import('./scenario.mjs').Limits} limits
 */
function viaDaemon(daemon, size, { timeoutSeconds }) {
  return withLab({ neighbors: 2 }, async lab => {
    const { load } = lab;
    await load.tell('space', { name: 'all', family: 'ipv4', size });
    for (const n of [0, 1]) {
      const feed = { kind: /** @type {const} */ ('table'), space: 'all', nextHop: neighborAddress(n), as: FEEDER_AS };
      await load.tell('encode', { name: `by${n}`, feed });
    }
    await load.tell('encode', { name: 'down', feed: { kind: 'withdrawal', space: 'all' } });
    const { running } = await establish(lab, daemon, [neighbor('f0', 0, FEEDER_AS)], { fib: true });
    const probe = startProbe(lab.daemonNodes[0]);
    const step = async (/** @type {string} */ feed, /** @type {string | null} */ gateway) => {
      const settled = probe.tell('settled', { size, gateway, timeoutSeconds });
      const { startedAt } = await load.tell('send', { session: 'f0', feed });
      const at = await settled.catch(error => {
        throw new Failure(`${error.message}\n${running.log()}`);
      });
      await checkCount(running, 'ipv4', gateway === null ? 0 : size);
      return (at - startedAt) / 1000;
    };
    try {
      const before = running.usage();
      const install = await step('by0', neighborAddress(0));
      const change = await step('by1', neighborAddress(1));
      const remove = await step('down', null);
      const { cpuSeconds, peakMiB } = running.usage();
      return { install, change, remove, cpu: cpuSeconds - before.cpuSeconds, peak: peakMiB };
    } finally {
      await probe.stop();
    }
  });
}
