// Many feeders with the same prefixes: the decision process.

import { FEEDER_AS, neighborAddress } from '../lab.mjs';
import { establish, feedersAndMonitor, inWords, measure, withLab } from './scenario.mjs';

/** @type {import('./scenario.mjs').Measure[]} */
const MEASURES = [
  { id: 'best', title: 'last best path out', unit: 's', goals: [{ reference: 'fastest', factor: 0.5 }] },
  { id: 'cpu', title: 'CPU', unit: 's' },
  { id: 'peak', title: 'peak RSS', unit: 'MiB' },
];

/** @type {import('./scenario.mjs').Scenario} */
export const multi = {
  name: 'multi',
  title: 'Many feeders, the same prefixes',
  about: `All external feeders send the same prefixes at the same time. Each set of attributes is best at one of them, in
turn, by a shorter AS path; the clock stops when the external monitor holds every prefix from the feeder that has the
best path.`,
  variants: ({ quick }) => (quick ? [variant(10, 2_100)] : [variant(10, 100_000), variant(50, 20_000)]),
};

/** @param {number} feeders @param {number} prefixes @returns {import('./scenario.mjs').Variant} */
function variant(feeders, prefixes) {
  return {
    name: `${feeders}-feeders`,
    title: `${feeders} feeders, ${inWords(prefixes)} prefixes each`,
    measures: MEASURES,
    run: (daemon, limits) =>
      withLab({ neighbors: feeders + 1 }, async lab => {
        const neighbors = await encodeSame(lab, feeders, prefixes);
        const { running } = await establish(lab, daemon, neighbors);
        const { seconds, cpuSeconds, usage } = await measure(lab, running, allToBest(feeders), limits, { prefixes });
        return { best: seconds, cpu: cpuSeconds, peak: usage.peakMiB };
      }),
  };
}

/**
 * Encodes the same prefixes for all feeders, as feeds `up0`, `up1`, …
 * @param {import('./scenario.mjs').Lab} lab
 * @param {number} feeders
 * @param {number} prefixes
 * @returns the neighbors
 */
export async function encodeSame(lab, feeders, prefixes) {
  await lab.load.tell('space', { name: 'all', family: 'ipv4', size: prefixes });
  for (let feeder = 0; feeder < feeders; feeder++) {
    const [nextHop, as] = [neighborAddress(feeder), FEEDER_AS + feeder];
    const feed = { kind: /** @type {const} */ ('table'), space: 'all', nextHop, as, feeder, feeders };
    await lab.load.tell('encode', { name: `up${feeder}`, feed });
  }
  return feedersAndMonitor({ feeders, space: 'all', byFeeder: true });
}

/** All feeders' feeds, until the monitor has the best paths. @param {number} feeders */
export function allToBest(feeders) {
  return {
    send: Array.from({ length: feeders }, (_, i) => ({ session: `f${i}`, feed: `up${i}` })),
    until: [{ session: 'm', target: { hold: /** @type {const} */ ('best'), feeders } }],
  };
}
