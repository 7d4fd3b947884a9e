// Datagrams to Unix sockets, which Node does not have: libc is called directly, loaded by the first one.

import { openLibc } from './libc.js';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0x80002;
const MSG_DONTWAIT_NOSIGNAL = 0x4040;
const PATH_BYTES = 108;

/** Sends datagrams to the socket at a path; a path that begins with @ is in the abstract namespace (unix(7)). */
export class UnixDatagrams {
  private readonly address: Buffer;
  private fd = -1;

  constructor(path: string) {
    const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
    this.address = Buffer.alloc(2 + Math.min(name.length, PATH_BYTES));
    this.address.writeUInt16LE(AF_UNIX, 0);
    name.copy(this.address, 2);
  }

  /** Sends one datagram without waiting; false when it cannot be: nobody there, a full queue, too many octets. */
  send(data: Buffer): boolean {
    libc ??= loadLibc();
    if (this.fd < 0) this.fd = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (this.fd < 0) return false;
    const { address } = this;
    return libc.sendto(this.fd, data, data.length, MSG_DONTWAIT_NOSIGNAL, address, address.length) === data.length;
  }
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, length: number, flags: number, address: Buffer, addressLength: number): number;
}

let libc: Libc | undefined;

function loadLibc(): Libc {
  const { library } = openLibc();
  return {
    socket: library.func('int socket(int, int, int)'),
    sendto: library.func('intptr_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)'),
  } as Libc;
}
