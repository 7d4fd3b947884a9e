// Streams: listings as fast as they are read, events without end, readers who are slow or go away.

import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../../src/api/error.js';
import type { RouteView } from '../../src/bgp/views.js';
import { path } from './fake-control.js';
import { all, type Served, served } from './served.js';

let api: Served;
let sockets: Socket[];
beforeEach(async () => {
  api = await served({ maxBacklogBytes: 100_000 });
  sockets = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const socket of sockets) socket.destroy();
  await api.close();
});

/** A reader that asks and then reads nothing. */
function sleepyReader(path: string): Promise<Socket> {
  return new Promise(resolve => {
    const socket = connect(api.socket, () => {
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      resolve(socket);
    });
    sockets.push(socket);
  });
}

const textOf = async (socket: Socket) => {
  const chunks: string[] = [];
  socket.setEncoding('utf8');
  for await (const chunk of socket) chunks.push(chunk);
  return chunks.join('');
};

function* many(count: number, onTaken: (n: number) => void): Generator<RouteView> {
  for (let i = 0; i < count; i++) {
    onTaken(i + 1);
    yield { prefix: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`, family: 'ipv4-unicast', paths: [path()] };
  }
}

test('a big listing arrives whole and leaves the loop free in between', async () => {
  // A clock by which a route takes half a millisecond; how many are taken in each turn of the loop?
  let taken = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => taken / 2);
  const inTurn = [0];
  const watch = () => {
    inTurn.push(0);
    turn = setImmediate(watch);
  };
  let turn = setImmediate(watch);
  api.control.speaker.routes = () =>
    many(20_000, n => {
      taken = n;
      inTurn[inTurn.length - 1]++;
    });
  const routes = await all(api.client.stream('listRoutes', { query: {} }));
  clearImmediate(turn);
  expect(routes).toHaveLength(20_000);
  expect(new Set(routes.map(it => it.prefix)).size).toBe(20_000);
  // 4 ms at a time are 9 of them; a reader who catches up may begin another slice within the turn.
  expect(Math.max(...inTurn)).toBeLessThan(40);
});

test('a listing is not taken ahead of a reader that waits', async () => {
  let taken = 0;
  api.control.speaker.routes = () =>
    many(100_000, n => {
      taken = n;
    });
  const socket = await sleepyReader('/v1/routes');
  await expect.poll(() => taken).toBeGreaterThan(0);
  await new Promise(resolve => setTimeout(resolve, 100));
  const waiting = taken;
  expect(waiting).toBeLessThan(10_000);
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(taken).toBe(waiting);
  const text = await textOf(socket);
  expect(taken).toBe(100_000);
  expect(text.match(/"prefix"/g)).toHaveLength(100_000);
});

test('a listing is dropped when its reader goes away', async () => {
  let ended = false;
  api.control.speaker.routes = function* () {
    try {
      yield* many(1_000_000, () => {});
    } finally {
      ended = true;
    }
  };
  const socket = await sleepyReader('/v1/routes');
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(ended).toBe(false);
  socket.destroy();
  await expect.poll(() => ended).toBe(true);
});

test('a listing that fails half way says so in its last line', async () => {
  api.control.speaker.routes = function* () {
    yield* many(10, () => {});
    throw new Error('inner');
  };
  const seen: RouteView[] = [];
  const read = async () => {
    for await (const route of api.client.stream('listRoutes', { query: {} })) seen.push(route);
  };
  await expect(read()).rejects.toMatchObject({ code: 'internal', message: 'the daemon failed to do this' });
  expect(seen).toHaveLength(10);
});

test('events of one turn arrive in order', async () => {
  const stream = api.client.stream('routeEvents')[Symbol.asyncIterator]();
  const first = stream.next();
  await expect.poll(() => api.control.listeners()).toBe(1);
  for (let at = 1; at <= 3; at++) api.control.tellRoute({ at, prefix: '10.0.0.0/8', best: path() });
  const seen = [(await first).value, (await stream.next()).value, (await stream.next()).value];
  expect(seen.map(event => event.at)).toEqual([1, 2, 3]);
  await stream.return?.();
});

test('a reader of events who does not read is cut off with a note, and costs no more', async () => {
  const socket = await sleepyReader('/v1/events/rib');
  await expect.poll(() => api.control.listeners()).toBe(1);
  for (let round = 0; round < 500 && api.control.listeners() > 0; round++) {
    for (let i = 0; i < 20; i++) api.control.tellRoute({ at: i, prefix: '10.0.0.0/8', best: path() });
    await new Promise(setImmediate);
  }
  expect(api.control.listeners()).toBe(0);
  const lines = (await textOf(socket)).split('\n').filter(line => line.startsWith('{'));
  expect(JSON.parse(lines[lines.length - 1])).toMatchObject({ code: 'too-slow' });
});

test('events end with a note when the daemon stops', async () => {
  const other = await served();
  const read = all(other.client.stream('neighborEvents', { query: {} }));
  const outcome = expect(read).rejects.toSatisfy(error => error instanceof ApiError && error.code === 'stopping');
  await expect.poll(() => other.control.listeners()).toBe(1);
  await other.close();
  await outcome;
  expect(other.control.listeners()).toBe(0);
});

test('events of an unknown neighbor are refused at once', async () => {
  await expect(all(api.client.stream('neighborEvents', { query: { address: '192.0.2.9' } }))).rejects.toMatchObject({
    code: 'no-such-neighbor',
  });
});
