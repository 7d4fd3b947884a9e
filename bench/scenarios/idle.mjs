// Quiet neighbors: what they cost, and how soon a daemon is there.

import { hold, wallTime } from '../held.mjs';
import { DAEMON_AS } from '../lab.mjs';
import { usageOf } from '../usage.mjs';
import { establish, inWords, neighbor, withLab } from './scenario.mjs';

const HOLD_SECONDS = 30;
const SETTLE_MS = 2000;
const QUICK_SETTLE_MS = 500;
const COMMANDS = 5;

/** Not a daemon: a Node process that does nothing. */
const node = {
  name: 'node',
  title: 'bare Node process',
  commands: {},
  files: () => ({}),
  processes: () => [],
  count: () => Promise.resolve(Number.NaN),
  version: () => process.version,
  lacks: {},
};

/** @type {import('./scenario.mjs').Scenario} */
export const idle = {
  name: 'idle',
  title: 'Quiet neighbors',
  about: `Internal neighbors with a hold time of ${HOLD_SECONDS} s that have no routes. Established is the time from the execution of
the daemon until the first of them has the session, which it tries to open all the time; tsbgp has started there before,
its compiled code is kept. The command is the one that
announces a prefix, from its execution to its end. Of a bare Node process the time of \`node -e 0\` stands in both places.`,
  variants: ({ quick }) =>
    quick ? [variant(2, 1, QUICK_SETTLE_MS)] : [variant(2, 10, SETTLE_MS), variant(1000, 10, SETTLE_MS)],
  besides: [node],
};

/**
 * @param {number} neighbors
 * @param {number} seconds that are measured
 * @param {number} settleMs before that
 * @returns {import('./scenario.mjs').Variant}
 */
function variant(neighbors, seconds, settleMs) {
  const few = neighbors === 2;
  return {
    name: `${neighbors}-neighbors`,
    title: `${inWords(neighbors)} quiet neighbors for ${seconds} s`,
    measures: [
      { id: 'rss', title: 'RSS', unit: 'MiB', goals: [{ limit: 64 + 0.05 * (neighbors - 2) }] },
      { id: 'cpu', title: 'CPU', unit: '%' },
      { id: 'established', title: 'Established', unit: 'ms', goals: few ? [{ reference: 'node', factor: 3 }] : [] },
      ...(few
        ? [
            {
              id: 'command',
              title: 'command',
              unit: /** @type {const} */ ('ms'),
              goals: [{ reference: /** @type {const} */ ('node'), factor: 2 }],
            },
          ]
        : []),
    ],
    ...(!few && { lacks: { node: 'has no neighbors' } }),
    run: daemon => (daemon === node ? bare(seconds, settleMs) : besideNeighbors(daemon, neighbors, seconds, settleMs)),
  };
}

/**
 * @param {import('./scenario.mjs').Daemon} daemon
 * @param {number} neighbors
 * @param {number} seconds
 * @param {number} settleMs
 */
function besideNeighbors(daemon, neighbors, seconds, settleMs) {
  return withLab({ neighbors }, async lab => {
    const all = Array.from({ length: neighbors }, (_, n) =>
      neighbor(`n${n}`, n, DAEMON_AS, { holdSeconds: HOLD_SECONDS }),
    );
    const { running, establishedMs } = await establish(lab, daemon, all, { holdSeconds: HOLD_SECONDS });
    await pause(settleMs);
    const before = running.usage();
    await pause(seconds * 1000);
    const { cpuSeconds, rssMiB } = running.usage();
    const cpu = ((cpuSeconds - before.cpuSeconds) / seconds) * 100;
    const times = [];
    for (let i = 0; i < COMMANDS; i++) {
      const held = await running.holdAnnouncement(`10.200.0.${i}/32`);
      const start = held.release();
      times.push((await held.ended).at - start);
    }
    return { rss: rssMiB, cpu, established: establishedMs, command: middle(times) };
  });
}

/** @param {number} seconds @param {number} settleMs */
function bare(seconds, settleMs) {
  return withLab({ neighbors: 1 }, async ({ daemonNodes: [place] }) => {
    const times = [];
    for (let i = 0; i < COMMANDS; i++) times.push(await wallTime(place, [process.execPath, '-e', '0']));
    const held = await hold(place, [process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    held.release();
    await pause(settleMs);
    const pids = [/** @type {number} */ (held.child.pid)];
    const before = usageOf(pids);
    await pause(seconds * 1000);
    const { cpuSeconds, rssMiB } = usageOf(pids);
    held.child.kill('SIGKILL');
    const cpu = ((cpuSeconds - before.cpuSeconds) / seconds) * 100;
    return { rss: rssMiB, cpu, established: middle(times), command: middle(times) };
  });
}

/** @param {number[]} values */
function middle(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms));
}
