// The connections of a session: two at a time, unwanted ones, none at all, and one that waits for the other side to speak.

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { encode } from '../../../src/bgp/wire/message.js';
import { cleanUp, header, inEstablished, inOpenSent, portWithoutAnswer, rawNeighbor, until } from './lab.js';

afterEach(cleanUp);

const KEEPALIVE = encode({ type: 'keepalive' });
const UPDATE = encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] });

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

  it.each([
    ['an Established session', {}],
    ['a young session with graceful restart that it has crossed', { gracefulRestart: { restartTimeSeconds: 120 } }],
  ])('beside %s the new one is closed', async (_, options) => {
    const [neighbor, connection] = await inEstablished(options);
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
    const now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now + 10_000);
    onTestFinished(() => void vi.restoreAllMocks());
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
