// Several paths of a prefix on one session, and routes that go on to a third speaker.
//
// Machine 3 has a second speaker of the vendor or a second tsbgp; its routes begin with 10.3.

import { expect } from 'vitest';
import { soon } from '../machines.js';
import { startTsbgp } from '../tsbgp.js';
import type { Topic } from './topic.js';

const addPathReceive: Topic = {
  name: 'the other side sends several paths of a prefix',
  rfcs: [7911],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const [tsbgp, other, third] = await Promise.all([
      startTsbgp(
        one,
        `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65001, families: [ipv4-unicast], connect-retry: 1, idle-hold: 0, add-path: { receive: true } }`,
      ),
      vendor.start(two, {
        as: 65001,
        routerId: '10.0.0.2',
        neighbors: [
          { address: '10.0.0.1', as: 65001, addPath: 'send', routeReflectorClient: true },
          { address: '10.0.0.3', as: 65001, routeReflectorClient: true },
        ],
        routes: vendor.forwardsNothing
          ? [
              { prefix: '10.9.0.0/24', nextHop: '10.0.0.2', pathId: 1 },
              { prefix: '10.9.0.0/24', nextHop: '10.0.0.3', pathId: 2 },
            ]
          : [{ prefix: '10.9.0.0/24' }],
      }),
      startTsbgp(
        three,
        `
      as: 65001
      router-id: 10.0.0.3
      neighbors:
        - { address: 10.0.0.2, as: 65001, families: [ipv4-unicast], connect-retry: 1, idle-hold: 0 }`,
      ),
    ]);
    if (!vendor.forwardsNothing) await third.announce('10.9.0.0/24');

    const paths = async () => (await tsbgp.paths('10.9.0.0/24')).sort((a, b) => a.nextHop.localeCompare(b.nextHop));
    await soon(paths).toMatchObject([
      { nextHop: '10.0.0.2', pathId: expect.any(Number) },
      { nextHop: '10.0.0.3', pathId: expect.any(Number) },
    ]);
    // The path ids tell which one goes.
    await other.withdraw('10.9.0.0/24', 1);
    await soon(paths).toMatchObject([{ nextHop: '10.0.0.3' }]);
  },
};

const addPathSend: Topic = {
  name: 'tsbgp sends several paths of a prefix',
  rfcs: [7911],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const [tsbgp, third, other] = await Promise.all([
      startTsbgp(
        one,
        `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - address: 10.0.0.2
          as: 65001
          families: [ipv4-unicast]
          connect-retry: 1
          route-reflector-client: true
          add-path: { send: 4 }
        - { address: 10.0.0.3, as: 65001, families: [ipv4-unicast], connect-retry: 1 }`,
      ),
      startTsbgp(
        three,
        `
      as: 65001
      router-id: 10.0.0.3
      neighbors: [ { address: 10.0.0.1, as: 65001, families: [ipv4-unicast], connect-retry: 1 } ]`,
      ),
      vendor.start(two, {
        as: 65001,
        routerId: '10.0.0.2',
        neighbors: [{ address: '10.0.0.1', as: 65001, addPath: 'receive' }],
      }),
    ]);
    await Promise.all([tsbgp.announce('10.9.0.0/24 med 10'), third.announce('10.9.0.0/24 med 20')]);

    const paths = async () => {
      const all = (await other.routes('10.9.0.0/24')).map(({ nextHop, med }) => ({ nextHop, med }));
      return all.sort((a, b) => a.nextHop.localeCompare(b.nextHop));
    };
    await soon(paths).toEqual([
      { nextHop: '10.0.0.1', med: 10 },
      { nextHop: '10.0.0.3', med: 20 },
    ]);
    await tsbgp.run('rib del 10.9.0.0/24');
    await soon(paths).toEqual([{ nextHop: '10.0.0.3', med: 20 }]);
  },
};

const tsbgpReflects: Topic = {
  name: 'tsbgp reflects routes between two clients',
  rfcs: [4456],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const client = (n: number) => ({
      as: 65001,
      routerId: `10.0.0.${n}`,
      neighbors: [{ address: '10.0.0.1', as: 65001 }],
      routes: [{ prefix: `10.${n}.0.0/24` }],
    });
    const [tsbgp, other, another] = await Promise.all([
      startTsbgp(
        one,
        `
      as: 65001
      router-id: 10.0.0.1
      cluster-id: 10.0.0.99
      neighbors:
        - { address: 10.0.0.2, as: 65001, families: [ipv4-unicast], connect-retry: 1, route-reflector-client: true }
        - { address: 10.0.0.3, as: 65001, families: [ipv4-unicast], connect-retry: 1, route-reflector-client: true }`,
      ),
      vendor.start(two, client(2)),
      vendor.start(three, client(3)),
    ]);
    const reflected = { originatorId: '10.0.0.2', clusterList: ['10.0.0.99'], nextHop: '10.0.0.2', asPath: '' };
    await soon(() => another.route('10.2.0.0/24')).toMatchObject(reflected);
    await soon(() => other.route('10.3.0.0/24')).toMatchObject({ originatorId: '10.0.0.3', nextHop: '10.0.0.3' });
    // A client is not told its own routes.
    expect(await tsbgp.prefixes('out', '10.0.0.2')).toEqual(['10.3.0.0/24']);
    await other.withdraw('10.2.0.0/24');
    await soon(() => another.routes('10.2.0.0/24')).toEqual([]);
  },
};

const vendorReflects: Topic = {
  name: 'the other side reflects routes, tsbgp is a client',
  rfcs: [4456],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const client = (n: number) => `
      as: 65001
      router-id: 10.0.0.${n}
      neighbors: [ { address: 10.0.0.2, as: 65001, families: [ipv4-unicast], connect-retry: 1 } ]`;
    const [tsbgp, third] = await Promise.all([
      startTsbgp(one, client(1)),
      startTsbgp(three, client(3)),
      vendor.start(two, {
        as: 65001,
        routerId: '10.0.0.2',
        neighbors: [
          { address: '10.0.0.1', as: 65001, routeReflectorClient: true },
          { address: '10.0.0.3', as: 65001, routeReflectorClient: true },
        ],
      }),
    ]);
    await third.announce('10.3.0.0/24 local-pref 150');
    const reflected = { originatorId: '10.0.0.3', clusterList: ['10.0.0.2'], nextHop: '10.0.0.3', localPref: 150 };
    await soon(() => tsbgp.route('10.3.0.0/24')).toMatchObject(reflected);
    await third.run('rib del 10.3.0.0/24');
    await soon(() => tsbgp.paths('10.3.0.0/24')).toEqual([]);
  },
};

/** Topics of this file. */
export const PATHS = [addPathReceive, addPathSend, tsbgpReflects, vendorReflects];
