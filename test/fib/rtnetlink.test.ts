// Route messages as they are written, read back; and what is no message at all.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAMILIES, Family } from '../../src/bgp/wire/family.js';
import { describeErrno } from '../../src/fib/errno.js';
import { decodeLink } from '../../src/fib/link-message.js';
import { encodeBody, encodeDeletion, kernelMetric, RouteBatch } from '../../src/fib/route-batch.js';
import {
  AF_INET,
  AF_INET6,
  decodeAck,
  forEachMessage,
  type Leg,
  MessageFlag,
  MessageType,
  RouteMessage,
  RouteType,
  routeDump,
  wayOf,
} from '../../src/fib/rtnetlink.js';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const legOf = (family: Family): fc.Arbitrary<Leg> =>
  fc.record({
    interfaceIndex: fc.integer({ min: 1, max: 0x7fffffff }),
    gateway: fc.option(family === Family.ipv4Unicast ? fc.oneof(octets(4), octets(16)) : octets(16)),
    onlink: fc.boolean(),
    weight: fc.integer({ min: 1, max: 256 }),
  });

const route = fc.constantFrom(Family.ipv4Unicast, Family.ipv6Unicast).chain(family =>
  fc.record({
    family: fc.constant(family),
    address: octets(FAMILIES[family].addressBytes),
    length: fc.integer({ min: 0, max: FAMILIES[family].bits }),
    identity: fc.record({
      table: fc.integer({ min: 1, max: 0xffffffff }),
      metric: fc.integer({ min: 0, max: 0xffffffff }),
      protocol: fc.integer({ min: 0, max: 255 }),
    }),
    type: fc.constantFrom(RouteType.blackhole, RouteType.unreachable, RouteType.unicast),
    legs: fc.array(legOf(family), { minLength: 1, maxLength: 8 }),
  }),
);

describe('a link', () => {
  /** RTM_NEWLINK: ifinfomsg, IFLA_OPERSTATE (16), IFLA_LINKMODE (17), as the kernel orders them. */
  const link = (flags: number, state: number, mode: number) => {
    const message = Buffer.alloc(32);
    message.writeUInt32LE(flags, 8);
    for (const [i, [type, value]] of [
      [16, state],
      [17, mode],
    ].entries()) {
      message.writeUInt16LE(5, 16 + i * 8);
      message.writeUInt16LE(type, 18 + i * 8);
      message[20 + i * 8] = value;
    }
    return decodeLink(message, 0, 32);
  };

  test.each([
    ['is up', 0x10043, 6, 0, true],
    ['has no state', 0x10043, 0, 0, true],
    ['was switched off', 0x10002, 2, 0, false],
    ['has no carrier', 0x1003, 2, 0, false],
    ['has lost its carrier a moment ago', 0x43, 6, 0, false],
    ['has a carrier that the kernel has not looked at yet', 0x10003, 2, 0, true],
    ['has a lower link that the kernel has not looked at yet', 0x10003, 3, 0, true],
    ['is under test', 0x10003, 4, 0, false],
    ['waits for an authentication', 0x10003, 5, 1, false],
    ['will wait for an authentication', 0x10003, 2, 1, false],
    ['is dormant by its driver', 0x30003, 2, 0, false],
  ])('that %s: flags %i, state %i, mode %i', (_, flags, state, mode, up) => {
    expect(link(flags, state, mode).up).toBe(up);
  });
});

describe('a batch', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 20 }), routes => {
        const batch = new RouteBatch();
        for (const { family, address, length, identity, type, legs } of routes) {
          const body = encodeBody(family, identity, type, type === RouteType.unicast ? legs : []);
          batch.add(MessageType.newRoute, MessageFlag.create, family, address, 0, length, body, 7, 8);
        }
        const last = batch.close();
        const message = new RouteMessage();
        let index = 0;
        forEachMessage(batch.datagram, (type, flags, sequence, start, end) => {
          const wanted = routes[index];
          const isLast = index === routes.length - 1;
          expect(type).toBe(MessageType.newRoute);
          expect(flags).toBe(MessageFlag.request | MessageFlag.create | (isLast ? MessageFlag.ack : 0));
          expect(batch.indexOf(sequence)).toBe(index);
          if (isLast) expect(sequence).toBe(last);
          expect(message.scan(batch.datagram, start, end)).toBe(true);
          const [family, { identity }] = [wanted.family, wanted];
          expect(message.family).toBe(family === Family.ipv4Unicast ? AF_INET : AF_INET6);
          expect(message.prefixBytes()).toEqual(wanted.address);
          expect(batch.prefixAt(index)).toEqual({ at: message.destination, length: wanted.length });
          const { prefixLength, table, metric, protocol, type: kind, plain, tos } = message;
          expect({ prefixLength, table, metric, protocol, kind, plain, tos }).toEqual({
            prefixLength: wanted.length,
            table: identity.table,
            metric: kernelMetric(family, identity.metric),
            protocol: identity.protocol,
            kind: wanted.type,
            plain: true,
            tos: 0,
          });
          const legs = wanted.type !== RouteType.unicast ? [] : wanted.legs;
          expect(message.legs()).toEqual(legs.length === 1 ? [{ ...legs[0], weight: 1 }] : legs);
          expect(message.singleWay).toBe(legs.length === 1 ? wayOf(legs[0]) : undefined);
          index++;
        });
        expect(index).toBe(routes.length);
      }),
    );
  });

  test('has sequence numbers from the first one on, also beyond 32 bits', () => {
    const batch = new RouteBatch();
    const body = encodeDeletion(Family.ipv4Unicast, { table: 254, metric: 20, protocol: 186 });
    const add = () => batch.add(MessageType.delRoute, 0, Family.ipv4Unicast, new Uint8Array(4), 0, 0, body, 0, 0);
    const sequences: number[] = [];
    for (const [round, first] of [1, 3, 0xffffffff].entries()) {
      batch.clear(first);
      add();
      add();
      sequences.push(batch.close());
      expect(batch.indexOf(sequences[round])).toBe(1);
      expect(batch.indexOf(sequences[round] + 1)).toBeGreaterThanOrEqual(batch.count);
      expect(batch.indexOf(sequences[round] - 2)).toBeGreaterThanOrEqual(batch.count);
    }
    expect(sequences).toEqual([2, 4, 0]);
  });

  test('is full after two thousand routes, or earlier when they are large', () => {
    const leg = { interfaceIndex: 3, gateway: new Uint8Array(16), onlink: false, weight: 1 };
    const identity = { table: 254, metric: 20, protocol: 186 };
    const counts = [1, 256].map(legs => {
      const batch = new RouteBatch();
      const body = encodeBody(Family.ipv6Unicast, identity, RouteType.unicast, Array(legs).fill(leg));
      while (!batch.full) {
        batch.add(MessageType.newRoute, 0, Family.ipv6Unicast, new Uint8Array(16), 0, 128, body, 0, 0);
      }
      return batch.count;
    });
    expect(counts[0]).toBe(2048);
    expect(counts[1]).toBeLessThan(40);
    const small = new RouteBatch(2);
    const body = encodeDeletion(Family.ipv4Unicast, identity);
    const fullness = [0, 1].map(() => {
      small.add(MessageType.delRoute, 0, Family.ipv4Unicast, new Uint8Array(4), 0, 0, body, 0, 0);
      return small.full;
    });
    expect(fullness).toEqual([false, true]);
  });
});

describe('what is no message', () => {
  test('is passed over without an exception or an endless loop', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const buf = Buffer.from(bytes);
        const message = new RouteMessage();
        forEachMessage(buf, (_type, _flags, _sequence, start, end) => {
          expect(start).toBeLessThanOrEqual(end);
          expect(end).toBeLessThanOrEqual(buf.length);
        });
        if (message.scan(buf, 0, buf.length)) {
          message.legs();
          expect(message.prefixBytes().length).toBe(message.family === AF_INET ? 4 : 16);
        }
      }),
    );
  });

  test('a cut route message is no route', () => {
    const batch = new RouteBatch();
    const body = encodeBody(Family.ipv4Unicast, { table: 254, metric: 20, protocol: 186 }, RouteType.blackhole, []);
    batch.add(MessageType.newRoute, 0, Family.ipv4Unicast, new Uint8Array(4), 0, 0, body, 0, 0);
    const whole = batch.datagram.subarray(16);
    expect(new RouteMessage().scan(whole, 0, whole.length)).toBe(true);
    expect(new RouteMessage().scan(whole, 0, 11)).toBe(false);
    expect(new RouteMessage().scan(whole, 0, whole.length - 2)).toBe(false);
  });
});

test('a dump request names family, protocol and table', () => {
  const request = routeDump(AF_INET6, 1000, 186);
  const seen: RouteMessage[] = [];
  forEachMessage(request, (type, flags, _sequence, start, end) => {
    expect(type).toBe(MessageType.getRoute);
    expect(flags).toBe(MessageFlag.request | MessageFlag.dump);
    const message = new RouteMessage();
    expect(message.scan(request, start, end)).toBe(true);
    seen.push(message);
  });
  expect(seen.map(({ family, table, protocol }) => [family, table, protocol])).toEqual([[AF_INET6, 1000, 186]]);
});

describe('an answer', () => {
  // struct nlmsgerr: errno, the request's header, and, with the flag, attributes; NLMSGERR_ATTR_MSG is 1.
  function answer(errno: number, sentence: string): Buffer {
    const text = Buffer.from(`${sentence}\0`);
    const out = Buffer.alloc(20 + 4 + text.length);
    out.writeInt32LE(-errno, 0);
    out.writeUInt32LE(60, 4);
    out.writeUInt16LE(4 + text.length, 20);
    out.writeUInt16LE(1, 22);
    text.copy(out, 24);
    return out;
  }

  test('is an errno and the kernel’s own sentence', () => {
    const flags = MessageFlag.capped | MessageFlag.ackAttributes;
    const bytes = answer(101, 'Nexthop has invalid gateway');
    expect(decodeAck(bytes, flags, 0, bytes.length)).toEqual({ errno: 101, detail: 'Nexthop has invalid gateway' });
    expect(decodeAck(bytes, MessageFlag.capped, 0, bytes.length)).toEqual({ errno: 101, detail: '' });
    expect(decodeAck(answer(0, ''), 0, 0, 20)).toEqual({ errno: 0, detail: '' });
  });

  test('comes in words', () => {
    expect(describeErrno(101, '')).toBe('the gateway is not reachable on any link (ENETUNREACH)');
    expect(describeErrno(1, 'no')).toBe('not permitted: changing routes needs CAP_NET_ADMIN (EPERM: no)');
    expect(describeErrno(71, '')).toBe('the kernel refused the route (EPROTO)');
    expect(describeErrno(4000, '')).toMatch(/^the kernel refused the route \(.*4000\)$/);
  });
});
