// What sessions between tsbgp and BIRD carry as far as the kernels, and how operators end them.

import { describe, expect } from 'vitest';
import { startBird } from './bird.js';
import { it, kernelRoute, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';

describe.concurrent('a session over IPv6', () => {
  it('transports both families; IPv4 routes have IPv4 next hops', async ({ pair: [one, two] }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:2::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65002;
        neighbor 2001:db8::1 as 65001;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: '2001:db8::2', as: 65002, import: accept, export: accept } ]`,
    );
    await tsbgp.announce('10.1.0.0/24', '2001:db8:1::/48');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toMatchObject({ gateway: '10.0.0.1' });
    await soon(() => kernelRoute(bird, '2001:db8:1::/48')).toMatchObject({ gateway: '2001:db8::1' });
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.2' });
    await soon(() => kernelRoute(tsbgp, '2001:db8:2::/48')).toMatchObject({ gateway: '2001:db8::2' });
  });

  it('IPv4 routes may have IPv6 next hops, in the kernels too (RFC 8950)', async ({ pair: [one, two] }) => {
    for (const node of [one, two]) await node.run('ip -4 addr flush dev eth1');
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol bgp tsbgp {
        local as 65002;
        neighbor 2001:db8::1 as 65001;
        ipv4 { import all; export all; extended next hop; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: '2001:db8::2', as: 65002, import: accept, export: accept } ]`,
    );
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toMatchObject({ via: { family: 'inet6', host: '2001:db8::1' } });
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({
      via: { family: 'inet6', host: '2001:db8::2' },
      dev: 'eth1',
      protocol: 'bgp',
    });
    expect(await tsbgp.paths('10.2.0.0/24')).toMatchObject([{ nextHop: '2001:db8::2' }]);
  });
});

it('several paths of one prefix come from BIRD and share the traffic (add-path)', async ({ pair: [one, two] }) => {
  const bird = await startBird(
    two,
    `
      router id 10.0.0.2;
      protocol static a { ipv4; route 10.2.0.0/24 via 10.0.0.21; }
      protocol static b { ipv4; route 10.2.0.0/24 via 10.0.0.22; }
      protocol static c { ipv4; route 10.2.0.0/24 via 10.0.0.23 { bgp_local_pref = 50; }; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; add paths tx; };
      }`,
  );
  const tsbgp = await startTsbgp(
    one,
    `
      as: 65001
      router-id: 10.0.0.1
      multipath: 2
      neighbors: [ { address: 10.0.0.2, as: 65001, add-path: { receive: true } } ]`,
  );
  await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ families: [{ received: 3, accepted: 3 }] });
  // In the order of their next hops, whichever BIRD told first.
  const paths = async () => {
    const all = await tsbgp.paths('10.2.0.0/24');
    return all.sort((a, b) => a.nextHop.localeCompare(b.nextHop));
  };
  await soon(paths).toMatchObject([
    { nextHop: '10.0.0.21', pathId: expect.any(Number), best: true },
    { nextHop: '10.0.0.22', pathId: expect.any(Number), multipath: true },
    { nextHop: '10.0.0.23', pathId: expect.any(Number), multipath: false, reason: 'lower local preference' },
  ]);
  await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({
    nexthops: [
      { gateway: '10.0.0.21', dev: 'eth1' },
      { gateway: '10.0.0.22', dev: 'eth1' },
    ],
  });

  // The path ids tell which one goes.
  await bird.birdc('disable a');
  await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.22' });
  await bird.birdc('disable b');
  await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.23' });
});

describe.concurrent('an operator shuts the session down and says why (RFC 9003)', () => {
  it('at tsbgp', async ({ pair: [one, two] }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        error wait time 1, 1;
        connect delay time 1;
        ipv4 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001 } ]`,
    );
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeDefined();

    await tsbgp.run('neighbor 10.0.0.2 disable new cable until 15:00, Émile');
    await soon(() => bird.log()).toMatch(/tsbgp: Received: Administrative shutdown: "new cable until 15:00, Émile"/);
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeUndefined();
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ state: 'Idle', shutdown: true });

    await tsbgp.run('neighbor 10.0.0.2 enable');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeDefined();
  });

  it('at BIRD', async ({ pair: [one, two] }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol bgp tsbgp { local as 65001; neighbor 10.0.0.1 as 65001; direct; ipv4 { import all; export all; }; }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001, idle-hold: 0, connect-retry: 1 } ]`,
    );
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();

    await bird.birdc('disable tsbgp "new disks, Zoë"');
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeUndefined();
    expect((await tsbgp.neighbor('10.0.0.2')).session.lastError).toMatchObject({
      text: 'received Cease/Administrative Shutdown: new disks, Zoë',
      direction: 'received',
    });

    await bird.birdc('enable tsbgp');
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
  });
});
