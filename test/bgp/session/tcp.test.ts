// Reading: all of it, in order, and the loop turns between two pieces of what comes in one go.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type Read, takeOver } from '../../../src/bgp/session/tcp.js';

const KiB = 1 << 10;
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

interface Piece {
  octets: Buffer;
  turn: number;
}

/** Sends each of `sent` in one go over a connection of its own, all together; a KiB is in hand for so long. */
async function pieces(sent: Buffer[], msPerKiB: number): Promise<Piece[][]> {
  const now = turns();
  return Promise.all(
    sent.map(
      octets =>
        new Promise<Piece[]>((resolve, reject) => {
          const pieces: Piece[] = [];
          let left = octets.length;
          connection(piece => {
            pieces.push({ octets: Buffer.from(piece), turn: now() });
            const end = performance.now() + (msPerKiB * piece.length) / KiB;
            while (performance.now() < end);
            left -= piece.length;
            if (left === 0) resolve(pieces);
          }).then(({ here, there }) => {
            here.resume();
            there.end(octets);
          }, reject);
        }),
    ),
  );
}

const lengths = (pieces: Piece[]) => pieces.map(({ octets }) => octets.length);

it('reads megabytes whole, a piece to a turn, small ones first and twice as much at most the next time', async () => {
  const sent = Buffer.alloc(8 * MiB);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32BE(i, i);
  // Whoever has caught up begins anew.
  for (let again = 0; again < 2; again++) {
    const [quick] = await pieces([sent], 0);
    expect(Buffer.concat(quick.map(({ octets }) => octets)).equals(sent)).toBe(true);
    expect(new Set(quick.map(({ turn }) => turn)).size).toBe(quick.length);
    expect(Math.max(...lengths(quick))).toBeGreaterThan(32 * KiB);
    for (const [i, length] of lengths(quick).slice(0, 4).entries()) expect(length).toBeLessThanOrEqual((8 * KiB) << i);
  }
});

it('reads little while a piece is long in hand, and of several neighbors no more in a turn than of one', async () => {
  const sent = Buffer.alloc(256 * KiB);
  const [slow] = await pieces([sent], 1);
  expect(Math.max(...lengths(slow))).toBe(8 * KiB);
  expect(new Set(slow.map(({ turn }) => turn)).size).toBe(slow.length);

  for (const [msPerKiB, most] of [
    [0.25, 20],
    [0.05, 100],
  ]) {
    const inTurn = new Map<number, number>();
    for (const { octets, turn } of (await pieces(Array(4).fill(sent), msPerKiB)).flat()) {
      inTurn.set(turn, (inTurn.get(turn) ?? 0) + octets.length);
    }
    // What takes the turn's time, and of each of the others a little.
    expect(Math.max(...inTurn.values())).toBeLessThanOrEqual((most + 3 * 8) * KiB);
    expect(Math.max(...inTurn.values())).toBeGreaterThan(8 * KiB);
  }
});
