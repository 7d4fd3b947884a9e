// tsbgp and BIRD as two routers of one AS: what one announces is in the kernel of the other, with its attributes.

import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { cleanup } from '../lab/node.mjs';
import { type Bird, startBird } from './bird.js';
import { countKernelRoutes, createPair, it, kernelRoute, showLogs, soon, watchKernelRoutes } from './machines.js';
import { startTsbgp, type Tsbgp } from './tsbgp.js';

describe('iBGP', () => {
  let tsbgp: Tsbgp;
  let bird: Bird;

  beforeAll(async () => {
    const [one, two] = await createPair();
    bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:2::/48 blackhole; }
      protocol static marked {
        ipv4;
        route 10.2.1.0/24 blackhole {
          bgp_community.add((65001, 100));
          bgp_community.add((65535, 65281));
          bgp_large_community.add((65001, 1, 2));
          bgp_ext_community.add((rt, 65001, 7));
          bgp_ext_community.add((ro, 10.0.0.2, 8));
          bgp_local_pref = 250;
          bgp_med = 30;
        };
      }
      protocol static brief { disabled; ipv4; route 10.2.2.0/24 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`,
    );
    tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - address: 10.0.0.2
          as: 65001
      fib:
        redistribute: [static]`,
    );
  });
  afterEach(({ task }) => showLogs([tsbgp.node, bird.node], task));
  afterAll(cleanup);

  it('comes up with the capabilities of both', async () => {
    await soon(() => bird.protocol()).toMatch(/BGP state: +Established/);
    const { state, type, session } = await tsbgp.neighbor('10.0.0.2');
    expect({ state, type }).toEqual({ state: 'Established', type: 'internal' });
    expect(session.remoteRouterId).toBe('10.0.0.2');
    const common = session.capabilities.filter(({ local, remote }) => local && remote).map(({ name }) => name);
    expect(new Set(common)).toEqual(
      new Set(['multiprotocol', 'route-refresh', 'enhanced-route-refresh', 'graceful-restart', 'as4']),
    );
    const [, heard] = (await bird.protocol()).split('Neighbor capabilities');
    expect(heard).toMatch(/AF announced: ipv4 ipv6\n/);
    expect(heard).toMatch(/Route refresh\n +Extended next hop\n +IPv6 nexthop: ipv4\n +Extended message\n/);
    expect(heard).toMatch(/Extended message\n +Graceful restart\n +Restart time: 120\n/);
    expect(heard).toMatch(/4-octet AS numbers\n +Enhanced refresh\n/);
    expect(heard).toContain(`Hostname: ${tsbgp.node.name}\n`);
    expect(heard).toMatch(/Session: +internal AS4\n/);
  });

  it('IPv4 and IPv6 routes of each side are in the kernel of the other', async () => {
    await tsbgp.announce('10.1.0.0/24', '2001:db8:1::/48');

    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toMatchObject({ gateway: '10.0.0.1', dev: 'eth1' });
    await soon(() => kernelRoute(bird, '2001:db8:1::/48')).toMatchObject({ gateway: '2001:db8::1', dev: 'eth1' });
    expect(await bird.route('10.1.0.0/24')).toMatchObject({
      via: '10.0.0.1 on eth1',
      'BGP.origin': 'Incomplete',
      'BGP.as_path': '',
      'BGP.next_hop': '10.0.0.1',
      'BGP.local_pref': '100',
    });
    expect(await bird.route('2001:db8:1::/48')).toMatchObject({ via: '2001:db8::1 on eth1', 'BGP.local_pref': '100' });

    const installed = { dev: 'eth1', protocol: 'bgp', metric: 20 };
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.2', ...installed });
    await soon(() => kernelRoute(tsbgp, '2001:db8:2::/48')).toMatchObject({ gateway: '2001:db8::2', ...installed });
    expect(await tsbgp.paths('10.2.0.0/24')).toMatchObject([
      { source: '10.0.0.2', best: true, nextHop: '10.0.0.2', origin: 'igp', asPath: '', localPref: 100 },
    ]);
    expect(await tsbgp.paths('2001:db8:2::/48')).toMatchObject([
      { source: '10.0.0.2', best: true, nextHop: '2001:db8::2', localPref: 100 },
    ]);
  });

  it('communities, large and extended communities, LOCAL_PREF and MED pass unchanged', async () => {
    await tsbgp.announce(
      '10.1.1.0/24 community 65001:1,no-export large-community 65001:3:4294967295 ' +
        'ext-community rt:65001:8,soo:10.0.0.1:9 local-pref 200 med 40 origin igp',
    );
    await soon(() => bird.route('10.1.1.0/24')).toMatchObject({
      'BGP.origin': 'IGP',
      'BGP.local_pref': '200',
      'BGP.med': '40',
      'BGP.community': '(65001,1) (65535,65281)',
      'BGP.large_community': '(65001, 3, 4294967295)',
      'BGP.ext_community': '(rt, 65001, 8) (ro, 10.0.0.1, 9)',
    });
    expect(await tsbgp.paths('10.2.1.0/24')).toMatchObject([
      {
        localPref: 250,
        med: 30,
        communities: ['65001:100', 'no-export'],
        largeCommunities: ['65001:1:2'],
        extendedCommunities: ['rt:65001:7', 'soo:10.0.0.2:8'],
      },
    ]);
  });

  it('a withdrawn route leaves the kernel of the other side', async () => {
    await tsbgp.announce('10.1.2.0/24');
    await bird.birdc('enable brief');
    await soon(() => kernelRoute(bird, '10.1.2.0/24')).toBeDefined();
    await soon(() => kernelRoute(tsbgp, '10.2.2.0/24')).toBeDefined();

    await tsbgp.run('rib del 10.1.2.0/24');
    await bird.birdc('disable brief');
    await soon(() => kernelRoute(bird, '10.1.2.0/24')).toBeUndefined();
    await soon(() => kernelRoute(tsbgp, '10.2.2.0/24')).toBeUndefined();
    expect(await bird.route('10.1.2.0/24')).toBeUndefined();
    expect(await tsbgp.prefixes('in', '10.0.0.2')).not.toContain('10.2.2.0/24');
  });

  it('a route with community blackhole is a black hole at its origin and a usual route elsewhere', async () => {
    await tsbgp.announce('10.1.3.0/24 community blackhole', '2001:db8:1:3::/64 community blackhole');
    await soon(() => kernelRoute(bird, '10.1.3.0/24')).toMatchObject({ gateway: '10.0.0.1' });
    await soon(() => kernelRoute(bird, '2001:db8:1:3::/64')).toMatchObject({ gateway: '2001:db8::1' });
    expect(await bird.route('10.1.3.0/24')).toMatchObject({ kind: 'unicast', 'BGP.community': '(65535,666)' });
    await soon(() => kernelRoute(tsbgp, '10.1.3.0/24')).toMatchObject({ type: 'blackhole', protocol: 'bgp' });
    await soon(() => kernelRoute(tsbgp, '2001:db8:1:3::/64')).toMatchObject({ type: 'blackhole', protocol: 'bgp' });
  });

  it("static routes of tsbgp's machine are announced with their metric as MED, and withdrawn when they go", async () => {
    await tsbgp.node.run('ip route add 10.1.4.0/24 via 10.0.0.77 proto static metric 55');
    await tsbgp.node.run('ip route add 2001:db8:1:4::/64 via 2001:db8::77 proto static metric 56');
    await soon(() => bird.route('10.1.4.0/24')).toMatchObject({ 'BGP.next_hop': '10.0.0.1', 'BGP.med': '55' });
    await soon(() => bird.route('2001:db8:1:4::/64')).toMatchObject({ 'BGP.next_hop': '2001:db8::1', 'BGP.med': '56' });
    await soon(() => kernelRoute(bird, '10.1.4.0/24')).toMatchObject({ gateway: '10.0.0.1' });

    await tsbgp.node.run('ip route del 10.1.4.0/24 && ip route del 2001:db8:1:4::/64');
    await soon(() => kernelRoute(bird, '10.1.4.0/24')).toBeUndefined();
    await soon(() => kernelRoute(bird, '2001:db8:1:4::/64')).toBeUndefined();
  });

  it('the routes can be asked for again, in both directions, without a change in any kernel', async () => {
    const updatesToBird = async () => {
      const lines = (await bird.protocol()).matchAll(/Import updates: +(\d+)/g);
      return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const updatesBefore = await updatesToBird();
    const before = await tsbgp.neighbor('10.0.0.2');
    const changesAtBird = await watchKernelRoutes(bird);
    const changesAtTsbgp = await watchKernelRoutes(tsbgp);

    await bird.birdc('reload in tsbgp');
    await bird.birdc('reload out tsbgp');
    await soon(updatesToBird).toBe(updatesBefore + before.advertised);
    // What is announced now comes after all that was sent again.
    await tsbgp.announce('10.1.2.0/24');
    await bird.birdc('enable brief');
    await soon(changesAtBird).toEqual([expect.stringMatching(/^10\.1\.2\.0\/24 via 10\.0\.0\.1 /)]);
    await soon(changesAtTsbgp).toEqual([expect.stringMatching(/^10\.2\.2\.0\/24 via 10\.0\.0\.2 /)]);

    const { received, session } = await tsbgp.neighbor('10.0.0.2');
    expect({ received, established: session.established }).toEqual({ received: before.received + 1, established: 1 });
    // For each family BIRD asked once and marked begin and end of what it sent; tsbgp marked likewise (RFC 7313).
    expect(session.messages.received.routeRefresh).toBe(6);
    expect(session.messages.sent.routeRefresh).toBe(4);
  });

  it('20,000 routes come into the kernel, and go again', async () => {
    const routes = Array.from({ length: 20_000 }, (_, i) => `route 10.${128 + (i >> 8)}.${i & 255}.0/24 blackhole;`);
    const config = (many: string[]) => `
      router id 10.0.0.2;
      protocol static many { ipv4; ${many.join('\n')} }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`;
    await bird.reconfigure(config(routes));
    await soon(() => countKernelRoutes(tsbgp, '10.128.0.0/9')).toBe(20_000);
    await bird.reconfigure(config([]));
    await soon(() => countKernelRoutes(tsbgp, '10.128.0.0/9')).toBe(0);
  });
});
