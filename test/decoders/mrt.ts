// BGP messages in MRT files (RFC 6396): the BGP4MP records of what a route collector received.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { formatAddress } from '../../src/bgp/wire/prefix.js';

/** A message as a route collector received it. */
export interface Recorded {
  /** Unix time. */
  seconds: number;
  /** AS numbers of AS_PATH and AGGREGATOR have 4 octets (BGP4MP_MESSAGE_AS4). */
  as4: boolean;
  neighborAs: number;
  neighborAddress: string;
  octets: Uint8Array;
}

const HEADER_BYTES = 12;
const BGP4MP = 16;
const MESSAGE = 1;
const MESSAGE_AS4 = 4;

/** The messages in a compressed file, in order; other records are left out. */
export function recorded(file: string): Recorded[] {
  const data = gunzipSync(readFileSync(file));
  const list: Recorded[] = [];
  for (let at = 0; at < data.length; at += HEADER_BYTES + data.readUInt32BE(at + 8)) {
    const subtype = data.readUInt16BE(at + 6);
    if (data.readUInt16BE(at + 4) !== BGP4MP || (subtype !== MESSAGE && subtype !== MESSAGE_AS4)) continue;
    const as4 = subtype === MESSAGE_AS4;
    const neighbor = at + HEADER_BYTES;
    const family = neighbor + (as4 ? 10 : 6);
    const addressBytes = data.readUInt16BE(family) === 1 ? 4 : 16;
    const addresses = family + 2;
    const end = neighbor + data.readUInt32BE(at + 8);
    list.push({
      seconds: data.readUInt32BE(at),
      as4,
      neighborAs: as4 ? data.readUInt32BE(neighbor) : data.readUInt16BE(neighbor),
      neighborAddress: formatAddress(data.subarray(addresses, addresses + addressBytes)),
      octets: data.subarray(addresses + 2 * addressBytes, end),
    });
  }
  return list;
}
