// rtnetlink messages as the kernel writes them, without their nlmsghdr.

import { parseAddress } from '../../src/bgp/wire/prefix.js';
import type { NeighborEntry } from '../../src/discovery/neighbor-message.js';

const AF_INET6 = 10;

function attribute(type: number, value: Uint8Array): Buffer {
  const buf = Buffer.alloc(4 + ((value.length + 3) & ~3));
  buf.writeUInt16LE(4 + value.length, 0);
  buf.writeUInt16LE(type, 2);
  buf.set(value, 4);
  return buf;
}

/** ndmsg */
export function neighborMessage({ interfaceIndex, address, state, router }: NeighborEntry): Buffer {
  const head = Buffer.alloc(12);
  head[0] = AF_INET6;
  head.writeInt32LE(interfaceIndex, 4);
  head.writeUInt16LE(state, 8);
  head[10] = router ? 0x80 : 0;
  return Buffer.concat([head, attribute(2, Uint8Array.of(2, 0, 0, 0, 0, 1)), attribute(1, address)]);
}

/** ifinfomsg of an interface that is up, or down. */
export function linkMessage(index: number, name: string, up = true): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(index, 4);
  head.writeUInt32LE(up ? 0x1 | 0x40 | 0x10000 : 0, 8);
  return Buffer.concat([head, attribute(1, Uint8Array.of(2, 0, 0, 0, 0, 9)), attribute(3, Buffer.from(`${name}\0`))]);
}

/** ifaddrmsg */
export function addressMessage(index: number, address: string, tentative = false): Buffer {
  const head = Buffer.alloc(8);
  head[0] = AF_INET6;
  head[1] = 64;
  head[2] = tentative ? 0x40 : 0x80;
  head.writeUInt32LE(index, 4);
  return Buffer.concat([head, attribute(1, parseAddress(address))]);
}
