// Graceful restart, the side that restarts: RFC 4724 §4.1. The speaker has restarted; its neighbors kept its routes.

import { describe, expect } from 'vitest';
import type { AggregateSpec } from '../../src/bgp/aggregate-rules.js';
import { announce, Bed, Clock, conforms, external, fromExternal, fromInternal, has, internal } from './bed.js';
import { attr, cap, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const [OWN_ROUTE, P] = ['10.0.0.0/24', '10.1.0.0/24'];
const EOR4 = update({});
const EOR6 = update({ attributes: [attr.unreach(2, [])] });
const FAMILIES: [number, boolean][] = [
  [1, true],
  [2, true],
];
const alive = cap.gracefulRestart(120, FAMILIES);
const restartedToo = cap.gracefulRestart(120, FAMILIES, 8);

/** A reflector with two clients has restarted; client 4 is away, or there from the start. */
async function reflector(absent: boolean, selectionDeferralSeconds = 60): Promise<Bed> {
  const client = { routeReflectorClient: true, connectRetrySeconds: 10 };
  const neighbors = [internal(2, client), internal(3, client), ...(absent ? [internal(4, client)] : [])];
  const bed = await Bed.start(neighbors, { selectionDeferralSeconds }, { restarted: true });
  bed.speaker.addRoutes([{ prefix: OWN_ROUTE }]);
  return bed;
}

const told = (peer: RawPeer) => peer.until('End-of-RIB of both families', () => peer.endOfRib.length === 2);

describe('selection deferral', () => {
  conforms('4724 §4.1', 'the Restart State and Forwarding State bits are set', async () => {
    const bed = await reflector(false);
    const peer = await bed.connect(2);
    const open = await peer.establish(bed.open(2, { more: [alive] }));
    const value = open.capabilities.find(({ code }) => code === 64)?.value;
    expect(value).toBe('c0780001018000020180');
  });

  conforms('4724 §4.1', 'learned routes and End-of-RIB wait for the End-of-RIB of all, own routes do not', async () => {
    const bed = await reflector(false);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(announce(fromInternal(2), P), EOR4, EOR6);
    await bed.settle(a, b);
    expect(has(b, OWN_ROUTE)).toBe(true);
    expect(has(b, P)).toBe(false);
    expect([...a.endOfRib, ...b.endOfRib]).toEqual([]);
    b.send(EOR4, EOR6);
    await Promise.all([told(a), told(b)]);
    expect(has(b, P)).toBe(true);
  });

  conforms('4724 §4.1', 'each family is waited for by itself', async () => {
    const bed = await reflector(false);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(EOR4);
    b.send(EOR4);
    await a.until('End-of-RIB of IPv4', () => a.endOfRib.length > 0);
    await bed.settle(a);
    expect(a.endOfRib).toEqual([1]);
  });

  conforms('4724 §4.1', 'a neighbor with the Restart State bit is not waited for', async () => {
    const bed = await reflector(false);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [restartedToo] })];
    a.send(announce(fromInternal(2), P), EOR4, EOR6);
    await Promise.all([told(a), told(b)]);
    expect(has(b, P)).toBe(true);
  });

  conforms('4724 §4.1', 'a neighbor whose session is lost again is not waited for', async () => {
    const bed = await reflector(false);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(announce(fromInternal(2), P), EOR4, EOR6);
    await bed.processed();
    expect(a.endOfRib).toEqual([]);
    await b.end();
    await told(a);
  });

  conforms('4724 §4.1', 'a neighbor that does not come is waited for no longer than a connection takes', async () => {
    const clock = Clock.install();
    const bed = await reflector(true);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    for (const peer of [a, b]) peer.send(EOR4, EOR6);
    await clock.pass(9);
    expect(a.endOfRib).toEqual([]);
    await clock.pass(2);
    await Promise.all([told(a), told(b)]);
  });

  conforms('4724 §4.1', 'a neighbor that does not tell: the selection deferral timer ends it', async () => {
    const clock = Clock.install();
    const bed = await reflector(false, 30);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(announce(fromInternal(2), P), EOR4, EOR6);
    await clock.pass(29);
    expect([has(b, P), b.endOfRib.length]).toEqual([false, 0]);
    await clock.pass(2);
    await told(b);
    expect(has(b, P)).toBe(true);
    expect(bed.log.some(line => line.includes('no End-of-RIB of ipv4-unicast from 127.0.0.3'))).toBe(true);
  });

  conforms('4724 §4.1', 'several paths of a prefix wait like one (RFC 7911), beside an own one, too', async () => {
    const own = '10.2.0.0/24';
    const addPath = { receive: false, send: 'all' as const };
    const bed = await Bed.start([internal(2), external(3, { addPath })], {}, { restarted: true });
    bed.speaker.addRoutes([{ prefix: OWN_ROUTE }]);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.connect(3)];
    b.pathIds = true;
    await b.establish(bed.open(3, { more: [alive, cap.addPath([1, 1])] }));
    a.send(announce(fromInternal(2), P, OWN_ROUTE), EOR4, EOR6);
    await bed.processed();
    bed.speaker.addRoutes([{ prefix: own }]);
    await b.until('an own route', () => b.news.some(({ prefix }) => prefix.endsWith(own)));
    expect(b.news.map(({ prefix }) => prefix.split(' ')[1])).toEqual([OWN_ROUTE, own]);
    b.send(EOR4, EOR6);
    await told(b);
    expect(
      b.news
        .map(({ prefix }) => prefix.split(' ')[1])
        .slice(2)
        .sort(),
    ).toEqual([OWN_ROUTE, P]);
  });

  conforms('4724 §4.1', 'the view of a route server client waits, too (RFC 7947)', async () => {
    const client = { routeServerClient: true };
    const bed = await Bed.start([external(2, client), external(3, client)], {}, { restarted: true });
    bed.speaker.addRoutes([{ prefix: OWN_ROUTE }]);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(announce(fromExternal(2), P), EOR4, EOR6);
    await bed.settle(b);
    expect([...b.table.keys()]).toEqual([OWN_ROUTE]);
    b.send(EOR4, EOR6);
    await told(b);
    expect(has(b, P)).toBe(true);
  });

  conforms('4724 §4.1', 'an aggregate of learned routes waits with them and comes before End-of-RIB', async () => {
    const aggregates: AggregateSpec[] = [
      { prefix: '10.0.0.0/8', summaryOnly: true, kernel: 'none', communities: [], largeCommunities: [] },
    ];
    const bed = await Bed.start([internal(2), external(3)], { aggregates }, { restarted: true });
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(announce(fromInternal(2), P), EOR4, EOR6);
    await bed.settle(b);
    expect([...b.table.keys()]).toEqual([]);
    let atEnd: boolean | undefined;
    b.send(EOR4, EOR6);
    await b.until('End-of-RIB', () => {
      if (b.endOfRib.length > 0) atEnd ??= has(b, '10.0.0.0/8');
      return b.endOfRib.length === 2;
    });
    expect(atEnd).toBe(true);
    expect(has(b, P)).toBe(false);
  });

  conforms('4724 §4.1', 'the Restart State bit for a neighbor that comes when routes are chosen already', async () => {
    const clock = Clock.install();
    const bed = await reflector(false, 10);
    await clock.pass(11);
    const bits = async () => {
      const peer = await bed.connect(2);
      const open = await peer.establish(bed.open(2, { more: [alive], holdTime: 0 }));
      await bed.established(2);
      await peer.end();
      await bed.reaches(2, 'Active');
      return open.capabilities.find(({ code }) => code === 64)?.value?.slice(0, 1);
    };
    expect(await bits()).toBe('c');
    expect(await bits()).toBe('4');
  });

  conforms('4724 §4.1', 'leftovers of the last run stay while a neighbor that restarts too still tells', async () => {
    const clock = Clock.install();
    let converged = false;
    const quick = { connectRetrySeconds: 1, gracefulRestart: { restartTimeSeconds: 2 } };
    const onConverged = () => {
      converged = true;
    };
    const bed = await Bed.start([internal(2, quick), internal(3, quick)], {}, { restarted: true, onConverged });
    const a = await bed.peer(2, { more: [restartedToo] });
    await clock.pass(10);
    expect(a.endOfRib).toHaveLength(2);
    expect(converged).toBe(false);
    a.send(EOR4, EOR6);
    await bed.processed();
    expect(converged).toBe(true);
  });

  conforms('4724 §4.1', 'a speaker that has not restarted waits for nobody', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2, { more: [alive] }), await bed.peer(3, { more: [alive] })];
    a.send(announce(fromExternal(2), P));
    await Promise.all([told(a), told(b)]);
    await bed.settle(b);
    expect(has(b, P)).toBe(true);
  });
});

conforms('4724 §3', 'a session that comes back without a restart: forwarding was preserved', async () => {
  const bed = await Bed.start([external(2)]);
  const first = await bed.peer(2, { more: [alive] });
  await first.end();
  await bed.reaches(2, 'Active');
  const second = await bed.connect(2);
  const open = await second.establish(bed.open(2, { more: [alive] }));
  expect(open.capabilities.find(({ code }) => code === 64)?.value).toBe('40780001018000020180');
});
