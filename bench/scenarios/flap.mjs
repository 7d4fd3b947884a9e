// A loaded table, a small part of which goes and comes all the time.

import { FEEDER_AS, neighborAddress } from '../lab.mjs';
import { establish, Failure, feedersAndMonitor, inWords, measure, TOO_SLOW, withLab } from './scenario.mjs';

const INTERVAL_MS = 100;

/** @type {import('./scenario.mjs').Scenario} */
export const flap = {
  name: 'flap',
  title: 'A flapping part of the table',
  about: `The table is loaded as in the first scenario. Then a part of it is withdrawn and announced again, a change every
${INTERVAL_MS} ms. The delay of a change is the time from when it was due until the monitor holds all of it.`,
  variants: ({ quick }) => [quick ? { ...variant(20_000, 1_000, 1), lacks: TOO_SLOW } : variant(1_000_000, 1_000, 10)],
};

/** @param {number} prefixes @param {number} flapping @param {number} seconds @returns {import('./scenario.mjs').Variant} */
function variant(prefixes, flapping, seconds) {
  return {
    name: `${flapping}-of-${prefixes}`,
    title: `${inWords(flapping)} of ${inWords(prefixes)} prefixes for ${seconds} s`,
    measures: [
      { id: 'cpu', title: 'CPU', unit: 's', goals: [{ reference: 'fastest', factor: 1 }] },
      { id: 'p50', title: 'delay p50', unit: 'ms', goals: [{ reference: 'fastest', factor: 1 }] },
      { id: 'p99', title: 'delay p99', unit: 'ms' },
    ],
    run: (daemon, limits) =>
      withLab({ neighbors: 2 }, async lab => {
        const { load } = lab;
        const range = { from: 0, count: flapping };
        const up = { kind: /** @type {const} */ ('table'), space: 'all', nextHop: neighborAddress(0), as: FEEDER_AS };
        await load.tell('space', { name: 'all', family: 'ipv4', size: prefixes });
        await load.tell('encode', { name: 'all-up', feed: up });
        await load.tell('encode', { name: 'up', feed: { ...up, ...range } });
        await load.tell('encode', { name: 'down', feed: { kind: 'withdrawal', space: 'all', ...range } });
        const { running } = await establish(lab, daemon, feedersAndMonitor({ feeders: 1, space: 'all' }));
        const loading = {
          send: [{ session: 'f0', feed: 'all-up' }],
          until: [{ session: 'm', target: { hold: /** @type {const} */ ('everything') } }],
        };
        await measure(lab, running, loading, limits, { prefixes });
        const before = running.usage();
        const { delaysMs, missing, failures } = await load.tell('flap', {
          ...{ feeder: 'f0', monitor: 'm', down: 'down', up: 'up', range, seconds },
          ...{ intervalMs: INTERVAL_MS, timeoutSeconds: limits.timeoutSeconds },
        });
        const cpu = running.usage().cpuSeconds - before.cpuSeconds;
        if (failures.length > 0 || missing > 0) throw new Failure(failures[0] ?? `${missing} prefixes did not arrive`);
        return { cpu, p50: quantile(delaysMs, 0.5), p99: quantile(delaysMs, 0.99) };
      }),
  };
}

/** @param {number[]} values @param {number} q from 0 to 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
