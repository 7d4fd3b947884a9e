// UPDATEs a route collector recorded, read by bgpdump and by tsbgp: the same routes, line by line; and encoded again.
//
// The recording (rrc15, 27 February 2010) is not part of the project: TSBGP_RECORDED names the directory, by default
// ../shared/data/mrt beside the checkout. bgpdump prints 0 for an absent MED or LOCAL_PREF.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatAsPath } from '../../src/bgp/wire/aspath.js';
import { canonicalize, decodeCanonical } from '../../src/bgp/wire/canonical.js';
import { formatCommunity } from '../../src/bgp/wire/communities.js';
import { decode, encode, HEADER_BYTES, MessageType } from '../../src/bgp/wire/message.js';
import type { AttributeOf, AttributeType } from '../../src/bgp/wire/path-attribute.js';
import { formatAddress, formatPrefix, formatRouterId } from '../../src/bgp/wire/prefix.js';
import type { UpdateMessage } from '../../src/bgp/wire/update.js';
import { scanUpdate, UpdateScan } from '../../src/bgp/wire/update-scan.js';
import { type Recorded, recorded } from './mrt.js';

const DIRECTORY = process.env.TSBGP_RECORDED ?? join(import.meta.dirname, '../../../shared/data/mrt');
const FILE = join(DIRECTORY, 'rrc15.updates.20100227.1600.gz');

const contextOf = ({ as4 }: Recorded) => ({ as4, addPath: [], extendedMessage: false });
const updates = () => recorded(FILE).filter(({ octets }) => octets[18] === MessageType.update);

const scan = new UpdateScan();
const out = new Uint8Array(65600);

/** Attributes as the RIB has them, AS4_PATH merged into AS_PATH (RFC 6793 §4.2.3); without the next hop. */
function canonicalOf({ octets, as4 }: Recorded): Uint8Array {
  scanUpdate(octets, HEADER_BYTES, octets.length, { as4, addPath: 0, internal: true, families: 3 }, scan);
  expect(scan.errors).toEqual([]);
  return out.slice(0, canonicalize(octets, scan, as4, 0, 0, out));
}

/** An UPDATE with its attributes in the order tsbgp writes: MP_REACH_NLRI, MP_UNREACH_NLRI, then ascending types. */
function inOrder(octets: Uint8Array): Uint8Array {
  const update = Buffer.from(octets);
  const lengthAt = HEADER_BYTES + 2 + update.readUInt16BE(HEADER_BYTES);
  const start = lengthAt + 2;
  const end = start + update.readUInt16BE(lengthAt);
  const list: Buffer[] = [];
  for (let at = start; at < end; at += list[list.length - 1].length) {
    const extended = (update[at] & 0x10) !== 0;
    list.push(update.subarray(at, at + (extended ? 4 + update.readUInt16BE(at + 2) : 3 + update[at + 2])));
  }
  const rank = ([, code]: Buffer) => (code === 14 || code === 15 ? code - 256 : code);
  list.sort((a, b) => rank(a) - rank(b));
  return Buffer.concat([update.subarray(0, start), ...list, update.subarray(end)]);
}

/** The lines of `bgpdump -m` for an UPDATE. */
function lines(record: Recorded): string[] {
  const message = decode(record.octets, contextOf(record)) as UpdateMessage;
  const { attributes } = decodeCanonical(canonicalOf(record));
  const get = <K extends AttributeType>(type: K) =>
    [...attributes, ...message.attributes].find((a): a is AttributeOf<K> => a.type === type);
  const head = (kind: string) => ['BGP4MP', record.seconds, kind, record.neighborAddress, record.neighborAs].join('|');
  const reach = get('mpReach');
  const aggregator = get('aggregator');
  const path = get('asPath');
  const about = (nextHop: Uint8Array | undefined) =>
    [
      path && formatAsPath(path.segments),
      get('origin')?.origin.toUpperCase(),
      nextHop && formatAddress(nextHop.slice(0, 16)),
      get('localPref')?.value ?? 0,
      get('med')?.value ?? 0,
      get('communities')?.communities.map(formatCommunity).join(' '),
      get('atomicAggregate') ? 'AG' : 'NAG',
      aggregator && `${aggregator.as} ${formatRouterId(aggregator.routerId)}`,
      '',
    ].join('|');
  return [
    ...[...message.withdrawn, ...(get('mpUnreach')?.withdrawn ?? [])].map(
      n => `${head('W')}|${formatPrefix(n.prefix)}`,
    ),
    ...message.nlri.map(n => `${head('A')}|${formatPrefix(n.prefix)}|${about(get('nextHop')?.address)}`),
    ...(reach?.nlri ?? []).map(n => `${head('A')}|${formatPrefix(n.prefix)}|${about(reach?.nextHop)}`),
  ];
}

if (existsSync(FILE)) {
  describe('bgpdump and tsbgp read a recording', () => {
    it('the same', () => {
      const said = execFileSync('bgpdump', ['-m', FILE], { maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
        .split('\n')
        .filter(line => !line.includes('|STATE|'));
      const ours = updates().flatMap(lines);
      expect(ours).toHaveLength(said.length);
      expect(ours.flatMap((line, i) => (line === said[i] ? [] : [{ ours: line, bgpdump: said[i] }]))).toEqual([]);
    });

    it('and tsbgp encodes what it decoded to the same octets, but for the order of attributes', () => {
      const all = updates();
      const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
      const again = all.map(record => hex(encode(decode(record.octets, contextOf(record)), contextOf(record))));
      expect(all.flatMap(({ octets }, i) => (hex(inOrder(octets)) === again[i] ? [] : [hex(octets)]))).toEqual([]);
      // Two have AS4_PATH before NEXT_HOP.
      expect(all.filter(({ octets }, i) => hex(octets) !== again[i])).toHaveLength(2);
    });
  });
} else {
  it(`no recording to compare with: ${FILE} is not there`, () => {
    expect(() => recorded(FILE)).toThrow(/ENOENT/);
  });
}
