// Message header errors: RFC 4271 §6.1, RFC 8654 §5.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, has } from './bed.js';
import { cap, KEEPALIVE, message, type Octets, octets, Type, u16 } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

/** The states in which a header can arrive, and how to get there. */
const STATES: [name: string, reach: (bed: Bed) => Promise<RawPeer>][] = [
  [
    'OpenSent',
    async bed => {
      const peer = await bed.connect(2);
      await peer.nextOpen();
      return peer;
    },
  ],
  [
    'OpenConfirm',
    async bed => {
      const peer = await bed.connect(2);
      await peer.openConfirm(bed.open(2));
      return peer;
    },
  ],
  ['Established', bed => bed.peer(2)],
];

const SHORT_MARKER = octets('ff'.repeat(15), '00');

const EVERYWHERE: [text: string, bytes: Octets, error: string, data: string][] = [
  [
    'first octet of the Marker not all ones',
    message(Type.keepalive, '', { marker: octets('7f', 'ff'.repeat(15)) }),
    '1/1',
    '',
  ],
  [
    'last octet of the Marker not all ones',
    message(Type.keepalive, '', { marker: octets('ff'.repeat(15), 'fe') }),
    '1/1',
    '',
  ],
  ['Marker all zero', message(Type.keepalive, '', { marker: '00'.repeat(16) }), '1/1', ''],
  ['Length 18', message(Type.keepalive, '', { length: 18 }), '1/2', '0012'],
  ['Length 0', message(Type.keepalive, '', { length: 0 }), '1/2', '0000'],
  ['Type 0', message(0), '1/3', '00'],
  ['Type 6', message(6), '1/3', '06'],
  ['Type 255 with a body', message(255, '0102030405'), '1/3', 'ff'],
  ['KEEPALIVE of 20 octets', message(Type.keepalive, '00'), '1/2', '0014'],
  ['KEEPALIVE of 4097 octets', message(Type.keepalive, '', { length: 4097 }), '1/2', '1001'],
  ['OPEN of 4097 octets', message(Type.open, '', { length: 4097 }), '1/2', '1001'],
  ['OPEN of 65535 octets', message(Type.open, '', { length: 65535 }), '1/2', 'ffff'],
  ['OPEN of 28 octets', message(Type.open, '00'.repeat(9)), '1/2', '001c'],
  ['OPEN of 19 octets', message(Type.open), '1/2', '0013'],
  ['UPDATE of 22 octets', message(Type.update, '000000'), '1/2', '0016'],
  ['UPDATE of 19 octets', message(Type.update), '1/2', '0013'],
  ['NOTIFICATION of 20 octets', message(Type.notification, '06'), '1/2', '0014'],
  [
    'wrong Marker and wrong Length: the Marker counts',
    message(Type.keepalive, '', { marker: SHORT_MARKER, length: 5 }),
    '1/1',
    '',
  ],
  ['wrong Marker and wrong Type: the Marker counts', message(9, '', { marker: SHORT_MARKER }), '1/1', ''],
  ['wrong Length and wrong Type: the Length counts', message(9, '', { length: 18 }), '1/2', '0012'],
];

describe('message header', () => {
  for (const [state, reach] of STATES) {
    for (const [text, bytes, error, data] of EVERYWHERE) {
      conforms('4271 §6.1', `${text} in ${state}: ${error}`, async () => {
        const peer = await reach(await Bed.start([external(2)]));
        peer.send(bytes);
        expect(await peer.notification()).toEqual({ error, data });
      });
    }
  }

  for (const length of [18, 4097]) {
    conforms(
      '4271 §6.1',
      `an OPEN's Length of ${length} is refused by the header alone, without waiting for the rest`,
      async () => {
        const bed = await Bed.start([external(2)]);
        const peer = await bed.connect(2);
        peer.send(message(Type.open, '', { length }));
        expect(await peer.notification()).toEqual({ error: '1/2', data: octets(u16(length)).toString('hex') });
      },
    );
  }

  conforms('4271 §6.1', 'a bad header after good messages of the same segment: these still count', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    peer.send(bed.open(2), message(Type.keepalive, '', { marker: '00'.repeat(16) }), KEEPALIVE);
    expect((await peer.notification()).error).toBe('1/1');
    expect(peer.messages.map(m => m.type)).toEqual([Type.open, Type.keepalive, Type.notification]);
  });

  conforms('4271 §6', 'a session that ends with an error takes its routes with it', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3)];
    a.send(announce(fromExternal(2), '10.0.0.0/24'));
    await bed.settle(b);
    expect(has(b, '10.0.0.0/24')).toBe(true);
    a.send(message(9));
    await a.ended();
    await bed.settle(b);
    expect(has(b, '10.0.0.0/24')).toBe(false);
  });

  conforms('4271 §6.4', 'a NOTIFICATION with unknown code and subcode ends the session without an answer', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.peer(2);
    peer.send(message(Type.notification, 'c8c8'));
    await peer.ended();
    expect(peer.notifications).toEqual([]);
  });

  conforms('8654 §6', 'an UPDATE of 4097 octets is taken: the capability was advertised to the sender', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2), await bed.peer(3, { more: [cap.extendedMessage] })];
    const base = announce(fromExternal(2), '10.0.0.0/24');
    const filler = octets('d0c8', u16(4097 - base.length - 4), '00'.repeat(4097 - base.length - 4));
    const whole = announce([...fromExternal(2), filler], '10.0.0.0/24');
    expect(whole.length).toBe(4097);
    a.send(whole);
    await bed.settle(b);
    expect(has(b, '10.0.0.0/24')).toBe(true);
  });
});
