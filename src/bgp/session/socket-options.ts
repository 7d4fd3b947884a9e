// TCP socket options that Node has no words for, set through the C library.
//
// SOCKET_OPTIONS is the list: what each is for, when a neighbor needs it, and how the kernel wants it for IPv4 and IPv6.
// Only a connection that needs one of them loads koffi; the others are made by Node alone. Linux numbers.

import net from 'node:net';
import { openLibc } from '../../libc.js';
import { parseAddress } from '../wire/prefix.js';

/** What a neighbor's connections need beyond a plain TCP connection. */
export interface SocketNeeds {
  /** Time to live, or hop limit, of the packets sent: 1 = the neighbor has to be on a link of ours. */
  ttl?: number;
  /** Packets with a smaller TTL or hop limit are dropped (RFC 5082). */
  leastTtl?: number;
  /** The password for segments from and to an address (RFC 2385). */
  md5?: Md5Key;
}

/** A password of TCP-MD5. */
export interface Md5Key {
  /** Canonical, maybe with an interface. */
  address: string;
  /** All addresses of a prefix of this length; absent: this one. */
  prefixLength?: number;
  /** At most 80 octets; empty: there is none any more. */
  password: string;
}

interface SocketOption {
  name: string;
  /** The option's value as the kernel reads it, or null when it is not needed. */
  value: (needs: SocketNeeds) => Uint8Array | null;
  /** Level and number for setsockopt(2). */
  ipv4: readonly [level: number, option: number];
  ipv6: readonly [level: number, option: number];
}

const IPPROTO_IP = 0;
const IP_TTL = 2;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;

const IP_MINTTL = 21;
const IPV6_MINHOPCOUNT = 73;
const IPPROTO_TCP = 6;
const TCP_MD5SIG = 14;
const TCP_MD5SIG_EXT = 32;
const MD5_FLAG_PREFIX = 1;

const SOCKET_OPTIONS: readonly SocketOption[] = [
  {
    name: 'TTL',
    value: needs => (needs.ttl === undefined ? null : int(needs.ttl)),
    ipv4: [IPPROTO_IP, IP_TTL],
    ipv6: [IPPROTO_IPV6, IPV6_UNICAST_HOPS],
  },
  {
    name: 'least TTL',
    value: needs => (needs.leastTtl === undefined ? null : int(needs.leastTtl)),
    ipv4: [IPPROTO_IP, IP_MINTTL],
    ipv6: [IPPROTO_IPV6, IPV6_MINHOPCOUNT],
  },
  {
    name: 'TCP-MD5 password',
    value: needs => (needs.md5 === undefined || needs.md5.prefixLength !== undefined ? null : md5Signature(needs.md5)),
    ipv4: [IPPROTO_TCP, TCP_MD5SIG],
    ipv6: [IPPROTO_TCP, TCP_MD5SIG],
  },
  {
    name: 'TCP-MD5 password of a prefix',
    value: needs => (needs.md5?.prefixLength === undefined ? null : md5Signature(needs.md5)),
    ipv4: [IPPROTO_TCP, TCP_MD5SIG_EXT],
    ipv6: [IPPROTO_TCP, TCP_MD5SIG_EXT],
  },
];

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** The kernel's struct tcp_md5sig: address, flags, prefix length, key length, interface, key. */
function md5Signature({ address, prefixLength, password }: Md5Key): Uint8Array {
  const AF = { 4: 2, 16: 10 } as const;
  const bytes = parseAddress(address.split('%')[0]);
  const key = Buffer.from(password);
  const signature = Buffer.alloc(216);
  signature.writeUInt16LE(AF[bytes.length as 4 | 16], 0);
  signature.set(bytes, bytes.length === 4 ? 4 : 8);
  if (prefixLength !== undefined) {
    signature[128] = MD5_FLAG_PREFIX;
    signature[129] = prefixLength;
  }
  signature.writeUInt16LE(key.length, 130);
  signature.set(key, 136);
  return signature;
}

/** What a socket can be made of; Node's types leave these out. */
export interface SocketParts extends net.SocketConstructorOpts {
  onread?: net.OnReadOpts;
  /** Nothing is read before somebody asks for it. */
  manualStart?: boolean;
  /** Another socket's. */
  handle?: object | null;
}

/** A socket that is not connected yet, with its options set. Throws an Error in words when the kernel refuses one. */
export function createSocket(family: 'ipv4' | 'ipv6', needs: SocketNeeds, onread?: net.OnReadOpts): net.Socket {
  if (!needed(needs)) return new net.Socket({ onread } as SocketParts);
  const AF = { ipv4: 2, ipv6: 10 };
  const STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
  const c = libc();
  const fd = c.socket(AF[family], STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error(`cannot make a socket: ${c.lastError()}`);
  try {
    setOptions(fd, family, needs);
    return new net.Socket({ fd, onread, manualStart: true } as SocketParts);
  } catch (error) {
    c.close(fd);
    throw error;
  }
}

/** Sets options on a listening socket: connections that it takes have them, too. Throws like createSocket. */
export function applyToServer(server: net.Server, family: 'ipv4' | 'ipv6', needs: SocketNeeds): void {
  const { _handle: handle } = server as net.Server & { _handle?: { fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) return;
  setOptions(handle.fd, family, needs);
}

/** Sets the options on a connection the neighbor made. Throws like createSocket. */
export function applyTo(socket: net.Socket, needs: SocketNeeds): void {
  if (!needed(needs)) return;
  const { _handle: handle } = socket as net.Socket & { _handle?: { fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) throw new Error('the connection is closed already');
  setOptions(handle.fd, socket.remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4', needs);
}

function needed(needs: SocketNeeds): boolean {
  return SOCKET_OPTIONS.some(option => option.value(needs) !== null);
}

function setOptions(fd: number, family: 'ipv4' | 'ipv6', needs: SocketNeeds): void {
  const c = libc();
  for (const option of SOCKET_OPTIONS) {
    const value = option.value(needs);
    if (value === null) continue;
    const [level, number] = option[family];
    if (c.setsockopt(fd, level, number, value, value.length) !== 0) {
      throw new Error(`cannot set the socket option ${option.name}: ${c.lastError()}`);
    }
  }
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  close(fd: number): number;
  /** errno of the last call that failed, by name. */
  lastError(): string;
}

let loaded: Libc | undefined;

function libc(): Libc {
  loaded ??= loadLibc();
  return loaded;
}

function loadLibc(): Libc {
  const { library, lastError } = openLibc();
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    close: library.func('int close(int)'),
    lastError,
  };
}
