// Cease and its subcodes: RFC 4271 §6.7, RFC 4486, RFC 9003, RFC 8538.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, fromInternal, has, internal } from './bed.js';
import { attr, cap, nlri, notification, octets, readUpdate, Type, u16, u32, update } from './bytes.js';
import { RawPeer } from './raw-peer.js';

const text = (words: string): string => octets(Buffer.byteLength(words), Buffer.from(words)).toString('hex');

describe('Cease sent', () => {
  conforms('9003 §2', 'administrative shutdown: 6/2 with the message', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    void bed.speaker.disable('127.0.0.2', 'zurück um drei');
    expect(await peer.notification()).toEqual({ error: '6/2', data: text('zurück um drei') });
  });

  conforms('4486 §4', 'administrative shutdown without a message: 6/2', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    void bed.speaker.disable('127.0.0.2');
    const { error, data } = await peer.notification();
    expect(error).toBe('6/2');
    expect(['', '00']).toContain(data);
  });

  conforms('9003 §2', 'administrative reset: 6/4 with the message; the session comes back', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    bed.speaker.reset('127.0.0.2', 'new address plan');
    expect(await peer.notification()).toEqual({ error: '6/4', data: text('new address plan') });
    await bed.peer(2);
  });

  conforms('4271 §8.2.2', 'administrative shutdown in OpenConfirm: 6/2', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    await peer.openConfirm(bed.open(2));
    void bed.speaker.disable('127.0.0.2', 'not now');
    expect(await peer.notification()).toEqual({ error: '6/2', data: text('not now') });
  });

  conforms('4271 §8.2.2', 'administrative shutdown in OpenSent: 6/2', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    await peer.nextOpen();
    void bed.speaker.disable('127.0.0.2');
    expect((await peer.notification()).error).toBe('6/2');
  });

  conforms('9003 §2', 'the end of the speaker: 6/2 with the message', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    void bed.speaker.stop({ message: 'moving' });
    expect(await peer.notification()).toEqual({ error: '6/2', data: text('moving') });
  });

  conforms('4486 §4', 'the neighbor is removed from the configuration: 6/3', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    void bed.speaker.removeNeighbor('127.0.0.2');
    expect(await peer.notification()).toEqual({ error: '6/3', data: '' });
  });

  conforms('4486 §4', 'the neighbor is configured otherwise: 6/6', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    bed.speaker.updateNeighbor(external(2, { holdTimeSeconds: 30 }));
    expect(await peer.notification()).toEqual({ error: '6/6', data: '' });
  });

  conforms('4486 §4', 'a connection from an address that is no neighbor: 6/5', async () => {
    const bed = await Bed.start([external(2)]);
    const stranger = await RawPeer.connect('127.0.0.77', '127.0.0.1', bed.port);
    expect(await stranger.notification()).toEqual({ error: '6/5', data: '' });
    expect(stranger.messages.map(m => m.type)).toEqual([Type.notification]);
  });

  conforms('4271 §8.2.2', 'a connection from a neighbor that is shut down is refused without OPEN', async () => {
    const bed = await Bed.start([external(2, { shutdown: true })]);
    const peer = await bed.connect(2);
    await peer.ended();
    expect(peer.messages.filter(m => m.type === Type.open)).toEqual([]);
    for (const n of peer.notifications) expect(['6/2', '6/5']).toContain(n);
  });
});

describe('maximum number of prefixes', () => {
  const limited = (limit: number) =>
    external(2, { maxPrefix: { limit, warningPercent: 75, action: 'end', restartSeconds: 300 } });

  conforms('4486 §4', 'more prefixes than allowed: 6/1, all of them withdrawn', async () => {
    const bed = await Bed.start([limited(3), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromExternal(2), '10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'));
    await bed.settle(b);
    expect(b.table.size).toBe(3);
    a.send(announce(fromExternal(2), '10.0.3.0/24'));
    const { error, data } = await a.notification();
    expect(error).toBe('6/1');
    // RFC 4486 §4: the data may be the family and the limit.
    if (data !== '') expect(data).toBe(octets(u16(1), 1, u32(3)).toString('hex'));
    await bed.settle(b);
    expect(b.table.size).toBe(0);
  });

  conforms('4271 §6.7', 'exactly as many as allowed, also announced again, are fine', async () => {
    const bed = await Bed.start([limited(3)]);
    const a = await bed.peer(2);
    for (let i = 0; i < 3; i++) a.send(announce(fromExternal(2), '10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'));
    await bed.settle(a);
    expect(a.closed).toBe(null);
  });

  conforms('4271 §6.7', 'withdrawn prefixes make room', async () => {
    const bed = await Bed.start([limited(2)]);
    const a = await bed.peer(2);
    a.send(announce(fromExternal(2), '10.0.0.0/24', '10.0.1.0/24'));
    a.send(update({ withdrawn: [nlri('10.0.0.0/24')], attributes: fromExternal(2), nlri: [nlri('10.0.2.0/24')] }));
    await bed.settle(a);
    expect(a.closed).toBe(null);
  });

  conforms('4486 §4', 'both families together count', async () => {
    const bed = await Bed.start([
      internal(2, { maxPrefix: { limit: 2, warningPercent: 75, action: 'end', restartSeconds: 300 } }),
    ]);
    const a = await bed.peer(2);
    a.send(announce(fromInternal(2), '10.0.0.0/24', '10.0.1.0/24'));
    const reach = attr.reach(2, '20010db8000000000000000000000002', [nlri('2001:db8:1::/48')]);
    a.send(update({ attributes: [reach, attr.origin(), attr.asPath(), attr.localPref(100)] }));
    expect((await a.notification()).error).toBe('6/1');
  });
});

describe('Cease received', () => {
  for (const [name, data] of [
    ['without data', ''],
    ['with a message', text('good night')],
    ['with an empty message', '00'],
    ['with a message that is longer than the data', '20616263'],
    ['with a message that is not UTF-8', octets(3, 0xff, 0xc0, 0x80).toString('hex')],
    ['with a message of 255 octets', octets(255, 'c3a4'.repeat(127), 0x21).toString('hex')],
  ] as const) {
    for (const subcode of [2, 4]) {
      conforms('9003 §4', `6/${subcode} ${name}: the session ends, no answer`, async () => {
        const bed = await Bed.start([external(2)]);
        const peer = await bed.peer(2);
        peer.send(notification(6, subcode, data));
        await peer.ended();
        expect(peer.notifications).toEqual([]);
        expect(bed.status(2).session.lastError).toMatchObject({ direction: 'received', code: 6, subcode });
      });
    }
  }

  conforms('9003 §2', 'the message received is shown and logged', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    peer.send(notification(6, 2, text('zurück um drei')));
    await peer.ended();
    expect(bed.status(2).session.lastError?.text).toContain('zurück um drei');
    expect(bed.log.join('')).toContain('zurück um drei');
  });
});

describe('Cease and graceful restart', () => {
  /** N bit: notifications start a graceful restart too. */
  const more = [cap.gracefulRestart(120, [[1, true]], 4)];

  conforms('8538 §2', 'the N bit is set in the graceful restart capability', async () => {
    const bed = await Bed.start([external(2)]);
    const sent = await (await bed.connect(2)).nextOpen();
    const value = Buffer.from(sent.capabilities.find(c => c.code === 64)?.value ?? '00', 'hex');
    expect(value[0] & 0x40).toBe(0x40);
  });

  for (const [name, bytes, kept] of [
    ['6/4 with the N bit on both sides: routes stay', notification(6, 4), true],
    ['6/9 (Hard Reset): routes go', notification(6, 9, '0602'), false],
  ] as const) {
    conforms('8538 §4', name, async () => {
      const bed = await Bed.start([external(2), external(3)]);
      const [a, b] = [await bed.peer(2, { more }), await bed.peer(3)];
      a.send(announce(fromExternal(2), '10.0.0.0/24'));
      await bed.settle(b);
      a.send(bytes);
      await a.ended();
      await bed.reaches(2, 'Active');
      await bed.settle(b);
      expect(has(b, '10.0.0.0/24')).toBe(kept);
    });
  }

  conforms(
    '8538 §4',
    'an error that the speaker finds itself, N bit on both sides: NOTIFICATION is sent, routes stay',
    async () => {
      const bed = await Bed.start([external(2), external(3)]);
      const [a, b] = [await bed.peer(2, { more }), await bed.peer(3)];
      a.send(announce(fromExternal(2), '10.0.0.0/24'));
      await bed.settle(b);
      a.send(update({ attributes: [], nlri: [octets(33, '0102030405')] }));
      expect((await a.notification()).error).toBe('3/10');
      await bed.settle(b);
      expect(has(b, '10.0.0.0/24')).toBe(true);
    },
  );

  conforms(
    '8538 §3',
    'administrative shutdown, N bit on both sides: Hard Reset around 6/2 and its message',
    async () => {
      const bed = await Bed.start([external(2)]);
      const peer = await bed.peer(2, { more });
      void bed.speaker.disable('127.0.0.2', 'bye');
      expect(await peer.notification()).toEqual({ error: '6/9', data: `0602${text('bye')}` });
    },
  );

  conforms('4724 §4', 'NOTIFICATION without the N bit: routes go', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2, { more: [cap.gracefulRestart(120, [[1, true]])] }), await bed.peer(3)];
    a.send(announce(fromExternal(2), '10.0.0.0/24'));
    await bed.settle(b);
    a.send(notification(6, 4));
    await a.ended();
    await bed.settle(b);
    expect(has(b, '10.0.0.0/24')).toBe(false);
    expect(b.messages.filter(m => m.type === Type.update).flatMap(m => readUpdate(m.body).withdrawn)).toContain(
      '10.0.0.0/24',
    );
  });
});
