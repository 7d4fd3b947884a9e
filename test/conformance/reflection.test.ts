// Route reflection: RFC 4456.

import { describe, expect } from 'vitest';
import {
  announce,
  Bed,
  conforms,
  external,
  fromExternal,
  fromInternal,
  has,
  internal,
  OWN,
  replace,
  routeAt,
  withdraw,
} from './bed.js';
import { address, attr, octets } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const P = '10.1.0.0/24';
const client = (n: number) => internal(n, { routeReflectorClient: true });
const hex = (...ids: string[]): string => octets(...ids.map(id => address(id))).toString('hex');

interface All {
  bed: Bed;
  client1: RawPeer;
  client2: RawPeer;
  other1: RawPeer;
  other2: RawPeer;
  outside: RawPeer;
}

async function cluster(over: { clusterId?: string } = {}): Promise<All> {
  const bed = await Bed.start([client(2), client(3), internal(4), internal(5), external(6)], over);
  return {
    bed,
    client1: await bed.peer(2),
    client2: await bed.peer(3),
    other1: await bed.peer(4),
    other2: await bed.peer(5),
    outside: await bed.peer(6),
  };
}

/** Who has P: client1, client2, other1, other2, outside. */
const who = (all: All): boolean[] =>
  [all.client1, all.client2, all.other1, all.other2, all.outside].map(p => has(p, P));

describe('who gets a route', () => {
  conforms(
    '4456 §6',
    'from a client: all clients, non-clients and external neighbors, not the client itself',
    async () => {
      const all = await cluster();
      all.client1.send(announce(fromInternal(2), P));
      await all.bed.settle();
      expect(who(all)).toEqual([false, true, true, true, true]);
    },
  );

  conforms('4456 §6', 'from a non-client: clients and external neighbors, no non-client', async () => {
    const all = await cluster();
    all.other1.send(announce(fromInternal(4), P));
    await all.bed.settle();
    expect(who(all)).toEqual([true, true, false, false, true]);
  });

  conforms(
    '4456 §6',
    'from an external neighbor: clients and non-clients, without the attributes of reflection',
    async () => {
      const all = await cluster();
      all.outside.send(announce(fromExternal(6), P));
      await all.bed.settle();
      expect(who(all).slice(0, 4)).toEqual([true, true, true, true]);
      for (const peer of [all.client1, all.other1])
        expect(routeAt(peer, P).codes.filter(c => c === 9 || c === 10)).toEqual([]);
    },
  );

  conforms('4456 §6', 'an own route: clients and non-clients, without the attributes of reflection', async () => {
    const all = await cluster();
    all.bed.speaker.addRoutes([{ prefix: P }]);
    await all.bed.settle();
    expect(who(all)).toEqual([true, true, true, true, true]);
    for (const peer of [all.client1, all.other1]) expect(routeAt(peer, P).codes).toEqual([1, 2, 3, 5]);
  });

  conforms('4456 §6', 'a withdrawal is reflected too', async () => {
    const all = await cluster();
    all.client1.send(announce(fromInternal(2), P));
    await all.bed.settle();
    all.client1.send(withdraw(P));
    await all.bed.settle();
    expect(who(all)).toEqual([false, false, false, false, false]);
  });

  conforms('4456 §6', 'a better route of a non-client is withdrawn from non-clients', async () => {
    const all = await cluster();
    all.client1.send(announce(fromInternal(2), P));
    await all.bed.settle();
    all.other1.send(announce(replace(fromInternal(4), 5, attr.localPref(200)), P));
    await all.bed.settle();
    expect(who(all)).toEqual([true, true, false, false, true]);
  });
});

describe('attributes', () => {
  conforms('4456 §8', "a client's route: its identifier as ORIGINATOR_ID, the cluster in CLUSTER_LIST", async () => {
    const all = await cluster();
    all.client1.send(announce(fromInternal(2), P));
    await all.bed.settle();
    for (const peer of [all.client2, all.other1]) {
      expect([routeAt(peer, P).hex(9), routeAt(peer, P).hex(10)]).toEqual([hex('10.0.0.2'), hex(OWN.id)]);
      expect([routeAt(peer, P).flags(9), routeAt(peer, P).flags(10)]).toEqual([0x80, 0x80]);
    }
    expect(routeAt(all.outside, P).codes).toEqual([1, 2, 3]);
  });

  conforms('4456 §7', 'a configured cluster id is used in CLUSTER_LIST', async () => {
    const all = await cluster({ clusterId: '192.0.2.7' });
    all.client1.send(announce(fromInternal(2), P));
    await all.bed.settle();
    expect(routeAt(all.client2, P).hex(10)).toBe(hex('192.0.2.7'));
  });

  conforms('4456 §8', 'ORIGINATOR_ID stays, the cluster is put in front of CLUSTER_LIST', async () => {
    const all = await cluster();
    all.other1.send(
      announce([...fromInternal(4), attr.originatorId('10.0.0.77'), attr.clusterList('10.0.0.66', '10.0.0.55')], P),
    );
    await all.bed.settle();
    expect(routeAt(all.client1, P).hex(9)).toBe(hex('10.0.0.77'));
    expect(routeAt(all.client1, P).hex(10)).toBe(hex(OWN.id, '10.0.0.66', '10.0.0.55'));
  });

  conforms('4456 §10', 'NEXT_HOP, AS_PATH, LOCAL_PREF and MULTI_EXIT_DISC are not changed by reflection', async () => {
    const all = await cluster();
    all.client1.send(
      announce([attr.origin(1), attr.asPath(7, 8), attr.nextHop('203.0.113.9'), attr.med(33), attr.localPref(250)], P),
    );
    await all.bed.settle();
    const route = routeAt(all.client2, P);
    expect([route.nextHop, route.path(), route.hex(5), route.hex(4), route.hex(1)]).toEqual([
      hex('203.0.113.9'),
      '7 8',
      '000000fa',
      '00000021',
      '01',
    ]);
  });

  conforms('4456 §8', 'the same for routes that differ only in who sent them', async () => {
    const all = await cluster();
    all.client1.send(announce(replace(fromInternal(2), 3, attr.nextHop('203.0.113.9')), P));
    all.client2.send(announce(replace(fromInternal(3), 3, attr.nextHop('203.0.113.9')), '10.2.0.0/24'));
    await all.bed.settle();
    expect([routeAt(all.other1, P).hex(9), routeAt(all.other1, '10.2.0.0/24').hex(9)]).toEqual([
      hex('10.0.0.2'),
      hex('10.0.0.3'),
    ]);
  });
});

describe('loops', () => {
  for (const [text, more] of [
    ["ORIGINATOR_ID is the speaker's own", [attr.originatorId(OWN.id)]],
    ["CLUSTER_LIST has the speaker's cluster", [attr.originatorId('10.0.0.77'), attr.clusterList(OWN.id)]],
    [
      "CLUSTER_LIST has the speaker's cluster last",
      [attr.originatorId('10.0.0.77'), attr.clusterList('10.0.0.66', '10.0.0.55', OWN.id)],
    ],
  ] as const) {
    for (const from of ['client', 'non-client'] as const) {
      conforms('4456 §8', `${text}, from a ${from}: the route is ignored, the session stays`, async () => {
        const all = await cluster();
        const sender = from === 'client' ? all.client1 : all.other1;
        sender.send(announce([...fromInternal(from === 'client' ? 2 : 4), ...more], P));
        await all.bed.settle();
        expect(sender.notifications).toEqual([]);
        expect(who(all)).toEqual([false, false, false, false, false]);
      });
    }
  }

  conforms('4456 §8', 'a configured cluster id counts for the loop check, the router id does not', async () => {
    const all = await cluster({ clusterId: '192.0.2.7' });
    all.client1.send(announce([...fromInternal(2), attr.originatorId('10.0.0.77'), attr.clusterList('192.0.2.7')], P));
    all.client1.send(
      announce([...fromInternal(2), attr.originatorId('10.0.0.77'), attr.clusterList(OWN.id)], '10.2.0.0/24'),
    );
    await all.bed.settle();
    expect([has(all.client2, P), has(all.client2, '10.2.0.0/24')]).toEqual([false, true]);
  });

  conforms('4456 §8', 'a route that becomes a loop is withdrawn', async () => {
    const all = await cluster();
    all.client1.send(announce(fromInternal(2), P));
    await all.bed.settle();
    all.client1.send(announce([...fromInternal(2), attr.originatorId(OWN.id)], P));
    await all.bed.settle();
    expect(who(all)).toEqual([false, false, false, false, false]);
  });
});
