// The sockets survive what would otherwise end the process, and need no privilege they do not use.

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Family } from '../../src/bgp/wire/family.js';
import { NetlinkSocket, RouteChannel } from '../../src/fib/netlink-socket.js';
import { encodeBody, RouteBatch } from '../../src/fib/route-batch.js';
import { Group, MessageFlag, MessageType, RouteType } from '../../src/fib/rtnetlink.js';
import { enterNamespace, ip, ipBatch } from './namespace.js';
import { eventually, ourRoutes, RunningFib } from './running-fib.js';

beforeAll(enterNamespace);

describe('NetlinkSocket', () => {
  const open: NetlinkSocket[] = [];

  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
  });

  function listen(
    receiveBuffer: number,
    receive: (datagram: Buffer) => void,
  ): { socket: NetlinkSocket; errors: Error[] } {
    const errors: Error[] = [];
    const socket = new NetlinkSocket(
      { receiveBuffer, sendBuffer: 65536, datagram: 0 },
      { receive, failed: error => errors.push(error) },
    );
    open.push(socket);
    socket.join(Group.ipv4Route);
    return { socket, errors };
  }

  test('a listener that throws costs its own message only', async () => {
    let received = 0;
    const { errors } = listen(1 << 20, () => {
      received++;
      throw new Error('on purpose');
    });
    ip('route add blackhole 192.0.2.1');
    ip('route del blackhole 192.0.2.1');
    await eventually(() => expect(received).toBe(2));
    expect(errors.map(({ message }) => message)).toEqual(['on purpose', 'on purpose']);
  });

  test('may be closed by its own listener', async () => {
    let received = 0;
    const { socket } = listen(1 << 20, () => {
      received++;
      socket.close();
    });
    ip('route add blackhole 192.0.2.1');
    ip('route del blackhole 192.0.2.1');
    await eventually(() => expect(received).toBe(1));
  });

  test('an overrun is counted and nothing worse', async () => {
    let received = 0;
    const { socket, errors } = listen(4096, () => received++);
    expect(socket.drops).toBe(0);
    ipBatch(Array.from({ length: 1000 }, (_, i) => `route add blackhole 192.0.${i >> 8}.${i & 255} table 1000`));
    await eventually(() => expect(received).toBeGreaterThan(0));
    await eventually(() => expect(received + socket.drops).toBe(1000));
    expect(errors).toEqual([]);
  });

  test('does not hear of what a port it ignores has done', async () => {
    let received = 0;
    const { socket } = listen(1 << 20, () => received++);
    const channel = new RouteChannel(error => expect.unreachable(error.message));
    socket.ignorePort(channel.port);
    const batch = new RouteBatch();
    const identity = { table: 1000, metric: 20, protocol: 186 };
    const body = encodeBody(Family.ipv4Unicast, identity, RouteType.blackhole, []);
    for (let i = 0; i < 100; i++) {
      const { create } = MessageFlag;
      batch.add(MessageType.newRoute, create, Family.ipv4Unicast, Uint8Array.of(10, 1, 0, i), 0, 32, body, 0, 0);
    }
    // Root's receive buffer holds the refusal of a whole batch.
    expect(channel.mostRefusals).toBeGreaterThan(2048);
    expect(await channel.apply(batch)).toEqual({ refusals: [] });
    expect(ourRoutes(4, '1000').length).toBe(100);
    ip('route add blackhole 192.0.2.1');
    ip('route del blackhole 192.0.2.1');
    await eventually(() => expect(received).toBe(2));
    expect(socket.drops).toBe(0);
    channel.close();
  });
});

describe('without privilege', () => {
  const NOBODY = 65534;
  let running: RunningFib;

  // An ordinary user has no CAP_NET_ADMIN.
  async function asNobody(start: () => Promise<RunningFib>): Promise<void> {
    process.seteuid?.(NOBODY);
    try {
      running = await start();
    } finally {
      process.seteuid?.(0);
    }
  }

  afterEach(() => running.end());

  test('next hops are resolved and routes redistributed', async () => {
    await asNobody(() =>
      RunningFib.start({ install: false, redistribute: ['connected'] }, rib =>
        rib.route('10.1.0.0/24', '172.18.8.101'),
      ),
    );
    expect(running.rib.costOf('172.18.8.101')).toBe(0);
    expect([...running.announced.keys()]).toContain('172.18.8.0/24');
    ip('link set eth1p down');
    await eventually(() => expect(running.rib.costOf('172.18.8.101')).toBeNull());
    ip('link set eth1p up');
  });

  test('installing fails in words', async () => {
    await asNobody(async () => {
      const started = await RunningFib.start({}, rib => {
        for (let i = 0; i < 2000; i++) rib.blackhole(`10.1.${i >> 8}.${i & 255}/32`);
      });
      await started.settled();
      return started;
    });
    expect(running.fib.status()).toMatchObject({ installed: 0, failed: 2000 });
    expect(running.complaints).toEqual([
      '2000 routes, 10.1.0.0/32 among them, failed in the kernel: not permitted: changing routes needs CAP_NET_ADMIN (EPERM)',
    ]);
  });
});
