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
/** Between the two, its share of what is read in so long: code that has not run yet is ten times slower. */
const TURN_MS = 5;
const FIRST_PACE = LEAST_AT_ONCE / TURN_MS;

const input = new Uint8Array(MOST_AT_ONCE);
/** Sockets that may have more; they are read from when the loop has turned. */
let unfinished: net.Socket[] = [];
/** How many they were at the last turn. */
let sharing = 1;

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

/**
 * When the buffer was full there may be megabytes more: then the loop turns first. What begins after a pause begins small.
 * The buffer is asked for when the last one has been dealt with, so its size is that of the next turn.
 */
function reading(socket: () => net.Socket, read: Read): net.OnReadOpts {
  let room = 0;
  /** Octets that are dealt with in a millisecond; it doubles at most, for what comes next may be dearer. */
  let pace = FIRST_PACE;
  return {
    buffer: () => {
      const share = Math.round((pace * TURN_MS) / Math.max(sharing, unfinished.length));
      room = Math.min(Math.max(share, LEAST_AT_ONCE), MOST_AT_ONCE);
      return input.subarray(0, room);
    },
    callback: count => {
      const begin = performance.now();
      read(input.subarray(0, count));
      if (count < room) {
        pace = FIRST_PACE;
        return true;
      }
      const measured = count / (performance.now() - begin);
      pace = Math.max(FIRST_PACE, Math.min(measured, 2 * pace));
      if (unfinished.length === 0) setImmediate(readOn);
      unfinished.push(socket());
      return false;
    },
  };
}

function readOn(): void {
  const sockets = unfinished;
  unfinished = [];
  sharing = sockets.length;
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
