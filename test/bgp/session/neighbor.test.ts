// A session with a neighbor that does as it likes: a plain socket that speaks and misbehaves.

import { afterEach, describe, expect, it } from 'vitest';
import { encode } from '../../../src/bgp/wire/message.js';
import type { OpenMessage } from '../../../src/bgp/wire/open.js';
import { cleanUp, header, inEstablished, inOpenSent, rawNeighbor, until } from './lab.js';

afterEach(cleanUp);

const KEEPALIVE = encode({ type: 'keepalive' });
const UPDATE = encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] });

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

  it('reads a full table in slices, between which the loop turns', async () => {
    const [{ node }, connection] = await inEstablished();
    const update = Buffer.concat([header(4096, 2), Buffer.alloc(4096 - 19)]);
    const sizes = [0];
    const turn = () => {
      sizes.push(0);
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    node.onUpdate = () => {
      sizes[sizes.length - 1] += update.length;
    };
    connection.say(Buffer.concat(Array(1000).fill(update)));
    await until(() => node.updates === 1000);
    clearImmediate(timer);
    expect(Math.max(...sizes)).toBeLessThan(1 << 19);
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
