// Messages of more than 4096 octets: RFC 8654.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, has, internal, routeAt } from './bed.js';
import { attribute, cap, KEEPALIVE, message, nlri, octets, Type, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const [P, Q] = ['10.1.0.0/24', '10.2.0.0/24'];
const more = [cap.extendedMessage];
/** An unknown transitive attribute of so many octets, put in by its value. */
const filler = (size: number): Buffer => attribute(200, 'ab'.repeat(size));

/** An UPDATE for P of exactly `length` octets. */
function ofLength(length: number): Buffer {
  const bare = announce([...fromExternal(2), filler(300)], P).length;
  const bytes = announce([...fromExternal(2), filler(length - bare + 300)], P);
  expect(bytes.length).toBe(length);
  return bytes;
}

describe('receiving', () => {
  for (const length of [4096, 4097, 20000, 65535]) {
    conforms('8654 §4', `an UPDATE of ${length} octets`, async () => {
      const bed = await Bed.start([external(2), internal(3)]);
      const [a, c] = [await bed.peer(2, { more }), await bed.peer(3, { more })];
      a.send(ofLength(length), announce(fromExternal(2), Q));
      await bed.settle();
      expect(a.notifications).toEqual([]);
      expect(has(c, Q)).toBe(true);
      if (length < 65535) expect(has(c, P)).toBe(true);
    });
  }

  conforms('8654 §4', 'an UPDATE of 65535 octets full of prefixes', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, c] = [await bed.peer(2, { more }), await bed.peer(3, { more })];
    const prefixes = Array.from({ length: 13200 }, (_, i) => nlri(`10.${i >> 8}.${i & 255}.1/32`));
    const bare = update({ attributes: fromExternal(2) }).length;
    const count = Math.floor((65535 - bare) / 5);
    const rest = 65535 - bare - count * 5;
    const last = rest === 0 ? [] : [octets(['00', '01 80', '09 0b 80', '11 0b 00 80'][rest - 1])];
    const bytes = update({ attributes: fromExternal(2), nlri: [...prefixes.slice(0, count), ...last] });
    expect(bytes.length).toBe(65535);
    a.send(bytes);
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(c.table.size).toBe(count + last.length);
  });

  conforms('8654 §6', 'also from a neighbor that did not advertise the capability itself', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, c] = [await bed.peer(2), await bed.peer(3, { more })];
    a.send(ofLength(5000));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(has(c, P)).toBe(true);
  });

  for (const [name, type] of [
    ['OPEN', Type.open],
    ['KEEPALIVE', Type.keepalive],
  ] as const) {
    conforms('8654 §4', `${name} of 4097 octets: 1/2`, async () => {
      const bed = await Bed.start([external(2)]);
      const a = await bed.peer(2, { more });
      a.send(message(type, '00'.repeat(4097 - 19)));
      expect(await a.notification()).toEqual({ error: '1/2', data: '1001' });
    });
  }

  conforms('8654 §4', 'a NOTIFICATION of 5000 octets is taken', async () => {
    const bed = await Bed.start([external(2)]);
    const a = await bed.peer(2, { more });
    a.send(message(Type.notification, octets(6, 2, '00'.repeat(5000))));
    await a.ended();
    expect(a.notifications).toEqual([]);
    expect(bed.status(2).session.lastError).toMatchObject({ direction: 'received', code: 6, subcode: 2 });
  });

  conforms(
    '8654 §5',
    'an error in an UPDATE of 20000 octets: the NOTIFICATION to a neighbor without the capability has at most 4096',
    async () => {
      const bed = await Bed.start([external(2)]);
      const a = await bed.peer(2);
      const bad = attribute(201, 'cd'.repeat(20000), { flags: 0x40 });
      a.send(announce([...fromExternal(2), bad], P));
      const { error, data } = await a.notification();
      expect(error).toBe('3/2');
      expect(bad.toString('hex').startsWith(data)).toBe(true);
      expect(data.length / 2).toBeLessThanOrEqual(4096 - 21);
      expect(data.length).toBeGreaterThan(0);
    },
  );

  conforms('7606 §2', 'treat-as-withdraw of a long UPDATE', async () => {
    const bed = await Bed.start([external(2), internal(3)]);
    const [a, c] = [await bed.peer(2, { more }), await bed.peer(3, { more })];
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    a.send(announce([...fromExternal(2), filler(30000), attribute(4, '00')], P));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(has(c, P)).toBe(false);
  });
});

describe('sending', () => {
  async function trio(): Promise<{ bed: Bed; a: RawPeer; short: RawPeer; long: RawPeer }> {
    const bed = await Bed.start([external(2), external(3), external(4)]);
    return { bed, a: await bed.peer(2, { more }), short: await bed.peer(3), long: await bed.peer(4, { more }) };
  }

  conforms('8654 §4', 'a long route goes to neighbors with the capability only', async () => {
    const { bed, a, short, long } = await trio();
    a.send(ofLength(6000), announce(fromExternal(2), Q));
    await bed.settle();
    expect([has(long, P), has(short, P)]).toEqual([true, false]);
    expect([has(long, Q), has(short, Q)]).toEqual([true, true]);
    expect(routeAt(long, P).hex(200)?.length).toBeGreaterThan(2 * 5000);
  });

  conforms('8654 §4', 'a route that becomes too long is withdrawn from neighbors without the capability', async () => {
    const { bed, a, short, long } = await trio();
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    a.send(ofLength(6000));
    await bed.settle();
    expect([has(long, P), has(short, P)]).toEqual([true, false]);
    expect(short.news.map(n => n.route !== null)).toEqual([true, false]);
    a.send(announce(fromExternal(2), P));
    await bed.settle();
    expect(has(short, P)).toBe(true);
  });

  conforms('8654 §4', 'no message of more than 4096 octets to a neighbor without the capability', async () => {
    const { bed, a, short, long } = await trio();
    const prefixes = Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    a.send(announce(fromExternal(2), ...prefixes));
    await bed.settle();
    expect([short.table.size, long.table.size]).toEqual([5000, 5000]);
    for (const m of short.messages) expect(m.bytes.length).toBeLessThanOrEqual(4096);
  });

  conforms('8654 §4', 'KEEPALIVEs stay as they are', async () => {
    const { long } = await trio();
    expect(long.messages.find(m => m.type === Type.keepalive)?.bytes).toEqual(KEEPALIVE);
  });
});
