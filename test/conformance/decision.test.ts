// The decision process: RFC 4271 §9.1.2.2, RFC 4456 §9. Each step with a pair of routes that differ in that step alone.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, fromInternal, internal, replace, routeAt } from './bed.js';
import { attr } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const P = '10.1.0.0/24';
/** A community that tells the routes apart. */
const tag = (n: number): Buffer => attr.communities(0xfde80000 + n);
const tagOf = (peer: RawPeer): number => Number.parseInt(routeAt(peer, P).hex(8) ?? '', 16) - 0xfde80000;

interface Sender {
  n: number;
  kind: 'external' | 'internal';
  attributes: Buffer[];
  id?: string;
  as?: number;
}

/** All senders announce P, in both orders; the observer (external) must get the route of `best`. */
function step(rfc: string, behaviour: string, best: number, senders: Sender[]): void {
  for (const order of [senders, senders.toReversed()]) {
    const words = order.map(s => s.n).join(', ');
    conforms(rfc, `${behaviour} (announced by ${words})`, async () => {
      const neighbors = order.map(s =>
        s.kind === 'external' ? external(s.n, s.as === undefined ? {} : { as: s.as }) : internal(s.n),
      );
      const bed = await Bed.start([...neighbors, external(9)]);
      const observer = await bed.peer(9);
      for (const s of order) {
        const peer = await bed.peer(s.n, s.id === undefined ? {} : { id: s.id });
        peer.send(announce([...s.attributes, tag(s.n)], P));
        await bed.settle(observer);
      }
      expect(tagOf(observer)).toBe(best);
    });
  }
}

const ext = (n: number, over: (a: Buffer[]) => Buffer[] = a => a, more: Partial<Sender> = {}): Sender => {
  const as = more.as ?? 64500 + n;
  return { n, kind: 'external', attributes: over(replace(fromExternal(n), 2, attr.asPath(as, 7))), ...more };
};
const int = (n: number, over: (a: Buffer[]) => Buffer[] = a => a, more: Partial<Sender> = {}): Sender => ({
  n,
  kind: 'internal',
  attributes: over(replace(fromInternal(n), 2, attr.asPath(8, 7))),
  ...more,
});
const path =
  (...ases: number[]) =>
  (a: Buffer[]): Buffer[] =>
    replace(a, 2, attr.asPath(...ases));
const origin =
  (value: number) =>
  (a: Buffer[]): Buffer[] =>
    replace(a, 1, attr.origin(value));
const plus =
  (...more: Buffer[]) =>
  (a: Buffer[]): Buffer[] => [...a, ...more];
const preference =
  (value: number) =>
  (a: Buffer[]): Buffer[] =>
    replace(a, 5, attr.localPref(value));

describe('tie breaking', () => {
  step('4271 §9.1.1', 'the higher LOCAL_PREF', 3, [int(2, preference(100)), int(3, preference(101))]);
  step('4271 §9.1.1', 'LOCAL_PREF is unsigned', 3, [int(2, preference(1)), int(3, preference(0x80000000))]);
  step('4271 §9.1.1', 'LOCAL_PREF before the length of AS_PATH', 3, [
    int(2, a => path(8)(preference(100)(a))),
    int(3, a => path(8, 1, 2, 3)(preference(200)(a))),
  ]);
  step('4271 §9.1.1', 'an external route has preference 100: an internal one of 99 loses', 2, [
    ext(2),
    int(3, preference(99)),
  ]);
  step('4271 §9.1.1', 'an external route has preference 100: an internal one of 101 wins', 3, [
    ext(2),
    int(3, preference(101)),
  ]);
  step('4271 §9.1.2.2 a', 'the shorter AS_PATH', 3, [ext(2, path(64502, 7, 8)), ext(3)]);
  step('4271 §9.1.2.2 a', 'the length before ORIGIN', 3, [ext(2, path(64502, 7, 8)), ext(3, origin(2))]);
  step('4271 §9.1.2.2 a', 'prepended AS numbers count', 3, [ext(2, path(64502, 64502, 64502)), ext(3)]);
  step('4271 §9.1.2.2 b', 'ORIGIN IGP before EGP', 3, [ext(2, origin(1)), ext(3, origin(0))]);
  step('4271 §9.1.2.2 b', 'ORIGIN EGP before INCOMPLETE', 3, [ext(2, origin(2)), ext(3, origin(1))]);
  step('4271 §9.1.2.2 b', 'ORIGIN before MULTI_EXIT_DISC', 3, [
    ext(2, a => plus(attr.med(0))(origin(1)(a)), { as: 64600 }),
    ext(3, plus(attr.med(9)), { as: 64600 }),
  ]);
  step('4271 §9.1.2.2 c', 'the lower MULTI_EXIT_DISC of the same neighboring AS', 3, [
    ext(2, plus(attr.med(10)), { as: 64600 }),
    ext(3, plus(attr.med(9)), { as: 64600 }),
  ]);
  step('4271 §9.1.2.2 c', 'MULTI_EXIT_DISC is unsigned', 3, [
    ext(2, plus(attr.med(0x80000000)), { as: 64600 }),
    ext(3, plus(attr.med(1)), { as: 64600 }),
  ]);
  step('4271 §9.1.2.2 c', 'no MULTI_EXIT_DISC is the lowest', 3, [
    ext(2, plus(attr.med(1)), { as: 64600 }),
    ext(3, a => a, { as: 64600 }),
  ]);
  step('4271 §9.1.2.2 c', 'no MULTI_EXIT_DISC and 0 are the same', 2, [
    ext(2, plus(attr.med(0)), { as: 64600 }),
    ext(3, a => a, { as: 64600 }),
  ]);
  step('4271 §9.1.2.2 c', 'MULTI_EXIT_DISC of different neighboring ASes is not compared', 2, [
    ext(2, plus(attr.med(10))),
    ext(3, plus(attr.med(1))),
  ]);
  step('4271 §9.1.2.2 c', 'MULTI_EXIT_DISC of internal routes of the same neighboring AS', 3, [
    int(2, plus(attr.med(10))),
    int(3, plus(attr.med(9))),
  ]);
  step('4271 §9.1.2.2 c', 'MULTI_EXIT_DISC of internal routes of different neighboring ASes is not compared', 2, [
    int(2, a => plus(attr.med(10))(path(8, 7)(a))),
    int(3, a => plus(attr.med(1))(path(6, 7)(a))),
  ]);
  step('4271 §9.1.2.2 c', 'MULTI_EXIT_DISC of internal routes with empty paths is compared', 3, [
    int(2, a => plus(attr.med(10))(path()(a))),
    int(3, a => plus(attr.med(1))(path()(a))),
  ]);
  step('4271 §9.1.2.2 c', 'MULTI_EXIT_DISC before external over internal', 3, [
    ext(2, plus(attr.med(10)), { as: 8 }),
    int(3, plus(attr.med(1))),
  ]);
  step('4271 §9.1.2.2 d', 'an external route before an internal one', 3, [int(2), ext(3)]);
  step('4271 §9.1.2.2 f', 'the lower BGP Identifier', 3, [
    ext(2, a => a, { id: '10.0.0.30' }),
    ext(3, a => a, { id: '10.0.0.20' }),
  ]);
  step('4271 §9.1.2.2 f', 'the BGP Identifier is unsigned', 3, [
    ext(2, a => a, { id: '200.0.0.1' }),
    ext(3, a => a, { id: '100.0.0.1' }),
  ]);
  step('4271 §9.1.2.2 f', 'internal: the lower BGP Identifier', 3, [
    int(2, a => a, { id: '10.0.0.30' }),
    int(3, a => a, { id: '10.0.0.20' }),
  ]);
  step('4456 §9', 'ORIGINATOR_ID in place of the BGP Identifier', 3, [
    int(2, plus(attr.originatorId('10.0.0.90')), { id: '10.0.0.10' }),
    int(3, plus(attr.originatorId('10.0.0.80')), { id: '10.0.0.20' }),
  ]);
  step('4456 §9', 'ORIGINATOR_ID against a BGP Identifier', 3, [
    int(2, plus(attr.originatorId('10.0.0.90')), { id: '10.0.0.10' }),
    int(3, a => a, { id: '10.0.0.20' }),
  ]);
  step('4456 §9', 'the shorter CLUSTER_LIST', 3, [
    int(2, plus(attr.originatorId('10.0.0.90'), attr.clusterList('10.0.0.50', '10.0.0.51'))),
    int(3, plus(attr.originatorId('10.0.0.90'), attr.clusterList('10.0.0.52'))),
  ]);
  step('4456 §9', 'no CLUSTER_LIST is the shortest', 3, [
    int(2, plus(attr.originatorId('10.0.0.90'), attr.clusterList('10.0.0.50'))),
    int(3, plus(attr.originatorId('10.0.0.90'))),
  ]);
  step('4271 §9.1.2.2 g', 'the lower neighbor address', 2, [
    ext(2, a => a, { id: '10.0.0.20' }),
    ext(3, a => a, { id: '10.0.0.20' }),
  ]);
});

describe('three routes', () => {
  const a = ext(2, plus(attr.med(10)), { as: 64600, id: '10.0.0.1' });
  const b = ext(3, a => a, { as: 64700, id: '10.0.0.2' });
  const c = ext(4, plus(attr.med(5)), { as: 64600, id: '10.0.0.3' });
  for (const order of [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ]) {
    conforms(
      '4271 §9.1.2.2 c',
      `MULTI_EXIT_DISC removes a route before identifiers count (announced by ${order.map(s => s.n).join(', ')})`,
      async () => {
        const bed = await Bed.start([...order.map(s => external(s.n, { as: s.as })), external(9)]);
        const observer = await bed.peer(9);
        for (const s of order) {
          const peer = await bed.peer(s.n, { id: s.id });
          peer.send(announce([...s.attributes, tag(s.n)], P));
          await bed.settle(observer);
        }
        expect(tagOf(observer)).toBe(3);
      },
    );
  }
});
