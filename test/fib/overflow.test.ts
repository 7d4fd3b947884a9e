// More happens than can be read: notifications are lost, and everything is read anew.

import { afterEach, beforeAll, expect, test } from 'vitest';
import { enterNamespace, ip, ipBatch } from './namespace.js';
import { eventually, ourRoutes, RunningFib } from './running-fib.js';

let running: RunningFib;

beforeAll(enterNamespace);

afterEach(() => running.end());

test('a flood of other programs’ routes hides what happened to ours and to next hops', {
  timeout: 60_000,
}, async () => {
  running = await RunningFib.start({ redistribute: ['static'] });
  running.fib.converged();
  const { rib, fib } = running;
  for (let i = 0; i < 300; i++) rib.route(`10.1.${i >> 8}.${i & 255}/32`, '172.18.8.101');
  rib.route('10.2.0.0/24', '192.0.2.1');
  await running.settled();
  const before = ourRoutes(4);

  // The process does not read while this runs, and the receive buffer holds some 100,000 notifications.
  const flood = Array.from(
    { length: 250_000 },
    (_, i) => `route add blackhole 20.${i >> 16}.${(i >> 8) & 255}.${i & 255} table 1000`,
  );
  const hidden = [
    'route del 10.1.0.0',
    'route add 10.1.0.0/32 via 172.18.9.9 proto bgp metric 20',
    'route del 10.1.0.1',
    'route add 10.3.0.0/24 via 172.18.9.9 proto bgp metric 20',
    'route add 192.0.2.0/24 via 172.18.9.1 proto static',
  ];
  ipBatch(flood);
  for (const command of hidden) ip(command);
  expect(ourRoutes(4)).not.toEqual(before);

  await eventually(() => expect(fib.status().resyncs).toBeGreaterThan(0));
  await eventually(() => expect(rib.costOf('192.0.2.1')).toBe(1));
  await running.expectRoutes(4, [...before, '10.2.0.0/24 via 172.18.9.1 dev eth2 proto bgp metric 20']);
  expect(running.announced).toEqual(new Map([['192.0.2.0/24', { metric: 0, source: 'static' }]]));
  expect(running.complaints).toEqual(['kernel notifications were lost; reading everything anew']);
});
