// Neighbors that are named by an interface alone, on cables without IPv4: found, lost and found again; IPv4 over IPv6.

import { expect } from 'vitest';
import { readLog } from '../lab/daemon.mjs';
import type { Node } from '../lab/node.mjs';
import { startBird } from './bird.js';
import { createPod, it, linkLocal, pings, plug } from './cables.js';
import { kernelRoute, it as onOneNetwork, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';
import { frr } from './vendors/frr.js';
import type { Speaker } from './vendors/vendor.js';

const POLICY = 'import: accept, export: accept';
const configured = (n: number, neighbors: string, more = '') => `
  as: ${65000 + n}
  router-id: 10.0.0.${n}
  groups: { fabric: { as: external, ${POLICY}, connect-retry: 1, idle-hold: 0 } }
  neighbors: [${neighbors}]
  fib: { redistribute: [static], prefixes: ['10.${n}.0.0/16 le 32'] }
  ${more}`;
const ETH1 = '{ interface: eth1, group: fabric }';

async function startEnds([one, two]: [Node, Node], neighbor = ETH1) {
  await Promise.all([createPod(one, 1), createPod(two, 2)]);
  return Promise.all([startTsbgp(one, configured(1, neighbor)), startTsbgp(two, configured(2, neighbor))]);
}

it('two tsbgp find each other; pods reach each other by IPv4', async ({ ends }) => {
  const [one, two] = ends;
  const [first, second] = await startEnds(ends);
  await soon(() => kernelRoute(first, '10.2.1.10')).toMatchObject({
    via: { family: 'inet6', host: await linkLocal(two, 'eth1') },
    dev: 'eth1',
    protocol: 'bgp',
  });
  await soon(() => kernelRoute(second, '10.1.1.10')).toBeDefined();
  expect(await pings(one, '10.2.1.10')).toBe(true);
  expect(await first.neighbor('eth1')).toMatchObject({
    address: 'eth1',
    as: 65002,
    type: 'external',
    heard: { addresses: [`${await linkLocal(two, 'eth1')}%eth1`], trouble: '' },
    session: { established: 1, remoteAddress: `${await linkLocal(two, 'eth1')}%eth1` },
  });
});

it('a cable is pulled, the other side has another address, the interface goes and comes', async ({ ends }) => {
  const [one, two] = ends;
  const [first, second] = await startEnds(ends);
  await soon(() => kernelRoute(first, '10.2.1.10')).toBeDefined();

  await two.run('ip link set eth1 down');
  await soon(() => first.neighbor('eth1')).toMatchObject({ state: 'Active', heard: { trouble: 'eth1 is down' } });
  await soon(() => kernelRoute(first, '10.2.1.10')).toBeUndefined();
  expect(await second.run('neighbor eth1')).toContain('eth1 is down');
  await two.run('ip link set eth1 up');
  await soon(() => kernelRoute(first, '10.2.1.10')).toBeDefined();
  await soon(() => kernelRoute(second, '10.1.1.10')).toBeDefined();

  const before = await linkLocal(two, 'eth1');
  await two.run(`ip -6 address flush dev eth1 scope link && ip -6 address add fe80::2222/64 dev eth1`);
  await soon(async () => (await kernelRoute(first, '10.2.1.10'))?.via?.host).toBe('fe80::2222');
  expect(before).not.toBe('fe80::2222');
  expect(await first.neighbor('eth1')).toMatchObject({ state: 'Established' });
  expect(await pings(one, '10.2.1.10')).toBe(true);

  await one.run('ip link del eth1');
  await soon(() => first.neighbor('eth1')).toMatchObject({
    state: 'Active',
    heard: { trouble: 'there is no interface eth1' },
  });
  await soon(() => second.neighbor('eth1')).toMatchObject({
    state: 'Active',
    heard: { trouble: 'there is no interface eth1' },
  });
  await plug(one, 'eth1', two, 'eth1');
  await soon(() => kernelRoute(first, '10.2.1.10')).toMatchObject({ via: { host: await linkLocal(two, 'eth1') } });
  expect(await pings(one, '10.2.1.10')).toBe(true);
});

it('two neighbors with the same address on different links, told apart by policies', async ({ three }) => {
  const [hub, ...leaves] = three;
  for (const [i, leaf] of leaves.entries()) {
    await leaf.run('ip -6 address flush dev eth1 scope link && ip -6 address add fe80::2/64 dev eth1 nodad');
    await createPod(leaf, i + 2);
  }
  await createPod(hub, 1);
  const policies = `
  neighbor-sets: { preferred: [eth2] }
  policies: { mark: [{ match: { neighbor: preferred }, set: { local-pref: 200 }, then: accept }, { then: accept }] }`;
  const both = 'interface: IF, as: external, import: mark, export: accept, connect-retry: 1, idle-hold: 0';
  const names = ['eth1', 'eth2'].map(name => `{ ${both.replace('IF', name)} }`).join(', ');
  const tsbgp = await startTsbgp(hub, configured(1, names, policies));
  const others = await Promise.all(leaves.map((leaf, i) => startTsbgp(leaf, configured(i + 2, ETH1))));
  for (const n of [2, 3]) {
    await soon(() => kernelRoute(tsbgp, `10.${n}.1.10`)).toMatchObject({
      via: { host: 'fe80::2' },
      dev: `eth${n - 1}`,
    });
    expect(await pings(hub, `10.${n}.1.10`)).toBe(true);
  }
  expect(await tsbgp.route('10.2.1.10/32')).toMatchObject({ source: 'eth1' });
  expect(await tsbgp.route('10.2.1.10/32')).not.toHaveProperty('localPref');
  expect(await tsbgp.route('10.3.1.10/32')).toMatchObject({ source: 'eth2', localPref: 200 });
  // From one leaf to the other, over the hub.
  await soon(() => kernelRoute(others[0], '10.3.1.10')).toBeDefined();
  await soon(() => kernelRoute(others[1], '10.2.1.10')).toBeDefined();
  expect(await pings(leaves[0], '10.3.1.10')).toBe(true);
});

it('added by hand, with a password and from one hop away; changed and removed by a reload', async ({ ends }) => {
  const guarded = '{ interface: eth1, group: fabric, password: secret, ttl-security: true }';
  const [first, second] = await startEnds(ends, guarded);
  await soon(() => first.state('eth1')).toBe('Established');
  expect(await first.neighbor('eth1')).toMatchObject({ protection: ['password', 'ttl-security'], group: 'fabric' });
  expect((await first.run('neighbor')).split('\n')[1]).toMatch(/^eth1 +65002/);
  expect(await first.run('rib in eth1')).toContain('10.2.1.10/32');

  await first.reload(configured(1, guarded.replace('secret', 'another')));
  await soon(() => first.state('eth1')).toMatch(/^(?!Established)/);
  await second.reload(configured(2, guarded.replace('secret', 'another')));
  await soon(() => first.state('eth1')).toBe('Established');

  await first.reload(configured(1, ''));
  await second.reload(configured(2, ETH1));
  expect(await first.run('neighbor')).toContain('No neighbors.');
  await first.run('neighbor eth1 add as external import accept export accept connect-retry 1');
  await soon(() => first.state('eth1')).toBe('Established');
  await soon(() => kernelRoute(first, '10.2.1.10')).toBeDefined();
  await first.run('neighbor eth1 del');
  await soon(() => kernelRoute(first, '10.2.1.10')).toBeUndefined();
});

it('addresses on the cable that the other side has no subnet for do not matter', async ({ ends }) => {
  const [one, two] = ends;
  for (const [i, node] of ends.entries()) {
    await node.run(`ip address add 10.9.${i}.1/24 dev eth1 && ip address add 2001:db8:9${i}::1/64 dev eth1 nodad`);
  }
  const [first, second] = await startEnds(ends);
  await first.announce('2001:db8:1::/64');
  const gateway = await linkLocal(one, 'eth1');
  await soon(() => kernelRoute(second, '10.1.1.10')).toMatchObject({ via: { host: gateway } });
  await soon(() => kernelRoute(second, '2001:db8:1::/64')).toMatchObject({ gateway, dev: 'eth1' });
  await soon(() => kernelRoute(first, '10.2.1.10')).toMatchObject({ via: { host: await linkLocal(two, 'eth1') } });
});

it('within an AS, through a restart', async ({ ends }) => {
  const [one] = ends;
  const internal = configured(1, '{ interface: eth1, as: internal, connect-retry: 1, idle-hold: 0 }');
  await createPod(one, 1);
  const other = await startTsbgp(ends[1], internal.replace('router-id: 10.0.0.1', 'router-id: 10.0.0.2'));
  const tsbgp = await startTsbgp(one, internal);
  await soon(() => kernelRoute(other, '10.1.1.10')).toMatchObject({ via: { host: await linkLocal(one, 'eth1') } });
  await tsbgp.stop('SIGKILL');
  await soon(() => other.neighbor('eth1')).toMatchObject({ restartingUntil: expect.any(Number) });
  expect(await kernelRoute(other, '10.1.1.10')).toBeDefined();
  await tsbgp.restart();
  await soon(() => other.neighbor('eth1')).toMatchObject({ state: 'Established', type: 'internal', as: 65001 });
  await soon(async () => (await other.route('10.1.1.10/32'))?.stale).toBe(false);
});

/** Machine 2 speaks BGP, has a pod, and both kernels and both daemons know the other's pod. */
async function both(tsbgp: Awaited<ReturnType<typeof startTsbgp>>, other: Speaker): Promise<void> {
  const own = await linkLocal(tsbgp.node, 'eth1');
  const theirs = await linkLocal(other.node, 'eth1');
  await soon(() => kernelRoute(tsbgp, '10.2.1.10'), 20_000).toMatchObject({
    via: { host: theirs },
    dev: 'eth1',
    protocol: 'bgp',
  });
  await soon(() => other.route('10.1.1.10/32')).toMatchObject({ nextHop: own, asPath: '65001' });
  await soon(() => kernelRoute(other, '10.1.1.10')).toMatchObject({ via: { host: own }, dev: 'eth1' });
  expect(await pings(tsbgp.node, '10.2.1.10')).toBe(true);
  expect(await pings(other.node, '10.1.1.10')).toBe(true);
}

for (const who of ['tsbgp', 'FRR']) {
  it(`FRR by its interface, ${who} connects`, async ({ ends }) => {
    const [one, two] = ends;
    await Promise.all([createPod(one, 1), createPod(two, 2)]);
    const neighbor = `{ interface: eth1, group: fabric${who === 'FRR' ? ', passive: true' : ''} }`;
    const tsbgp = await startTsbgp(one, configured(1, neighbor));
    const other = await frr.start(two, {
      as: 65002,
      routerId: '10.0.0.2',
      neighbors: [
        { address: 'eth1', byInterface: true, as: 65001, families: ['ipv4', 'ipv6'], passive: who === 'tsbgp' },
      ],
      routes: [{ prefix: '10.2.1.10/32' }, { prefix: '2001:db8:2::/64' }],
    });
    await both(tsbgp, other);
    expect(await other.state('eth1')).toBe('Established');
    await tsbgp.announce('2001:db8:1::/64');
    await soon(() => other.route('2001:db8:1::/64')).toMatchObject({ asPath: '65001' });
    await soon(() => kernelRoute(tsbgp, '2001:db8:2::/64')).toMatchObject({
      gateway: await linkLocal(two, 'eth1'),
      dev: 'eth1',
    });

    await two.run('ip link set eth1 down');
    await soon(() => kernelRoute(tsbgp, '10.2.1.10')).toBeUndefined();
    await two.run('ip link set eth1 up');
    await both(tsbgp, other);
  });
}

it('BIRD, which names the link-local address of the other side and connects', async ({ ends }) => {
  const [one, two] = ends;
  await Promise.all([createPod(one, 1), createPod(two, 2)]);
  const own = await linkLocal(one, 'eth1');
  const tsbgp = await startTsbgp(one, configured(1, ETH1));
  const bird = await startBird(
    two,
    `
    router id 10.0.0.2;
    protocol static { ipv4; route 10.2.1.10/32 via "veth-pod"; }
    protocol bgp tsbgp {
      local as 65002;
      neighbor ${own} % 'eth1' as 65001;
      connect delay time 1;
      connect retry time 1;
      error wait time 1, 1;
      ipv4 { import all; export all; extended next hop; };
      ipv6 { import all; export all; };
    }`,
  );
  await soon(() => kernelRoute(tsbgp, '10.2.1.10')).toMatchObject({ via: { host: await linkLocal(two, 'eth1') } });
  await soon(() => kernelRoute(bird, '10.1.1.10')).toMatchObject({ via: { host: own }, dev: 'eth1' });
  expect(await bird.route('10.1.1.10/32')).toMatchObject({ via: `${own} on eth1`, 'BGP.as_path': '65001' });
  expect(await pings(one, '10.2.1.10')).toBe(true);
  expect(await pings(two, '10.1.1.10')).toBe(true);
});

onOneNetwork('a second router on the link is refused, and the session stays', async ({ star: [one, two, three] }) => {
  const neighbor = "{ address: 'fe80::1%eth1', group: fabric }";
  const tsbgp = await startTsbgp(one, configured(1, '{ interface: eth1, group: fabric, passive: true }'));
  const first = await startTsbgp(two, configured(2, neighbor));
  await soon(() => first.state('fe80::1%eth1')).toBe('Established');
  const second = await startTsbgp(three, configured(3, neighbor));
  await soon(() => readLog(three)).toContain('received Cease/Connection Collision Resolution');
  expect(await second.neighbor('fe80::1%eth1')).toMatchObject({ session: { established: 0 } });
  expect(await tsbgp.neighbor('eth1')).toMatchObject({
    state: 'Established',
    as: 65002,
    session: { established: 1, remoteAddress: 'fe80::2%eth1' },
  });
  expect(readLog(one)).toContain('eth1: fe80::3%eth1, router id 10.0.0.3, is refused');
});

const AMBIENT = '+net_admin,+net_bind_service';
const asService = (capabilities: string) =>
  `setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps ${capabilities} --ambient-caps ${capabilities}`;

it('without CAP_NET_RAW it says what is missing, and finds who advertises itself all the same', async ({ ends }) => {
  const [one, two] = ends;
  await Promise.all(ends.map(node => node.run('mkdir -p /run/tsbgp && chmod -R 777 /run/tsbgp')));
  const tsbgp = await startTsbgp(one, configured(1, ETH1), asService(AMBIENT));
  await soon(() => readLog(one)).toContain(
    'neighbors by interface are not told who is here: it takes the capability CAP_NET_RAW',
  );
  expect(readLog(one)).toContain('CapabilityBoundingSet=CAP_NET_RAW');
  await soon(() => tsbgp.run('neighbor eth1')).toContain('no router is heard on eth1');
  const other = await startTsbgp(two, configured(2, ETH1), asService(`${AMBIENT},+net_raw`));
  await soon(() => tsbgp.state('eth1'), 15_000).toBe('Established');
  expect(readLog(two)).not.toContain('CAP_NET_RAW');
  expect(await other.neighbor('eth1')).toMatchObject({ heard: { addresses: [] }, session: { established: 1 } });
});
