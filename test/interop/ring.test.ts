// A ring of five vendors, each its own AS, and ExaBGP as a leaf of tsbgp: all know all prefixes, also while one link of the
// ring is down, by the other way round, and again when it is back.
//
//   tsbgp (1) – BIRD (2) – FRR (3) – gobgpd (4) – OpenBGPD (5) – tsbgp (1), ExaBGP (6) at tsbgp
//
// Speaker N is AS 6500N and announces 10.N.0.0/24. Its link to the right is eth1, to the left eth2; link N is 10.0.N0.0/24,
// where speaker N is .N.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanup, link, type Node } from '../lab/node.mjs';
import { createMachine, soon } from './machines.js';
import { startTsbgp, type Tsbgp } from './tsbgp.js';
import { bird } from './vendors/bird.js';
import { exabgp } from './vendors/exabgp.js';
import { frr } from './vendors/frr.js';
import { gobgpd } from './vendors/gobgpd.js';
import { openbgpd } from './vendors/openbgpd.js';
import type { Speaker } from './vendors/vendor.js';

const RING = [1, 2, 3, 4, 5];
const LEAF = 6;
const NAMES = ['', 'tsbgp', 'BIRD', 'FRR', 'gobgpd', 'OpenBGPD', 'ExaBGP'];
const VENDORS = { 2: bird, 3: frr, 4: gobgpd, 5: openbgpd };

const rightOf = (n: number) => (n % RING.length) + 1;
const leftOf = (n: number) => ((n + RING.length - 2) % RING.length) + 1;
const prefix = (n: number) => `10.${n}.0.0/24`;
const address = (linkOf: number, n: number) => `10.0.${linkOf}0.${n}`;

let nodes: Node[];
let tsbgp: Tsbgp;
let speakers: (Tsbgp | Speaker)[];

/** AS paths to the prefixes of the ring and the leaf at speaker n, without its own prefix. */
async function paths(n: number): Promise<Record<string, string | undefined>> {
  const others = [...RING, LEAF].filter(other => other !== n);
  const entries = others.map(async other => [NAMES[other], (await speakers[n].route(prefix(other)))?.asPath.trim()]);
  return Object.fromEntries(await Promise.all(entries));
}

/** The AS paths that are the only ones while the link between `cut` and its right neighbor is down. */
function pathsAroundCut(n: number, cut: number): Record<string, string> {
  const way = (step: (at: number) => number, end: number): number[][] => {
    const ways: number[][] = [];
    for (let at = n, way: number[] = []; at !== end; ) {
      at = step(at);
      way = [...way, at];
      ways.push(way);
    }
    return ways;
  };
  const ways = [...way(rightOf, cut), ...way(leftOf, rightOf(cut))];
  const all = ways.map(way => [NAMES[way.at(-1) ?? 0], way.map(at => `6500${at}`).join(' ')]);
  const toTsbgp = ways.find(way => way.at(-1) === 1) ?? [];
  return { ...Object.fromEntries(all), ExaBGP: [...toTsbgp, LEAF].map(at => `6500${at}`).join(' ') };
}

beforeAll(async () => {
  nodes = await Promise.all([...RING, LEAF].map(createMachine));
  const node = (n: number) => nodes[n - 1];
  for (const n of RING) await link(node(n), 'eth1', node(rightOf(n)), 'eth2');
  await link(node(1), 'eth3', node(LEAF), 'eth1');
  await Promise.all(
    RING.map(n =>
      node(n).run(`
      ip addr add ${address(n, n)}/24 dev eth1 && ip link set eth1 up
      ip addr add ${address(leftOf(n), n)}/24 dev eth2 && ip link set eth2 up`),
    ),
  );
  await node(1).run(`ip addr add ${address(LEAF, 1)}/24 dev eth3 && ip link set eth3 up`);
  await node(LEAF).run(`ip addr add ${address(LEAF, LEAF)}/24 dev eth1 && ip link set eth1 up`);

  const neighborsOf = (n: number) => [
    { address: address(n, rightOf(n)), as: 65000 + rightOf(n) },
    { address: address(leftOf(n), leftOf(n)), as: 65000 + leftOf(n) },
  ];
  const startVendor = (n: 2 | 3 | 4 | 5) =>
    VENDORS[n].start(node(n), {
      as: 65000 + n,
      routerId: `10.${n}.0.1`,
      gracefulRestart: false,
      holdSeconds: 6,
      neighbors: neighborsOf(n),
      routes: [{ prefix: prefix(n) }],
    });
  const options =
    'import: accept, export: accept, hold-time: 6, connect-retry: 1, idle-hold: 0, graceful-restart: false';
  const neighbors = [...neighborsOf(1), { address: address(LEAF, LEAF), as: 65000 + LEAF }];
  const [first, ...others] = await Promise.all([
    startTsbgp(
      node(1),
      `
      as: 65001
      router-id: 10.1.0.1
      neighbors:
${neighbors.map(({ address, as }) => `        - { address: ${address}, as: ${as}, families: [ipv4-unicast], ${options} }`).join('\n')}`,
    ),
    startVendor(2),
    startVendor(3),
    startVendor(4),
    startVendor(5),
    exabgp.start(node(LEAF), {
      as: 65000 + LEAF,
      routerId: address(LEAF, LEAF),
      gracefulRestart: false,
      neighbors: [{ address: address(LEAF, 1), as: 65001 }],
      routes: [{ prefix: prefix(LEAF) }],
    }),
  ]);
  tsbgp = first;
  speakers = [tsbgp, tsbgp, ...others];
  await tsbgp.announce(prefix(1));
}, 60_000);
afterAll(cleanup);

/** In a whole ring the shorter way is the best one: at most two of the ring's speakers away. */
async function converged(): Promise<void> {
  for (const n of RING) {
    await soon(() => paths(n), 60_000).toEqual(pathsOfWholeRing(n));
  }
  await soon(() => paths(LEAF), 60_000).toEqual({ tsbgp: '65001', ...prefixedBy('65001', pathsOfWholeRing(1)) });
}

/** The cut opposite to n leaves each other speaker its shorter way. */
function pathsOfWholeRing(n: number): Record<string, string> {
  return pathsAroundCut(n, rightOf(rightOf(n)));
}

function prefixedBy(as: string, paths: Record<string, string>): Record<string, string> {
  const { ExaBGP: _, ...others } = paths;
  return Object.fromEntries(Object.entries(others).map(([name, path]) => [name, `${as} ${path}`]));
}

it('converges: everybody knows everybody by the shorter way', converged, 90_000);

it.each(RING.map(n => [NAMES[n], NAMES[rightOf(n)], n] as const))(
  'loses and regains the link between %s and %s',
  async (_left, _right, cut) => {
    await nodes[cut - 1].run('ip link set eth1 down');
    for (const n of RING) await soon(() => paths(n), 60_000).toEqual(pathsAroundCut(n, cut));
    await soon(() => paths(LEAF)).toEqual({ tsbgp: '65001', ...prefixedBy('65001', pathsAroundCut(1, cut)) });
    await nodes[cut - 1].run('ip link set eth1 up');
    await converged();
    expect(await tsbgp.state(address(LEAF, LEAF))).toBe('Established');
  },
  120_000,
);
