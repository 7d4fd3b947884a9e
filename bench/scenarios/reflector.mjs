// A route reflector whose clients all have something to tell each other: update groups and many sessions.

import { DAEMON_AS, neighborAddress } from '../lab.mjs';
import { establish, Failure, measure, neighbor, withLab } from './scenario.mjs';

const ROUTES = 2;

/** @type {import('./scenario.mjs').Scenario} */
export const reflector = {
  name: 'reflector',
  title: 'Route reflector',
  about: `Internal neighbors, all of them route reflector clients. Each announces two routes with attributes of its own, all
at the same time; the clock stops when every client holds the routes of all others.`,
  variants: ({ quick }) => (quick ? [variant(20, 1)] : [variant(200, 1), variant(1000, 0.5)]),
};

/** @param {number} clients @param {number} factor @returns {import('./scenario.mjs').Variant} */
function variant(clients, factor) {
  return {
    name: `${clients}-clients`,
    title: `${clients} clients, two routes each`,
    measures: [
      { id: 'all', title: 'all to all', unit: 's', goals: [{ reference: 'fastest', factor }] },
      { id: 'cpu', title: 'CPU', unit: 's' },
      { id: 'peak', title: 'peak RSS', unit: 'MiB' },
    ],
    run: (daemon, limits) =>
      withLab({ neighbors: clients }, async lab => {
        const prefixes = clients * ROUTES;
        await lab.load.tell('space', { name: 'all', family: 'ipv4', size: prefixes });
        const numbers = Array.from({ length: clients }, (_, n) => n);
        for (const n of numbers) {
          const feed = { kind: /** @type {const} */ ('routes'), space: 'all', from: n * ROUTES, count: ROUTES, set: n };
          await lab.load.tell('encode', { name: `up${n}`, feed: { ...feed, nextHop: neighborAddress(n) } });
        }
        const { running } = await establish(
          lab,
          daemon,
          numbers.map(n => ({ ...neighbor(`c${n}`, n, DAEMON_AS, { observe: { space: 'all' } }), client: true })),
        );
        if (running.hasEnded) throw new Failure(running.log());
        const plan = {
          send: numbers.map(n => ({ session: `c${n}`, feed: `up${n}` })),
          until: numbers.map(n => ({
            session: `c${n}`,
            // A reflector may send a client's own routes back to it; the client would ignore them (RFC 4456 §8).
            target: { hold: /** @type {const} */ ('everything'), ignore: { from: n * ROUTES, count: ROUTES } },
          })),
        };
        const { seconds, cpuSeconds, usage } = await measure(lab, running, plan, limits, { prefixes });
        return { all: seconds, cpu: cpuSeconds, peak: usage.peakMiB };
      }),
  };
}
