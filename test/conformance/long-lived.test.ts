// Long-lived graceful restart: RFC 9494.

import { describe, expect } from 'vitest';
import type { NeighborOptions } from '../../src/bgp/session/options.js';
import {
  announce,
  Bed,
  Clock,
  conforms,
  external,
  fromExternal,
  fromInternal,
  has,
  IPV4,
  IPV6,
  internal,
  replace,
  routeAt,
} from './bed.js';
import { attr, cap, nlri, type Octets, prefixText, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const [P, Q] = ['10.1.0.0/24', '10.2.0.0/24'];
const P6 = '2001:db8:1::/48';
const GLOBAL = '20010db8000000000000000000000002';
const EOR4 = update({});
const EOR6 = update({ attributes: [attr.unreach(2, [])] });
const ROUTE6 = update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(64502)] });
const LLGR_STALE = 0xffff0006;
const NO_LLGR = 0xffff0007;

/** Configured for both families. */
const asked = {
  families: [{ family: IPV4, staleTimeSeconds: 3600 } as const, { family: IPV6, staleTimeSeconds: 0x123456 } as const],
};
const keeps: Partial<NeighborOptions> = { gracefulRestart: { restartTimeSeconds: 120, longLived: asked } };
const restart = (seconds: number, ...families: [number, boolean][]) => cap.gracefulRestart(seconds, families);
const both: [number, boolean][] = [
  [1, true],
  [2, true],
];
/** LLST of 20 s for IPv4, 40 s for IPv6. */
const longLived = cap.longLived([1, true, 20], [2, true, 40]);
const aware = [restart(1, ...both), cap.longLived()];

interface All {
  bed: Bed;
  clock: Clock;
  /** Announced P, Q and P6. */
  a: RawPeer;
  /** Internal, knows LLGR_STALE. */
  b: RawPeer;
  /** Internal, does not. */
  c: RawPeer;
}

async function scene(own: Partial<NeighborOptions>, more: Octets[]): Promise<All> {
  const clock = Clock.install();
  const bed = await Bed.start([external(2, own), internal(3, keeps), internal(4), external(5)]);
  const a = await bed.peer(2, { more, holdTime: 0 });
  const b = await bed.peer(3, { more: aware, holdTime: 0 });
  const c = await bed.peer(4, { holdTime: 0 });
  a.send(announce(fromExternal(2), P, Q), ROUTE6, EOR4, EOR6);
  await bed.settle();
  return { bed, clock, a, b, c };
}

async function lose(bed: Bed, peer: RawPeer): Promise<void> {
  await peer.end();
  await bed.reaches(2, 'Active');
  await bed.settle();
}

/** The session with A is lost; A said `more` of itself. */
async function lost(own: Partial<NeighborOptions> = keeps, more: Octets[] = [restart(0, ...both), longLived]) {
  const all = await scene(own, more);
  for (const peer of [all.b, all.c]) peer.forget();
  await lose(all.bed, all.a);
  return all;
}

async function back({ bed }: All, ...more: Octets[]): Promise<RawPeer> {
  const a = await bed.peer(2, { more, holdTime: 0 });
  await bed.settle();
  return a;
}

async function later({ bed, clock }: All, seconds: number): Promise<void> {
  await clock.pass(seconds);
  await bed.settle();
}

const communitiesOf = (peer: RawPeer, prefix: string): string | undefined => routeAt(peer, prefix).hex(8);
const isStale = (peer: RawPeer, prefix: string): boolean =>
  communitiesOf(peer, prefix)?.includes(LLGR_STALE.toString(16)) === true;
const tableOf = (peer: RawPeer): string[] => [...peer.table.keys()].sort();
const ALL = [P, Q, prefixText(P6)].sort();

describe('the capability', () => {
  const offered = async (bed: Bed) => {
    const open = await (await bed.connect(2)).nextOpen();
    return open.capabilities.find(({ code }) => code === 71)?.value;
  };

  conforms('9494 §3.1', 'AFI, SAFI, flags and the time of each configured family', async () => {
    expect(await offered(await Bed.start([external(2, keeps)]))).toBe('00010100000e10' + '00020100123456');
  });

  conforms('9494 §3.1', 'the F bit after a restart', async () => {
    expect(await offered(await Bed.start([external(2, keeps)], {}, { restarted: true }))).toBe(
      '00010180000e10' + '00020180123456',
    );
  });

  conforms('9494 §5', 'is not sent where it is not configured, nor for a family that is not', async () => {
    expect(await offered(await Bed.start([external(2)]))).toBeUndefined();
    const one = { ...keeps, families: [IPV6 as 0 | 1] };
    expect(await offered(await Bed.start([external(2, one)]))).toBe('00020100123456');
  });
});

describe('the session is lost', () => {
  conforms('9494 §4.2', 'without a restart time: its routes are marked at once and stay in use', async () => {
    const { bed, b } = await lost();
    for (const prefix of [P, Q, P6]) expect(isStale(b, prefix)).toBe(true);
    const [{ paths }] = [...bed.speaker.routes({ prefix: P })];
    expect(paths[0]).toMatchObject({ stale: true, best: true, communities: ['llgr-stale'] });
  });

  conforms('9494 §4.3', 'marked routes are withdrawn from neighbors without the capability', async () => {
    const { c } = await lost();
    expect(tableOf(c)).toEqual([]);
  });

  conforms('9494 §4.2', 'within the restart time nothing is told, marked is after it', async () => {
    const all = await lost(keeps, [restart(5, ...both), longLived]);
    await later(all, 4);
    expect([all.b.news, all.c.news]).toEqual([[], []]);
    await later(all, 2);
    expect(isStale(all.b, P)).toBe(true);
    expect(tableOf(all.c)).toEqual([]);
  });

  conforms('9494 §4.2', 'the restart time of a family that graceful restart does not list is zero', async () => {
    const { b } = await lost(keeps, [restart(5, [2, true]), longLived]);
    expect([isStale(b, P), isStale(b, P6)]).toEqual([true, false]);
  });

  conforms(
    '9494 §4.2',
    'the time of a family that is not listed is zero: its routes go with the restart time',
    async () => {
      const all = await lost(keeps, [restart(5, ...both), cap.longLived([1, true, 20])]);
      await later(all, 6);
      expect(tableOf(all.b)).toEqual([P, Q]);
    },
  );

  conforms('9494 §4.2', 'when the time of a family is over its routes go, family by family', async () => {
    const all = await lost();
    await later(all, 19);
    expect(tableOf(all.b)).toEqual(ALL);
    await later(all, 2);
    expect(tableOf(all.b)).toEqual([prefixText(P6)]);
    await later(all, 20);
    expect(tableOf(all.b)).toEqual([]);
  });

  conforms('9494 §3.1', 'the longest time, 194 days', async () => {
    const all = await lost(keeps, [restart(0, ...both), cap.longLived([1, true, 0xffffff])]);
    const day = 86_400;
    await all.clock.pass(0xffffff - day, undefined, 10 * day);
    await all.bed.settle();
    expect(tableOf(all.b)).toEqual([P, Q]);
    await all.clock.pass(2 * day, undefined, day);
    await all.bed.settle();
    expect(tableOf(all.b)).toEqual([]);
  });

  conforms('9494 §4.2', 'both times zero: its routes go at once', async () => {
    const { b } = await lost(keeps, [restart(0, ...both), cap.longLived([1, true, 0], [2, true, 0])]);
    expect(tableOf(b)).toEqual([]);
  });

  conforms('9494 §4.2', 'a bound of our own on the time', async () => {
    const bounded = { restartTimeSeconds: 120, longLived: { ...asked, limitSeconds: 3 } };
    const all = await lost({ gracefulRestart: bounded });
    await later(all, 2);
    expect(tableOf(all.b)).toEqual(ALL);
    await later(all, 2);
    expect(tableOf(all.b)).toEqual([]);
  });

  conforms('9494 §5', 'not configured here: only the restart time counts', async () => {
    const all = await lost({}, [restart(5, ...both), longLived]);
    await later(all, 6);
    expect(tableOf(all.b)).toEqual([]);
  });

  conforms('9494 §4.5', 'the capability without graceful restart is ignored', async () => {
    const { b } = await lost(keeps, [longLived]);
    expect(tableOf(b)).toEqual([]);
  });

  conforms('9494 §4.2', 'routes with NO_LLGR go when the restart time is up', async () => {
    const all = await scene(keeps, [restart(5, ...both), longLived]);
    all.a.send(announce([...fromExternal(2), attr.communities(NO_LLGR)], Q));
    await all.bed.settle();
    await lose(all.bed, all.a);
    await later(all, 4);
    expect(has(all.b, Q)).toBe(true);
    await later(all, 2);
    expect(tableOf(all.b)).toEqual([P, prefixText(P6)].sort());
  });

  conforms('9494 §4.2', 'the communities that a route has stay beside the mark', async () => {
    const all = await scene(keeps, [restart(0, ...both), longLived]);
    const many = Array.from({ length: 63 }, (_, i) => 0xfde80000 + i);
    all.a.send(announce([...fromExternal(2), attr.communities(...many)], Q));
    await all.bed.settle();
    await lose(all.bed, all.a);
    expect(communitiesOf(all.b, Q)?.match(/.{8}/g)).toEqual([...many, LLGR_STALE].map(value => value.toString(16)));
  });
});

describe('the neighbor is back', () => {
  const preserved = [restart(120, ...both), longLived];

  conforms('9494 §4.2', 'what it tells again is marked no longer, what it does not goes at End-of-RIB', async () => {
    const all = await lost();
    const a = await back(all, ...preserved);
    a.send(announce(fromExternal(2), P));
    await all.bed.settle();
    expect([isStale(all.b, P), isStale(all.b, Q), has(all.c, P)]).toEqual([false, true, true]);
    a.send(EOR4);
    await all.bed.settle();
    expect(tableOf(all.b)).toEqual([P, prefixText(P6)].sort());
    expect(isStale(all.b, P6)).toBe(true);
  });

  for (const [text, more, left] of [
    ['the F bit of a family is not set', [restart(120, ...both), cap.longLived([1, false, 20], [2, true, 40])], [P6]],
    ['a family is not listed', [restart(120, ...both), cap.longLived([2, true, 40])], [P6]],
    ['the capability is missing', [restart(120, ...both)], []],
    ['graceful restart is missing', [longLived], []],
    ['the forwarding bit of graceful restart is not set', [restart(120, [1, false], [2, true]), longLived], [P6]],
    ['graceful restart lists no family', [restart(120), longLived], [P, Q, P6]],
  ] as [string, Octets[], string[]][]) {
    conforms('9494 §4.2', `${text}: ${left.length === 3 ? 'its routes stay' : 'its routes go at once'}`, async () => {
      const all = await lost();
      await back(all, ...more);
      expect(tableOf(all.b)).toEqual(left.map(prefixText).sort());
    });
  }

  conforms('9494 §4.2', 'lost a second time before End-of-RIB: nothing goes before the time is over', async () => {
    const all = await lost();
    await later(all, 10);
    const a = await back(all, ...preserved);
    a.send(announce(fromExternal(2), P));
    await all.bed.settle();
    await lose(all.bed, a);
    expect(tableOf(all.b)).toEqual(ALL);
    expect([isStale(all.b, P), isStale(all.b, Q)]).toEqual([false, true]);
  });

  conforms('9494 §4.2', 'the timer is not begun anew by sessions that are lost before End-of-RIB', async () => {
    const all = await lost();
    await later(all, 10);
    await lose(all.bed, await back(all, ...preserved));
    await later(all, 9);
    expect(tableOf(all.b)).toEqual(ALL);
    await later(all, 2);
    expect(tableOf(all.b)).toEqual([prefixText(P6)]);
  });

  conforms('9494 §4.2', 'lost after End-of-RIB: the timer begins anew', async () => {
    const all = await lost();
    await later(all, 15);
    const a = await back(all, restart(0, ...both), longLived);
    a.send(announce(fromExternal(2), P), EOR4, EOR6);
    await all.bed.settle();
    await lose(all.bed, a);
    await later(all, 18);
    expect(tableOf(all.b)).toEqual([P]);
  });

  conforms('9494 §4.2', 'the time is over while it tells: what it has not told goes', async () => {
    const all = await lost();
    const a = await back(all, ...preserved);
    a.send(announce(fromExternal(2), P));
    await later(all, 21);
    expect(tableOf(all.b)).toEqual([P, prefixText(P6)].sort());
  });

  conforms('9494 §4.2', '… and if the session is lost then before End-of-RIB, the rest goes at once', async () => {
    const all = await lost();
    const a = await back(all, ...preserved);
    a.send(announce(fromExternal(2), P));
    await later(all, 21);
    await lose(all.bed, a);
    expect(tableOf(all.b)).toEqual([prefixText(P6)]);
  });
});

describe('marked routes', () => {
  const marked = (n: number, ...more: Octets[]) =>
    [...fromExternal(n), attr.communities(LLGR_STALE), ...more] as Buffer[];

  conforms('9494 §4.4', 'a marked route is worse than any other, whatever its other attributes', async () => {
    const { bed, a, b, c } = await scene(keeps, [restart(0, ...both), longLived]);
    await bed
      .peer(5, { holdTime: 0 })
      .then(d => d.send(announce(replace(fromExternal(5), 2, attr.asPath(64505, 9, 9, 9)), P)));
    await bed.settle();
    expect(routeAt(b, P).path()).toBe('64502');
    await lose(bed, a);
    for (const peer of [b, c]) expect(routeAt(peer, P).path()).toBe('64505 9 9 9');
    expect(isStale(b, Q)).toBe(true);
  });

  conforms('9494 §4.4', 'between marked routes the usual steps decide', async () => {
    const { bed, a, b } = await scene(keeps, [restart(0, ...both), longLived]);
    const d = await bed.peer(5, { holdTime: 0 });
    d.send(announce(replace(marked(5), 2, attr.asPath(64505, 9)), P));
    await bed.settle();
    await lose(bed, a);
    expect(routeAt(b, P).path()).toBe('64502');
  });

  conforms('9494 §4.3', 'received marked: told on to neighbors with the capability only, with the mark', async () => {
    const { bed, a, b, c } = await scene(keeps, [restart(0, ...both), longLived]);
    a.send(announce(marked(2), P));
    await bed.settle();
    expect(isStale(b, P)).toBe(true);
    expect(has(c, P)).toBe(false);
  });

  conforms('9494 §4.3', 'received from a neighbor without the procedures: told on to all', async () => {
    const { bed, c } = await scene(keeps, [restart(0, ...both), longLived]);
    const d = await bed.peer(5, { holdTime: 0 });
    d.send(announce(marked(5), '10.5.0.0/24'));
    await bed.settle();
    expect(isStale(c, '10.5.0.0/24')).toBe(true);
  });

  conforms('9494 §4.2', 'an internal neighbor the same', async () => {
    Clock.install();
    const bed = await Bed.start([internal(2, keeps), external(3, keeps)]);
    const a = await bed.peer(2, { more: [restart(0, ...both), longLived], holdTime: 0 });
    const b = await bed.peer(3, { more: aware, holdTime: 0 });
    a.send(announce(fromInternal(2), P), EOR4, EOR6);
    await bed.settle();
    await lose(bed, a);
    expect(isStale(b, P)).toBe(true);
  });
});
