// Recorded routes as a load: MRT files of a route collector (RFC 6396), a whole table (TABLE_DUMP) or a stream of
// updates (BGP4MP), IPv4 only. Each neighbor of the collector becomes a feeder with its AS number.
//
// Attributes go out as they were recorded, but with 4-octet AS numbers and the feeder's own address as next hop. Left
// out is what some daemon would rightly refuse or keep to itself, so that all have the same to do: private and reserved
// prefixes, AS numbers of the lab, AS_SETs (RFC 9774), attributes of internal sessions, communities such as NO_EXPORT.
// Each feeder's last announcement is a prefix of its own: who has that has worked through all before it.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { AttributeType, addressBytes, MessageType, UpdateWriter } from './messages.mjs';

const MrtType = { tableDump: 12, bgp4mp: 16 };
const Bgp4mp = { message: 1, messageAs4: 4 };
const AFI_IPV4 = 1;
/** Origin, AS_PATH, MED, ATOMIC_AGGREGATE, AGGREGATOR, COMMUNITIES, extended and large ones. */
const KEPT = new Set([1, 2, 4, 6, 7, 8, 16, 32]);
const NEXT_HOP = 3;
/** Type of a segment of AS_PATH. */
const AS_SEQUENCE = 2;
const AGGREGATOR = 7;
const COMMUNITIES = 8;
/** AS numbers of the lab's own neighbors and daemon. */
const LAB_AS = { first: 64512, last: 65535 };
const MESSAGE_ROOM = 3900;
const SENTINEL = [24, 100, 64];

/**
 * @typedef {object} Recorded
 * @property {{ as: number, routes: number, announcements: Uint8Array, withdrawals: Uint8Array }[]} feeders `withdrawals`
 *   takes back what the feeder still announces at the end
 */

/** A neighbor of the collector on its way to be a feeder. */
class Feeder {
  writer = new UpdateWriter();
  routes = 0;
  /** Prefixes it announces at the end, by number. @type {Set<number>} */
  present = new Set();

  /** @param {number} as @param {string} nextHop @param {import('./space.mjs').ListedSpace} space */
  constructor(as, nextHop, space) {
    this.as = as;
    this.nextHop = Uint8Array.from(addressBytes(nextHop));
    this.space = space;
  }

  /** @param {Uint8Array[]} withdrawn @param {Uint8Array} attributes @param {Uint8Array[]} announced */
  update(withdrawn, attributes, announced) {
    for (const nlri of withdrawn) this.present.delete(this.space.add(nlri));
    for (const nlri of announced) this.present.add(this.space.add(nlri));
    this.routes += announced.length;
    let gone = withdrawn;
    for (const some of portions(announced, MESSAGE_ROOM - attributes.length)) {
      this.writer.raw(gone, attributes, some);
      gone = [];
    }
    for (const some of portions(gone, MESSAGE_ROOM)) this.writer.raw(some, new Uint8Array(), []);
  }

  /** @param {number} number */
  finish(number) {
    const path = Uint8Array.of(0x40, AttributeType.asPath, 6, 2, 1, ...octets(this.as));
    const attributes = [Uint8Array.of(0x40, 1, 1, 0), path, nextHopAttribute(this.nextHop)];
    this.update([], Buffer.concat(attributes), [Uint8Array.of(...SENTINEL, number)]);
    const withdrawal = new UpdateWriter();
    withdrawal.withdraw(this.space, this.present);
    const { as, routes } = this;
    return { as, routes, announcements: this.writer.bytes, withdrawals: withdrawal.bytes };
  }
}

/**
 * A recorded table. Prefixes with the same attributes share messages, as a router would send them.
 * @param {string} file
 * @param {import('./space.mjs').ListedSpace} space gets the prefixes
 * @param {string[]} nextHops one a feeder
 * @returns {Recorded}
 */
export function encodeRecordedTable(file, space, nextHops) {
  /** @type {Map<string, { as: number, sets: Map<string, { attributes: Buffer | undefined, nlri: Uint8Array[] }> }>} */
  const neighbors = new Map();
  for (const { type, subtype, data } of records(read(file))) {
    if (type !== MrtType.tableDump || subtype !== AFI_IPV4) continue;
    for (let at = 4; at < data.length; ) {
      const nlri = shorten(data.subarray(at, at + 4), data[at + 4]);
      const address = data.toString('latin1', at + 10, at + 14);
      const as = data.readUInt16BE(at + 14);
      const start = at + 18;
      const end = start + data.readUInt16BE(at + 16);
      at = end;
      if (!isGlobal(nlri)) continue;
      const neighbor = neighbors.get(address) ?? { as, sets: new Map() };
      neighbors.set(address, neighbor);
      const key = data.toString('latin1', start, end);
      const set = neighbor.sets.get(key) ?? { attributes: convert(data.subarray(start, end), as, false), nlri: [] };
      neighbor.sets.set(key, set);
      set.nlri.push(nlri);
    }
  }
  const feeders = [...neighbors.values()].slice(0, nextHops.length).map(({ as, sets }, i) => {
    const feeder = new Feeder(as, nextHops[i], space);
    for (const { attributes, nlri } of sets.values()) {
      if (attributes !== undefined) feeder.update([], withNextHop(attributes, feeder.nextHop), nlri);
    }
    return feeder;
  });
  return finish(feeders, space);
}

/**
 * Recorded updates, in their order.
 * @param {string} file
 * @param {import('./space.mjs').ListedSpace} space gets the prefixes; those withdrawn at the end are `gone` in it
 * @param {string[]} nextHops one a feeder
 * @returns {Recorded}
 */
export function encodeRecordedUpdates(file, space, nextHops) {
  /** @type {Map<string, Feeder>} */
  const feeders = new Map();
  for (const { type, subtype, data } of records(read(file))) {
    const as4 = subtype === Bgp4mp.messageAs4;
    if (type !== MrtType.bgp4mp || (!as4 && subtype !== Bgp4mp.message)) continue;
    const numbers = as4 ? 8 : 4;
    if (data.readUInt16BE(numbers + 2) !== AFI_IPV4) continue;
    const as = as4 ? data.readUInt32BE(0) : data.readUInt16BE(0);
    const address = data.subarray(numbers + 4, numbers + 8).join('.');
    const bgp = data.subarray(numbers + 12);
    if (bgp[18] !== MessageType.update) continue;
    const withdrawnEnd = 21 + bgp.readUInt16BE(19);
    const attributesEnd = withdrawnEnd + 2 + bgp.readUInt16BE(withdrawnEnd);
    let feeder = feeders.get(address);
    if (feeder === undefined) {
      if (feeders.size === nextHops.length) continue;
      feeder = new Feeder(as, nextHops[feeders.size], space);
      feeders.set(address, feeder);
    }
    const withdrawn = prefixes(bgp, 21, withdrawnEnd);
    const announced = prefixes(bgp, attributesEnd, bgp.length);
    const attributes = convert(bgp.subarray(withdrawnEnd + 2, attributesEnd), as, as4);
    if (attributes === undefined) feeder.update([...withdrawn, ...announced], Buffer.alloc(0), []);
    else feeder.update(withdrawn, withNextHop(attributes, feeder.nextHop), announced);
  }
  return finish([...feeders.values()], space);
}

/** @param {Feeder[]} feeders @param {import('./space.mjs').ListedSpace} space @returns {Recorded} */
function finish(feeders, space) {
  const recorded = feeders.map((feeder, i) => feeder.finish(i));
  for (let i = 0; i < space.size; i++) if (!feeders.some(({ present }) => present.has(i))) space.gone.add(i);
  return { feeders: recorded };
}

/** @param {string} file */
function read(file) {
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/**
 * Collectors of 2000 put many entries into a TABLE_DUMP record and left its first 4 bytes out of the length: such a
 * record ends where its last entry ends.
 * @param {Buffer} mrt
 */
function* records(mrt) {
  for (let at = 0; at + 12 <= mrt.length; ) {
    const [type, subtype] = [mrt.readUInt16BE(at + 4), mrt.readUInt16BE(at + 6)];
    const start = at + 12;
    const length = mrt.readUInt32BE(at + 8);
    let end = start + length;
    if (type === MrtType.tableDump && subtype === AFI_IPV4) {
      let entry = start + 4;
      while (entry < start + length) entry += 18 + mrt.readUInt16BE(entry + 16);
      end = entry;
    }
    yield { type, subtype, data: mrt.subarray(start, end) };
    at = end;
  }
}

/**
 * The attributes as they are sent, without the next hop.
 * @param {Buffer} recorded
 * @param {number} feederAs
 * @param {boolean} as4 recorded with 4-octet AS numbers
 * @returns {Buffer | undefined} undefined if the route is not to be announced
 */
function convert(recorded, feederAs, as4) {
  const kept = [];
  let hasPath = false;
  for (let at = 0; at < recorded.length; ) {
    const extended = (recorded[at] & 0x10) !== 0;
    const type = recorded[at + 1];
    const start = at + (extended ? 4 : 3);
    const end = start + (extended ? recorded.readUInt16BE(at + 2) : recorded[at + 2]);
    let value = recorded.subarray(start, end);
    const flags = recorded[at] & 0xc0;
    at = end;
    if (!KEPT.has(type) || (type === COMMUNITIES && isLocal(value))) continue;
    if (type === AttributeType.asPath) {
      const path = as4 ? value : widen(value);
      if (path.length < 6 || path.readUInt32BE(2) !== feederAs || isRefused(path)) return undefined;
      value = path;
      hasPath = true;
    } else if (type === AGGREGATOR && !as4) {
      value = Buffer.concat([Buffer.alloc(2), value]);
    }
    kept.push(Buffer.from([flags | 0x10, type, value.length >> 8, value.length & 255]), value);
  }
  return hasPath ? Buffer.concat(kept) : undefined;
}

/** An AS_PATH of 2-octet numbers with 4-octet ones. @param {Buffer} path */
function widen(path) {
  const out = [];
  for (let at = 0; at < path.length; ) {
    const count = path[at + 1];
    out.push(path[at], count);
    at += 2;
    for (const end = at + count * 2; at < end; at += 2) out.push(0, 0, path[at], path[at + 1]);
  }
  return Buffer.from(out);
}

/** Does a 4-octet AS_PATH hold an AS_SET, a number of the lab's, or 0 (RFC 7607)? @param {Buffer} path */
function isRefused(path) {
  for (let at = 0; at < path.length; ) {
    if (path[at] !== AS_SEQUENCE) return true;
    const end = at + 2 + path[at + 1] * 4;
    for (at += 2; at < end; at += 4) {
      const as = path.readUInt32BE(at);
      if (as === 0 || (as >= LAB_AS.first && as <= LAB_AS.last)) return true;
    }
  }
  return false;
}

/** Do well-known communities keep a route from going on? @param {Buffer} communities */
function isLocal(communities) {
  for (let at = 0; at < communities.length; at += 4) if (communities.readUInt32BE(at) >>> 8 === 0xffffff) return true;
  return false;
}

/** NEXT_HOP behind ORIGIN and AS_PATH, where it belongs. @param {Uint8Array} attributes @param {Uint8Array} nextHop */
function withNextHop(attributes, nextHop) {
  let at = 0;
  while (at < attributes.length && attributes[at + 1] < NEXT_HOP) {
    at += 4 + ((attributes[at + 2] << 8) | attributes[at + 3]);
  }
  return Buffer.concat([attributes.subarray(0, at), nextHopAttribute(nextHop), attributes.subarray(at)]);
}

/** @param {Uint8Array} nextHop */
function nextHopAttribute(nextHop) {
  return Uint8Array.of(0x40, NEXT_HOP, 4, ...nextHop);
}

/** @param {Buffer} buf @param {number} start @param {number} end */
function prefixes(buf, start, end) {
  const found = [];
  for (let at = start; at < end; at += 1 + Math.ceil(buf[at] / 8)) {
    const nlri = shorten(buf.subarray(at + 1, Math.min(end, at + 5)), buf[at]);
    if (isGlobal(nlri)) found.push(nlri);
  }
  return found;
}

/** NLRI of a prefix, its host bits cleared. @param {Uint8Array} address @param {number} length */
function shorten(address, length) {
  const bytes = Math.ceil(length / 8);
  const nlri = Uint8Array.of(length, ...address.subarray(0, bytes));
  if (length % 8 !== 0) nlri[bytes] &= 0xff << (8 - (length % 8));
  return nlri;
}

/** @param {Uint8Array} nlri */
function isGlobal(nlri) {
  return nlri[0] >= 3 && nlri[0] <= 32 && nlri[1] !== 0 && nlri[1] !== 10 && nlri[1] !== 127 && nlri[1] < 224;
}

/** @param {Uint8Array[]} list @param {number} room bytes a portion may have @returns {Generator<Uint8Array[]>} */
function* portions(list, room) {
  let portion = [];
  let bytes = 0;
  for (const nlri of list) {
    if (bytes + nlri.length > room) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(nlri);
    bytes += nlri.length;
  }
  if (portion.length > 0) yield portion;
}

/** @param {number} as */
function octets(as) {
  return [as >>> 24, (as >>> 16) & 255, (as >>> 8) & 255, as & 255];
}
