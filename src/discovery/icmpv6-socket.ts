// A raw ICMPv6 socket that only sends, made through the C library: Node has none. Needs CAP_NET_RAW. Linux numbers.
//
// Every packet leaves with hop limit 255, which shows the receiver that no router has forwarded it (RFC 4861 §6.1). What
// comes in is heard by the kernel's neighbor table (link-table.ts): the filter takes nothing.

import { openLibc } from '../libc.js';

const AF_INET6 = 10;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000;
const IPPROTO_IPV6 = 41;
const IPPROTO_ICMPV6 = 58;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;
const ICMPV6_FILTER = 1;

/** The hop limit of neighbor discovery. */
const HOP_LIMIT = 255;

/** An error of a system call. */
export class SocketError extends Error {
  /** 'EPERM' */
  readonly code: string;

  constructor(what: string, code: string) {
    super(`${what}: ${code}`);
    this.code = code;
  }
}

/** Sends ICMPv6 messages by any interface. */
export class Icmpv6Socket {
  private readonly fd: number;

  /** Throws SocketError: EPERM where the process may not. */
  constructor() {
    libc ??= loadLibc();
    this.fd = libc.socket(AF_INET6, SOCK_RAW_NONBLOCK_CLOEXEC, IPPROTO_ICMPV6);
    if (this.fd < 0) throw new SocketError('cannot make a raw ICMPv6 socket', libc.lastError());
    this.set(IPPROTO_ICMPV6, ICMPV6_FILTER, new Uint8Array(32).fill(0xff));
    const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
    this.set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, int(HOP_LIMIT));
    this.set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int(HOP_LIMIT));
    this.set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, int(0));
  }

  /** Sends a message to a link-local or multicast address (16 octets) by an interface. Throws SocketError. */
  send(message: Uint8Array, address: Uint8Array, interfaceIndex: number): void {
    const c = libc as Libc;
    const to = Buffer.alloc(28);
    to.writeUInt16LE(AF_INET6, 0);
    to.set(address, 8);
    to.writeUInt32LE(interfaceIndex, 24);
    if (c.sendto(this.fd, message, message.length, 0, to, to.length) < 0) {
      throw new SocketError('cannot send', c.lastError());
    }
  }

  close(): void {
    libc?.close(this.fd);
  }

  private set(level: number, option: number, value: Uint8Array): void {
    const c = libc as Libc;
    if (c.setsockopt(this.fd, level, option, value, value.length) === 0) return;
    const error = new SocketError(`cannot set option ${option} of a raw ICMPv6 socket`, c.lastError());
    this.close();
    throw error;
  }
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  sendto(fd: number, data: Uint8Array, size: number, flags: number, address: Buffer, addressLength: number): number;
  close(fd: number): number;
  /** errno of the last call that failed, by name. */
  lastError(): string;
}

let libc: Libc | undefined;

function loadLibc(): Libc {
  const { library, lastError } = openLibc();
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    sendto: library.func('intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)'),
    close: library.func('int close(int)'),
    lastError,
  };
}
