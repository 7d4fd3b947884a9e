// Add-path (RFC 7911) with FRR and gobgpd, in both directions, asserted on both sides.

import { writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { RouteView } from '../../src/bgp/views.js';
import type { Node } from '../lab/node.mjs';
import { it, soon } from './machines.js';
import { startTsbgp, type Tsbgp } from './tsbgp.js';

/** Next hops that tsbgp has sent a neighbor for a prefix, each with its own identifier. */
async function sent(tsbgp: Tsbgp, neighbor: string, prefix: string): Promise<string[]> {
  const routes: RouteView[] = JSON.parse(await tsbgp.run(`rib out ${neighbor} --json`));
  const paths = routes.find(route => route.prefix === prefix)?.paths ?? [];
  expect(new Set(paths.map(({ pathId }) => pathId)).size).toBe(paths.length);
  return paths.map(({ nextHop }) => nextHop).sort();
}

/** Next hops that tsbgp has received from a neighbor for a prefix, each with its own identifier. */
async function received(tsbgp: Tsbgp, neighbor: string, prefix: string): Promise<string[]> {
  const paths = (await tsbgp.paths(prefix)).filter(({ source }) => source === neighbor);
  expect(new Set(paths.map(({ pathId }) => pathId)).size).toBe(paths.length);
  return paths.map(({ nextHop }) => nextHop).sort();
}

/** A second neighbor of tsbgp's, itself tsbgp, that announces the prefix too. */
function startSecond(node: Node): Promise<Tsbgp> {
  return startTsbgp(
    node,
    `
      as: 65001
      router-id: 10.0.0.3
      neighbors: [ { address: 10.0.0.1, as: 65001 } ]`,
  );
}

const config = `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - address: 10.0.0.2
          as: 65001
          families: [ipv4-unicast]
          route-reflector-client: true
          add-path: { receive: true, send: all }
        - { address: 10.0.0.3, as: 65001, route-reflector-client: true }`;

describe.concurrent('add-path', () => {
  it('with FRR', async ({ star: [one, two, three] }) => {
    await two.run('mkdir -p /run/frr');
    writeFileSync(
      two.path('/run/frr/bgpd.conf'),
      `
router bgp 65001
 bgp router-id 10.0.0.2
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv4 unicast
  network 10.2.0.0/24
  neighbor 10.0.0.1 addpath-tx-all-paths
  neighbor 10.0.0.1 soft-reconfiguration inbound
 exit-address-family
`,
    );
    two.start(
      'exec /usr/lib/frr/bgpd -n -Z -S -f /run/frr/bgpd.conf --vty_socket /run/frr -i /run/frr/bgpd.pid',
      '/run/frr/bgpd.log',
    );
    const tsbgp = await startTsbgp(one, config);
    const second = await startSecond(three);
    await tsbgp.announce('10.9.0.0/24 nexthop 10.0.0.77');
    await second.announce('10.9.0.0/24');
    await soon(() => sent(tsbgp, '10.0.0.2', '10.9.0.0/24')).toEqual(['10.0.0.3', '10.0.0.77']);
    const vtysh = async (command: string) => (await two.try(`vtysh --vty_socket /run/frr -c '${command}'`)).stdout;
    const heard = async () => {
      const { paths = [] } = JSON.parse((await vtysh('show bgp ipv4 unicast 10.9.0.0/24 json')) || '{}');
      return paths.map(({ nexthops }: { nexthops: { ip: string }[] }) => nexthops[0].ip).sort();
    };
    await soon(heard).toEqual(['10.0.0.3', '10.0.0.77']);
    await soon(() => received(tsbgp, '10.0.0.2', '10.2.0.0/24')).toEqual(['10.0.0.2']);
    expect((await tsbgp.paths('10.2.0.0/24'))[0].pathId).toBeGreaterThan(0);
    await second.run('rib del 10.9.0.0/24');
    await soon(heard).toEqual(['10.0.0.77']);
  });

  it('with gobgpd', async ({ star: [one, two, three] }) => {
    writeFileSync(
      two.path('/run/gobgpd.yml'),
      `
global: { config: { as: 65001, router-id: 10.0.0.2 } }
neighbors:
  - config: { neighbor-address: 10.0.0.1, peer-as: 65001 }
    afi-safis:
      - config: { afi-safi-name: ipv4-unicast }
        add-paths: { config: { receive: true, send-max: 8 } }
`,
    );
    two.start('exec gobgpd -t yaml -f /run/gobgpd.yml', '/run/gobgpd.log');
    const tsbgp = await startTsbgp(one, config);
    const second = await startSecond(three);
    await soon(() => tsbgp.neighbor('10.0.0.2'), 20_000).toMatchObject({ state: 'Established' });
    for (const identifier of [1, 2]) {
      await two.run(
        `gobgp global rib add 10.2.0.0/24 identifier ${identifier} nexthop 10.0.0.2${identifier} origin igp`,
      );
    }
    await tsbgp.announce('10.9.0.0/24 nexthop 10.0.0.77');
    await second.announce('10.9.0.0/24');
    await soon(() => sent(tsbgp, '10.0.0.2', '10.9.0.0/24')).toEqual(['10.0.0.3', '10.0.0.77']);
    const heard = async () => {
      const tables: { nlri: { prefix: string }; attrs: { type: number; nexthop?: string }[] }[][] = Object.values(
        JSON.parse((await two.try('gobgp neighbor 10.0.0.1 adj-in -j')).stdout || '{}'),
      );
      const paths = tables.flat().filter(({ nlri }) => nlri.prefix === '10.9.0.0/24');
      return paths.map(({ attrs }) => attrs.find(({ nexthop }) => nexthop !== undefined)?.nexthop).sort();
    };
    await soon(heard).toEqual(['10.0.0.3', '10.0.0.77']);
    await soon(() => received(tsbgp, '10.0.0.2', '10.2.0.0/24')).toEqual(['10.0.0.21', '10.0.0.22']);
    await second.run('rib del 10.9.0.0/24');
    await soon(heard).toEqual(['10.0.0.77']);
    await two.run('gobgp global rib del 10.2.0.0/24 identifier 1');
    await soon(() => received(tsbgp, '10.0.0.2', '10.2.0.0/24')).toEqual(['10.0.0.22']);
  });
});
