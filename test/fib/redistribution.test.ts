// Routes of others, announced while they can be used.

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parsePrefix } from '../../src/bgp/wire/prefix.js';
import type { FibOptions } from '../../src/fib/fib.js';
import type { PrefixRule } from '../../src/fib/redistribution.js';
import { enterNamespace, ip } from './namespace.js';
import { eventually, OPTIONS, RunningFib } from './running-fib.js';

let running: RunningFib;

beforeAll(enterNamespace);

afterEach(async () => {
  await running.end();
  for (const protocol of ['static', 'boot'])
    for (const family of [4, 6]) ip(`-${family} route flush table all proto ${protocol}`);
});

async function start(options: Partial<FibOptions>): Promise<void> {
  running = await RunningFib.start({ install: false, ...options });
}

async function expectAnnounced(expected: Record<string, number>): Promise<void> {
  await eventually(() => {
    const metrics = [...running.announced].map(([prefix, { metric }]) => [prefix, metric]);
    expect(Object.fromEntries(metrics)).toEqual(expected);
  });
}

function rule(prefix: string, ge: number, le: number): PrefixRule {
  return { prefix: parsePrefix(prefix), ge, le };
}

const CONNECTED = { '172.18.8.0/24': 0, '172.18.9.0/24': 0, '2001:db8:8::/64': 0, '2001:db8:9::/64': 0 };

describe('sources', () => {
  test('connected: the subnets of links that are up', async () => {
    await start({ redistribute: ['connected'] });
    await expectAnnounced(CONNECTED);
    ip('address add 192.0.2.129/25 dev eth1');
    ip('address add 192.0.2.1/32 dev eth2');
    ip('address add 203.0.113.1/32 dev lo');
    ip('address add 198.51.100.1 peer 198.51.100.2/32 dev eth2');
    ip('route add 10.9.0.0/16 via 172.18.8.1 proto static');
    ip('route add 10.8.0.0/16 via 172.18.8.1 proto kernel');
    ip('route add 10.7.0.0/16 dev lo proto kernel');
    await expectAnnounced({ ...CONNECTED, '192.0.2.128/25': 0, '192.0.2.1/32': 0, '198.51.100.2/32': 0 });
    ip('link set eth2p down');
    await expectAnnounced({ '172.18.8.0/24': 0, '192.0.2.128/25': 0, '2001:db8:8::/64': 0 });
    ip('link set eth2p up');
    ip('address del 192.0.2.129/25 dev eth1');
    ip('address del 192.0.2.1/32 dev eth2');
    ip('address del 198.51.100.1 peer 198.51.100.2/32 dev eth2');
    await expectAnnounced(CONNECTED);
    ip('address del 203.0.113.1/32 dev lo');
    ip('route del 10.8.0.0/16');
    ip('route del 10.7.0.0/16');
  });

  test('static: routes of protocol static, with their metric', async () => {
    ip('route add 10.1.0.0/24 via 172.18.8.1 proto static metric 7');
    ip('route add 10.1.0.0/24 via 172.18.9.1 proto static metric 9');
    await start({ redistribute: ['static'] });
    await expectAnnounced({ '10.1.0.0/24': 7 });
    ip('route add 2001:db8:a::/48 via 2001:db8:8::1 proto static');
    ip('route add 10.2.0.0/24 via 172.18.8.1');
    ip('route add 10.3.0.0/24 via 172.18.8.1 proto static table 1000');
    ip('route add blackhole 10.4.0.0/24 proto static');
    ip('route add default via 172.18.8.1 proto static');
    ip('route add 10.5.0.0/24 proto static nexthop via 172.18.8.1 nexthop via 172.18.9.1');
    await expectAnnounced({ '10.1.0.0/24': 7, '2001:db8:a::/48': 1024, '10.5.0.0/24': 0 });
    ip('link set eth1p down');
    await expectAnnounced({ '10.1.0.0/24': 9, '10.5.0.0/24': 0 });
    ip('link set eth1p up');
    await expectAnnounced({ '10.1.0.0/24': 7, '2001:db8:a::/48': 1024, '10.5.0.0/24': 0 });
    ip('route del 10.1.0.0/24 metric 7');
    await expectAnnounced({ '10.1.0.0/24': 9, '2001:db8:a::/48': 1024, '10.5.0.0/24': 0 });
    for (const prefix of ['10.1.0.0/24', '10.2.0.0/24', '10.4.0.0/24', '10.5.0.0/24', 'default'])
      ip(`route del ${prefix}`);
    ip('route del 2001:db8:a::/48');
    await expectAnnounced({});
  });

  test('kernel: a pod comes and goes', async () => {
    await start({ redistribute: ['kernel'] });
    ip('link add veth_vm1 type veth peer name veth_vm1_pod');
    ip('link set veth_vm1 up');
    ip('link set veth_vm1_pod up');
    ip('route add 10.233.1.10/32 dev veth_vm1 scope link');
    await expectAnnounced({ '10.233.1.10/32': 0 });
    ip('link del veth_vm1');
    await expectAnnounced({});
  });

  test('each is told with its route; of several routes of a prefix, that of the one the kernel prefers', async () => {
    ip('route add 172.18.8.0/24 via 172.18.9.1 proto static metric 7');
    ip('route add 10.1.0.0/24 via 172.18.8.1 proto static metric 9');
    ip('route add 10.1.0.0/24 via 172.18.9.1 metric 8');
    ip('route add 10.2.0.0/24 via 172.18.8.1');
    await start({ redistribute: ['connected', 'static', 'kernel'] });
    const told = (prefix: string) => running.announced.get(prefix);
    await eventually(() => expect(told('10.2.0.0/24')).toEqual({ source: 'kernel', metric: 0 }));
    expect(told('172.18.8.0/24')).toEqual({ source: 'connected', metric: 0 });
    expect(told('10.1.0.0/24')).toEqual({ source: 'kernel', metric: 8 });
    ip('route del 10.1.0.0/24 metric 8');
    await eventually(() => expect(told('10.1.0.0/24')).toEqual({ source: 'static', metric: 9 }));
  });

  test('none: nothing', async () => {
    ip('route add 10.1.0.0/24 via 172.18.8.1 proto static');
    await start({ redistribute: [] });
    ip('route add 10.2.0.0/24 via 172.18.8.1 proto static');
    await eventually(() => expect(running.fib.status().redistributed).toBe(0));
    expect(running.announcements).toBe(0);
  });

  test('never our own routes, whatever protocol number they were given', async () => {
    await start({ install: true, protocol: 4, redistribute: ['static'] });
    running.rib.route('10.1.0.0/24', '172.18.8.101');
    await running.settled();
    ip('route add 10.2.0.0/24 via 172.18.8.1 proto static');
    await expectAnnounced({ '10.2.0.0/24': 0 });
  });
});

describe('prefix rules', () => {
  test('let pass what lies within, of the allowed lengths', async () => {
    const prefixes = ['10.233.0.0/16', '10.233.1.0/24', '10.233.1.10/32', '10.234.0.0/24', '10.0.0.0/8', 'default'];
    for (const prefix of prefixes) ip(`route add ${prefix} via 172.18.8.1 proto static`);
    ip('route add 2001:db8:a::/48 via 2001:db8:8::1 proto static');
    await start({ redistribute: ['static'], prefixes: [rule('10.233.0.0/16', 16, 24)] });
    await expectAnnounced({ '10.233.0.0/16': 0, '10.233.1.0/24': 0 });
    const steps: [PrefixRule[], Record<string, number>][] = [
      [
        [rule('10.233.0.0/16', 32, 32), rule('2001:db8::/32', 32, 128)],
        { '10.233.1.10/32': 0, '2001:db8:a::/48': 1024 },
      ],
      [[rule('0.0.0.0/0', 0, 0)], { '0.0.0.0/0': 0 }],
      [[rule('0.0.0.0/0', 1, 8)], { '10.0.0.0/8': 0 }],
      [
        [],
        {
          '10.0.0.0/8': 0,
          '10.233.0.0/16': 0,
          '10.233.1.0/24': 0,
          '10.233.1.10/32': 0,
          '10.234.0.0/24': 0,
          '2001:db8:a::/48': 1024,
        },
      ],
    ];
    for (const [rules, expected] of steps) {
      running.fib.reload({ ...OPTIONS, install: false, redistribute: ['static'], prefixes: rules });
      await expectAnnounced(expected);
    }
  });
});

describe('changes', () => {
  test('that the notifications do not tell are found by reading everything anew', async () => {
    await start({ redistribute: ['static'] });
    ip('route add 10.9.0.0/16 via 172.18.8.1 proto static');
    ip('route append 10.9.0.0/16 via 172.18.9.1 proto static');
    await expectAnnounced({ '10.9.0.0/16': 0 });
    ip('route replace 10.9.0.0/16 via 172.18.8.2 proto static');
    await eventually(() => expect(running.fib.status().resyncs).toBe(1));
    ip('route del 10.9.0.0/16 via 172.18.8.2');
    await expectAnnounced({ '10.9.0.0/16': 0 });
    ip('route del 10.9.0.0/16 via 172.18.9.1');
    await expectAnnounced({});
  });

  test('by one who takes another program’s route for ours', async () => {
    await start({ install: true, redistribute: ['static'] });
    running.fib.converged();
    ip('route add 10.1.0.0/24 via 172.18.8.1 proto static metric 20');
    await expectAnnounced({ '10.1.0.0/24': 20 });
    ip('route replace 10.1.0.0/24 via 172.18.8.1 proto bgp metric 20');
    await expectAnnounced({});
    await running.expectRoutes(4, []);
  });

  test('are told once, however often the kernel told them', async () => {
    await start({ redistribute: ['static'] });
    for (let i = 0; i < 20; i++) {
      ip('route replace 10.1.0.0/24 via 172.18.8.1 proto static');
      ip('route replace 10.1.0.0/24 via 172.18.9.1 proto static');
    }
    await expectAnnounced({ '10.1.0.0/24': 0 });
    ip('route del 10.1.0.0/24');
    await expectAnnounced({});
    expect(running.announcements).toBeLessThanOrEqual(3);
  });

  test('of the sources, by a reload, withdraw and announce the difference only', async () => {
    ip('route add 10.1.0.0/24 via 172.18.8.1 proto static');
    ip('route add 10.2.0.0/24 via 172.18.8.1');
    await start({ redistribute: ['static', 'connected'] });
    await expectAnnounced({ ...CONNECTED, '10.1.0.0/24': 0 });
    const before = running.announcements;
    running.fib.reload({ ...OPTIONS, install: false, redistribute: ['connected', 'kernel'] });
    await expectAnnounced({ ...CONNECTED, '10.2.0.0/24': 0 });
    expect(running.announcements).toBe(before + 2);
  });
});
