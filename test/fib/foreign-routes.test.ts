// Other programs' routes are never touched, and ours come right again when others touch them.

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { enterNamespace, ip, ipBatch, routes } from './namespace.js';
import { eventually, RunningFib } from './running-fib.js';

let running: RunningFib;

beforeAll(enterNamespace);

beforeEach(async () => {
  running = await RunningFib.start();
  running.fib.converged();
});

afterEach(() => running.end());

const OURS = '10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20';

describe('routes of others', () => {
  test('with another metric, table or protocol live beside ours', async () => {
    const others = [
      'route add 10.1.0.0/24 via 172.18.9.1 proto static',
      'route add 10.1.0.0/24 via 172.18.9.2 proto bgp metric 30',
      'route add 10.1.0.0/24 via 172.18.9.3 proto bgp metric 20 table 1000',
      'route add 10.2.0.0/24 via 172.18.9.3 proto bgp metric 30',
    ];
    others.forEach(ip);
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    running.rib.route('10.1.0.0/24', '172.18.8.103');
    running.rib.route('10.2.0.0/24', '172.18.8.103');
    await running.settled();
    running.rib.withdraw('10.2.0.0/24');
    await running.settled();
    expect(routes(4, '10.1.0.0/24')).toEqual([
      '10.1.0.0/24 via 172.18.8.103 dev eth1 proto bgp metric 20',
      '10.1.0.0/24 via 172.18.9.1 dev eth2 proto static',
      '10.1.0.0/24 via 172.18.9.2 dev eth2 proto bgp metric 30',
    ]);
    await running.fib.flush();
    expect(routes(4, '10.0.0.0/8')).toEqual([]);
    expect(routes(4, 'root 10.0.0.0/8')).toEqual([
      '10.1.0.0/24 via 172.18.9.1 dev eth2 proto static',
      '10.1.0.0/24 via 172.18.9.2 dev eth2 proto bgp metric 30',
      '10.2.0.0/24 via 172.18.9.3 dev eth2 proto bgp metric 30',
    ]);
    expect(routes(4, 'table 1000')).toEqual(['10.1.0.0/24 via 172.18.9.3 dev eth2 proto bgp metric 20']);
    for (const command of others) ip(command.replace('add', 'del'));
  });

  test('with our very prefix are left alone, however often ours changes while the kernel is at work', async () => {
    const prefixes = ['10.1.0.0/24', ...Array.from({ length: 200 }, (_, i) => `10.3.${i}.0/24`)];
    // We hear of theirs only after much else.
    const others = Array.from({ length: 5000 }, (_, i) => `10.4.${i >> 8}.${i & 255}/32`);
    ipBatch([
      ...others.map(prefix => `route add blackhole ${prefix} table 1000`),
      'route add 10.1.0.0/24 via 172.18.9.1 proto static metric 20',
    ]);
    for (let turn = 0; turn < 100; turn++) {
      for (const prefix of prefixes) running.rib.route(prefix, turn % 2 === 0 ? '172.18.8.103' : '172.18.8.101');
      await new Promise(setImmediate);
    }
    await running.settled();
    expect(routes(4, '10.1.0.0/24')).toEqual(['10.1.0.0/24 via 172.18.9.1 dev eth2 proto static metric 20']);
    expect(routes(4, 'via 172.18.8.101 proto bgp').length).toBe(200);
    ip('route flush table 1000');
    ip('route del 10.1.0.0/24 proto static');
    await eventually(() => expect(routes(4, '10.1.0.0/24')).toEqual([OURS]));
  });

  test.each([
    [4, '10.1.0.0/24', '172.18.9.1', '172.18.8.101'],
    [6, '2001:db8:a::/48', '2001:db8:9::1', '2001:db8:8::101'],
  ] as const)(
    'with our very prefix, table and metric are left alone, and ours waits (IPv%d)',
    async (family, prefix, theirs, hop) => {
      ip(`route add ${prefix} via ${theirs} proto static metric 20`);
      running.rib.route(prefix, hop);
      await running.settled();
      const foreign = `${prefix} via ${theirs} dev eth2 proto static metric 20`;
      const ours = `${prefix} via ${hop} dev eth1 proto bgp metric 20`;
      expect(routes(family, prefix)).toEqual([foreign]);
      expect(running.fib.routes()).toEqual([
        expect.objectContaining({
          prefix,
          state: expect.stringMatching(
            /^another program's route has the same prefix, table and metric \(EEXIST.*protocol 4$/,
          ),
        }),
      ]);
      ip(`route del ${prefix} via ${theirs} metric 20`);
      await eventually(() => expect(routes(family, prefix)).toEqual([ours]));
      expect(running.fib.status().failed).toBe(0);
    },
  );

  test.each([
    [4, '10.1.0.0/24', '172.18.9.1', '172.18.8.101'],
    [6, '2001:db8:a::/48', '2001:db8:9::1', '2001:db8:8::101'],
  ] as const)('that replace ours win; ours comes back after them (IPv%d)', async (family, prefix, theirs, hop) => {
    running.rib.route(prefix, hop);
    await running.settled();
    ip(`route replace ${prefix} via ${theirs} proto static metric 20`);
    const foreign = `${prefix} via ${theirs} dev eth2 proto static metric 20`;
    const ours = `${prefix} via ${hop} dev eth1 proto bgp metric 20`;
    await eventually(() => expect(running.fib.status().failed).toBe(1));
    expect(routes(family, prefix)).toEqual([foreign]);
    running.rib.withdraw(prefix);
    await running.settled();
    expect(routes(family, prefix)).toEqual([foreign]);
    running.rib.route(prefix, hop);
    await running.settled();
    expect(routes(family, prefix)).toEqual([foreign]);
    ip(`route del ${prefix} metric 20`);
    await eventually(() => expect(routes(family, prefix)).toEqual([ours]));
  });

  test('put before ours at the same metric are not taken for ours', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    ip('route prepend 10.1.0.0/24 via 172.18.9.1 proto static metric 20');
    const foreign = '10.1.0.0/24 via 172.18.9.1 dev eth2 proto static metric 20';
    expect(routes(4, '10.1.0.0/24')).toEqual([OURS, foreign]);
    await new Promise(resolve => setTimeout(resolve, 50));
    running.rib.route('10.1.0.0/24', '172.18.8.103');
    await eventually(() => expect(running.fib.status().failed).toBe(1));
    expect(routes(4, '10.1.0.0/24')).toEqual([foreign]);
    ip('route del 10.1.0.0/24 proto static metric 20');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.8.103 dev eth1 proto bgp metric 20']);
  });
});

describe('our routes, touched by hand', () => {
  test.each([
    ['deleted', 'route del 10.1.0.0/24 metric 20'],
    ['led elsewhere', 'route change 10.1.0.0/24 via 172.18.8.77 dev eth1 proto bgp metric 20'],
    ['made a blackhole', 'route replace blackhole 10.1.0.0/24 proto bgp metric 20'],
    ['given an MTU', 'route replace 10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20 mtu 1400'],
    ['given a source', 'route replace 10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20 src 172.18.8.102'],
    ['given onlink', 'route replace 10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20 onlink'],
    ['doubled after', 'route append 10.1.0.0/24 via 172.18.8.77 dev eth1 proto bgp metric 20'],
    ['doubled before', 'route prepend 10.1.0.0/24 via 172.18.8.77 dev eth1 proto bgp metric 20'],
  ])('are put right: %s', async (_what, command) => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    ip(command);
    await running.expectRoutes(4, [OURS]);
    expect(running.fib.status()).toMatchObject({ installed: 1, failed: 0 });
  });

  test.each([
    ['deleted', 'route del 2001:db8:a::/48 metric 20'],
    ['one leg deleted', 'route del 2001:db8:a::/48 via 2001:db8:8::101 metric 20'],
    ['a leg added', 'route append 2001:db8:a::/48 via 2001:db8:8::77 dev eth1 proto bgp metric 20'],
    [
      'a leg of another program added',
      'route append 2001:db8:a::/48 via 2001:db8:8::77 dev eth1 proto static metric 20',
    ],
    ['made a blackhole', 'route replace blackhole 2001:db8:a::/48 proto bgp metric 20'],
    ['led elsewhere', 'route replace 2001:db8:a::/48 via 2001:db8:8::77 dev eth1 proto bgp metric 20'],
  ])('are put right in IPv6: %s', async (_what, command) => {
    running.rib.route('2001:db8:a::/48', '2001:db8:8::101', '2001:db8:9::101');
    const legs = 'nexthop via 2001:db8:8::101 dev eth1 weight 1 nexthop via 2001:db8:9::101 dev eth2 weight 1';
    await running.expectRoutes(6, [`2001:db8:a::/48 proto bgp metric 20 ${legs}`]);
    ip(command);
    await running.expectRoutes(6, [`2001:db8:a::/48 proto bgp metric 20 ${legs}`]);
    expect(running.fib.status()).toMatchObject({ installed: 1, failed: 0 });
  });

  test('and routes made by hand that look like ours are removed', async () => {
    ip('route add 10.9.0.0/24 via 172.18.8.101 proto bgp metric 20');
    ip('route add default via 172.18.8.101 proto bgp metric 20');
    ip('route add blackhole 2001:db8:9999::/48 proto bgp metric 20');
    await running.expectRoutes(4, []);
    await running.expectRoutes(6, []);
  });

  test('all at once', async () => {
    for (let i = 0; i < 1000; i++) running.rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
    await running.settled();
    const before = routes(4, 'proto bgp');
    expect(before.length).toBe(1000);
    ip('route flush proto bgp');
    await eventually(() => expect(routes(4, 'proto bgp')).toEqual(before));
  });
});
