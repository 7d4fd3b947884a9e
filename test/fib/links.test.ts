// Links and addresses come and go: next hops with them, and the routes that the kernel drops without a word.

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { enterNamespace, ip, linkIndex, RouteMonitor, routes } from './namespace.js';
import { eventually, ourRoutes, RunningFib } from './running-fib.js';

let running: RunningFib;

beforeAll(enterNamespace);

beforeEach(async () => {
  running = await RunningFib.start();
  running.fib.converged();
});

afterEach(async () => {
  await running.end();
  expect(running.complaints).toEqual([]);
  for (const n of [8, 9]) {
    const name = n === 8 ? 'eth1' : 'eth2';
    ip(`link set ${name}p up`);
    ip(`link set ${name} up`);
    ip(`address replace 172.18.${n}.102/24 dev ${name}`);
    ip(`address replace 2001:db8:${n}::102/64 dev ${name} nodad`);
  }
  await eventually(() => expect(ip('-o link show up').match(/LOWER_UP/g)?.length).toBe(5));
});

const OURS = '10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20';

describe('a link', () => {
  test('goes down and comes back', async () => {
    const { rib } = running;
    rib.route('10.1.0.0/24', '172.18.8.101');
    rib.route('2001:db8:a::/48', '2001:db8:8::101');
    rib.route('10.2.0.0/24', '172.18.9.101');
    await running.settled();
    ip('link set eth1 down');
    await eventually(() => expect(rib.costOf('172.18.8.101')).toBeNull());
    await running.expectRoutes(4, ['10.2.0.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
    await running.expectRoutes(6, []);
    expect(running.fib.status().failed).toBe(0);
    ip('link set eth1 up');
    ip('address replace 2001:db8:8::102/64 dev eth1 nodad');
    await running.expectRoutes(4, [OURS, '10.2.0.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
    await running.expectRoutes(6, ['2001:db8:a::/48 via 2001:db8:8::101 dev eth1 proto bgp metric 20']);
  });

  test('flaps so fast that next hops seem unchanged', async () => {
    for (let i = 0; i < 700; i++) running.rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
    await running.settled();
    // Nothing of the flap is seen before it is over.
    ip('link set eth1 down');
    ip('link set eth1 up');
    expect(ourRoutes(4).length).toBe(0);
    await eventually(() => expect(ourRoutes(4).length).toBe(700));
    await running.settled();
    expect(running.fib.status()).toMatchObject({ installed: 700, failed: 0 });
  });

  test('loses its carrier', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    ip('link set eth1p down');
    await eventually(() => expect(running.rib.costOf('172.18.8.101')).toBeNull());
    await running.expectRoutes(4, []);
    ip('link set eth1p up');
    await running.expectRoutes(4, [OURS]);
  });

  test('waits for more than its carrier', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    running.rib.route('10.2.0.0/24', '172.18.9.200');
    await running.settled();
    ip('link set eth1 mode dormant');
    ip('link set eth1p down');
    await eventually(() => expect(running.rib.costOf('172.18.8.101')).toBeNull());
    ip('link set eth1p up');
    await eventually(() => expect(ip('-o link show eth1')).toContain('state DORMANT'));
    // When it has been heard that this is our address, what was said before has been, too.
    ip('address add 172.18.9.200/32 dev eth2');
    await eventually(() => expect(running.rib.costOf('172.18.9.200')).toBeNull());
    expect(running.rib.costOf('172.18.8.101')).toBeNull();
    ip('address del 172.18.9.200/32 dev eth2');
    running.rib.withdraw('10.2.0.0/24');
    ip('link set eth1 state up');
    await running.expectRoutes(4, [OURS]);
    ip('link set eth1 mode default');
  });

  test('is deleted, and another takes its place', async () => {
    ip('link add eth3 type veth peer name eth3p');
    ip('address add 172.18.10.102/24 dev eth3');
    ip('link set eth3 up');
    ip('link set eth3p up');
    running.rib.route('10.1.0.0/24', '172.18.10.101');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.10.101 dev eth3 proto bgp metric 20']);
    ip('link del eth3');
    await running.expectRoutes(4, []);
    ip('address add 172.18.10.102/24 dev eth2');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.10.101 dev eth2 proto bgp metric 20']);
    ip('address del 172.18.10.102/24 dev eth2');
    await running.expectRoutes(4, []);
  });

  test('of several equal ones fails: the others carry on', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101', '172.18.9.101');
    running.rib.route('2001:db8:a::/48', '2001:db8:8::101', '2001:db8:9::101');
    await running.settled();
    const both = ourRoutes(4);
    ip('link set eth1 down');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
    await running.expectRoutes(6, ['2001:db8:a::/48 via 2001:db8:9::101 dev eth2 proto bgp metric 20']);
    ip('link set eth1 up');
    await running.expectRoutes(4, both);
  });

  test('joins a bridge and leaves it: its routes stay', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    const monitor = await RouteMonitor.start();
    ip('link add br0 type bridge');
    ip('link set br0 up');
    ip('link set eth1 master br0');
    ip('link set eth1 nomaster');
    ip('link del br0');
    await running.settled();
    await running.expectRoutes(4, [OURS]);
    expect(monitor.lines.filter(line => line.includes('10.1.0.0/24'))).toEqual([]);
    await monitor.stop();
  });
});

describe('an address', () => {
  test('is removed with its subnet, and comes back', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    ip('address del 172.18.8.102/24 dev eth1');
    await eventually(() => expect(running.rib.costOf('172.18.8.101')).toBeNull());
    await running.expectRoutes(4, []);
    ip('address add 172.18.8.102/24 dev eth1');
    await running.expectRoutes(4, [OURS]);
  });

  test('of ours is no next hop', async () => {
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    ip('address add 172.18.8.101/24 dev eth1');
    await running.expectRoutes(4, []);
    ip('address del 172.18.8.101/24 dev eth1');
    await running.expectRoutes(4, [OURS]);
  });
});

describe('next hops', () => {
  test('are resolved by the longest match, with the metric as cost', async () => {
    const { rib } = running;
    rib.route('10.1.0.0/24', '192.0.2.1');
    await running.settled();
    expect(rib.costOf('192.0.2.1')).toBeNull();
    const steps: [string, number | null, string | null][] = [
      ['route add default via 172.18.8.1 proto static metric 100', 100, '172.18.8.1 dev eth1'],
      ['route add 192.0.0.0/16 via 172.18.9.1 proto static', 1, '172.18.9.1 dev eth2'],
      ['route add 192.0.2.1/32 dev eth1 scope link proto static', 0, '192.0.2.1 dev eth1'],
      ['route add blackhole 192.0.2.1/32 metric 5 proto static', 0, '192.0.2.1 dev eth1'],
      ['route del 192.0.2.1/32 dev eth1', null, null],
      ['route replace 192.0.2.1/32 via 172.18.8.2 metric 5 proto static', 5, '172.18.8.2 dev eth1'],
      ['route del 192.0.2.1/32', 1, '172.18.9.1 dev eth2'],
      ['route del 192.0.0.0/16', 100, '172.18.8.1 dev eth1'],
      ['route del default', null, null],
    ];
    for (const [command, cost, way] of steps) {
      ip(command);
      await eventually(() => expect([command, rib.costOf('192.0.2.1')]).toEqual([command, cost]));
      await running.expectRoutes(4, way === null ? [] : [`10.1.0.0/24 via ${way} proto bgp metric 20`]);
    }
  });

  test('hear of another way at the same cost', async () => {
    const { rib } = running;
    ip('route add 192.0.2.0/24 via 172.18.8.1 proto static');
    rib.route('10.1.0.0/24', '192.0.2.1');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.8.1 dev eth1 proto bgp metric 20']);
    const before = rib.touches;
    ip('route replace 192.0.2.0/24 via 172.18.9.1 proto static');
    await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.9.1 dev eth2 proto bgp metric 20']);
    expect(rib.touches).toBe(before + 1);
    ip('route del 192.0.2.0/24');
    await running.expectRoutes(4, []);
  });

  test('link-local ones need their link and nothing else', async () => {
    const hop = `fe80::1%${linkIndex('eth2')}`;
    running.rib.route('2001:db8:a::/48', hop);
    await running.expectRoutes(6, ['2001:db8:a::/48 via fe80::1 dev eth2 proto bgp metric 20']);
    expect(running.rib.costOf(hop)).toBe(0);
    ip('link set eth2p down');
    await running.expectRoutes(6, []);
  });

  test('IPv6 ones by a default route of its own metric', async () => {
    ip('-6 route add default via 2001:db8:9::1');
    running.rib.route('2001:db8:a::/48', '2001:db8:ffff::1');
    await running.expectRoutes(6, ['2001:db8:a::/48 via 2001:db8:9::1 dev eth2 proto bgp metric 20']);
    expect(running.rib.costOf('2001:db8:ffff::1')).toBe(1024);
    ip('-6 route del default');
    await running.expectRoutes(6, []);
  });

  test('the table our routes go to comes before the main table', async () => {
    await running.end();
    ip('route add 192.0.2.0/24 via 172.18.8.1 proto static');
    ip('route add 192.0.0.0/16 via 172.18.9.1 proto static table 1000');
    running = await RunningFib.start({ table: 1000 });
    running.rib.route('10.1.0.0/24', '192.0.2.1');
    await eventually(() =>
      expect(routes(4, 'table 1000')).toContain('10.1.0.0/24 via 172.18.9.1 dev eth2 proto bgp metric 20'),
    );
    ip('route add throw 192.0.0.0/16 metric 1 proto static table 1000');
    ip('route del 192.0.0.0/16 via 172.18.9.1 table 1000');
    await eventually(() =>
      expect(routes(4, 'table 1000')).toContain('10.1.0.0/24 via 172.18.8.1 dev eth1 proto bgp metric 20'),
    );
    ip('route del throw 192.0.0.0/16 metric 1 table 1000');
    ip('route del 192.0.2.0/24');
  });
});
