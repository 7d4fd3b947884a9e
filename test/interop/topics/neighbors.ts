// What is special about one neighbor: default routes for it alone, maintenance, how it is found.

import { expect } from 'vitest';
import { kernelRoute, soon } from '../machines.js';
import { startTsbgp } from '../tsbgp.js';
import { startBoth, type Topic } from './topic.js';

const defaultOriginate: Topic = {
  name: 'a default route for one neighbor, whatever the table and the export policy say',
  rfcs: [4271],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      internal: true,
      tsbgp: 'families: [ipv4-unicast, ipv6-unicast], export: reject, default-originate: true',
      vendor: { families: ['ipv4'] },
    });
    await tsbgp.announce('0.0.0.0/0 med 7', '10.1.0.0/24');
    await soon(() => other.route('0.0.0.0/0')).toMatchObject({ nextHop: '10.0.0.1', origin: 'igp', asPath: '' });
    expect((await other.route('0.0.0.0/0'))?.med ?? 0).toBe(0);
    expect(await tsbgp.prefixes('out', '10.0.0.2')).toEqual(['0.0.0.0/0']);
  },
};

const maintenance: Topic = {
  name: 'maintenance of one neighbor: GRACEFUL_SHUTDOWN to it, local preference 0 from it',
  rfcs: [8326],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { routes: [{ prefix: '10.2.0.0/24' }] });
    await tsbgp.announce('10.1.0.0/24 community 65001:100');
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({ communities: ['65001:100'] });
    await soon(() => tsbgp.route('10.2.0.0/24')).toBeDefined();
    await tsbgp.run('neighbor 10.0.0.2 maintenance on');
    const shown = async () =>
      (await other.route('10.1.0.0/24'))?.communities.map(it => it.replace('65535:0', 'graceful-shutdown'));
    await soon(async () => new Set(await shown())).toEqual(new Set(['65001:100', 'graceful-shutdown']));
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ localPref: 0 });
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ maintenance: true, session: { established: 1 } });
    await tsbgp.run('neighbor all maintenance off');
    await soon(shown).toEqual(['65001:100']);
    await soon(async () => (await tsbgp.route('10.2.0.0/24'))?.localPref ?? 100).toBe(100);
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ maintenance: false, session: { established: 1 } });
  },
};

const passwordOfTsbgp: Topic = {
  name: 'a password (TCP-MD5), tsbgp connects',
  rfcs: [2385],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      tsbgp: 'families: [ipv4-unicast], password: secret',
      vendor: { password: 'secret', passive: true },
    });
    await soon(() => other.state('10.0.0.1')).toBe('Established');
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ protection: ['password'], session: { remotePort: 179 } });
  },
};

const passwordOfVendor: Topic = {
  name: 'a password (TCP-MD5) over IPv6, the other side connects',
  rfcs: [2385],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      family: 'ipv6',
      tsbgp: 'families: [ipv6-unicast], password: secret, passive: true',
      vendor: { password: 'secret' },
    });
    await soon(() => other.state('2001:db8::1')).toBe('Established');
    expect(await tsbgp.neighbor('2001:db8::2')).toMatchObject({ session: { localPort: 179 } });
  },
};

const ttlSecurity: Topic = {
  name: 'packets from one hop away alone (GTSM), whoever connects',
  rfcs: [5082],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      tsbgp: 'families: [ipv4-unicast], ttl-security: true, passive: true',
      vendor: { ttlSecurity: true },
    });
    await soon(() => other.state('10.0.0.1')).toBe('Established');
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({
      protection: ['ttl-security'],
      session: { localPort: 179 },
    });
  },
};

const dynamicNeighbors: Topic = {
  name: 'dynamic neighbors: whoever connects from a prefix, in an AS of a list',
  rfcs: [4271],
  async test(vendor, [one, two]) {
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [{ address: 10.0.0.0/24, as: [65009, 65002-65004], import: accept, export: accept }]`,
    );
    const neighbors = [{ address: '10.0.0.1', as: 65001 }];
    const other = await vendor.start(two, {
      as: 65002,
      routerId: '10.0.0.2',
      neighbors,
      routes: [{ prefix: '10.2.0.0/24' }],
    });
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => other.route('10.1.0.0/24'), 30_000).toMatchObject({ asPath: '65001' });
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ source: '10.0.0.2', asPath: '65002' });
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ as: 65002, range: '10.0.0.0/24' });
  },
};

const byInterface: Topic = {
  name: 'a neighbor by its interface (unnumbered): IPv4 routes over link-local addresses',
  rfcs: [4861, 8950],
  async test(vendor, [one, two]) {
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [{ interface: eth1, as: external, import: accept, export: accept, connect-retry: 1, idle-hold: 0 }]`,
    );
    await soon(() => two.run('ip -6 neighbor show dev eth1')).toMatch(/^fe80::1 .*router/m);
    const { findsNeighbors = false } = vendor;
    const address = findsNeighbors ? 'eth1' : 'fe80::1%eth1';
    const other = await vendor.start(two, {
      as: 65002,
      routerId: '10.0.0.2',
      neighbors: [
        { address, byInterface: findsNeighbors, as: 65001, families: ['ipv4', 'ipv6'], extendedNextHop: true },
      ],
      routes: [{ prefix: '10.2.0.0/24' }],
    });
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => other.route('10.1.0.0/24'), 30_000).toMatchObject({ asPath: '65001' });
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ source: 'eth1', asPath: '65002' });
    const via = { family: 'inet6', host: 'fe80::2' };
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ via, dev: 'eth1' });
  },
};

/** In the order of the page. */
export const NEIGHBORS: readonly Topic[] = [
  passwordOfTsbgp,
  passwordOfVendor,
  ttlSecurity,
  defaultOriginate,
  maintenance,
  dynamicNeighbors,
  byInterface,
];
