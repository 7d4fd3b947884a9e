// Routes of Loc-RIB in a real kernel: added, replaced, withdrawn, refused.

import { writeFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { enterNamespace, ip, linkIndex, RouteMonitor, routes } from './namespace.js';
import { eventually, ourRoutes, RunningFib } from './running-fib.js';

let running: RunningFib;

beforeAll(enterNamespace);

beforeEach(async () => {
  running = await RunningFib.start();
  running.fib.converged();
});

afterEach(() => running.end());

describe('IPv4', () => {
  test('a route is added, replaced and withdrawn', async () => {
    const { rib, fib } = running;
    rib.route('10.233.1.0/24', '172.18.8.101');
    await running.expectRoutes(4, ['10.233.1.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
    expect(fib.routes()).toEqual([
      {
        prefix: '10.233.1.0/24',
        kind: 'unicast',
        nextHops: [{ gateway: '172.18.8.101', interface: 'eth1', weight: 1 }],
        state: 'installed',
      },
    ]);
    rib.route('10.233.1.0/24', '172.18.9.101');
    await running.expectRoutes(4, ['10.233.1.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
    rib.withdraw('10.233.1.0/24');
    await running.expectRoutes(4, []);
    expect(fib.status()).toMatchObject({ installed: 0, failed: 0 });
  });

  test('the kernel sees one change for each change, and none for what stays the same', async () => {
    const monitor = await RouteMonitor.start();
    running.rib.route('10.233.1.0/24', '172.18.8.101');
    await running.settled();
    running.rib.route('10.233.1.0/24', '172.18.8.101');
    await running.settled();
    running.rib.route('10.233.1.0/24', '172.18.8.103');
    await running.settled();
    await eventually(() => expect(monitor.lines.length).toBeGreaterThanOrEqual(2));
    expect(monitor.lines.map(line => line.trim())).toEqual([
      '10.233.1.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
      '10.233.1.0/24 via 172.18.8.103 dev eth1 proto bgp metric 20',
    ]);
    await monitor.stop();
  });

  test('blackhole and unreachable, and from one kind to the other', async () => {
    const { rib } = running;
    rib.blackhole('10.233.1.0/24');
    rib.unreachable('10.233.2.0/24');
    await running.expectRoutes(4, [
      'blackhole 10.233.1.0/24 proto bgp metric 20',
      'unreachable 10.233.2.0/24 proto bgp metric 20',
    ]);
    expect(running.fib.routes().map(({ prefix, kind }) => `${kind} ${prefix}`)).toEqual([
      'blackhole 10.233.1.0/24',
      'unreachable 10.233.2.0/24',
    ]);
    rib.route('10.233.1.0/24', '172.18.8.101');
    rib.blackhole('10.233.2.0/24');
    await running.expectRoutes(4, [
      '10.233.1.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
      'blackhole 10.233.2.0/24 proto bgp metric 20',
    ]);
  });

  test('several equal paths share the traffic; legs come, go and become one', async () => {
    const { rib } = running;
    rib.route('10.233.1.0/24', '172.18.8.101', '172.18.9.101');
    await running.expectRoutes(4, [
      '10.233.1.0/24 proto bgp metric 20 nexthop via 172.18.8.101 dev eth1 weight 1 nexthop via 172.18.9.101 dev eth2 weight 1',
    ]);
    rib.route('10.233.1.0/24', '172.18.9.101', '172.18.8.103', '172.18.8.101');
    await running.expectRoutes(4, [
      '10.233.1.0/24 proto bgp metric 20 nexthop via 172.18.8.101 dev eth1 weight 1 nexthop via 172.18.8.103 dev eth1 weight 1 nexthop via 172.18.9.101 dev eth2 weight 1',
    ]);
    rib.route('10.233.1.0/24', '172.18.9.101');
    await running.expectRoutes(4, ['10.233.1.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
  });

  test('by shares, as weights; a change of weights, members or both is one replacement', async () => {
    const { rib } = running;
    const monitor = await RouteMonitor.start();
    const shares = [
      ['172.18.8.101*1e9', '172.18.9.101*4e10'],
      ['172.18.8.101*1e9', '172.18.9.101*2e9'],
      ['172.18.9.101*3', '172.18.8.101*2', '172.18.8.103*1'],
      ['172.18.9.101*3', '172.18.8.103*1'],
    ];
    const lines = [];
    for (const nextHops of shares) {
      rib.route('10.233.1.0/24', ...nextHops);
      await running.settled();
      lines.push(ourRoutes(4)[0].replaceAll('nexthop via ', '').replaceAll('weight ', ''));
    }
    expect(lines).toEqual([
      '10.233.1.0/24 proto bgp metric 20 172.18.8.101 dev eth1 1 172.18.9.101 dev eth2 40',
      '10.233.1.0/24 proto bgp metric 20 172.18.8.101 dev eth1 1 172.18.9.101 dev eth2 2',
      '10.233.1.0/24 proto bgp metric 20 172.18.8.101 dev eth1 2 172.18.8.103 dev eth1 1 172.18.9.101 dev eth2 3',
      '10.233.1.0/24 proto bgp metric 20 172.18.8.103 dev eth1 1 172.18.9.101 dev eth2 3',
    ]);
    rib.route('10.233.1.0/24', '172.18.9.101*30', '172.18.8.103*10');
    await running.settled();
    rib.route('10.233.9.0/24', '172.18.8.101');
    await eventually(() => expect(monitor.lines.some(line => line.startsWith('10.233.9.0/24'))).toBe(true));
    const changes = monitor.lines.filter(line => /10\.233\.\d\.0/.test(line));
    expect(changes.map(line => line.trim().split(' ')[0])).toEqual([
      ...lines.map(() => '10.233.1.0/24'),
      '10.233.9.0/24',
    ]);
    await monitor.stop();
  });

  test('two next hops behind one gateway weigh double', async () => {
    ip('route add 192.0.2.0/24 via 172.18.8.101 proto static');
    running.rib.route('10.233.1.0/24', '192.0.2.1', '192.0.2.2', '172.18.9.101');
    await running.expectRoutes(4, [
      '10.233.1.0/24 proto bgp metric 20 nexthop via 172.18.8.101 dev eth1 weight 2 nexthop via 172.18.9.101 dev eth2 weight 1',
    ]);
    ip('route del 192.0.2.0/24');
    await running.expectRoutes(4, ['10.233.1.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
  });

  test('by an IPv6 next hop, alone and beside an IPv4 one (RFC 8950)', async () => {
    const { rib } = running;
    rib.route('10.233.1.0/24', '2001:db8:8::101');
    rib.route('10.233.2.0/24', `fe80::1%${linkIndex('eth2')}`, '172.18.8.101');
    await running.expectRoutes(4, [
      '10.233.1.0/24 via inet6 2001:db8:8::101 dev eth1 proto bgp metric 20',
      '10.233.2.0/24 proto bgp metric 20 nexthop via 172.18.8.101 dev eth1 weight 1 nexthop via inet6 fe80::1 dev eth2 weight 1',
    ]);
  });

  test('by a gateway that is on the link only by word of the kernel route', async () => {
    ip('route add 192.0.2.0/24 via 203.0.113.1 dev eth1 onlink proto static');
    running.rib.route('10.233.1.0/24', '192.0.2.1');
    running.rib.route('10.233.2.0/24', '192.0.2.1', '172.18.9.101');
    await running.expectRoutes(4, [
      '10.233.1.0/24 via 203.0.113.1 dev eth1 proto bgp metric 20 onlink',
      '10.233.2.0/24 proto bgp metric 20 nexthop via 203.0.113.1 dev eth1 weight 1 onlink nexthop via 172.18.9.101 dev eth2 weight 1',
    ]);
    ip('route del 192.0.2.0/24');
  });

  test('the default route and host routes', async () => {
    running.rib.route('0.0.0.0/0', '172.18.8.101');
    running.rib.route('10.233.1.10/32', '172.18.8.101');
    await running.expectRoutes(4, [
      'default via 172.18.8.101 dev eth1 proto bgp metric 20',
      '10.233.1.10 via 172.18.8.101 dev eth1 proto bgp metric 20',
    ]);
    expect(running.fib.routes().map(({ prefix }) => prefix)).toEqual(['0.0.0.0/0', '10.233.1.10/32']);
  });

  test('thousands of routes come and go', async () => {
    const prefixes = Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    for (const prefix of prefixes) running.rib.route(prefix, '172.18.8.101');
    await running.settled();
    expect(ourRoutes(4).length).toBe(5000);
    for (const prefix of prefixes.slice(1)) running.rib.withdraw(prefix);
    await running.expectRoutes(4, ['10.0.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
    expect(running.fib.status()).toMatchObject({ installed: 1, failed: 0, pending: 0 });
  });
});

describe('IPv6', () => {
  test('a route is added, replaced and withdrawn', async () => {
    const { rib } = running;
    rib.route('2001:db8:a::/48', '2001:db8:8::101');
    await running.expectRoutes(6, ['2001:db8:a::/48 via 2001:db8:8::101 dev eth1 proto bgp metric 20']);
    rib.route('2001:db8:a::/48', `fe80::1%${linkIndex('eth2')}`);
    await running.expectRoutes(6, ['2001:db8:a::/48 via fe80::1 dev eth2 proto bgp metric 20']);
    rib.withdraw('2001:db8:a::/48');
    await running.expectRoutes(6, []);
  });

  test('from any kind to any other', async () => {
    const one = '2001:db8:8::101';
    const two = '2001:db8:9::101';
    const three = '2001:db8:8::103';
    const leg = (gateway: string, device: string) => `nexthop via ${gateway} dev ${device} weight 1`;
    const kinds: { nextHops: string[]; line: string }[] = [
      { nextHops: [one], line: `2001:db8:a::/48 via ${one} dev eth1 proto bgp metric 20` },
      {
        nextHops: [two, one],
        line: `2001:db8:a::/48 proto bgp metric 20 ${leg(one, 'eth1')} ${leg(two, 'eth2')}`,
      },
      {
        nextHops: [one, two, three],
        line: `2001:db8:a::/48 proto bgp metric 20 ${leg(one, 'eth1')} ${leg(three, 'eth1')} ${leg(two, 'eth2')}`,
      },
      { nextHops: [], line: 'blackhole 2001:db8:a::/48 dev lo proto bgp metric 20' },
    ];
    for (const from of kinds) {
      for (const to of kinds) {
        for (const { nextHops, line } of [from, to]) {
          if (nextHops.length === 0) running.rib.blackhole('2001:db8:a::/48');
          else running.rib.route('2001:db8:a::/48', ...nextHops);
          await running.expectRoutes(6, [line]);
        }
      }
    }
    expect(running.fib.status()).toMatchObject({ installed: 1, failed: 0, resyncs: 0 });
  });

  test('by shares, as weights; a change of weights, members or both is one replacement', async () => {
    const { rib } = running;
    const monitor = await RouteMonitor.start();
    const lines = [];
    for (const nextHops of [
      ['2001:db8:8::101*1', '2001:db8:9::101*3'],
      ['2001:db8:8::101*1', '2001:db8:9::101*2'],
      ['2001:db8:8::103*5', '2001:db8:9::101*2'],
    ]) {
      rib.route('2001:db8:a::/48', ...nextHops);
      await running.settled();
      lines.push(ourRoutes(6)[0].replaceAll('nexthop via ', '').replaceAll('weight ', ''));
    }
    expect(lines).toEqual([
      '2001:db8:a::/48 proto bgp metric 20 2001:db8:8::101 dev eth1 1 2001:db8:9::101 dev eth2 3',
      '2001:db8:a::/48 proto bgp metric 20 2001:db8:8::101 dev eth1 1 2001:db8:9::101 dev eth2 2',
      '2001:db8:a::/48 proto bgp metric 20 2001:db8:8::103 dev eth1 5 2001:db8:9::101 dev eth2 2',
    ]);
    rib.route('2001:db8:b::/48', '2001:db8:8::101');
    await eventually(() => expect(monitor.lines.some(line => line.startsWith('2001:db8:b::'))).toBe(true));
    expect(monitor.lines.filter(line => line.startsWith('2001:db8:a::'))).toHaveLength(3);
    expect(monitor.lines.filter(line => line.startsWith('Deleted'))).toEqual([]);
    await monitor.stop();
  });

  test('metric 0 is 1024 there', async () => {
    await running.end();
    running = await RunningFib.start({ metric: 0 });
    running.rib.route('2001:db8:a::/48', '2001:db8:8::101');
    running.rib.route('10.233.1.0/24', '172.18.8.101');
    await running.expectRoutes(6, ['2001:db8:a::/48 via 2001:db8:8::101 dev eth1 proto bgp metric 1024']);
    await running.expectRoutes(4, ['10.233.1.0/24 via 172.18.8.101 dev eth1 proto bgp']);
    running.rib.withdraw('2001:db8:a::/48');
    running.rib.withdraw('10.233.1.0/24');
    await running.expectRoutes(6, []);
    await running.expectRoutes(4, []);
  });
});

describe('table, metric and protocol', () => {
  test('are those of the options', async () => {
    await running.end();
    running = await RunningFib.start({ table: 1000, metric: 300, protocol: 187 });
    running.rib.route('10.233.1.0/24', '172.18.8.101');
    running.rib.blackhole('2001:db8:a::/48');
    await running.settled();
    await eventually(() => {
      expect(routes(4, 'table 1000')).toEqual(['10.233.1.0/24 via 172.18.8.101 dev eth1 proto isis metric 300']);
      expect(routes(6, 'table 1000')).toEqual(['blackhole 2001:db8:a::/48 dev lo proto isis metric 300']);
    });
    expect(ourRoutes(4)).toEqual([]);
    await running.fib.flush();
    expect(routes(4, 'table 1000')).toEqual([]);
  });
});

describe('routes the kernel refuses', () => {
  const reason = 'the interface does not take such routes (EACCES: IPv6 is disabled on nexthop device)';
  let refused: string;

  // The link is up, so the resolver sees nothing wrong with a next hop there.
  function disableIpv6(value: 0 | 1): void {
    writeFileSync('/proc/sys/net/ipv6/conf/eth2/disable_ipv6', `${value}`);
  }

  beforeEach(() => {
    disableIpv6(1);
    refused = `fe80::1%${linkIndex('eth2')}`;
  });

  afterEach(() => disableIpv6(0));

  test('show the reason, leave the others alone, and are tried again when the kernel changes', async () => {
    const { rib, fib } = running;
    for (let i = 0; i < 600; i++) {
      rib.route(`10.1.${i >> 8}.${i & 255}/32`, i === 300 ? refused : '172.18.8.101');
    }
    await running.settled();
    expect(ourRoutes(4).length).toBe(599);
    expect(fib.status()).toMatchObject({ installed: 599, failed: 1 });
    expect(fib.routes().filter(({ state }) => state !== 'installed')).toEqual([
      {
        prefix: '10.1.1.44/32',
        kind: 'unicast',
        nextHops: [{ gateway: 'fe80::1', interface: 'eth2', weight: 1 }],
        state: reason,
      },
    ]);
    expect(running.complaints).toEqual([`route 10.1.1.44/32 failed in the kernel: ${reason}`]);
    disableIpv6(0);
    await eventually(() => expect(fib.status()).toMatchObject({ installed: 600, failed: 0 }));
    expect(ourRoutes(4).length).toBe(600);
  });

  test('take an old route for the same prefix with them', async () => {
    const { rib, fib } = running;
    rib.route('10.1.0.0/24', '172.18.8.101');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
    rib.route('10.1.0.0/24', refused);
    await running.expectRoutes(4, []);
    expect(fib.routes().map(({ prefix, state }) => `${prefix} ${state}`)).toEqual([`10.1.0.0/24 ${reason}`]);
    rib.route('10.1.0.0/24', '172.18.8.101');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
    expect(fib.status().failed).toBe(0);
  });

  test('are many, and all of them are told apart from the rest', async () => {
    const { rib, fib } = running;
    for (let i = 0; i < 2000; i++) {
      rib.route(`10.1.${i >> 8}.${i & 255}/32`, i % 2 === 0 ? refused : '172.18.8.101');
    }
    await running.settled();
    expect(fib.status()).toMatchObject({ installed: 1000, failed: 1000 });
    expect(running.complaints).toEqual([`1000 routes, 10.1.0.0/32 among them, failed in the kernel: ${reason}`]);
    for (let i = 0; i < 2000; i += 2) rib.withdraw(`10.1.${i >> 8}.${i & 255}/32`);
    await running.settled();
    expect(fib.status()).toMatchObject({ installed: 1000, failed: 0 });
  });

  test('an IPv6 route by an IPv4 next hop', async () => {
    running.rib.route('2001:db8:a::/48', '172.18.8.101');
    await running.settled();
    expect(running.fib.routes().map(({ prefix, state }) => `${prefix} ${state}`)).toEqual([
      expect.stringContaining('2001:db8:a::/48 a gateway of this family does not fit the route'),
    ]);
  });
});
