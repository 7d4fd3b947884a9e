// rtnetlink messages about the kernel's neighbor table (linux/neighbour.h): who is on a link.

import { AF_INET6, dumpRequest, forEachAttribute, HEADER, MessageType } from '../fib/rtnetlink.js';

/** ndm_state, the bits that matter here. */
export const NeighborState = { incomplete: 0x1, failed: 0x20 } as const;
const NTF_ROUTER = 0x80;
/** Length of ndmsg. */
const NEIGHBOR_HEADER = 12;
const NDA_DST = 1;

/** An entry of the table. */
export interface NeighborEntry {
  interfaceIndex: number;
  /** 16 octets. */
  address: Uint8Array;
  /** ndm_state */
  state: number;
  /** It has sent a router advertisement that the kernel found valid: hop limit 255, from a link-local address (RFC 4861 §6.1.2). */
  router: boolean;
}

/** Decodes RTM_NEWNEIGH or RTM_DELNEIGH; null when it is not about an IPv6 address. */
export function decodeNeighbor(buf: Buffer, start: number, end: number): NeighborEntry | null {
  if (end - start < NEIGHBOR_HEADER || buf[start] !== AF_INET6) return null;
  let address: Uint8Array | undefined;
  forEachAttribute(buf, start + NEIGHBOR_HEADER, end, (type, from, to) => {
    if (type === NDA_DST && to - from === 16) address = new Uint8Array(buf.subarray(from, to));
  });
  if (address === undefined) return null;
  return {
    interfaceIndex: buf.readInt32LE(start + 4),
    address,
    state: buf.readUInt16LE(start + 8),
    router: (buf[start + 10] & NTF_ROUTER) !== 0,
  };
}

/** Asks for all IPv6 neighbors. */
export function neighborDump(): Buffer {
  const request = dumpRequest(MessageType.getNeighbor, NEIGHBOR_HEADER);
  request[HEADER] = AF_INET6;
  return request;
}
