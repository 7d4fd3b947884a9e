// New options while routes are installed: they move, or go, or come.

import { afterEach, beforeAll, expect, test } from 'vitest';
import { enterNamespace, ip, RouteMonitor, routes } from './namespace.js';
import { eventually, OPTIONS, ourRoutes, RunningFib } from './running-fib.js';

let running: RunningFib;

beforeAll(enterNamespace);

afterEach(() => running.end());

test('another metric: the new routes are in place before the old ones go', async () => {
  running = await RunningFib.start({}, rib => {
    for (let i = 0; i < 1200; i++) rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
    rib.blackhole('2001:db8:a::/48');
  });
  running.fib.converged();
  await running.settled();
  const before = ourRoutes(4);
  const monitor = await RouteMonitor.start();
  running.fib.reload({ ...OPTIONS, metric: 30 });
  const after = before.map(line => line.replace('metric 20', 'metric 30'));
  await running.expectRoutes(4, after);
  await running.expectRoutes(6, ['blackhole 2001:db8:a::/48 dev lo proto bgp metric 30']);
  await eventually(() => expect(monitor.lines.length).toBe(2402));
  expect(monitor.lines.findIndex(line => line.startsWith('Deleted'))).toBe(1201);
  await monitor.stop();
  expect(running.fib.status()).toMatchObject({ metric: 30, installed: 1201, failed: 0, stale: 0 });
  running.rib.withdraw('10.1.0.0/32');
  await running.expectRoutes(4, after.slice(1));
});

test('another table, with what a previous run left there', async () => {
  ip('route add 10.1.0.0/24 via 172.18.8.101 proto bgp metric 20 table 1000');
  ip('route add 10.2.0.0/24 via 172.18.8.101 proto bgp metric 20 table 1000');
  ip('route add 10.3.0.0/24 via 172.18.8.101 proto static table 1000');
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  running.fib.converged();
  await running.settled();
  running.fib.reload({ ...OPTIONS, table: 1000 });
  await running.expectRoutes(4, []);
  expect(routes(4, 'table 1000')).toEqual([
    '10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
    '10.3.0.0/24 via 172.18.8.101 dev eth1 proto static',
  ]);
  await running.fib.flush();
  expect(routes(4, 'table 1000')).toEqual(['10.3.0.0/24 via 172.18.8.101 dev eth1 proto static']);
  ip('route flush table 1000');
});

test('another table while the kernel is being read anew', async () => {
  // So many that the dump has not come to all of them when the reload does.
  running = await RunningFib.start({}, rib => {
    for (let i = 0; i < 3000; i++) rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
  });
  running.fib.converged();
  await running.settled();
  const before = ourRoutes(4);
  // A second one of ours, of which only a dump can tell what became.
  ip('route append 10.1.0.0/32 via 172.18.8.103 metric 20 proto bgp');
  while (running.fib.status().resyncs === 0) await new Promise(setImmediate);
  running.fib.reload({ ...OPTIONS, table: 1000 });
  await running.expectRoutes(4, before, '1000');
  await running.expectRoutes(4, []);
  expect(running.fib.status()).toMatchObject({ table: 1000, installed: 3000, failed: 0 });
  expect(running.complaints).toEqual([]);
});

test('install off and on again', async () => {
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  running.fib.converged();
  await running.settled();
  running.fib.reload({ ...OPTIONS, install: false });
  await running.expectRoutes(4, []);
  running.rib.route('10.2.0.0/24', '172.18.8.101');
  expect(ourRoutes(4)).toEqual([]);
  running.fib.reload({ ...OPTIONS, install: true });
  await running.expectRoutes(4, [
    '10.1.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
    '10.2.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20',
  ]);
});

test('there and back at once ends where it began', async () => {
  running = await RunningFib.start({}, rib => {
    for (let i = 0; i < 1000; i++) rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
  });
  running.fib.converged();
  await running.settled();
  const before = ourRoutes(4);
  for (const metric of [30, 40, 20]) running.fib.reload({ ...OPTIONS, metric });
  running.rib.route('10.2.0.0/24', '172.18.8.101');
  await running.expectRoutes(4, [...before, '10.2.0.0/24 via 172.18.8.101 dev eth1 proto bgp metric 20']);
  expect(running.fib.status()).toMatchObject({ metric: 20, installed: 1001, failed: 0 });
});

test('the same options change nothing', async () => {
  running = await RunningFib.start({}, rib => rib.route('10.1.0.0/24', '172.18.8.101'));
  running.fib.converged();
  await running.settled();
  const monitor = await RouteMonitor.start();
  running.fib.reload({ ...OPTIONS });
  await running.fib.flush();
  await eventually(() => expect(monitor.lines.length).toBe(1));
  expect(monitor.lines[0]).toContain('Deleted 10.1.0.0/24');
  await monitor.stop();
});
