// A session with a neighbor that does as it likes: a plain socket that speaks, misbehaves, collides and restarts.

import { afterEach, describe, expect, it } from 'vitest';
import { encode } from '../../../src/bgp/wire/message.js';
import type { OpenMessage } from '../../../src/bgp/wire/open.js';
import { cleanUp, portWithoutAnswer, type RawConnection, type RawNeighbor, rawNeighbor, until } from './lab.js';

afterEach(cleanUp);

const KEEPALIVE = encode({ type: 'keepalive' });
const UPDATE = encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] });

/** A neighbor that is connected to and has been sent an OPEN. */
async function inOpenSent(...args: Parameters<typeof rawNeighbor>): Promise<[RawNeighbor, RawConnection]> {
  const neighbor = await rawNeighbor(...args);
  neighbor.node.session.start();
  const connection = await neighbor.accepts();
  await connection.hears('open');
  return [neighbor, connection];
}

async function inEstablished(...args: Parameters<typeof rawNeighbor>): Promise<[RawNeighbor, RawConnection]> {
  const [neighbor, connection] = await inOpenSent(...args);
  await neighbor.establishes(connection);
  return [neighbor, connection];
}

function header(length: number, type: number, marker = 0xff): Buffer {
  const bytes = Buffer.alloc(19, marker);
  bytes.writeUInt16BE(length, 16);
  bytes[18] = type;
  return bytes;
}

describe('a bad message is answered with the right NOTIFICATION', () => {
  const cases: [string, Uint8Array, string][] = [
    ['marker', header(19, 4, 0), '1/1'],
    ['length below a header', header(18, 4), '1/2 [0,18]'],
    ['length above 4096', header(4097, 2), '1/2 [16,1]'],
    ['KEEPALIVE with a body', header(20, 4), '1/2 [0,20]'],
    ['OPEN that is too short', header(28, 1), '1/2 [0,28]'],
    ['message type', header(19, 77), '1/3 [77]'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: bgp\r\n\r\n'), '1/1'],
  ];
  for (const [name, bytes, told] of cases) {
    it(name, async () => {
      const [{ node }, connection] = await inOpenSent();
      connection.say(bytes);
      expect(await connection.isTold()).toBe(told);
      await connection.ends();
      expect(node.session.state).toBe('Idle');
      expect(node.session.status().timers).toHaveProperty('idleHold');
    });
  }

  it('in Established, too', async () => {
    const [{ node }, connection] = await inEstablished();
    connection.say(header(19, 77));
    expect(await connection.isTold()).toBe('1/3 [77]');
    expect(node.downs).toMatchObject([{ kind: 'notification-sent', code: 1, subcode: 3 }]);
  });
});

describe('a bad OPEN is answered with the right NOTIFICATION', () => {
  const cases: [string, Partial<OpenMessage>, string][] = [
    ['version', { version: 3 }, '2/1 [0,4]'],
    ['AS', { as2: 65009, capabilities: [] }, '2/2'],
    ['AS in the capability', { capabilities: [{ type: 'as4', as: 65009 }] }, '2/2'],
    ['BGP Identifier 0', { routerId: 0 }, '2/3'],
    ['hold time of 1 s', { holdTimeSeconds: 1 }, '2/6'],
    ['hold time of 2 s', { holdTimeSeconds: 2 }, '2/6'],
    [
      'no common family',
      {
        capabilities: [
          { type: 'multiprotocol', afi: 2, safi: 1 },
          { type: 'as4', as: 65002 },
        ],
      },
      '2/7 [1,4,0,1,0,1]',
    ],
  ];
  for (const [name, change, told] of cases) {
    it(name, async () => {
      const [neighbor, connection] = await inOpenSent();
      connection.say({ ...neighbor.open, ...change });
      expect(await connection.isTold()).toBe(told);
      expect(neighbor.node.session.state).toBe('Idle');
      expect(neighbor.node.session.status().lastError).toMatchObject({ direction: 'sent', code: 2 });
    });
  }

  it('our own BGP Identifier within the AS', async () => {
    const [neighbor, connection] = await inOpenSent({}, { as: 65002 });
    connection.say({ ...neighbor.open, routerId: 0x0a000001 });
    expect(await connection.isTold()).toBe('2/3');
  });

  it('unknown optional parameter', async () => {
    const [neighbor, connection] = await inOpenSent();
    const bytes = encode({ ...neighbor.open, capabilities: [{ type: 'as4', as: 65002 }] });
    bytes[29] = 77;
    connection.say(bytes);
    expect(await connection.isTold()).toBe('2/4');
  });
});

describe('a message out of place is an FSM error', () => {
  const refresh = encode({ type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 });

  it('in OpenSent', async () => {
    for (const [bytes, type] of [
      [KEEPALIVE, 4],
      [UPDATE, 2],
      [refresh, 5],
    ] as const) {
      const [{ node }, connection] = await inOpenSent();
      connection.say(bytes);
      expect(await connection.isTold()).toBe(`5/1 [${type}]`);
      expect(node.session.state).toBe('Idle');
    }
  });

  it('in OpenConfirm', async () => {
    for (const [bytes, type] of [
      [UPDATE, 2],
      [refresh, 5],
    ] as const) {
      const [neighbor, connection] = await inOpenSent();
      connection.say(neighbor.open, bytes);
      expect(await connection.isTold()).toBe(`5/2 [${type}]`);
      expect(neighbor.node.updates).toBe(0);
    }
    const [neighbor, connection] = await inOpenSent();
    connection.say(neighbor.open, neighbor.open);
    expect(await connection.isTold()).toBe('5/2 [1]');
  });

  it('in Established', async () => {
    const [neighbor, connection] = await inEstablished();
    connection.say(neighbor.open);
    expect(await connection.isTold()).toBe('5/3 [1]');
    expect(neighbor.node.downs).toMatchObject([{ kind: 'notification-sent', code: 5, subcode: 3 }]);
  });
});

describe('an Established session', () => {
  it('takes OPEN, KEEPALIVE and UPDATEs from one chunk, and octet by octet', async () => {
    const [neighbor, connection] = await inOpenSent();
    const bytes = Buffer.concat([encode(neighbor.open), KEEPALIVE, UPDATE, UPDATE]);
    connection.say(bytes);
    await until(() => neighbor.node.updates === 2);

    const [slow, slowly] = await inOpenSent();
    slowly.socket.setNoDelay(true);
    for (const byte of Buffer.concat([encode(slow.open), KEEPALIVE, UPDATE, UPDATE])) {
      await new Promise<void>(resolve => slowly.socket.write(Uint8Array.of(byte), () => resolve()));
    }
    await until(() => slow.node.updates === 2);
  });

  it('takes messages of 65,535 octets, for it has offered to', async () => {
    const long = Buffer.concat([header(65_535, 2), Buffer.alloc(65_535 - 19)]);
    const [{ node }, connection] = await inEstablished();
    let length = 0;
    node.onUpdate = body => {
      length = body.length;
    };
    connection.say(long);
    await until(() => node.updates === 1);
    expect(length).toBe(65_535 - 19);
  });

  it('hands ROUTE-REFRESH on, and answers a malformed one (RFC 7313)', async () => {
    const [{ node }, connection] = await inEstablished();
    connection.say({ type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 });
    await until(() => node.refreshes.length === 1);
    expect(node.refreshes).toEqual([{ type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 }]);
    const bad = Buffer.concat([header(24, 5), Uint8Array.of(0, 1, 1, 1, 9)]);
    connection.say(bad);
    expect(await connection.isTold()).toBe(`7/1 [${[...bad]}]`);
  });

  it('ends without a NOTIFICATION when the neighbor closes the connection, and waits for it', async () => {
    const [neighbor, connection] = await inEstablished();
    const { node } = neighbor;
    connection.socket.end();
    await until(() => node.downs.length === 1);
    expect(node.downs[0]).toEqual({
      kind: 'tcp-lost',
      code: undefined,
      subcode: undefined,
      text: 'connection closed by the neighbor',
    });
    expect(connection.messages).toEqual([]);
    expect(node.session.negotiated).toBeNull();
    expect(node.session.state).toBe('Active');
    const again = await neighbor.connects();
    await again.hears('open');
    await neighbor.establishes(again);
    expect(node.session.status().established).toBe(2);
  });

  it('says what a reset of the connection is', async () => {
    const [{ node }, connection] = await inEstablished();
    connection.socket.resetAndDestroy();
    await until(() => node.downs.length === 1);
    expect(node.downs[0]).toMatchObject({ kind: 'tcp-lost', text: 'connection reset by the neighbor' });
  });

  it('can be reset from within an UPDATE, and hears no more of those behind it', async () => {
    const [neighbor, connection] = await inEstablished();
    const { node } = neighbor;
    node.onUpdate = () => node.session.reset({ subcode: 4 });
    connection.say(Buffer.concat([UPDATE, UPDATE, UPDATE]));
    expect(await connection.isTold()).toBe('6/4');
    expect(node.updates).toBe(1);
    expect(node.session.status().timers).not.toHaveProperty('idleHold');
    const again = await neighbor.accepts();
    await neighbor.establishes(again);
    expect(node.downs).toHaveLength(1);
  });

  it('is closed when stop() resolves, from within a callback, too', async () => {
    const [{ node }, connection] = await inEstablished();
    const stopped = new Promise<void>(resolve => {
      node.onUpdate = () => void node.session.stop().then(resolve);
    });
    connection.say(UPDATE);
    await stopped;
    expect(await connection.isTold()).toBe('6/2');

    const neighbor = await rawNeighbor();
    const inCallback = new Promise<number>(resolve => {
      neighbor.node.onEstablished = () =>
        void neighbor.node.session.stop().then(() => resolve(another.messages.length));
    });
    neighbor.node.session.start();
    const another = await neighbor.accepts();
    another.say(neighbor.open, KEEPALIVE);
    expect(await inCallback).toBeGreaterThan(0);
    expect(await another.isTold()).toBe('6/2');
  });

  it('does not answer a NOTIFICATION', async () => {
    const [{ node }, connection] = await inEstablished();
    connection.say({ type: 'notification', code: 6, subcode: 4, data: Uint8Array.of(2, 0x68, 0x69) });
    await connection.ends();
    expect(connection.messages).toEqual([]);
    expect(node.downs).toEqual([
      { kind: 'notification-received', code: 6, subcode: 4, text: 'received Cease/Administrative Reset: hi' },
    ]);
  });

  it('gets its last words through to a neighbor that does not stop talking', async () => {
    const [{ node }, connection] = await inEstablished();
    const chunk = Buffer.concat(Array.from({ length: 2_000 }, () => UPDATE));
    node.onUpdate = () => {
      if (node.updates === 5_000) void node.session.stop({ subcode: 2, message: 'too loud' });
    };
    const talk = () => {
      if (!connection.closed && connection.socket.writable) connection.socket.write(chunk, talk);
    };
    talk();
    expect(await connection.isTold()).toMatch(/^6\/2/);
    expect(node.updates).toBe(5_000);
    connection.socket.destroy();
  });
});

describe('the capabilities of a neighbor', () => {
  it('without any are IPv4 unicast with 2-octet AS numbers', async () => {
    const [neighbor, connection] = await inOpenSent();
    await neighbor.establishes(connection, { capabilities: [] });
    expect(neighbor.node.ups[0]).toMatchObject({ as4: false, families: [0], maxMessageLength: 4096 });
    const rows = neighbor.node.session.status().capabilities;
    expect(rows.every(row => row.local && !row.remote)).toBe(true);
  });

  it('are shown with ours', async () => {
    const [neighbor] = await inEstablished();
    expect(neighbor.node.session.status().capabilities).toEqual([
      { name: 'multiprotocol', local: true, remote: true, detail: 'ipv4-unicast' },
      { name: 'route-refresh', local: true, remote: true, detail: '' },
      { name: 'enhanced-route-refresh', local: true, remote: true, detail: '' },
      { name: 'extended-message', local: true, remote: true, detail: '' },
      { name: 'extended-next-hop', local: true, remote: true, detail: 'ipv4-unicast by AFI 2' },
      { name: 'fqdn', local: true, remote: true, detail: 'bgp-1' },
      { name: 'as4', local: true, remote: true, detail: '65002' },
    ]);
  });

  it('that are refused altogether are left out at the next attempt (RFC 5492)', async () => {
    const [neighbor, connection] = await inOpenSent({ idleHoldSeconds: 0 });
    connection.say({ type: 'notification', code: 2, subcode: 4, data: new Uint8Array(0) });
    await connection.ends();
    const again = await neighbor.connects();
    expect((await again.hears('open')).capabilities).toEqual([]);
    await neighbor.establishes(again, { capabilities: [] });
    again.socket.end();
    await until(() => neighbor.node.downs.length === 1);
    const later = await neighbor.connects();
    expect((await later.hears('open')).capabilities).not.toEqual([]);
  });
});

describe('two connections', () => {
  const ids = [
    { local: 0x0a000001, survivor: 'incoming' },
    { local: 0x0a000003, survivor: 'outgoing' },
  ] as const;
  for (const { local, survivor } of ids) {
    for (const first of ['incoming', 'outgoing'] as const) {
      it(`router id ${local & 0xff} against 2, first OPEN on the ${first} one: the ${survivor} one stays`, async () => {
        const [neighbor, outgoing] = await inOpenSent({}, { routerId: local });
        const incoming = await neighbor.connects();
        await incoming.hears('open');
        const [winner, loser] = survivor === 'incoming' ? [incoming, outgoing] : [outgoing, incoming];
        (first === 'incoming' ? incoming : outgoing).say(neighbor.open);
        expect(await loser.isTold()).toBe('6/7');
        await loser.ends();
        if (winner !== (first === 'incoming' ? incoming : outgoing)) winner.say(neighbor.open);
        await winner.hears('keepalive');
        winner.say(KEEPALIVE, UPDATE);
        await until(() => neighbor.node.updates === 1);
        expect(neighbor.node.session.state).toBe('Established');
        expect(neighbor.node.ups).toHaveLength(1);
        expect(neighbor.node.session.status().lastError).toBeUndefined();
      });
    }
  }

  it('the neighbor may choose itself', async () => {
    const [neighbor, outgoing] = await inOpenSent();
    const incoming = await neighbor.connects();
    outgoing.say({ type: 'notification', code: 6, subcode: 7, data: new Uint8Array(0) });
    await outgoing.ends();
    await neighbor.establishes(incoming);
    expect(neighbor.node.downs).toEqual([]);
  });

  it('one that gets nowhere gives way to the one that does', async () => {
    const [neighbor, outgoing] = await inOpenSent({}, { routerId: 0x0a000003 });
    const incoming = await neighbor.connects();
    await incoming.hears('open');
    outgoing.socket.destroy();
    await until(() => neighbor.node.session.status().lastError !== undefined);
    expect(Object.keys(neighbor.node.session.status().timers)).toEqual(['hold']);
    await neighbor.establishes(incoming);
    expect(neighbor.node.ups[0].remotePort).toBe(incoming.socket.localPort);
  });

  it('that both get nowhere: the session starts again by itself', async () => {
    const [neighbor, outgoing] = await inOpenSent();
    const { session } = neighbor.node;
    const incoming = await neighbor.connects();
    await incoming.hears('open');
    outgoing.socket.destroy();
    await until(() => session.status().lastError !== undefined);
    incoming.socket.destroy();
    await until(() => session.state === 'Active');
    expect(Object.keys(session.status().timers)).toEqual(['connectRetry']);
  });

  it('are both closed by a reset', async () => {
    const [neighbor, outgoing] = await inOpenSent();
    const incoming = await neighbor.connects();
    await incoming.hears('open');
    neighbor.node.session.reset({ subcode: 4 });
    expect([await outgoing.isTold(), await incoming.isTold()]).toEqual(['6/4', '6/4']);
    await neighbor.accepts();
  });

  it('a connection attempt that hangs is given up when the other one is Established', async () => {
    const neighbor = await rawNeighbor();
    await neighbor.hides();
    const { session } = neighbor.node;
    const { options } = session;
    session.options = { ...options, port: await portWithoutAnswer(options.address) };
    session.start();
    expect(session.state).toBe('Connect');
    const incoming = await neighbor.connects();
    await neighbor.establishes(incoming);
    expect(Object.keys(session.status().timers).sort()).toEqual(['hold', 'keepalive', 'sendHold']);
    expect(neighbor.node.states).toEqual(['Connect', 'OpenSent', 'OpenConfirm', 'Established']);
  });

  it('of the neighbor: the newer one counts', async () => {
    const neighbor = await rawNeighbor({ passive: true });
    neighbor.node.session.start();
    const connections = [await neighbor.connects(), await neighbor.connects(), await neighbor.connects()];
    await connections[2].hears('open');
    expect(await connections[1].isTold()).toBe('6/7');
    await neighbor.establishes(connections[2]);
    expect(await connections[0].isTold()).toBe('6/7');
    expect(neighbor.node.ups[0].remotePort).toBe(connections[2].socket.localPort);
  });

  it('beside an Established session the new one is closed', async () => {
    const [neighbor, connection] = await inEstablished();
    const second = await neighbor.connects();
    second.say(neighbor.open);
    expect(await second.isTold()).toBe('6/7');
    connection.say(UPDATE);
    await until(() => neighbor.node.updates === 1);
    expect(neighbor.node.downs).toEqual([]);
  });

  it('beside an Established session that says nothing does no harm', async () => {
    const [neighbor, connection] = await inEstablished({ gracefulRestart: { restartTimeSeconds: 120 } });
    const second = await neighbor.connects();
    await second.hears('open');
    second.socket.end();
    await second.ends();
    connection.say(UPDATE);
    await until(() => neighbor.node.updates === 1);
    expect(neighbor.node.downs).toEqual([]);
  });

  it('of a neighbor that restarts gracefully: the new one replaces the session (RFC 4724)', async () => {
    const [neighbor, connection] = await inEstablished({ gracefulRestart: { restartTimeSeconds: 120 } });
    const { node } = neighbor;
    const second = await neighbor.connects();
    await neighbor.establishes(second);
    await connection.ends();
    expect(connection.messages).toEqual([]);
    expect(node.downs).toEqual([
      { kind: 'tcp-lost', code: undefined, subcode: undefined, text: 'the neighbor has restarted and connected anew' },
    ]);
    expect(node.ups).toHaveLength(2);
    expect(node.session.negotiated?.gracefulRestart).toMatchObject({ restartTimeSeconds: 120 });
    second.say(UPDATE);
    await until(() => node.updates === 1);
  });
});

describe('a connection that is not wanted', () => {
  it('because the neighbor is shut down is refused', async () => {
    const neighbor = await rawNeighbor();
    const connection = await neighbor.connects();
    expect(await connection.isTold()).toBe('6/5');
    await connection.ends();
    expect(neighbor.node.session.state).toBe('Idle');
    expect(neighbor.node.lines).toMatchObject([{ level: 30, msg: expect.stringContaining('shut down') }]);
  });

  it('during the idle hold time is refused quietly', async () => {
    const [neighbor, connection] = await inOpenSent();
    connection.say(header(19, 77));
    await connection.ends();
    const again = await neighbor.connects();
    expect(await again.isTold()).toBe('6/5');
    expect(neighbor.node.lines.at(-1)).toMatchObject({ level: 20, msg: expect.stringContaining('idle hold') });
    expect(neighbor.node.session.state).toBe('Idle');
  });

  it('at another address than the configured one is refused', async () => {
    const neighbor = await rawNeighbor();
    neighbor.node.session.start();
    await neighbor.accepts();
    neighbor.node.session.options = { ...neighbor.node.session.options, localAddress: '127.0.0.99' };
    const connection = await neighbor.connects();
    expect(await connection.isTold()).toBe('6/5');
    expect(neighbor.node.lines.at(-1)?.msg).toContain(`it came to ${neighbor.localAddress}`);
  });
});

describe('a neighbor that cannot be connected to', () => {
  it('is waited for, with one line in the log', async () => {
    const neighbor = await rawNeighbor();
    await neighbor.hides();
    const { node } = neighbor;
    node.session.start();
    await node.reaches('Active');
    expect(node.states).toEqual(['Connect', 'Active']);
    expect(node.lines.filter(line => line.level >= 30)).toMatchObject([
      { from: 'Idle', to: 'Connect', reason: 'started' },
      { from: 'Connect', to: 'Active', reason: 'connection refused' },
    ]);
    expect(node.session.status().lastError).toMatchObject({ direction: 'local', text: 'connection refused' });
    expect(node.session.status().timers.connectRetry).toBeGreaterThan(7_000);
    const connection = await neighbor.connects();
    await neighbor.establishes(connection);
  });

  it('because the local address is not here: the log says so', async () => {
    const { node } = await rawNeighbor({ localAddress: '192.0.2.1' });
    node.session.start();
    await node.reaches('Active');
    expect(node.session.status().lastError?.text).toBe('the local address is not on this machine');
  });
});

describe('DelayOpen', () => {
  it('waits for the OPEN of the neighbor', async () => {
    const neighbor = await rawNeighbor({ delayOpenSeconds: 60 });
    neighbor.node.session.start();
    const connection = await neighbor.accepts();
    connection.say(neighbor.open);
    await connection.hears('open');
    await connection.hears('keepalive');
    connection.say(KEEPALIVE);
    await neighbor.node.reaches('Established');
    expect(neighbor.node.states).toEqual(['Connect', 'OpenConfirm', 'Established']);
  });
});
