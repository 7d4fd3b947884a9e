// Roles and ONLY_TO_CUSTOMER (RFC 9234): which pairs of roles have a session, and which routes are leaks.

import { describe, expect } from 'vitest';
import type { Role } from '../../src/bgp/wire/capabilities.js';
import { announce, Bed, conforms, external, fromExternal, has, internal, OWN, routeAt } from './bed.js';
import { address, attr, cap, nlri, type Octets, octets, u32, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const P = '10.1.0.0/24';
const [AS, OTHER] = [64502, 64999];
/** By their number (§4.1). */
const NAMES = ['provider', 'rs', 'rs-client', 'customer', 'peer'] as const;
const FITTING: Record<Role, Role> = {
  provider: 'customer',
  customer: 'provider',
  rs: 'rs-client',
  'rs-client': 'rs',
  peer: 'peer',
};
const as = (own: Role, strict = false) => ({ role: { own, strict } });
const hex = (number: number) => Buffer.from(u32(number)).toString('hex');
/** From neighbor 2, marked with this AS. */
const marked = (by: number) => announce([...fromExternal(2), attr.onlyToCustomer(by)], P);

/** Neighbor 2 with the speaker in a role, and others without: 3 external, 4 internal. */
async function scene(own: Role): Promise<{ bed: Bed; peers: [RawPeer, RawPeer, RawPeer] }> {
  const bed = await Bed.start([external(2, as(own)), external(3), internal(4)]);
  return { bed, peers: [await bed.peer(2), await bed.peer(3), await bed.peer(4)] };
}

describe('sessions', () => {
  for (const [number, own] of NAMES.entries()) {
    conforms('9234 §4.1', `as ${own} the OPEN has role ${number}`, async () => {
      const bed = await Bed.start([external(2, as(own))]);
      const peer = await bed.connect(2);
      expect((await peer.nextOpen()).capabilities.filter(({ code }) => code === 9)).toEqual([
        { code: 9, value: Buffer.from([number]).toString('hex') },
      ]);
    });

    for (const [theirNumber, theirs] of NAMES.entries()) {
      const fits = FITTING[own] === theirs;
      conforms('9234 §4.2', `as ${own}, the neighbor as ${theirs}: ${fits ? 'a session' : '2/11'}`, async () => {
        const bed = await Bed.start([external(2, as(own))]);
        if (fits) {
          await bed.peer(2, { more: [cap.role(theirNumber)] });
          expect(bed.status(2).role).toEqual({ own, remote: theirs, strict: false });
        } else {
          const peer = await bed.connect(2);
          peer.send(bed.open(2, { more: [cap.role(theirNumber)] }));
          expect((await peer.notification()).error).toBe('2/11');
        }
      });
    }
  }

  conforms('9234 §4.2', 'the neighbor names no role: a session, and our role counts', async () => {
    const { bed, peers } = await scene('provider');
    expect(bed.status(2).role).toEqual({ own: 'provider', strict: false });
    peers[0].send(marked(OTHER));
    await bed.settle();
    expect(has(peers[1], P)).toBe(false);
  });

  conforms('9234 §4.2', 'strict, and the neighbor names no role: 2/11', async () => {
    const bed = await Bed.start([external(2, as('customer', true))]);
    const peer = await bed.connect(2);
    peer.send(bed.open(2));
    expect((await peer.notification()).error).toBe('2/11');
  });

  conforms('9234 §4.2', 'strict, and the neighbor names the right role: a session', async () => {
    const bed = await Bed.start([external(2, as('customer', true))]);
    await bed.peer(2, { more: [cap.role(0)] });
  });

  conforms('9234 §4.2', 'a role that is not defined counts as none', async () => {
    const bed = await Bed.start([external(2, as('peer'))]);
    await bed.peer(2, { more: [cap.role(5)] });
  });
});

describe('routes from a neighbor', () => {
  for (const own of ['provider', 'rs'] as const) {
    conforms('9234 §5', `ONLY_TO_CUSTOMER from a ${FITTING[own]}: a leak, the session stays`, async () => {
      const { bed, peers } = await scene(own);
      peers[0].send(marked(AS));
      await bed.settle();
      expect([...peers[1].news, ...peers[2].news]).toEqual([]);
      expect(peers[0].notifications).toEqual([]);
      expect([...bed.speaker.routes({ prefix: P })][0].paths[0].reason).toMatch(/RFC 9234/);
    });

    conforms('9234 §5', `no ONLY_TO_CUSTOMER from a ${FITTING[own]}: passed on without`, async () => {
      const { bed, peers } = await scene(own);
      peers[0].send(announce(fromExternal(2), P));
      await bed.settle();
      expect([routeAt(peers[1], P).hex(35), routeAt(peers[2], P).hex(35)]).toEqual([undefined, undefined]);
    });
  }

  for (const own of ['customer', 'rs-client', 'peer'] as const) {
    conforms('9234 §5', `no ONLY_TO_CUSTOMER from a ${FITTING[own]}: its AS is put there`, async () => {
      const { bed, peers } = await scene(own);
      peers[0].send(announce(fromExternal(2), P));
      await bed.settle();
      expect([routeAt(peers[1], P).hex(35), routeAt(peers[2], P).hex(35)]).toEqual([hex(AS), hex(AS)]);
      expect(routeAt(peers[1], P).flags(35)).toBe(0xc0);
    });
  }

  for (const own of ['customer', 'rs-client'] as const) {
    conforms('9234 §5', `ONLY_TO_CUSTOMER from a ${FITTING[own]}: unchanged`, async () => {
      const { bed, peers } = await scene(own);
      peers[0].send(marked(OTHER));
      await bed.settle();
      expect([routeAt(peers[1], P).hex(35), routeAt(peers[2], P).hex(35)]).toEqual([hex(OTHER), hex(OTHER)]);
    });
  }

  conforms('9234 §5', "ONLY_TO_CUSTOMER of the peer's AS from a peer: unchanged", async () => {
    const { bed, peers } = await scene('peer');
    peers[0].send(marked(AS));
    await bed.settle();
    expect(routeAt(peers[1], P).hex(35)).toBe(hex(AS));
  });

  conforms('9234 §5', 'ONLY_TO_CUSTOMER of another AS from a peer: a leak', async () => {
    const { bed, peers } = await scene('peer');
    peers[0].send(marked(OTHER));
    await bed.settle();
    expect([...peers[1].news, ...peers[2].news]).toEqual([]);
  });

  conforms('9234 §5', 'a route that becomes a leak is withdrawn', async () => {
    const { bed, peers } = await scene('provider');
    peers[0].send(announce(fromExternal(2), P));
    await bed.settle();
    peers[0].send(marked(AS));
    await bed.settle();
    expect(peers[1].news.map(({ route }) => route !== null)).toEqual([true, false]);
  });

  conforms('9234 §5', 'the attribute is put between the others in their order', async () => {
    const { bed, peers } = await scene('customer');
    const unknown = (code: number): Octets => octets(0xc0, code, 1, 7);
    peers[0].send(announce([...fromExternal(2), attr.large([1, 2, 3]), unknown(34), unknown(99)], P));
    await bed.settle();
    expect(routeAt(peers[1], P).codes).toEqual([1, 2, 3, 32, 34, 35, 99]);
    expect(routeAt(peers[1], P).hex(99)).toBe('07');
  });

  conforms('9234 §5', 'IPv6 routes, too', async () => {
    const { bed, peers } = await scene('customer');
    const reach = attr.reach(2, address('2001:db8::2'), [nlri('2001:db8:1::/48')]);
    peers[0].send(update({ attributes: [reach, attr.origin(), attr.asPath(AS)] }));
    await bed.settle();
    const [paths] = [...bed.speaker.routes({ prefix: '2001:db8:1::/48' })];
    expect(paths.paths[0].onlyToCustomer).toBe(AS);
  });
});

describe('routes to a neighbor', () => {
  /** What neighbor 2, to which the speaker is `own`, hears of neighbor 3's route with this mark. */
  async function told(own: Role, mark?: number): Promise<string | null | undefined> {
    const { bed, peers } = await scene(own);
    const more = mark === undefined ? [] : [attr.onlyToCustomer(mark)];
    peers[1].send(announce([...fromExternal(3), ...more], P));
    await bed.settle(...peers.slice(1));
    return has(peers[0], P) ? routeAt(peers[0], P).hex(35) : null;
  }

  for (const own of ['provider', 'rs', 'peer'] as const) {
    conforms('9234 §5', `to a ${FITTING[own]}, without ONLY_TO_CUSTOMER: the own AS is put there`, async () => {
      expect(await told(own)).toBe(hex(OWN.as));
    });
  }
  for (const own of ['customer', 'rs-client'] as const) {
    conforms('9234 §5', `to a ${FITTING[own]}, without ONLY_TO_CUSTOMER: announced without`, async () => {
      expect(await told(own)).toBeUndefined();
    });
  }
  for (const own of ['customer', 'rs-client', 'peer'] as const) {
    conforms('9234 §5', `to a ${FITTING[own]}, with ONLY_TO_CUSTOMER: not announced`, async () => {
      expect(await told(own, OTHER)).toBeNull();
    });
  }
  for (const own of ['provider', 'rs'] as const) {
    conforms('9234 §5', `to a ${FITTING[own]}, with ONLY_TO_CUSTOMER: unchanged`, async () => {
      expect(await told(own, OTHER)).toBe(hex(OTHER));
    });
  }

  conforms('9234 §5', 'to a provider, a route that gets ONLY_TO_CUSTOMER is withdrawn', async () => {
    const { bed, peers } = await scene('customer');
    peers[1].send(announce(fromExternal(3), P));
    await bed.settle(...peers.slice(1));
    peers[1].send(announce([...fromExternal(3), attr.onlyToCustomer(OTHER)], P));
    await bed.settle(...peers.slice(1));
    await peers[0].until('the withdrawal', () => !has(peers[0], P));
    expect(peers[0].news.filter(({ prefix }) => prefix === P)).toHaveLength(2);
  });

  conforms('9234 §6', 'with local-as the mark is the AS that the neighbor sees', async () => {
    const asPath = {
      local: { as: 65010, noPrepend: false, replaceAs: false },
      allowOwn: 0,
      enforceFirst: true,
      override: false,
      removePrivate: false,
    } as const;
    const bed = await Bed.start([external(2, { ...as('provider'), asPath })]);
    const peer = await bed.peer(2);
    bed.speaker.addRoutes([{ prefix: P }]);
    await bed.settle();
    expect(routeAt(peer, P).hex(35)).toBe(hex(65010));
  });

  conforms('9234 §5', 'a route from a provider does not reach a peer, but a customer', async () => {
    const bed = await Bed.start([
      external(2, as('customer')),
      external(3, as('peer')),
      external(4, as('provider')),
      external(5, as('customer')),
    ]);
    const peers = [await bed.peer(2), await bed.peer(3), await bed.peer(4), await bed.peer(5)];
    peers[0].send(announce(fromExternal(2), P));
    await bed.settle(peers[2]);
    expect(peers.map(peer => has(peer, P))).toEqual([false, false, true, false]);
    expect(routeAt(peers[2], P).hex(35)).toBe(hex(AS));
  });
});
