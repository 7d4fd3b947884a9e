// Memory: many paths for a full table, and whether it comes back.

import { FEEDER_AS, neighborAddress } from '../lab.mjs';
import { allToBest, encodeSame } from './multi.mjs';
import { establish, feedersAndMonitor, inWords, measure, withLab } from './scenario.mjs';

/** Some daemons give memory back a little later. */
const REST_MS = 1500;
const QUICK_REST_MS = 300;

/** @type {import('./scenario.mjs').Scenario} */
export const memory = {
  name: 'memory',
  title: 'Memory',
  about: `RSS after many feeders have sent the same table, and through cycles of load and withdrawal: what is left after
the first and after the last, ${REST_MS / 1000} s after the monitor is empty. FRR's and OpenBGPD's processes are added up.`,
  variants: ({ quick }) =>
    quick ? [cycles(20_000, 2, QUICK_REST_MS)] : [feedersOf(10, 1_000_000), cycles(1_000_000, 20, REST_MS)],
};

/** @param {number} feeders @param {number} prefixes @returns {import('./scenario.mjs').Variant} */
function feedersOf(feeders, prefixes) {
  return {
    name: `${feeders}-feeders`,
    title: `${feeders} feeders, ${inWords(prefixes)} prefixes each`,
    measures: [
      { id: 'peak', title: 'peak RSS', unit: 'MiB' },
      { id: 'rss', title: 'RSS after it', unit: 'MiB' },
      { id: 'seconds', title: 'last best path out', unit: 's' },
      { id: 'cpu', title: 'CPU', unit: 's' },
    ],
    run: (daemon, limits) =>
      withLab({ neighbors: feeders + 1 }, async lab => {
        const neighbors = await encodeSame(lab, feeders, prefixes);
        const { running } = await establish(lab, daemon, neighbors);
        const { seconds, cpuSeconds } = await measure(lab, running, allToBest(feeders), limits, { prefixes });
        await rest(REST_MS);
        const { peakMiB, rssMiB } = running.usage();
        return { peak: peakMiB, rss: rssMiB, seconds, cpu: cpuSeconds };
      }),
  };
}

/**
 * @param {number} prefixes
 * @param {number} count
 * @param {number} restMs
 * @returns {import('./scenario.mjs').Variant}
 */
function cycles(prefixes, count, restMs) {
  return {
    name: 'cycles',
    title: `${count} cycles of ${inWords(prefixes)} prefixes`,
    measures: [
      { id: 'loaded', title: 'loaded', unit: 'MiB' },
      { id: 'first', title: 'after first withdrawal', unit: 'MiB' },
      { id: 'last', title: 'after last withdrawal', unit: 'MiB' },
      { id: 'growth', title: 'growth since second', unit: 'MiB', goals: [{ limit: 10 }] },
      { id: 'peak', title: 'peak RSS', unit: 'MiB' },
    ],
    lacks: { gobgpd: 'needs too long for it' },
    run: (daemon, limits) =>
      withLab({ neighbors: 2 }, async lab => {
        const { load } = lab;
        const nextHop = neighborAddress(0);
        await load.tell('space', { name: 'all', family: 'ipv4', size: prefixes });
        await load.tell('encode', { name: 'up', feed: { kind: 'table', space: 'all', nextHop, as: FEEDER_AS } });
        await load.tell('encode', { name: 'down', feed: { kind: 'withdrawal', space: 'all' } });
        const { running } = await establish(lab, daemon, feedersAndMonitor({ feeders: 1, space: 'all' }));
        const step = (/** @type {'up' | 'down'} */ feed) => {
          const hold = feed === 'up' ? /** @type {const} */ ('everything') : /** @type {const} */ ('nothing');
          const plan = { send: [{ session: 'f0', feed }], until: [{ session: 'm', target: { hold } }] };
          return measure(lab, running, plan, limits, { prefixes: feed === 'up' ? prefixes : 0 });
        };
        const empty = [];
        let loaded = 0;
        for (let cycle = 0; cycle < count; cycle++) {
          loaded = (await step('up')).usage.rssMiB;
          await step('down');
          // What is between does not have to be waited for.
          if (cycle < 2 || cycle === count - 1) await rest(restMs);
          empty.push(running.usage().rssMiB);
        }
        const [first, second, last] = [empty[0], empty[1], empty[count - 1]];
        return { loaded, first, last, growth: last - second, peak: running.usage().peakMiB };
      }),
  };
}

/** @param {number} ms @returns {Promise<void>} */
function rest(ms) {
  return new Promise(resolve => setTimeout(resolve, ms));
}
