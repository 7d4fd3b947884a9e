// A raw rtnetlink socket for the benchmarks. Overruns of its receive buffer go unnoticed (NETLINK_NO_ENOBUFS) instead of
// ending the process, and the buffer is large.

import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';

const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const BUFFER_BYTES = 64 << 20;
const DATAGRAM_BYTES = 64 << 10;

const require = createRequire(import.meta.url);

/**
 * Which messages are received; the kernel drops the others.
 * @typedef {object} Filter
 * @property {number} offset of a word in network order
 * @property {number} mask
 * @property {number} value what the masked word has to be
 */

/** @param {(datagram: Buffer) => void} receive @param {Filter} [filter] */
export function openSocket(receive, filter) {
  /** @type {typeof import('netlink/dist/raw.js')} */
  const { RawNetlinkSocket } = require('netlink/dist/raw.js');
  /** @type {typeof import('koffi')} */
  const koffi = require('koffi');
  const libc = koffi.load(null);
  const setsockopt = libc.func('int setsockopt(int, int, int, void *, uint32_t)');
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
    if (filter === undefined) continue;
    const program = koffi.struct({ len: 'uint16', filter: 'void *' });
    const attach = libc.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(program), 'uint32']);
    const instructions = compile(filter);
    const whole = { len: instructions.length / INSTRUCTION_BYTES, filter: instructions };
    if (attach(fd, SOL_SOCKET, SO_ATTACH_FILTER, whole, koffi.sizeof(program)) !== 0)
      throw new Error('the filter cannot be set');
  }
  socket.on('message', receive);
  socket.on('error', () => {});
  return socket;
}

const INSTRUCTION_BYTES = 8;

/** Classic BPF: load the word, mask it; the value? all of the message, else nothing of it. @param {Filter} filter */
function compile({ offset, mask, value }) {
  const program = Buffer.alloc(5 * INSTRUCTION_BYTES);
  const instructions = [
    { code: 0x20, k: offset },
    { code: 0x54, k: mask },
    { code: 0x15, k: value, otherwise: 1 },
    { code: 0x06, k: 0xffffffff },
    { code: 0x06, k: 0 },
  ];
  for (const [i, { code, k, otherwise = 0 }] of instructions.entries()) {
    program.writeUInt16LE(code, i * INSTRUCTION_BYTES);
    program[i * INSTRUCTION_BYTES + 3] = otherwise;
    program.writeUInt32LE(k >>> 0, i * INSTRUCTION_BYTES + 4);
  }
  return program;
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
