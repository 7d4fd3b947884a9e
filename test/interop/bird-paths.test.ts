// Several paths at once between tsbgp and BIRD: add-path in both directions, shared traffic with weights through a
// restart, aggregates.

import { describe, expect } from 'vitest';
import type { RouteView } from '../../src/bgp/views.js';
import { type Bird, startBird } from './bird.js';
import { it, kernelRoute, soon, watchKernelRoutes } from './machines.js';
import { startTsbgp, type Tsbgp } from './tsbgp.js';

/** The next hops of all paths from tsbgp that BIRD has for a prefix. */
async function nextHopsAt(bird: Bird, prefix: string): Promise<string[]> {
  const { stdout } = await bird.node.try(`birdc 'show route ${prefix} all protocol tsbgp'`);
  return [...stdout.matchAll(/BGP\.next_hop: (\S+)/g)].map(([, nextHop]) => nextHop).sort();
}

/** What tsbgp says that it has sent a neighbor for a prefix. */
async function sent(tsbgp: Tsbgp, neighbor: string, prefix: string): Promise<{ nextHop: string; pathId?: number }[]> {
  const routes: RouteView[] = JSON.parse(await tsbgp.run(`rib out ${neighbor} --json`));
  const paths = routes.find(route => route.prefix === prefix)?.paths ?? [];
  return paths.map(({ nextHop, pathId }) => ({ nextHop, pathId })).sort((a, b) => (a.nextHop < b.nextHop ? -1 : 1));
}

describe.concurrent('add-path (RFC 7911)', () => {
  const feeder = (n: number, preference: number) => `
      router id 10.0.0.${n};
      protocol static { ipv4; route 10.9.0.0/24 blackhole; route 10.${n}.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:9::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        default bgp_local_pref ${preference};
        ipv4 { import all; export all; add paths on; };
        ipv6 { import all; export all; add paths on; };
      }`;

  it('all paths go to BIRD and back, and keep their identifiers', async ({ star: [one, two, three] }) => {
    const [birdTwo, birdThree] = await Promise.all([startBird(two, feeder(2, 100)), startBird(three, feeder(3, 100))]);
    const config = (send: string) => `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65001, route-reflector-client: true, add-path: { receive: true, send: ${send} } }
        - { address: 10.0.0.3, as: 65001, route-reflector-client: true, add-path: { receive: true, send: ${send} } }`;
    const tsbgp = await startTsbgp(one, config('all'));
    await tsbgp.announce('10.9.0.0/24 nexthop 10.0.0.77', '2001:db8:9::/48 nexthop 2001:db8::77');

    // BIRD two: its own static route, what three and tsbgp have.
    await soon(() => sent(tsbgp, '10.0.0.2', '10.9.0.0/24')).toHaveLength(2);
    await soon(() => nextHopsAt(birdTwo, '10.9.0.0/24')).toEqual(['10.0.0.3', '10.0.0.77']);
    await soon(() => nextHopsAt(birdThree, '10.9.0.0/24')).toEqual(['10.0.0.2', '10.0.0.77']);
    await soon(() => nextHopsAt(birdTwo, '2001:db8:9::/48')).toEqual(['2001:db8::3', '2001:db8::77']);
    const before = await sent(tsbgp, '10.0.0.2', '10.9.0.0/24');
    expect(new Set(before.map(({ pathId }) => pathId)).size).toBe(2);
    expect(before.every(({ pathId }) => (pathId ?? 0) > 0)).toBe(true);

    // The best path changes; the other keeps its identifier, and only the one that went is withdrawn.
    await tsbgp.run('rib del 10.9.0.0/24');
    await soon(() => sent(tsbgp, '10.0.0.2', '10.9.0.0/24')).toEqual(
      before.filter(path => path.nextHop === '10.0.0.3'),
    );
    await soon(() => nextHopsAt(birdTwo, '10.9.0.0/24')).toEqual(['10.0.0.3']);

    // A reload to the best one leaves the session alone.
    await tsbgp.announce('10.9.0.0/24 nexthop 10.0.0.77');
    await soon(() => sent(tsbgp, '10.0.0.2', '10.9.0.0/24')).toHaveLength(2);
    await tsbgp.reload(config('1'));
    await soon(() => sent(tsbgp, '10.0.0.2', '10.9.0.0/24')).toMatchObject([{ nextHop: '10.0.0.77' }]);
    await soon(() => nextHopsAt(birdTwo, '10.9.0.0/24')).toEqual(['10.0.0.77']);
    expect((await tsbgp.neighbor('10.0.0.2')).session.established).toBe(1);

    // A refresh and a lost session are as without add-path.
    await birdTwo.birdc('reload in tsbgp');
    await birdThree.birdc('disable tsbgp');
    await soon(() => nextHopsAt(birdTwo, '10.3.0.0/24')).toHaveLength(0);
    await birdThree.birdc('enable tsbgp');
    await soon(() => nextHopsAt(birdTwo, '10.3.0.0/24')).toHaveLength(1);
    expect(await nextHopsAt(birdTwo, '10.9.0.0/24')).toEqual(['10.0.0.77']);
  });
});

describe.concurrent('shared traffic', () => {
  it('has weights by link bandwidth, in one replacement, and stays untouched through a restart', async ({
    pair: [one, two],
  }) => {
    const statics = (bandwidth: string) =>
      [21, 22]
        .map(
          (n, i) => `protocol static path${n} { ipv4; route 10.2.0.0/24 via 10.0.0.${n} {
            bgp_path.empty; bgp_ext_community.add((generic, 0x4004fde9, ${i === 0 ? '0x4cbebc20' : bandwidth})); }; }`,
        )
        .join('\n');
    const config = (bandwidth: string) => `
      router id 10.0.0.2;
      ${statics(bandwidth)}
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; add paths tx; next hop keep; };
      }`;
    // 1e8 and 3e8 octets a second.
    const bird = await startBird(two, config('0x4d8f0d18'));
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      multipath: { ibgp: 4, ebgp: 1 }
      neighbors: [ { address: 10.0.0.2, as: 65001, add-path: { receive: true } } ]`,
    );
    const legs = async () =>
      (await tsbgp.node.run('ip route show 10.2.0.0/24')).match(/via \S+ dev eth1 weight \d+/g)?.sort();
    await soon(legs).toEqual(['via 10.0.0.21 dev eth1 weight 1', 'via 10.0.0.22 dev eth1 weight 3']);

    const changes = await watchKernelRoutes(tsbgp);
    await tsbgp.stop('SIGTERM');
    await tsbgp.restart();
    await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ families: [{ received: 2, endOfRib: true }] });
    await tsbgp.announce('10.1.9.0/24 community blackhole'); // comes after all that could have been changed
    await soon(() => changes().length).toBe(1);
    expect(changes()[0]).toContain('10.1.9.0/24');
    expect(await legs()).toEqual(['via 10.0.0.21 dev eth1 weight 1', 'via 10.0.0.22 dev eth1 weight 3']);

    // 1e8 octets a second for both.
    await bird.reconfigure(config('0x4cbebc20'));
    await soon(legs).toEqual(['via 10.0.0.21 dev eth1 weight 1', 'via 10.0.0.22 dev eth1 weight 1']);
    expect(changes().filter(line => line.startsWith('Deleted'))).toEqual([]);
  });
});

describe.concurrent('aggregates', () => {
  it("of a node stand for its pods' addresses: black holes here, one route there", async ({ pair: [one, two] }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`,
    );
    const config = (aggregates: string) => `
      as: 65001
      router-id: 10.0.0.1
      aggregates: [${aggregates}]
      neighbors: [ { address: 10.0.0.2, as: 65001 } ]
      fib: { redistribute: [static] }`;
    const summary = '{ prefix: 10.1.1.0/24, summary-only: true }, { prefix: 2001:db8:1::/48, summary-only: true }';
    const tsbgp = await startTsbgp(one, config(summary));
    await one.run(`
      ip route add 10.1.1.10/32 via 10.0.0.77 proto static
      ip route add 10.1.1.11/32 via 10.0.0.77 proto static
      ip -6 route add 2001:db8:1::10/128 via 2001:db8::77 proto static`);

    await soon(() => kernelRoute(bird, '10.1.1.0/24')).toMatchObject({ gateway: '10.0.0.1' });
    await soon(() => kernelRoute(bird, '2001:db8:1::/48')).toMatchObject({ gateway: '2001:db8::1' });
    expect(await bird.route('10.1.1.0/24')).toMatchObject({
      'BGP.origin': 'Incomplete',
      'BGP.as_path': '',
      'BGP.aggregator': '10.0.0.1 AS65001',
    });
    expect(await tsbgp.prefixes('out', '10.0.0.2')).toEqual(['10.1.1.0/24', '2001:db8:1::/48']);
    expect(await bird.route('10.1.1.10/32')).toBeUndefined();
    await soon(() => kernelRoute(tsbgp, '10.1.1.0/24')).toMatchObject({ type: 'blackhole', protocol: 'bgp' });
    await soon(() => kernelRoute(tsbgp, '2001:db8:1::/48')).toMatchObject({ type: 'blackhole' });
    expect(await tsbgp.node.run('ip route get 10.1.1.10')).toContain('via 10.0.0.77');
    expect((await tsbgp.node.try('ip route get 10.1.1.12')).status).not.toBe(0);
    expect(await tsbgp.paths('10.1.1.0/24')).toMatchObject([{ source: 'aggregate', best: true }]);
    expect(await tsbgp.run('rib summary')).toMatch(/10\.1\.1\.0\/24 +2 +announced, in place of what it covers/);

    await tsbgp.reload(config('{ prefix: 10.1.1.0/24, kernel: none }'));
    await soon(() => kernelRoute(bird, '10.1.1.10/32')).toBeDefined();
    await soon(() => kernelRoute(bird, '2001:db8:1::10/128')).toBeDefined();
    await soon(() => kernelRoute(tsbgp, '10.1.1.0/24')).toBeUndefined();
    await soon(() => kernelRoute(bird, '2001:db8:1::/48')).toBeUndefined();
    await one.run('ip route del 10.1.1.10/32 && ip route del 10.1.1.11/32');
    await soon(() => kernelRoute(bird, '10.1.1.0/24')).toBeUndefined();
    expect((await tsbgp.neighbor('10.0.0.2')).session.established).toBe(1);
  });

  it('added by hand live through a reload and a restart, until the file has them or they are deleted', async ({
    pair: [one, two],
  }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        graceful restart;
        direct;
        ipv4 { import all; export all; };
      }`,
    );
    const config = (aggregates: string) => `
      as: 65001
      router-id: 10.0.0.1
      aggregates: [${aggregates}]
      neighbors: [ { address: 10.0.0.2, as: 65001 } ]`;
    const tsbgp = await startTsbgp(one, config('{ prefix: 10.3.0.0/16 }'));
    await tsbgp.announce('10.1.1.10/32', '10.2.1.10/32', '10.3.1.10/32');
    await tsbgp.run('aggregate add 10.1.0.0/16 summary-only community 65001:1');
    await tsbgp.run('aggregate add 10.2.0.0/16 kernel none large-community 65001:1:2');
    await tsbgp.run('aggregate add 10.4.0.0/16');

    await soon(() => bird.route('10.1.0.0/16')).toMatchObject({ 'BGP.community': '(65001,1)' });
    await soon(() => bird.route('10.2.0.0/16')).toMatchObject({ 'BGP.large_community': '(65001, 1, 2)' });
    await soon(() => bird.route('10.1.1.10/32')).toBeUndefined();
    expect(await bird.route('10.2.1.10/32')).toBeDefined();
    await soon(() => kernelRoute(tsbgp, '10.1.0.0/16')).toMatchObject({ type: 'blackhole' });
    expect(await kernelRoute(tsbgp, '10.2.0.0/16')).toBeUndefined();
    expect(await tsbgp.run('aggregate')).toBe(`Aggregate          Routes State     Options
10.3.0.0/16             1 announced kernel blackhole
*10.1.0.0/16            1 announced summary-only kernel blackhole community 65001:1
*10.2.0.0/16            1 announced kernel none large-community 65001:1:2
*10.4.0.0/16            0 waits     kernel blackhole

* added here, not in the configuration
`);

    // The file takes 10.2.0.0/16 over; what it does not speak of stays.
    await tsbgp.reload(config('{ prefix: 10.2.0.0/16, communities: [ "65001:2" ] }'));
    await soon(() => bird.route('10.3.0.0/16')).toBeUndefined();
    await soon(() => bird.route('10.2.0.0/16')).toMatchObject({ 'BGP.community': '(65001,2)' });
    expect(await bird.route('10.1.0.0/16')).toBeDefined();
    await expect(tsbgp.run('aggregate del 10.2.0.0/16')).rejects.toThrow('remove it there and reload');
    expect((await tsbgp.neighbor('10.0.0.2')).session.established).toBe(1);

    await tsbgp.stop('SIGTERM');
    await tsbgp.restart();
    await soon(() => tsbgp.run('aggregate')).toMatch(
      /^10\.2\.0\.0\/16 +1 announced .*65001:2\n\*10\.1\.0\.0\/16 +1 announced .*\n\*10\.4\.0\.0\/16 +0 waits/m,
    );
    await soon(() => bird.route('10.1.0.0/16')).toMatchObject({ 'BGP.community': '(65001,1)' });
    expect(await bird.route('10.1.1.10/32')).toBeUndefined();

    await tsbgp.run('aggregate del 10.1.0.0/16 10.4.0.0/16');
    await soon(() => bird.route('10.1.1.10/32')).toBeDefined();
    await soon(() => bird.route('10.1.0.0/16')).toBeUndefined();
    await soon(() => kernelRoute(tsbgp, '10.1.0.0/16')).toBeUndefined();
  });
});
