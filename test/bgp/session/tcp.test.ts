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

/** Sends it all in one go; `hold` is how long each piece is in hand. */
async function pieces(sent: Buffer, holdMs: number): Promise<{ octets: Buffer; turn: number }[]> {
  const now = turns();
  const pieces: { octets: Buffer; turn: number }[] = [];
  let left = sent.length;
  await new Promise<void>((resolve, reject) => {
    connection(octets => {
      pieces.push({ octets: Buffer.from(octets), turn: now() });
      const end = performance.now() + holdMs;
      while (performance.now() < end);
      left -= octets.length;
      if (left === 0) resolve();
    }).then(({ here, there }) => {
      here.resume();
      there.end(sent);
    }, reject);
  });
  return pieces;
}

it('reads megabytes whole, a piece to a turn, and less at once while a piece is long in hand', async () => {
  const sent = Buffer.alloc(8 * MiB);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32BE(i, i);
  const quick = await pieces(sent, 0);
  expect(Buffer.concat(quick.map(({ octets }) => octets)).equals(sent)).toBe(true);
  expect(Math.max(...quick.map(({ octets }) => octets.length))).toBeGreaterThan(1 << 15);
  expect(new Set(quick.map(({ turn }) => turn)).size).toBe(quick.length);

  const slow = await pieces(sent.subarray(0, 3 * (MiB / 8)), 10);
  expect(slow.at(0)?.octets.length).toBeGreaterThan(1 << 13);
  expect(Math.max(...slow.slice(-10, -1).map(({ octets }) => octets.length))).toBe(1 << 13);
  expect(new Set(slow.map(({ turn }) => turn)).size).toBe(slow.length);
});
