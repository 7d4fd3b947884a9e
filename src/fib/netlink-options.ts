// What the netlink package does not know, done on its file descriptor through koffi: socket options, and sending on another
// thread.
//
// Without NETLINK_NO_ENOBUFS an overrun of the receive buffer ends the whole process (the package throws in a native
// callback). With it the kernel only counts what it had to drop; the count is read with SO_MEMINFO. The filter keeps
// the echoes of our own route changes from the notification socket: they would cost more than the changes.

import { openLibc } from '../libc.js';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const SK_MEMINFO_RCVBUF = 1;
const SK_MEMINFO_DROPS = 8;
const SOL_NETLINK = 270;
const AF_NETLINK = 16;
const MAX_FD = 1 << 20;

/** Options of level SOL_NETLINK that are switched on by 1. */
export const NetlinkOption = { noEnobufs: 5, capAck: 10, extAck: 11, strictCheck: 12 } as const;

interface Libc {
  getsockname(fd: number, address: Buffer, length: Buffer): number;
  getsockopt(fd: number, level: number, option: number, value: Buffer, length: Buffer): number;
  setsockopt(fd: number, level: number, option: number, value: Buffer, length: number): number;
  attachFilter(fd: number, program: { len: number; filter: Buffer }): number;
  /** Calls back on this thread, with -1 when it failed. */
  sendBeside(fd: number, datagram: Buffer, done: (sent: number) => void): void;
}

let libc: Libc | undefined;

function load(): Libc {
  if (libc !== undefined) return libc;
  const { koffi, library } = openLibc();
  const program = koffi.struct({ len: 'uint16', filter: 'void *' });
  const send = library.func('intptr_t send(int, void *, size_t, int)');
  const attach = library.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(program), 'uint32']);
  libc = {
    getsockname: library.func('int getsockname(int, void *, void *)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)'),
    attachFilter: (fd, filter) => attach(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, koffi.sizeof(program)),
    sendBeside: (fd, datagram, done) =>
      send.async(fd, datagram, datagram.length, 0, (error: unknown, sent: number) => done(error ? -1 : sent)),
  };
  return libc;
}

/** The file descriptor of this process' netlink socket with the given port. Throws when there is none. */
export function netlinkFd(port: number): number {
  const { getsockname } = load();
  const address = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  // No look into /proc: it may be hidden from a service, and the descriptor is among the first anyway.
  for (let fd = 0; fd < MAX_FD; fd++) {
    length.writeUInt32LE(address.length);
    if (getsockname(fd, address, length) !== 0) continue;
    if (address.readUInt16LE(0) === AF_NETLINK && address.readUInt32LE(4) === port) return fd;
  }
  throw new Error(`this process has no netlink socket with port ${port}`);
}

function set(fd: number, level: number, option: number, value: number): boolean {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return load().setsockopt(fd, level, option, bytes, bytes.length) === 0;
}

/** Switches an option of NetlinkOption on; false when this kernel does not know it. */
export function enable(fd: number, option: number): boolean {
  return set(fd, SOL_NETLINK, option, 1);
}

/** Sets the receive buffer, beyond net.core.rmem_max where CAP_NET_ADMIN allows. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes)) set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

/** Sets the send buffer beyond net.core.wmem_max where CAP_NET_ADMIN allows. */
export function forceSendBuffer(fd: number, bytes: number): void {
  set(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes);
}

/** How many messages the kernel had to drop because the receive buffer was full, modulo 2^32. */
export function drops(fd: number): number {
  return memoryInfo(fd, SK_MEMINFO_DROPS);
}

/** The size of the receive buffer, in bytes of the kernel's memory: twice what was asked for. */
export function receiveBuffer(fd: number): number {
  return memoryInfo(fd, SK_MEMINFO_RCVBUF);
}

function memoryInfo(fd: number, index: number): number {
  const values = Buffer.alloc(9 * 4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(values.length);
  return load().getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values, length) === 0 ? values.readUInt32LE(index * 4) : 0;
}

/**
 * Keeps notifications caused by the socket with this port (nlmsg_pid) from `fd`: a classic BPF program of
 * load nlmsg_pid; equal? drop; else pass. BPF loads in network order, hence the swapped port.
 */
export function ignorePort(fd: number, port: number): void {
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32LE(port);
  const program = Buffer.alloc(4 * 8);
  const instructions = [
    { code: 0x20, k: 12 },
    { code: 0x15, k: swapped.readUInt32BE(), otherwise: 1 },
    { code: 0x06, k: 0 },
    { code: 0x06, k: 0xffffffff },
  ];
  for (const [i, { code, k, otherwise }] of instructions.entries()) {
    program.writeUInt16LE(code, i * 8);
    program[i * 8 + 3] = otherwise ?? 0;
    program.writeUInt32LE(k, i * 8 + 4);
  }
  load().attachFilter(fd, { len: instructions.length, filter: program });
}

/** Sends a datagram on another thread; it must stay as it is meanwhile. `done` hears whether it went. */
export function sendBeside(fd: number, datagram: Buffer, done: (sent: boolean) => void): void {
  load().sendBeside(fd, datagram, sent => done(sent >= 0));
}
