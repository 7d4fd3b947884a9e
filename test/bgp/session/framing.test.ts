import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Framer } from '../../../src/bgp/session/framing.js';
import { WireError } from '../../../src/bgp/wire/notification.js';

/** A message of a type with any body. */
function message(type: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(19 + body.length, 0xff);
  bytes.writeUInt16BE(bytes.length, 16);
  bytes[18] = type;
  bytes.set(body, 19);
  return bytes;
}

const KEEPALIVE = message(4, new Uint8Array(0));

function collect(maxBytes = 4096) {
  const messages: Buffer[] = [];
  let inPlace = 0;
  let chunk: Buffer | undefined;
  const framer = new Framer((buf, start, end) => {
    messages.push(Buffer.from(buf.subarray(start, end)));
    if (buf.buffer === chunk?.buffer) inPlace++;
    return true;
  });
  framer.maxBytes = maxBytes;
  const push = (bytes: Buffer) => {
    chunk = bytes;
    framer.push(bytes);
  };
  return { framer, messages, push, inPlace: () => inPlace };
}

/** What the framer throws for octets, as the NOTIFICATION that answers it. */
function refusal(bytes: Buffer, maxBytes = 4096): string {
  try {
    collect(maxBytes).push(bytes);
  } catch (error) {
    if (error instanceof WireError) return `${error.code}/${error.subcode} [${error.data}]`;
    throw error;
  }
  return 'accepted';
}

describe('Framer', () => {
  const update = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 60 }),
    fc.uint8Array({ minLength: 4, maxLength: 4077, size: 'max' }),
  );
  const stream = fc.array(
    fc.oneof(
      fc.constant(KEEPALIVE),
      update.map(body => message(2, body)),
    ),
    { maxLength: 20 },
  );

  it('delivers the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(100_000), { maxLength: 30 }), (messages, cuts) => {
        const bytes = Buffer.concat(messages);
        const at = [...new Set([0, ...cuts.map(cut => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
        const collected = collect();
        for (let i = 1; i < at.length; i++) collected.push(bytes.subarray(at[i - 1], at[i]));
        expect(collected.messages.map(String)).toEqual(messages.map(String));
      }),
    );
  });

  it('takes octets one by one', () => {
    const messages = [KEEPALIVE, message(2, new Uint8Array(100)), KEEPALIVE];
    const collected = collect();
    for (const byte of Buffer.concat(messages)) collected.push(Buffer.of(byte));
    expect(collected.messages).toEqual(messages);
  });

  it('delivers whole messages where they lie, a thousand in a chunk', () => {
    const collected = collect();
    collected.push(Buffer.concat([...Array.from({ length: 1_000 }, () => KEEPALIVE), KEEPALIVE.subarray(0, 10)]));
    expect(collected.inPlace()).toBe(1_000);
    collected.push(Buffer.concat([KEEPALIVE.subarray(10), KEEPALIVE]));
    expect(collected.messages).toHaveLength(1_002);
    expect(collected.inPlace()).toBe(1_001);
  });

  it('takes extended messages from when they are allowed, cut or whole', () => {
    const long = message(2, new Uint8Array(65_535 - 19).fill(7));
    expect(refusal(long)).toBe('1/2 [255,255]');
    for (const size of [65_535, 1_000, 4_097, 18]) {
      const collected = collect(65_535);
      const bytes = Buffer.concat([KEEPALIVE, long, KEEPALIVE]);
      for (let at = 0; at < bytes.length; at += size) collected.push(bytes.subarray(at, at + size));
      expect(collected.messages.map(found => found.length)).toEqual([19, 65_535, 19]);
      expect(collected.messages[1].equals(long)).toBe(true);
    }
  });

  it('allows them from the next message on, within a chunk', () => {
    const long = message(2, new Uint8Array(5_000));
    const lengths: number[] = [];
    const framer = new Framer((_buf, start, end) => {
      lengths.push(end - start);
      framer.maxBytes = 65_535;
      return true;
    });
    framer.push(Buffer.concat([KEEPALIVE, long]));
    expect(lengths).toEqual([19, 5_019]);
  });

  it('stops when the receiver has enough', () => {
    let delivered = 0;
    const framer = new Framer(() => ++delivered < 2);
    framer.push(Buffer.concat([KEEPALIVE, KEEPALIVE, KEEPALIVE]));
    expect(delivered).toBe(2);
    const cut = new Framer(() => {
      delivered++;
      return false;
    });
    cut.push(KEEPALIVE.subarray(0, 5));
    cut.push(Buffer.concat([KEEPALIVE.subarray(5), KEEPALIVE]));
    expect(delivered).toBe(3);
  });

  it('refuses bad headers before it waits for the rest', () => {
    const header = (length: number, type: number) => {
      const bytes = Buffer.from(KEEPALIVE);
      bytes.writeUInt16BE(length, 16);
      bytes[18] = type;
      return bytes;
    };
    const marker = Buffer.from(KEEPALIVE);
    marker[15] = 0xfe;
    expect(refusal(marker)).toBe('1/1 []');
    expect(refusal(header(18, 4))).toBe('1/2 [0,18]');
    expect(refusal(header(4_097, 2))).toBe('1/2 [16,1]');
    expect(refusal(header(20, 4))).toBe('1/2 [0,20]');
    expect(refusal(header(4_097, 1), 65_535)).toBe('1/2 [16,1]');
    expect(refusal(header(19, 9))).toBe('1/3 [9]');
    expect(refusal(header(60_000, 2), 65_535)).toBe('accepted');
  });

  it('refuses a bad header that comes in pieces', () => {
    const collected = collect();
    collected.push(KEEPALIVE.subarray(0, 18));
    expect(() => collected.push(Buffer.of(77))).toThrow(WireError);
  });
});
