// What sessions do when time passes: hold timers, retries and idle hold times on a clock of our own. TCP is real.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encode } from '../../../src/bgp/wire/message.js';
import { cleanUp, pair, type RawConnection, type RawNeighbor, rawNeighbor, until } from './lab.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await cleanUp();
});

const KEEPALIVE = encode({ type: 'keepalive' });

async function established(...args: Parameters<typeof rawNeighbor>): Promise<[RawNeighbor, RawConnection]> {
  const neighbor = await rawNeighbor(...args);
  neighbor.node.session.start();
  const connection = await neighbor.accepts();
  await connection.hears('open');
  await neighbor.establishes(connection);
  return [neighbor, connection];
}

describe('the hold timer', () => {
  it('ends a session with a neighbor that has gone silent', async () => {
    const [{ node }, connection] = await established({ holdTimeSeconds: 3 });
    vi.advanceTimersByTime(2_999);
    expect(node.session.state).toBe('Established');
    vi.advanceTimersByTime(1);
    expect(await connection.isTold()).toBe('4/0');
    expect(node.downs).toEqual([
      { kind: 'notification-sent', code: 4, subcode: 0, text: 'hold timer expired: sent Hold Timer Expired' },
    ]);
    expect(node.session.state).toBe('Idle');
  });

  it('starts anew with every message', async () => {
    const [{ node }, connection] = await established({ holdTimeSeconds: 9 });
    const update = encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] });
    for (const [index, message] of [KEEPALIVE, update, KEEPALIVE, update].entries()) {
      vi.advanceTimersByTime(8_000);
      connection.say(message);
      const received = () => node.session.status().messages.received;
      await until(() => received().keepalive + received().update >= index + 2);
      if (message === KEEPALIVE) await connection.hears('keepalive');
    }
    expect(node.session.state).toBe('Established');
    vi.advanceTimersByTime(9_000);
    expect(node.session.state).toBe('Idle');
  });

  it('is four minutes for a neighbor that connects and says nothing', async () => {
    const neighbor = await rawNeighbor({ passive: true });
    neighbor.node.session.start();
    const connection = await neighbor.connects();
    await connection.hears('open');
    vi.advanceTimersByTime(239_999);
    expect(neighbor.node.session.state).toBe('OpenSent');
    vi.advanceTimersByTime(1);
    expect(await connection.isTold()).toBe('4/0');
  });

  it('does not run with a hold time of 0', async () => {
    const [{ node }, connection] = await established({ holdTimeSeconds: 0 });
    vi.advanceTimersByTime(86_400_000);
    expect(node.session.state).toBe('Established');
    expect(connection.messages).toEqual([]);
  });
});

describe('KEEPALIVEs', () => {
  it('go out three times in a hold time, but not while UPDATEs do', async () => {
    const [{ node }, connection] = await established({ holdTimeSeconds: 30 });
    const sent = () => node.session.status().messages.sent.keepalive;
    expect(sent()).toBe(1);
    for (let second = 0; second < 20; second++) {
      vi.advanceTimersByTime(1_000);
      node.session.write(encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] }), 1);
      // What is written in one turn of the loop leaves together.
      await new Promise(resolve => process.nextTick(resolve));
    }
    expect(sent()).toBe(1);
    connection.say(KEEPALIVE);
    await until(() => node.session.status().messages.received.keepalive === 2);
    vi.advanceTimersByTime(10_000);
    expect(sent()).toBe(2);
    await connection.hears('keepalive');
  });

  it('keep two sessions up', async () => {
    const [a, b] = await pair({ holdTimeSeconds: 3 });
    a.session.start();
    b.session.start();
    await Promise.all([a.reaches('Established'), b.reaches('Established')]);
    const received = (node: typeof a) => node.session.status().messages.received.keepalive;
    for (let round = 0; round < 10; round++) {
      const [before, beforeB] = [received(a), received(b)];
      vi.advanceTimersByTime(1_000);
      await Promise.all([until(() => received(a) > before), until(() => received(b) > beforeB)]);
    }
    expect([a.session.state, b.session.state]).toEqual(['Established', 'Established']);
  });
});

describe('retrying', () => {
  it('connects again when ConnectRetryTimer expires', async () => {
    const neighbor = await rawNeighbor({ connectRetrySeconds: 10 });
    const { node } = neighbor;
    await neighbor.hides();
    node.session.start();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await node.reaches('Active');
      expect(node.states.filter(state => state === 'Connect')).toHaveLength(attempt);
      vi.advanceTimersByTime(10_000);
      expect(node.session.state).toBe('Connect');
    }
    await node.reaches('Active');
    const lines = node.lines.filter(line => line.level >= 30);
    expect(lines.map(line => line.reason)).toEqual(['started', 'connection refused', 'time to connect again']);
  });

  it('holds back after errors, twice as long each time', async () => {
    const neighbor = await rawNeighbor({ idleHoldSeconds: 5 });
    const { node } = neighbor;
    node.session.start();
    for (const seconds of [5, 10, 20]) {
      const connection = await neighbor.accepts();
      connection.say({ ...neighbor.open, as2: 65009, capabilities: [] });
      expect(await connection.isTold()).toBe('2/2');
      expect(node.session.state).toBe('Idle');
      const left = node.session.status().timers.idleHold;
      expect(left).toBeGreaterThanOrEqual(seconds * 750);
      expect(left).toBeLessThanOrEqual(seconds * 1_000);
      vi.advanceTimersByTime(left);
      expect(node.session.state).toBe('Connect');
    }
  });

  it('does not happen when the session was stopped in between', async () => {
    const neighbor = await rawNeighbor();
    const { node } = neighbor;
    node.session.start();
    const connection = await neighbor.accepts();
    connection.say({ ...neighbor.open, as2: 65009, capabilities: [] });
    await node.reaches('Idle');
    await node.session.stop();
    vi.advanceTimersByTime(1_000_000);
    expect(node.session.state).toBe('Idle');
    expect(node.session.status().timers).toEqual({});
  });

  it('connects at once when a session that had lasted is lost', async () => {
    const [neighbor, connection] = await established({ holdTimeSeconds: 90, connectRetrySeconds: 10 });
    vi.advanceTimersByTime(10_000);
    connection.socket.end();
    await neighbor.accepts();
    expect(neighbor.node.downs).toMatchObject([{ kind: 'tcp-lost' }]);
  });
});

describe('a connection that is refused', () => {
  it('is closed as soon as the neighbor has closed its side, though it had said something', async () => {
    const neighbor = await rawNeighbor();
    const connection = await neighbor.connects();
    connection.say(neighbor.open);
    expect(await connection.isTold()).toBe('6/5');
    await neighbor.node.session.stop();
    expect(connection.closed).toBe(true);
  });
});

describe('DelayOpen', () => {
  it('sends OPEN when the delay is over', async () => {
    const neighbor = await rawNeighbor({ delayOpenSeconds: 7 });
    const { node } = neighbor;
    node.session.start();
    const connection = await neighbor.accepts();
    await until(() => node.session.status().timers.delayOpen !== undefined);
    vi.advanceTimersByTime(6_999);
    expect(node.session.state).toBe('Connect');
    vi.advanceTimersByTime(1);
    await connection.hears('open');
  });
});

describe('the send hold timer (RFC 9687)', () => {
  it('ends a session with a neighbor that speaks but does not read', async () => {
    const [{ node }, connection] = await established({ holdTimeSeconds: 90 });
    connection.socket.pause();
    const chunk = Buffer.concat(
      Array.from({ length: 3_000 }, () => encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] })),
    );
    for (let i = 0; i < 300; i++) node.session.write(chunk, 3_000);
    for (let round = 2; round < 8; round++) {
      vi.advanceTimersByTime(79_000);
      connection.say(KEEPALIVE);
      await until(() => node.session.status().messages.received.keepalive >= round);
    }
    expect(node.session.state).toBe('Established');
    vi.advanceTimersByTime(10_000);
    expect(node.downs).toMatchObject([{ kind: 'notification-sent', code: 8, subcode: 0 }]);
    // Nobody takes the NOTIFICATION either: the connection is given up.
    const stopped = node.session.stop();
    vi.advanceTimersByTime(3_000);
    await stopped;
  });

  it('leaves a slow reader alone', async () => {
    const [{ node }, connection] = await established({ holdTimeSeconds: 90 });
    const update = encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] });
    for (let round = 2; round < 12; round++) {
      node.session.write(update, 1);
      await connection.hears('update');
      vi.advanceTimersByTime(79_000);
      connection.say(KEEPALIVE);
      await until(() => node.session.status().messages.received.keepalive >= round);
    }
    expect(node.session.state).toBe('Established');
  });
});
