// A route server (RFC 7947): what passes between its clients, and that no client hides a path from another.

import { describe, expect } from 'vitest';
import { NO_POLICIES, type PolicyDefinitions } from '../../src/bgp/policy/definition.js';
import {
  announce,
  Bed,
  conforms,
  external,
  fromExternal,
  has,
  internal,
  OWN,
  replace,
  routeAt,
  withdraw,
} from './bed.js';
import { address, attr, attribute, nlri, octets, u32, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const P = '10.1.0.0/24';
const hex = (text: string) => octets(address(text)).toString('hex');
const client = (n: number) => external(n, { routeServerClient: true });

/** Clients 2, 3 and 4, and neighbors that are none: 5 external, 6 internal. */
async function scene(): Promise<{ bed: Bed; clients: RawPeer[]; outside: RawPeer; inside: RawPeer }> {
  const bed = await Bed.start([client(2), client(3), client(4), external(5), internal(6)]);
  const clients = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
  return { bed, clients, outside: await bed.peer(5), inside: await bed.peer(6) };
}

/** A route of client n, as long as its AS_PATH is. */
const route = (n: number, ...path: number[]) =>
  announce(replace(fromExternal(n), 2, attr.asPath(64500 + n, ...path)), P);

describe('attributes between clients', () => {
  conforms('7947 §2.2', 'NEXT_HOP, AS_PATH and MULTI_EXIT_DISC stay as they are', async () => {
    const { bed, clients } = await scene();
    clients[0].send(announce([...replace(fromExternal(2), 2, attr.asPath(64502, 7, 8)), attr.med(42)], P));
    await bed.settle();
    const told = routeAt(clients[1], P);
    expect([told.path(), told.nextHop, told.hex(4)]).toEqual([
      '64502 7 8',
      hex('127.0.0.2'),
      octets(u32(42)).toString('hex'),
    ]);
    expect(told.codes).toEqual([1, 2, 3, 4]);
  });

  conforms('7947 §2.2.1', 'NEXT_HOP stays, of IPv6 routes, too', async () => {
    const { bed, clients } = await scene();
    const reach = attr.reach(2, address('2001:db8::2'), [nlri('2001:db8:1::/48')]);
    clients[0].send(update({ attributes: [reach, attr.origin(), attr.asPath(64502)] }));
    await bed.settle();
    expect(routeAt(clients[1], '2001:db8:1::/48').nextHop).toBe(hex('2001:db8::2'));
  });

  for (const [name, community] of [
    ['NO_EXPORT', 0xffffff01],
    ['NO_ADVERTISE', 0xffffff02],
    ['BLACKHOLE', 0xffff029a],
    ['GRACEFUL_SHUTDOWN', 0xffff0000],
  ] as const) {
    conforms('7947 §2.2.4', `${name} is not acted upon, and stays`, async () => {
      const { bed, clients } = await scene();
      clients[0].send(announce([...fromExternal(2), attr.communities(community)], P));
      await bed.settle();
      expect(routeAt(clients[1], P).hex(8)).toBe(octets(u32(community)).toString('hex'));
    });
  }

  conforms('7947 §2.2.4', 'extended communities stay, also those that are not transitive', async () => {
    const { bed, clients } = await scene();
    const communities = '4002fde900000001 0002fde900000002';
    clients[0].send(announce([...fromExternal(2), attribute(16, communities)], P));
    await bed.settle();
    expect(routeAt(clients[1], P).hex(16)).toBe(communities.replace(' ', ''));
  });

  conforms('7947 §2.2', 'to neighbors that are no clients, a route goes as ever', async () => {
    const { bed, clients, outside, inside } = await scene();
    clients[0].send(announce([...fromExternal(2), attr.med(42), attr.communities(0xffffff01)], P));
    clients[0].send(announce([...fromExternal(2), attr.med(42)], '10.2.0.0/24'));
    await bed.settle(outside, inside);
    expect([has(outside, P), has(inside, P)]).toEqual([false, true]);
    const told = routeAt(outside, '10.2.0.0/24');
    expect([told.path(), told.nextHop, told.hex(4)]).toEqual([`${OWN.as} 64502`, hex(OWN.address), undefined]);
  });

  conforms(
    '7947 §2.2',
    "the route server's own routes, and those of neighbors that are no clients, go as ever",
    async () => {
      const { bed, clients, outside } = await scene();
      bed.speaker.addRoutes([{ prefix: P }]);
      outside.send(announce([...fromExternal(5), attr.med(42)], '10.2.0.0/24'));
      await bed.settle();
      expect([routeAt(clients[0], P).path(), routeAt(clients[0], P).nextHop]).toEqual([`${OWN.as}`, hex(OWN.address)]);
      const told = routeAt(clients[0], '10.2.0.0/24');
      expect([told.path(), told.nextHop, told.hex(4)]).toEqual([`${OWN.as} 64505`, hex(OWN.address), undefined]);
    },
  );
});

describe('each client has a view of its own', () => {
  conforms('7947 §2.3', 'a client whose path is the best is sent the next best', async () => {
    const { bed, clients } = await scene();
    clients[0].send(route(2));
    clients[1].send(route(3, 1));
    clients[2].send(route(4, 1, 2));
    await bed.settle();
    expect(clients.map(peer => routeAt(peer, P).path())).toEqual(['64503 1', '64502', '64502']);
    clients[0].send(withdraw(P));
    await bed.settle();
    expect(clients.map(peer => routeAt(peer, P).path())).toEqual(['64503 1', '64504 1 2', '64503 1']);
    clients[2].send(withdraw(P));
    await bed.settle();
    expect(clients.map(peer => (has(peer, P) ? routeAt(peer, P).path() : null))).toEqual(['64503 1', null, '64503 1']);
  });

  conforms('7947 §2.3', 'where the policy keeps the best path from a client, it is sent the next best', async () => {
    const without: PolicyDefinitions = {
      ...NO_POLICIES,
      policies: { 'not-of-2': [{ match: { 'neighbor-as': [64502] }, then: 'reject' }] },
    };
    const picky = { ...client(4), export: ['not-of-2', 'accept'] };
    const bed = await Bed.start([client(2), client(3), picky], { policies: without });
    const clients = [await bed.peer(2), await bed.peer(3), await bed.peer(4)];
    clients[0].send(route(2));
    clients[1].send(route(3, 1));
    await bed.settle();
    expect(routeAt(clients[2], P).path()).toBe('64503 1');
  });

  conforms('7947 §2.3', 'a path that becomes worse or better moves on, and nothing is sent twice', async () => {
    const { bed, clients } = await scene();
    clients[1].send(route(3, 1));
    await bed.settle();
    clients[2].news.length = 0;
    clients[0].send(route(2, 1, 2));
    await bed.settle();
    expect(clients[2].news).toEqual([]);
    expect(routeAt(clients[1], P).path()).toBe('64502 1 2');
    clients[0].send(route(2));
    await bed.settle();
    expect(clients[2].news.map(news => news.route?.path())).toEqual(['64502']);
  });
});
