// A daemon that starts anew takes over the routes the last run left in the kernel, without a packet lost.

import { afterEach, beforeAll, expect, test } from 'vitest';
import { enterNamespace, ip, linkIndex, RouteMonitor, routes } from './namespace.js';
import { eventually, ourRoutes, RunningFib } from './running-fib.js';
import type { StandInRib } from './stand-in-rib.js';

let running: RunningFib;

beforeAll(enterNamespace);

afterEach(() => running.end());

function learn(rib: StandInRib): void {
  for (let i = 0; i < 1500; i++) rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
  rib.route('10.2.0.0/24', '172.18.9.101', '172.18.8.101', '172.18.8.103');
  rib.route('10.2.1.0/24', '172.18.9.101*1e9', '172.18.8.101*25e8', `fe80::1%${linkIndex('eth2')}*5e8`);
  rib.route('10.3.0.0/24', '2001:db8:8::101');
  rib.blackhole('10.4.0.0/24');
  rib.unreachable('10.5.0.0/24');
  rib.route('0.0.0.0/0', '172.18.8.101');
  rib.route('2001:db8:a::/48', '2001:db8:8::101');
  rib.route('2001:db8:b::/48', '2001:db8:9::101', '2001:db8:8::101');
  rib.route('2001:db8:b:1::/64', '2001:db8:9::101*1e9', '2001:db8:8::101*4e10', '2001:db8:8::103*7e9');
  rib.blackhole('2001:db8:c::/48');
  rib.unreachable('2001:db8:d::/48');
}

test('what is learned again as it was is not written again', async () => {
  running = await RunningFib.start({}, learn);
  expect(running.fib.preserved).toBe(false);
  await running.settled();
  const before = [...ourRoutes(4), ...ourRoutes(6)];
  expect(before.length).toBe(1511);
  await running.fib.stop();
  expect([...ourRoutes(4), ...ourRoutes(6)]).toEqual(before);

  const monitor = await RouteMonitor.start();
  running = await RunningFib.start({});
  expect(running.fib.preserved).toBe(true);
  expect(running.fib.status()).toMatchObject({ installed: 0, stale: 1511 });
  expect(running.fib.routes()[0].state).toBe('stale');
  learn(running.rib);
  await running.settled();
  expect(running.fib.status()).toMatchObject({ installed: 1511, stale: 0, failed: 0 });
  running.fib.converged();
  await running.settled();
  ip('route add blackhole 192.0.2.1 proto static');
  await eventually(() => expect(monitor.lines).not.toEqual([]));
  expect(monitor.lines).toEqual(['blackhole 192.0.2.1 proto static ']);
  await monitor.stop();
  ip('route del blackhole 192.0.2.1');
  expect([...ourRoutes(4), ...ourRoutes(6)]).toEqual(before);
});

test('what is not learned again is removed when the RIB is complete, what changed is replaced at once', async () => {
  running = await RunningFib.start({}, rib => {
    rib.route('10.1.0.0/24', '172.18.8.101');
    rib.route('10.2.0.0/24', '172.18.8.101');
    rib.blackhole('2001:db8:a::/48');
  });
  await running.settled();
  await running.fib.stop();

  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.9.101'));
  const kept = '10.2.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20';
  await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20', kept]);
  await running.expectRoutes(6, ['blackhole 2001:db8:a::/48 dev lo proto bgp metric 20']);
  expect(running.fib.status()).toMatchObject({ installed: 1, stale: 2 });
  running.fib.converged();
  await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.9.101 dev eth2 proto bgp metric 20']);
  await running.expectRoutes(6, []);
  expect(running.fib.status()).toMatchObject({ installed: 1, stale: 0 });
});

test('the ways of a multipath route are not given up one by one as they are learned again', async () => {
  const legs = ['172.18.8.101*1', '172.18.9.101*2', '172.18.8.103*3'];
  const learnAll = (rib: StandInRib) => {
    rib.route('10.1.0.0/24', ...legs);
    rib.route('10.2.0.0/24', ...legs);
    rib.route('2001:db8:a::/48', '2001:db8:9::101', '2001:db8:8::101');
  };
  running = await RunningFib.start({}, learnAll);
  await running.settled();
  await running.fib.stop();
  const monitor = await RouteMonitor.start();
  running = await RunningFib.start({});
  running.rib.route('2001:db8:a::/48', '2001:db8:8::101');
  for (let count = 1; count <= legs.length; count++) {
    running.rib.route('10.1.0.0/24', ...legs.slice(0, count));
    if (count < legs.length) running.rib.route('10.2.0.0/24', ...legs.slice(0, count));
    await running.settled();
  }
  expect(running.fib.status()).toMatchObject({ installed: 3, stale: 0 });
  learnAll(running.rib);
  running.rib.route('10.2.0.0/24', ...legs.slice(0, 2));
  await running.settled();
  // Learned again as it was, it is like any other.
  running.rib.route('10.1.0.0/24', legs[0]);
  await running.settled();
  await eventually(() => expect(monitor.lines).toHaveLength(1));
  expect(monitor.lines[0]).toMatch(/^10\.1\.0\.0\/24 via 172\.18\.8\.101 dev eth1 /);
  running.fib.converged();
  await running.expectRoutes(4, [
    '10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
    '10.2.0.0/24 proto bgp metric 20 nexthop via 172.18.8.101 dev eth1 weight 1 nexthop via 172.18.9.101 dev eth2 weight 2',
  ]);
  await monitor.stop();
});

test('routes of before stay while Loc-RIB is complete but not yet taken in', async () => {
  running = await RunningFib.start({}, learn);
  await running.settled();
  await running.fib.stop();
  const monitor = await RouteMonitor.start();
  const fib = RunningFib.prepare({}, learn);
  fib.fib.converged();
  await fib.fib.start();
  running = fib;
  await running.settled();
  ip('route add blackhole 192.0.2.1 proto static');
  await eventually(() => expect(monitor.lines).not.toEqual([]));
  expect(monitor.lines).toEqual(['blackhole 192.0.2.1 proto static ']);
  await monitor.stop();
  ip('route del blackhole 192.0.2.1');
});

test('a route learned and withdrawn before the RIB is complete goes at once', async () => {
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  await running.settled();
  await running.fib.stop();
  running = await RunningFib.start();
  running.rib.route('10.1.0.0/24', '172.18.8.101');
  await running.settled();
  running.rib.withdraw('10.1.0.0/24');
  await running.expectRoutes(4, []);
});

test('a kept route that somebody deletes meanwhile is forgotten', async () => {
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  await running.settled();
  await running.fib.stop();
  running = await RunningFib.start();
  ip('route del 10.1.0.0/24');
  await eventually(() => expect(running.fib.status().stale).toBe(0));
  running.rib.route('10.1.0.0/24', '172.18.8.101');
  await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
});

test('next hops are not resolved by our own routes of before', async () => {
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  await running.settled();
  await running.fib.stop();
  running = await RunningFib.start({}, rib => rib.route('10.2.0.0/24', '10.1.0.1'));
  await running.settled();
  expect(running.rib.costOf('10.1.0.1')).toBeNull();
  await running.expectRoutes(4, ['10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
});

test('without install nothing is written, and no route of ours is taken for another program’s', async () => {
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  await running.settled();
  await running.fib.stop();
  const monitor = await RouteMonitor.start();
  running = await RunningFib.start({ install: false, redistribute: ['static', 'kernel', 'connected'] }, rib => {
    rib.route('10.2.0.0/24', '172.18.8.101');
    rib.route('10.3.0.0/24', '10.1.0.1');
  });
  expect(running.rib.costOf('172.18.8.101')).toBe(0);
  expect(running.rib.costOf('10.1.0.1')).toBeNull();
  expect([...running.announced.keys()]).not.toContain('10.1.0.0/24');
  expect(running.fib.status()).toMatchObject({ install: false, installed: 0, pending: 0, failed: 0 });
  running.fib.converged();
  expect(monitor.lines).toEqual([]);
  await monitor.stop();
  expect(routes(4, 'root 10.0.0.0/8')).toEqual(['10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
  ip('route del 10.1.0.0/24');
});
