// A full table, and neighbors that must not suffer: one that only wants its KEEPALIVEs in time, one that reads slowly,
// one that does not read at all.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FEEDER_AS, MONITOR_AS, neighborAddress } from '../lab.mjs';
import { establish, feedersAndMonitor, inWords, measure, neighbor, TOO_SLOW, withLab } from './scenario.mjs';

/** The shortest hold time there is (RFC 4271 §4.2): a KEEPALIVE each second. */
const HOLD_SECONDS = 3;
const KEEPALIVE_MS = (HOLD_SECONDS * 1000) / 3;
const SLOW_BYTES_PER_SECOND = 1 << 20;

const PROBE = fileURLToPath(new URL('../event-loop-probe.mjs', import.meta.url));
const PROBE_OUTPUT = '/run/event-loop-delay';

/** @type {import('./scenario.mjs').Scenario} */
export const stall = {
  name: 'stall',
  title: 'Neighbors beside a full table',
  about: `The table goes from the feeder to the monitor as in the first scenario. Beside them is a bystander of the other
address family with a hold time of ${HOLD_SECONDS} s; late is how much longer than ${KEEPALIVE_MS} ms it waited for a KEEPALIVE at worst.
In the second part there are also a neighbor that reads 1 MiB a second and one that does not read at all, and the
monitor must not wait for them. The event loop's delay is measured inside tsbgp only.`,
  variants: ({ quick }) => {
    if (quick) return [{ ...variant('slow-and-stuck', 20_000, true), lacks: TOO_SLOW }];
    return [variant('alone', 1_000_000, false), variant('slow-and-stuck', 1_000_000, true)];
  },
};

/** @param {string} name @param {number} prefixes @param {boolean} withSlow @returns {import('./scenario.mjs').Variant} */
function variant(name, prefixes, withSlow) {
  return {
    name,
    title: `${inWords(prefixes)} prefixes${withSlow ? ', a slow and a stuck neighbor' : ''}`,
    measures: [
      { id: 'announce', title: 'announced to the monitor', unit: 's' },
      // Timers may be a little late for many reasons; a second is what a stalled daemon costs.
      { id: 'late', title: 'KEEPALIVE late', unit: 'ms', goals: [{ limit: 100 }] },
      { id: 'loop', title: 'event loop delay', unit: 'ms', goals: [{ limit: 20 }] },
      { id: 'peak', title: 'peak RSS', unit: 'MiB' },
    ],
    run: (daemon, limits) =>
      withLab({ neighbors: 5 }, async lab => {
        const { load } = lab;
        const nextHop = neighborAddress(0);
        await load.tell('space', { name: 'all', family: 'ipv4', size: prefixes });
        await load.tell('encode', { name: 'up', feed: { kind: 'table', space: 'all', nextHop, as: FEEDER_AS } });
        const neighbors = [
          ...feedersAndMonitor({ feeders: 1, space: 'all' }),
          neighbor('bystander', 2, MONITOR_AS + 1, { family: 'ipv6', holdSeconds: HOLD_SECONDS }),
          ...(withSlow ? [neighbor('slow', 3, MONITOR_AS + 2), neighbor('stuck', 4, MONITOR_AS + 3)] : []),
        ];
        const env = { NODE_OPTIONS: `--import=${PROBE}`, TSBGP_BENCH_LOOP_DELAY: PROBE_OUTPUT };
        const { running } = await establish(lab, daemon, neighbors, daemon.name === 'tsbgp' ? { env } : {});
        if (withSlow) {
          await load.tell('readSlowly', { session: 'slow', bytesPerSecond: SLOW_BYTES_PER_SECOND });
          await load.tell('readSlowly', { session: 'stuck', bytesPerSecond: 0 });
        }
        await load.tell('resetSilence', { sessions: ['bystander'] });
        if (daemon.name === 'tsbgp') process.kill(running.pids[0], 'SIGUSR2');
        const plan = {
          send: [{ session: 'f0', feed: 'up' }],
          until: [{ session: 'm', target: { hold: /** @type {const} */ ('everything') } }],
        };
        const { seconds, usage } = await measure(lab, running, plan, limits, { prefixes });
        // A KEEPALIVE is due within what is looked at, however fast the table was.
        await new Promise(resolve => setTimeout(resolve, 1.5 * KEEPALIVE_MS));
        const [{ longestSilenceMs, established }] = await load.tell('look', { sessions: ['bystander'] });
        const late = established ? Math.max(0, longestSilenceMs - KEEPALIVE_MS) : HOLD_SECONDS * 1000;
        const loop = daemon.name === 'tsbgp' && { loop: Number(readFileSync(running.node.path(PROBE_OUTPUT), 'utf8')) };
        return { announce: seconds, late, ...loop, peak: usage.peakMiB };
      }),
  };
}
