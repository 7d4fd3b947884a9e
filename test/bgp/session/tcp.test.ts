// Reading: all of it, in order, and the loop turns between two pieces of what comes in one go.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type Read, takeOver } from '../../../src/bgp/session/tcp.js';

const MiB = 1 << 20;

/** A connection that reads as sessions do, and its other end. */
async function connection(read: Read): Promise<{ here: net.Socket; there: net.Socket }> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const there = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  const here = takeOver(accepted, read);
  onTestFinished(() => {
    here.destroy();
    there.destroy();
  });
  return { here, there };
}

/** Counts the turns of the loop until the test is over. */
function turns(): () => number {
  let count = 0;
  let next = setImmediate(function turn() {
    count++;
    next = setImmediate(turn);
  });
  onTestFinished(() => clearImmediate(next));
  return () => count;
}

it('reads megabytes whole, a piece to a turn', async () => {
  const sent = Buffer.alloc(8 * MiB);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32BE(i, i);
  const now = turns();
  const received: Buffer[] = [];
  const pieces: { size: number; turn: number }[] = [];
  let left = sent.length;
  await new Promise<void>((resolve, reject) => {
    connection(octets => {
      pieces.push({ size: octets.length, turn: now() });
      received.push(Buffer.from(octets));
      left -= octets.length;
      if (left === 0) resolve();
    }).then(({ here, there }) => {
      here.resume();
      there.end(sent);
    }, reject);
  });
  expect(Buffer.concat(received).equals(sent)).toBe(true);
  expect(Math.max(...pieces.map(({ size }) => size))).toBeGreaterThan(1 << 15);
  expect(new Set(pieces.map(({ turn }) => turn)).size).toBe(pieces.length);
});

it('takes less at once while a piece is long in hand', async () => {
  const sent = Buffer.alloc(3 * (MiB / 8));
  let size = 0;
  const sizes: number[] = [];
  await new Promise<void>((resolve, reject) => {
    connection(octets => {
      size += octets.length;
      sizes.push(octets.length);
      const end = performance.now() + 10;
      while (performance.now() < end);
      if (size === sent.length) resolve();
    }).then(({ here, there }) => {
      here.resume();
      there.end(sent);
    }, reject);
  });
  expect(Math.max(...sizes.slice(-10, -1))).toBe(1 << 13);
});
