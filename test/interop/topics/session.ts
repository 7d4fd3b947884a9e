// How sessions come up, what they agree on, and how they end.

import { expect } from 'vitest';
import { soon } from '../machines.js';
import { startBoth, type Topic } from './topic.js';

const tsbgpConnects: Topic = {
  name: 'tsbgp connects, the other side waits',
  rfcs: [4271],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { vendor: { passive: true } });
    await soon(() => other.state('10.0.0.1')).toBe('Established');
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ session: { remotePort: 179 } });
  },
};

const tsbgpWaits: Topic = {
  name: 'tsbgp waits, the other side connects',
  rfcs: [4271],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { tsbgp: 'families: [ipv4-unicast], passive: true' });
    await soon(() => other.state('10.0.0.1')).toBe('Established');
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ session: { localPort: 179 } });
  },
};

const as4: Topic = {
  name: 'AS numbers of four octets',
  rfcs: [6793],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      as: [4200000001, 4200000002],
      routes: [{ prefix: '10.2.0.0/24', prepended: 1 }],
    });
    await tsbgp.announce('10.1.0.0/24 aspath "65020 4200000010"');
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({ asPath: '4200000001 65020 4200000010' });
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ asPath: '4200000002 4200000002' });
  },
};

const as2: Topic = {
  name: 'AS numbers of four octets over a session of two (AS4_PATH)',
  rfcs: [6793],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      vendor: { as4: false },
      routes: [{ prefix: '10.2.0.0/24' }],
    });
    await tsbgp.announce('10.1.0.0/24 aspath "65020 4200000010"');
    // A speaker that does not know them sees AS_TRANS; one that only hides that it does puts the path together.
    await soon(async () => (await other.route('10.1.0.0/24'))?.asPath).toMatch(/^65001 65020 (23456|4200000010)$/);
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ asPath: '65002' });
    const { capabilities } = (await tsbgp.neighbor('10.0.0.2')).session;
    expect(capabilities.find(({ name }) => name === 'as4')).toMatchObject({ remote: false });
  },
};

const extendedNextHop: Topic = {
  name: 'IPv4 routes with IPv6 next hops',
  rfcs: [8950],
  async test(vendor, machines) {
    for (const node of machines) await node.run('ip -4 addr flush dev eth1');
    const [tsbgp, other] = await startBoth(vendor, machines, {
      family: 'ipv6',
      tsbgp: 'families: [ipv4-unicast, ipv6-unicast]',
      vendor: { families: ['ipv4', 'ipv6'], extendedNextHop: true },
      routes: [{ prefix: '10.2.0.0/24', ...(vendor.forwardsNothing && { nextHop: '2001:db8::2' }) }],
    });
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({ nextHop: '2001:db8::1' });
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ nextHop: '2001:db8::2' });
  },
};

const extendedMessages: Topic = {
  name: 'messages of more than 4096 octets',
  rfcs: [8654],
  async test(vendor, machines) {
    const many = (as: number) => Array.from({ length: 1_500 }, (_, i) => `${as}:${i}`);
    const [tsbgp, other] = await startBoth(vendor, machines, {
      routes: [{ prefix: '10.2.0.0/24', communities: many(65002) }],
    });
    await tsbgp.announce(`10.1.0.0/24 community ${many(65001).join(',')}`);
    await soon(async () => (await other.route('10.1.0.0/24'))?.communities).toHaveLength(1_500);
    await soon(async () => (await tsbgp.route('10.2.0.0/24'))?.communities).toHaveLength(1_500);
    const { capabilities } = (await tsbgp.neighbor('10.0.0.2')).session;
    expect(capabilities).toContainEqual({ name: 'extended-message', local: true, remote: true, detail: '' });
  },
};

const maxPrefixOfTsbgp: Topic = {
  name: 'tsbgp ends the session when there are too many prefixes',
  rfcs: [4486],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      tsbgp: 'families: [ipv4-unicast], max-prefix: { limit: 2, restart: 0 }',
      routes: [{ prefix: '10.2.0.0/24' }, { prefix: '10.2.1.0/24' }],
    });
    await soon(() => tsbgp.route('10.2.1.0/24')).toBeDefined();
    await other.announce({ prefix: '10.2.2.0/24' });
    await soon(async () => (await tsbgp.neighbor('10.0.0.2')).session.lastError).toMatchObject({
      direction: 'sent',
      text: expect.stringContaining('Maximum Number of Prefixes Reached'),
    });
    await soon(async () => (await other.state('10.0.0.1')) !== 'Established').toBe(true);
    expect(await tsbgp.route('10.2.0.0/24')).toBeUndefined();
  },
};

const maxPrefixOfVendor: Topic = {
  name: 'the other side ends the session when there are too many prefixes',
  rfcs: [4486],
  async test(vendor, machines) {
    // gobgpd, which ends the session itself, now and then waits for tsbgp to come back all the same (RFC 4724 §4.2).
    const waits = vendor.name === 'gobgpd' ? { tsbgp: 'families: [ipv4-unicast], graceful-restart: false' } : {};
    const [tsbgp, other] = await startBoth(vendor, machines, { ...waits, vendor: { maxPrefix: 2 } });
    await tsbgp.announce('10.1.0.0/24', '10.1.1.0/24');
    await soon(() => other.route('10.1.1.0/24')).toBeDefined();
    await tsbgp.announce('10.1.2.0/24', '10.1.3.0/24');
    await soon(async () => (await tsbgp.neighbor('10.0.0.2')).session.lastError).toMatchObject({
      direction: 'received',
      text: expect.stringContaining('Maximum Number of Prefixes Reached'),
    });
    await soon(() => other.routes('10.1.0.0/24')).toEqual([]);
  },
};

const shutdownOfTsbgp: Topic = {
  name: 'tsbgp shuts the session down and says why',
  rfcs: [9003],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {});
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => other.route('10.1.0.0/24')).toBeDefined();
    await tsbgp.run('neighbor 10.0.0.2 disable new cable until 15:00');
    await soon(() => other.routes('10.1.0.0/24')).toEqual([]);
    await soon(() => other.log()).toMatch(/new cable until 15:00/);
  },
};

const shutdownOfVendor: Topic = {
  name: 'the other side shuts the session down and says why',
  rfcs: [9003],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { routes: [{ prefix: '10.2.0.0/24' }] });
    await soon(() => tsbgp.route('10.2.0.0/24')).toBeDefined();
    await other.shutdown('10.0.0.1', 'new disks');
    await soon(() => tsbgp.paths('10.2.0.0/24')).toEqual([]);
    expect((await tsbgp.neighbor('10.0.0.2')).session.lastError).toMatchObject({
      direction: 'received',
      text: expect.stringMatching(/Cease\/Administrative Shutdown: new disks$/),
    });
  },
};

/** Topics of this file. */
export const SESSION = [
  tsbgpConnects,
  tsbgpWaits,
  as4,
  as2,
  extendedNextHop,
  extendedMessages,
  maxPrefixOfTsbgp,
  maxPrefixOfVendor,
  shutdownOfTsbgp,
  shutdownOfVendor,
];
