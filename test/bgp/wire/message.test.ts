import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import { checkHeader, decode, encode, type Message, MessageType } from '../../../src/bgp/wire/message.js';
import { WireError } from '../../../src/bgp/wire/notification.js';
import type { PathAttribute } from '../../../src/bgp/wire/path-attribute.js';
import { bytes, context, damaged, exchange } from './arbitraries.js';
import { message, octets, updateBody, wireError } from './octets.js';

function header(length: number, type: number): Uint8Array {
  return octets(`${'ff'.repeat(16)} ${length.toString(16).padStart(4, '0')} ${type.toString(16).padStart(2, '0')}`);
}

describe('message header (RFC 4271 §6.1)', () => {
  it('asks for a marker of ones: Connection Not Synchronized', () => {
    const bad = header(19, 4);
    bad[7] = 0xfe;
    expect(wireError(() => checkHeader(bad, 0, 4096))).toMatchObject({ code: 1, subcode: 1, data: octets('') });
  });

  it.each([
    ['a length below 19', 18, MessageType.keepalive, 4096],
    ['a length above 4,096', 4097, MessageType.update, 4096],
    ['a KEEPALIVE that is not 19 octets long', 20, MessageType.keepalive, 4096],
    ['an OPEN below 29', 28, MessageType.open, 4096],
    ['an UPDATE below 23', 22, MessageType.update, 4096],
    ['a NOTIFICATION below 21', 20, MessageType.notification, 4096],
    ['a ROUTE-REFRESH without its subtype', 21, MessageType.routeRefresh, 4096],
    ['an OPEN above 4,096 even with extended messages (RFC 8654 §4)', 4097, MessageType.open, 65535],
  ])('refuses %s: Bad Message Length with the length', (_, length, type, max) => {
    const error = wireError(() => checkHeader(header(length, type), 0, max));
    expect(error).toMatchObject({ code: 1, subcode: 2, data: Uint8Array.of(length >> 8, length & 0xff) });
  });

  it.each([0, 6, 255])('refuses type %i: Bad Message Type with the type', type => {
    const error = wireError(() => checkHeader(header(23, type), 0, 4096));
    expect(error).toMatchObject({ code: 1, subcode: 3, data: Uint8Array.of(type) });
  });

  it('accepts 65,535 octets with extended messages (RFC 8654 §4)', () => {
    checkHeader(header(65535, MessageType.update), 0, 65535);
    checkHeader(header(65535, MessageType.notification), 0, 65535);
  });

  it('looks at its own 19 octets only', () => {
    const buf = new Uint8Array(40);
    buf.set(header(19, 4), 21);
    checkHeader(buf, 21, 4096);
  });
});

describe('decode and encode', () => {
  it('are inverse for every kind of message', () => {
    fc.assert(
      fc.property(exchange, ({ ctx, message }) => {
        expect(decode(encode(message, ctx), ctx)).toEqual(message);
      }),
      { numRuns: 1000 },
    );
  });

  it('end in a message or a WireError for octets with damage, never in anything else', () => {
    const arbitrary = exchange.chain(({ ctx, message }) =>
      fc.record({ ctx: fc.constant(ctx), octets: damaged(encode(message, ctx)) }),
    );
    fc.assert(
      fc.property(arbitrary, ({ ctx, octets }) => {
        const whole = octets.slice();
        if (whole.length >= 19) whole.set([whole.length >> 8, whole.length & 0xff], 16);
        for (const candidate of [octets, whole]) {
          try {
            decode(candidate, ctx);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('end in a message or a WireError for random bodies', () => {
    const type = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(context, type, bytes(0, 120), (ctx, type, body) => {
        try {
          decode(message(type, body), ctx);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('refuse a message of another length than its header says', () => {
    const keepalive = encode({ type: 'keepalive' });
    expect(wireError(() => decode(keepalive.subarray(0, 18)))).toMatchObject({ code: 1, subcode: 2 });
    const longer = Uint8Array.from([...encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] }), 0]);
    expect(wireError(() => decode(longer))).toMatchObject({ code: 1, subcode: 2, data: octets('00 17') });
  });

  it('make the octets of RFC 4271 §4.4', () => {
    expect(encode({ type: 'keepalive' })).toEqual(octets(`${'ff'.repeat(16)} 0013 04`));
  });

  it('keep to 4,096 octets unless extended messages were negotiated (RFC 8654 §4)', () => {
    const big: PathAttribute = { type: 'unknown', code: 99, flags: 0xc0, value: new Uint8Array(4090) };
    const input: Message = { type: 'update', withdrawn: [], attributes: [big], nlri: [] };
    expect(() => encode(input)).toThrow(InputError);
    const ctx = { as4: true, addPath: [], extendedMessage: true };
    const encoded = encode(input, ctx);
    expect(encoded.length).toBe(23 + 4 + 4090);
    expect(decode(encoded, ctx)).toEqual(input);
    expect(wireError(() => decode(encoded))).toMatchObject({ code: 1, subcode: 2 });
  });
});

describe('ROUTE-REFRESH', () => {
  it('has <AFI, subtype, SAFI> (RFC 2918 §3, RFC 7313 §3.2)', () => {
    expect(decode(message(5, octets('0002 01 01')))).toEqual({ type: 'routeRefresh', afi: 2, safi: 1, subtype: 1 });
  });

  it('passes over outbound route filters of a request (RFC 5291)', () => {
    expect(decode(message(5, octets('0001 00 01 0180 0000')))).toMatchObject({ afi: 1, safi: 1, subtype: 0 });
  });

  it.each([1, 2])(
    'of subtype %i with another length than 4 is an error with the whole message (RFC 7313 §5)',
    subtype => {
      const bad = message(5, Uint8Array.of(0, 1, subtype, 1, 0));
      expect(wireError(() => decode(bad))).toMatchObject({ code: 7, subcode: 1, data: bad });
    },
  );
});

describe('UPDATE in object form', () => {
  it('keeps MP_REACH_NLRI of a family this speaker does not know, as unknown and without an error', () => {
    const labeled = message(2, updateBody({ attributes: '80 0e 10 00 01 04 04 0a000001 00 30 000641 0a0a0a' }));
    const decoded = decode(labeled);
    expect(decoded).toMatchObject({ attributes: [{ type: 'unknown', code: 14, flags: 0x80 }] });
    expect(decoded).not.toHaveProperty('errors');
    expect(encode(decoded)).toEqual(labeled);
  });
});
