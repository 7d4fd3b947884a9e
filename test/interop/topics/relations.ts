// What two neighbors are to each other, and which routes go between them for it.

import { expect } from 'vitest';
import { soon } from '../machines.js';
import { startTsbgp } from '../tsbgp.js';
import type { Speaker } from '../vendors/vendor.js';
import { ADDRESS, startBoth, type Topic, TSBGP_AS, VENDOR_AS } from './topic.js';

const roles = (own: 'provider' | 'customer' | 'peer', theirs: 'provider' | 'customer' | 'peer'): Topic => ({
  name: `roles, tsbgp is the ${own}`,
  rfcs: [9234],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      tsbgp: `families: [ipv4-unicast], role: ${own}, strict-role: true`,
      vendor: { role: theirs },
      routes: [{ prefix: '10.2.0.0/24' }],
    });
    await tsbgp.announce('10.1.0.0/24');
    await soon(async () => (await tsbgp.neighbor(ADDRESS.ipv4.vendor)).role).toEqual({
      own,
      remote: theirs,
      strict: true,
    });
    // Only what came from a customer is not marked.
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({
      onlyToCustomer: own === 'customer' ? undefined : TSBGP_AS,
    });
    await soon(() => tsbgp.route('10.2.0.0/24')).toBeDefined();
    await soon(async () => (await tsbgp.route('10.2.0.0/24'))?.onlyToCustomer).toBe(
      own === 'provider' ? undefined : VENDOR_AS,
    );
  },
});

const mismatch: Topic = {
  name: 'roles that do not fit',
  rfcs: [9234],
  async test(vendor, machines) {
    const [tsbgp] = await startBoth(vendor, machines, {
      tsbgp: 'families: [ipv4-unicast], role: peer',
      vendor: { role: 'provider' },
    });
    const status = async () => (await tsbgp.neighbor(ADDRESS.ipv4.vendor)).session;
    await soon(status).toMatchObject({ established: 0, lastError: { code: 2, subcode: 11 } });
  },
};

/** Both other machines announce one prefix, so that each one's own path is the best for it. */
const SHARED = '10.9.0.0/24';

const routeServer: Topic = {
  name: 'tsbgp is a route server',
  rfcs: [7947],
  machines: 3,
  async test(vendor, [one, ...machines]) {
    const client =
      'families: [ipv4-unicast], connect-retry: 1, idle-hold: 0, route-server-client: true, import: accept, export: accept';
    await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65002, ${client} }
        - { address: 10.0.0.3, as: 65003, ${client} }`,
    );
    const [two, three] = await Promise.all(
      machines.map((machine, i) =>
        vendor.start(machine, {
          as: 65002 + i,
          routerId: `10.0.0.${2 + i}`,
          neighbors: [{ address: '10.0.0.1', as: 65001, routeServer: true }],
          routes: [{ prefix: `10.${2 + i}.0.0/24`, med: 30 }, { prefix: SHARED }],
        }),
      ),
    );
    await soon(() => three.route('10.2.0.0/24')).toMatchObject({ asPath: '65002', nextHop: '10.0.0.2', med: 30 });
    await soon(() => two.route('10.3.0.0/24')).toMatchObject({ asPath: '65003', nextHop: '10.0.0.3', med: 30 });
    const paths = async (speaker: Speaker) => (await speaker.routes(SHARED)).map(({ asPath }) => asPath);
    await soon(() => paths(three)).toContain('65002');
    await soon(() => paths(two)).toContain('65003');
  },
};

const routeServerClient: Topic = {
  name: 'tsbgp is a client of a route server',
  rfcs: [7947],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const client = (own: number) => `
      as: ${65000 + own}
      router-id: 10.0.0.${own}
      neighbors: [{ address: 10.0.0.2, as: 65002, families: [ipv4-unicast], connect-retry: 1, idle-hold: 0, enforce-first-as: false, import: accept, export: accept }]`;
    const [first, second] = await Promise.all([
      startTsbgp(one, client(1)),
      startTsbgp(three, client(3)),
      vendor.start(two, {
        as: 65002,
        routerId: '10.0.0.2',
        neighbors: [
          { address: '10.0.0.1', as: 65001, routeServerClient: true },
          { address: '10.0.0.3', as: 65003, routeServerClient: true },
        ],
      }),
    ]);
    await first.announce('10.1.0.0/24 med 40 aspath 65020');
    await soon(() => second.route('10.1.0.0/24')).toMatchObject({
      asPath: '65001 65020',
      nextHop: '10.0.0.1',
      med: 40,
    });
  },
};

const confederation: Topic = {
  name: 'two members of a confederation',
  rfcs: [5065],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const neighbor = (n: number, as: number) =>
      `{ address: 10.0.0.${n}, as: ${as}, families: [ipv4-unicast], connect-retry: 1, idle-hold: 0, import: accept, export: accept }`;
    const [member, outside, other] = await Promise.all([
      startTsbgp(
        one,
        `
      as: 65001
      confederation: { identifier: 64999, members: [65001, 65002] }
      router-id: 10.0.0.1
      neighbors: [ ${neighbor(2, 65002)}, ${neighbor(3, 65003)} ]`,
      ),
      startTsbgp(
        three,
        `
      as: 65003
      router-id: 10.0.0.3
      neighbors: [ ${neighbor(1, 64999)}, ${neighbor(2, 64999)} ]`,
      ),
      vendor.start(two, {
        as: 65002,
        confederation: { identifier: 64999, members: [65001] },
        routerId: '10.0.0.2',
        neighbors: [
          { address: '10.0.0.1', as: 65001 },
          { address: '10.0.0.3', as: 65003 },
        ],
        routes: [{ prefix: '10.2.0.0/24', localPref: 250 }],
      }),
    ]);
    await member.announce('10.1.0.0/24 med 40 local-pref 200 aspath 65020');
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({
      asPath: '(65001) 65020',
      nextHop: '10.0.0.1',
      localPref: 200,
      med: 40,
    });
    await soon(() => member.route('10.2.0.0/24')).toMatchObject({
      asPath: '(65002)',
      nextHop: '10.0.0.2',
      // gobgpd tells members none.
      ...(vendor.name !== 'gobgpd' && { localPref: 250 }),
    });
    expect((await member.neighbor('10.0.0.2')).type).toBe('confederation');
    // Neighbors outside see one AS, by whichever member.
    for (const [prefix, asPath] of [
      ['10.1.0.0/24', '64999 65020'],
      ['10.2.0.0/24', '64999'],
    ] as const) {
      await soon(async () => (await outside.paths(prefix)).map(path => path.asPath)).toEqual([asPath, asPath]);
    }
    await outside.announce('10.3.0.0/24');
    await soon(async () => (await member.paths('10.3.0.0/24')).map(path => path.asPath)).toEqual([
      '65003',
      '(65002) 65003',
    ]);
  },
};

export const RELATIONS: readonly Topic[] = [
  roles('provider', 'customer'),
  roles('customer', 'provider'),
  roles('peer', 'peer'),
  mismatch,
  routeServer,
  routeServerClient,
  confederation,
];
