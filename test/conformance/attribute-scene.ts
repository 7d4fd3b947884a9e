// The scene of all tests of malformed UPDATEs (RFC 7606): a sender that has announced two prefixes, and an observer.
//
// Each case sends an UPDATE for one of them. Beside the fate of that prefix it is checked at the observer that the other
// one is not touched and nothing else is said, at the sender that the session lives (or ends with the right
// NOTIFICATION), and that the speaker counts the error.

import { expect } from 'vitest';
import { announce, Bed, external, fromExternal, fromInternal, has, internal, replace, routeAt } from './bed.js';
import { attr, octets, SEQUENCE, segment, u32 } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

export const AS = 64502;
export const [BYSTANDER, VICTIM] = ['10.0.0.0/24', '10.1.0.0/24'];
/** Says which UPDATE a route comes from. */
export const MARK = attr.communities(0xfc140001);
const MARK_HEX = 'fc140001';

export type From = 'external' | 'internal';

export interface Scene {
  bed: Bed;
  sender: RawPeer;
  /** External. */
  observer: RawPeer;
}

/** The attributes of a plain route of the sender. */
export const plain = (from: From): Buffer[] => (from === 'external' ? fromExternal(2) : fromInternal(2));

/** The sender has announced both prefixes, the observer has them. */
export async function scene(from: From): Promise<Scene> {
  const bed = await Bed.start([from === 'external' ? external(2) : internal(2), external(3)]);
  const [sender, observer] = [await bed.peer(2), await bed.peer(3)];
  sender.send(announce(plain(from), BYSTANDER, VICTIM));
  await bed.settle(observer);
  observer.news.length = 0;
  return { bed, sender, observer };
}

/** What the observer was told, in order: +announced, -withdrawn. */
export const news = (observer: RawPeer): string[] =>
  observer.news.map(n => `${n.route === null ? '-' : '+'}${n.prefix}`);

/** Treat-as-withdraw (RFC 7606 §2): the victim is withdrawn at the other neighbor, nothing else happens. */
export async function treatAsWithdraw(from: From, bytes: Buffer, counted = true): Promise<void> {
  const { bed, sender, observer } = await scene(from);
  sender.send(bytes);
  await bed.settle(observer);
  expect(sender.notifications).toEqual([]);
  expect(news(observer)).toEqual([`-${VICTIM}`]);
  expect(has(observer, BYSTANDER)).toBe(true);
  if (counted) expect(bed.status(2).errors.treatAsWithdraw).toBeGreaterThan(0);
}

/** Attribute discard (RFC 7606 §2): the UPDATE counts, without the attribute. */
export async function attributeDiscard(from: From, bytes: Buffer, code: number, keptHex?: string): Promise<void> {
  const { bed, sender, observer } = await scene(from);
  sender.send(bytes);
  await bed.settle(observer);
  expect(sender.notifications).toEqual([]);
  expect(news(observer)).toEqual([`+${VICTIM}`]);
  expect(routeAt(observer, VICTIM).hex(8)).toBe(MARK_HEX);
  expect(routeAt(observer, VICTIM).hex(code)).toBe(keptHex);
  expect(bed.status(2).errors).toMatchObject({ treatAsWithdraw: 0, sessionReset: 0 });
  expect(bed.status(2).errors.attributeDiscard).toBeGreaterThan(0);
}

/** No error at all. */
export async function accepted(from: From, bytes: Buffer): Promise<RawPeer> {
  const { bed, sender, observer } = await scene(from);
  sender.send(bytes);
  await bed.settle(observer);
  expect(sender.notifications).toEqual([]);
  expect(news(observer)).toEqual([`+${VICTIM}`]);
  expect(bed.status(2).errors).toEqual({ attributeDiscard: 0, treatAsWithdraw: 0, sessionReset: 0 });
  return observer;
}

/** Session reset: the NOTIFICATION, and all routes of the sender withdrawn. */
export async function sessionReset(from: From, bytes: Buffer, error: string, data: string): Promise<void> {
  const { bed, sender, observer } = await scene(from);
  sender.send(bytes);
  expect(await sender.notification()).toEqual({ error, data });
  await bed.settle(observer);
  expect(news(observer).sort()).toEqual([`-${BYSTANDER}`, `-${VICTIM}`]);
  expect(bed.status(2).errors.sessionReset).toBe(1);
}

/** The UPDATE for the victim with one attribute put in place of a good one, or added. */
export function victim(from: From, code: number, bad: Buffer | null): Buffer {
  const attributes = plain(from);
  const known = attributes.some(a => a[1] === code);
  const added = known || bad === null ? [] : [bad];
  const mark = code === 8 ? [] : [MARK];
  return announce([...replace(attributes, code, bad), ...mark, ...added], VICTIM);
}

/** A well-formed value of every attribute that is known, who may send it, and its RFC. */
export const GOOD: [code: number, name: string, flags: number, value: Buffer, from: From, rfc: string][] = [
  [1, 'ORIGIN', 0x40, octets(0), 'external', '7606 §7.1'],
  [2, 'AS_PATH', 0x40, segment(SEQUENCE, [AS]), 'external', '7606 §7.2'],
  [3, 'NEXT_HOP', 0x40, octets(127, 0, 0, 2), 'external', '7606 §7.3'],
  [4, 'MULTI_EXIT_DISC', 0x80, octets(u32(5)), 'external', '7606 §7.4'],
  [5, 'LOCAL_PREF', 0x40, octets(u32(100)), 'internal', '7606 §7.5'],
  [6, 'ATOMIC_AGGREGATE', 0x40, octets(), 'external', '7606 §7.6'],
  [7, 'AGGREGATOR', 0xc0, octets(u32(AS), 10, 0, 0, 2), 'external', '7606 §7.7'],
  [8, 'COMMUNITIES', 0xc0, octets(MARK_HEX), 'external', '7606 §7.8'],
  [9, 'ORIGINATOR_ID', 0x80, octets(10, 0, 0, 9), 'internal', '7606 §7.9'],
  [10, 'CLUSTER_LIST', 0x80, octets(10, 0, 0, 9), 'internal', '7606 §7.10'],
  [16, 'EXTENDED COMMUNITIES', 0xc0, octets('0002fde800000064'), 'external', '7606 §7.14'],
  [
    25,
    'IPv6 ADDRESS SPECIFIC EXTENDED COMMUNITY',
    0xc0,
    octets('0002', '20010db8000000000000000000000001', '0001'),
    'external',
    '7606 §7.15',
  ],
  [32, 'LARGE_COMMUNITY', 0xc0, octets(u32(AS), u32(1), u32(2)), 'external', '8092 §6'],
  [35, 'ONLY_TO_CUSTOMER', 0xc0, octets(u32(AS)), 'external', '9234 §5'],
];
