// Routes in both directions: what arrives, with which attributes, and that it goes again.

import { expect } from 'vitest';
import { kernelRoute, soon } from '../machines.js';
import type { Family } from '../vendors/vendor.js';
import { ADDRESS, startBoth, type Topic } from './topic.js';

const PREFIX: Record<Family, { tsbgp: string; vendor: string }> = {
  ipv4: { tsbgp: '10.1.0.0/24', vendor: '10.2.0.0/24' },
  ipv6: { tsbgp: '2001:db8:1::/48', vendor: '2001:db8:2::/48' },
};

const ibgp = (family: Family): Topic => ({
  name: `iBGP, ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`,
  rfcs: family === 'ipv4' ? [4271] : [4271, 4760, 2545],
  async test(vendor, machines) {
    const { tsbgp: own, vendor: theirs } = PREFIX[family];
    const route = { prefix: theirs, med: 30, localPref: 250 };
    const [tsbgp, other] = await startBoth(vendor, machines, { internal: true, family, routes: [route] });
    await tsbgp.announce(`${own} med 40 local-pref 200 origin igp aspath 65020`);

    await soon(() => other.route(own)).toMatchObject({
      nextHop: ADDRESS[family].tsbgp,
      origin: 'igp',
      asPath: '65020',
      med: 40,
      localPref: 200,
    });
    await soon(() => tsbgp.route(theirs)).toMatchObject({
      nextHop: ADDRESS[family].vendor,
      origin: 'igp',
      asPath: '',
      med: 30,
      localPref: 250,
    });
    await soon(() => kernelRoute(tsbgp, theirs)).toMatchObject({ gateway: ADDRESS[family].vendor, dev: 'eth1' });

    await tsbgp.run(`rib del ${own}`);
    await other.withdraw(theirs);
    await soon(() => other.route(own)).toBeUndefined();
    await soon(() => tsbgp.paths(theirs)).toEqual([]);
  },
});

const ebgp = (family: Family): Topic => ({
  name: `eBGP, ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`,
  rfcs: family === 'ipv4' ? [4271] : [4271, 4760, 2545],
  async test(vendor, machines) {
    const { tsbgp: own, vendor: theirs } = PREFIX[family];
    const route = { prefix: theirs, med: 30, prepended: 2 };
    const [tsbgp, other] = await startBoth(vendor, machines, { family, routes: [route] });
    await tsbgp.announce(`${own} med 40 local-pref 200 origin egp aspath "65020 65021"`);

    await soon(() => other.route(own)).toMatchObject({
      nextHop: ADDRESS[family].tsbgp,
      origin: 'egp',
      asPath: '65001 65020 65021',
      med: 40,
    });
    await soon(() => tsbgp.route(theirs)).toMatchObject({
      nextHop: ADDRESS[family].vendor,
      origin: 'igp',
      asPath: '65002 65002 65002',
      med: 30,
    });
    // LOCAL_PREF stays at home.
    expect((await other.route(own))?.localPref).not.toBe(200);
    expect((await tsbgp.route(theirs))?.localPref).toBeUndefined();
    await soon(() => kernelRoute(tsbgp, theirs)).toMatchObject({ gateway: ADDRESS[family].vendor, dev: 'eth1' });

    await tsbgp.run(`rib del ${own}`);
    await other.withdraw(theirs);
    await soon(() => other.route(own)).toBeUndefined();
    await soon(() => tsbgp.paths(theirs)).toEqual([]);
  },
});

const communities: Topic = {
  name: 'communities, large and extended communities',
  rfcs: [1997, 4360, 8092],
  async test(vendor, machines) {
    const route = {
      prefix: '10.2.0.0/24',
      communities: ['65001:100', '65535:666'],
      largeCommunities: ['65001:1:2'],
      extendedCommunities: ['rt:65001:7', 'soo:65002:8'],
    };
    const [tsbgp, other] = await startBoth(vendor, machines, { internal: true, routes: [route] });
    await tsbgp.announce(
      '10.1.0.0/24 community 65001:1,no-export large-community 65001:3:4294967295 ext-community rt:65001:8,soo:10.0.0.1:9',
    );

    await soon(() => other.route('10.1.0.0/24')).toMatchObject({
      communities: ['65001:1', 'no-export'],
      largeCommunities: ['65001:3:4294967295'],
      extendedCommunities: ['rt:65001:8', 'soo:10.0.0.1:9'],
    });
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({
      communities: ['65001:100', 'blackhole'],
      largeCommunities: ['65001:1:2'],
      extendedCommunities: ['rt:65001:7', 'soo:65002:8'],
    });
  },
};

const refreshOfTsbgp: Topic = {
  name: 'tsbgp asks for the routes again',
  rfcs: [2918, 7313],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { internal: true, routes: [{ prefix: '10.2.0.0/24' }] });
    await soon(() => tsbgp.route('10.2.0.0/24')).toBeDefined();
    const { update } = (await tsbgp.neighbor('10.0.0.2')).session.messages.received;

    await tsbgp.run('neighbor 10.0.0.2 softreset in');
    await soon(() => other.refreshesReceived('10.0.0.1')).toBe(1);
    await soon(async () => (await tsbgp.neighbor('10.0.0.2')).session.messages.received.update > update).toBe(true);
    expect(await tsbgp.route('10.2.0.0/24')).toMatchObject({ nextHop: '10.0.0.2' });
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ session: { established: 1 } });
  },
};

const refreshOfVendor: Topic = {
  name: 'the other side asks for the routes again',
  rfcs: [2918, 7313],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { internal: true });
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => other.route('10.1.0.0/24')).toBeDefined();
    const { received, sent } = (await tsbgp.neighbor('10.0.0.2')).session.messages;

    await other.refresh('10.0.0.1');
    const messages = async () => (await tsbgp.neighbor('10.0.0.2')).session.messages;
    await soon(async () => (await messages()).received.routeRefresh > received.routeRefresh).toBe(true);
    await soon(async () => (await messages()).sent.update > sent.update).toBe(true);
    expect(await other.route('10.1.0.0/24')).toMatchObject({ nextHop: '10.0.0.1' });
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ session: { established: 1 } });
  },
};

/** Topics of this file. */
export const EXCHANGE = [
  ibgp('ipv4'),
  ibgp('ipv6'),
  ebgp('ipv4'),
  ebgp('ipv6'),
  communities,
  refreshOfTsbgp,
  refreshOfVendor,
];
