// The table once more, with an import policy of 50 statements and a set of 1,000 prefixes.

import { FEEDER_AS, neighborAddress } from '../lab.mjs';
import { establish, feedersAndMonitor, inWords, measure, TOO_SLOW, withLab } from './scenario.mjs';

const STATEMENTS = 50;
/** FRR 8.4 needs 15 s to read a prefix-list of 1,000 entries. */
const START_SECONDS = 120;
/** Entries of the set that hold prefixes of the table: 8 prefixes each, the table's first ones. */
const HITTING_ENTRIES = 50;

/** @type {import('./scenario.mjs').Scenario} */
export const policy = {
  name: 'policy',
  title: 'Import policy',
  about: `The table as in the first scenario, with an import policy: routes inside one of 1,000 prefixes
are rejected (${HITTING_ENTRIES * 8} routes of the table are), then the first of ${STATEMENTS} statements whose community a
route carries sets its MED and accepts it. Every route carries one of the communities, each is as frequent as the others.`,
  variants: ({ quick }) => [quick ? { ...variant(20_000, 100), lacks: TOO_SLOW } : variant(1_000_000, 1000)],
};

/** @param {number} prefixes @param {number} entries @returns {import('./scenario.mjs').Variant} */
function variant(prefixes, entries) {
  return {
    name: 'ipv4',
    title: `${inWords(prefixes)} IPv4 prefixes, ${STATEMENTS} statements, a set of ${inWords(entries)}`,
    measures: [
      { id: 'announce', title: 'announced', unit: 's', goals: [{ reference: 'fastest', factor: 1 }] },
      { id: 'cpu', title: 'CPU', unit: 's' },
      { id: 'peak', title: 'peak RSS', unit: 'MiB' },
    ],
    run: (daemon, limits) =>
      withLab({ neighbors: 2 }, async lab => {
        const { load } = lab;
        const nextHop = neighborAddress(0);
        await load.tell('space', { name: 'all', family: 'ipv4', size: prefixes });
        await load.tell('encode', { name: 'up', feed: { kind: 'table', space: 'all', nextHop, as: FEEDER_AS } });
        const neighbors = feedersAndMonitor({ feeders: 1, space: 'all' });
        const { running } = await establish(lab, daemon, neighbors, { policy: importPolicy(entries) }, START_SECONDS);
        const except = { from: 0, count: HITTING_ENTRIES * 8 };
        const plan = {
          send: [{ session: 'f0', feed: 'up' }],
          until: [{ session: 'm', target: { hold: /** @type {const} */ ('everything'), except } }],
        };
        // Some daemons count what they have rejected, too: only what the monitor holds is checked.
        const { seconds, cpuSeconds, usage } = await measure(lab, running, plan, limits, {});
        return { announce: seconds, cpu: cpuSeconds, peak: usage.peakMiB };
      }),
  };
}

/** @param {number} count of the set's entries @returns {import('../daemons/daemon.mjs').ImportPolicy} */
function importPolicy(count) {
  const entries = Array.from({ length: count }, (_, i) =>
    i < HITTING_ENTRIES ? slot(20, i) : slot(100, i - HITTING_ENTRIES),
  );
  const statements = Array.from({ length: STATEMENTS }, (_, i) => ({ community: `3001:${i}`, med: 100 + i }));
  return { rejected: entries, statements };
}

/** The i-th /21 of a /8. @param {number} octet @param {number} i */
function slot(octet, i) {
  return `${octet}.${i >> 5}.${(i & 31) * 8}.0/21`;
}
