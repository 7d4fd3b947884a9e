// A raw rtnetlink socket for the benchmarks. Overruns of its receive buffer go unnoticed (NETLINK_NO_ENOBUFS) instead of
// ending the process, and the buffer is large.

import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';

const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const BUFFER_BYTES = 64 << 20;
const DATAGRAM_BYTES = 64 << 10;

const require = createRequire(import.meta.url);

/** @param {(datagram: Buffer) => void} receive */
export function openSocket(receive) {
  /** @type {typeof import('netlink/dist/raw.js')} */
  const { RawNetlinkSocket } = require('netlink/dist/raw.js');
  /** @type {typeof import('koffi')} */
  const koffi = require('koffi');
  const setsockopt = koffi.load(null).func('int setsockopt(int, int, int, void *, uint32_t)');
  const before = openSockets();
  const socket = new RawNetlinkSocket(NETLINK_ROUTE, {
    messagePeeking: false,
    msgBufferSize: DATAGRAM_BYTES,
    recvBufferSize: 1 << 20,
    sendBufferSize: 1 << 20,
  });
  const options = [
    [SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES],
    [SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES],
    [SOL_NETLINK, NETLINK_NO_ENOBUFS, 1],
  ];
  for (const [inode, fd] of openSockets()) {
    if (before.has(inode)) continue;
    for (const [level, option, value] of options) {
      if (setsockopt(fd, level, option, Buffer.from(Int32Array.of(value).buffer), 4) !== 0) {
        throw new Error(`socket option ${level}/${option} cannot be set`);
      }
    }
  }
  socket.on('message', receive);
  socket.on('error', () => {});
  return socket;
}

/** File descriptors of this process' sockets by their inodes. @returns {Map<string, number>} */
function openSockets() {
  const sockets = new Map();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (target.startsWith('socket:')) sockets.set(target, Number(fd));
    } catch {
      // The descriptor by which the directory itself is read.
    }
  }
  return sockets;
}
