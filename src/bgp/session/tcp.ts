// The TCP connections under a session: making one or taking one over, reading, and closing one so that the last words arrive.
//
// All connections read into one buffer: what was read has been dealt with before the next one reads, and memory that is not
// new every time costs no page faults.

import net from 'node:net';
import { canonicalAddress } from './addresses.js';
import type { LocalOptions, NeighborOptions } from './options.js';
import { createSocket, type SocketNeeds, type SocketParts } from './socket-options.js';

/** Octets read from a neighbor before the loop turns: at least, … */
const LEAST_AT_ONCE = 1 << 13;
/** … and at most, about as many routes as an update group sends on in its slice. */
const MOST_AT_ONCE = 1 << 17;
/** Between the two, as many as what is read in one turn takes: code that has not run yet is ten times slower. */
const TURN_MS = 5;
const FIRST_PACE = LEAST_AT_ONCE / TURN_MS;

const input = new Uint8Array(MOST_AT_ONCE);
/** Octets that were dealt with in a millisecond; it doubles at most, for what comes next may be dearer. */
let pace = FIRST_PACE;
/** What reading has taken since the loop turned, in milliseconds. */
let spent = 0;
/** Sockets that may have more; they are read from when the loop has turned. */
let unfinished: net.Socket[] = [];

/** Takes what was read, valid during the call only. */
export type Read = (octets: Uint8Array) => void;

/** How long a closing connection waits for the neighbor to take the NOTIFICATION and close its side. */
export const CLOSE_TIMEOUT_MS = 3_000;

/**
 * Socket options for a neighbor: an external one is on a link of ours (TTL 1) unless multihop says how far away. Connections
 * that the neighbor makes have its password from the listening socket.
 */
export function socketNeeds(options: NeighborOptions, local: LocalOptions): SocketNeeds {
  const { multihop, ttlSecurity } = options;
  if (ttlSecurity) return { ttl: 255, leastTtl: 256 - multihop };
  return options.as === local.as ? {} : { ttl: multihop };
}

/** Begins to connect to the neighbor at an address: the socket tells by 'connect' or 'error'. Throws when it cannot even be made. */
export function connectTo(address: string, options: NeighborOptions, local: LocalOptions, read: Read): net.Socket {
  const host = canonicalAddress(address);
  const { password } = options;
  const md5 = password === undefined ? undefined : { address: host, password };
  const family = net.isIPv6(host) ? 'ipv6' : 'ipv4';
  const socket: net.Socket = createSocket(
    family,
    { ...socketNeeds(options, local), md5 },
    reading(() => socket, read),
  );
  return socket.connect({ host, port: options.port, localAddress: options.localAddress });
}

/** A connection that a listening socket took and nobody has read from, as one that reads as all others do. */
export function takeOver(accepted: net.Socket, read: Read): net.Socket {
  // Only who makes a socket says where it reads to.
  const shell = accepted as unknown as { _handle: object | null };
  const parts: SocketParts = { handle: shell._handle, onread: reading(() => socket, read) };
  const socket: net.Socket = new net.Socket(parts);
  shell._handle = null;
  accepted.destroy();
  return socket;
}

/** When the buffer was full there may be megabytes more: then the loop turns first, and when it took long. */
function reading(socket: () => net.Socket, read: Read): net.OnReadOpts {
  let room = 0;
  return {
    buffer: () => {
      room = Math.round(Math.min(Math.max(pace * (TURN_MS - spent), LEAST_AT_ONCE), MOST_AT_ONCE));
      return input.subarray(0, room);
    },
    callback: count => {
      if (spent === 0) setImmediate(endTurn);
      const begin = performance.now();
      read(input.subarray(0, count));
      const took = performance.now() - begin;
      spent += took;
      if (count < room && spent < TURN_MS) return true;
      pace = Math.min(count / took, 2 * pace);
      unfinished.push(socket());
      return false;
    },
  };
}

/** What has caught up begins small the next time. */
function endTurn(): void {
  const sockets = unfinished;
  unfinished = [];
  spent = 0;
  if (sockets.length === 0) pace = FIRST_PACE;
  for (const socket of sockets) socket.resume();
}

/**
 * Closes a connection, whose events nobody hears of any more. `lastWords` (a NOTIFICATION) are sent and the neighbor gets the time to read them: octets it
 * sent meanwhile are read and thrown away, for the kernel answers unread ones with a reset that overtakes the words.
 * Resolves when the socket is closed.
 */
export function closeTcp(socket: net.Socket, lastWords: Uint8Array | null): Promise<void> {
  socket.removeAllListeners();
  socket.on('error', () => {});
  return new Promise(resolve => {
    if (socket.closed) {
      resolve();
      return;
    }
    if (lastWords === null || socket.connecting || !socket.writable) {
      socket.once('close', () => resolve());
      socket.destroy();
      return;
    }
    const timeout = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
    socket.once('close', () => {
      clearTimeout(timeout);
      resolve();
    });
    socket.resume();
    socket.end(lastWords);
  });
}

const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the neighbor',
  EPIPE: 'connection closed by the neighbor',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to the neighbor',
  ENETUNREACH: 'network is unreachable',
  EACCES: 'not permitted to connect to the neighbor',
  EPERM: 'not permitted to connect to the neighbor',
  EADDRNOTAVAIL: 'the local address is not on this machine',
};

/** Words for a socket's error. */
export function describeSocketError(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message;
}
