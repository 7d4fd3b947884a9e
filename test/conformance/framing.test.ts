// How messages are cut out of the byte stream: RFC 4271 §4.1.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, has } from './bed.js';
import { KEEPALIVE, octets, Type } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

async function pair(): Promise<{ bed: Bed; a: RawPeer; b: RawPeer }> {
  const bed = await Bed.start([external(2), external(3)]);
  return { bed, a: await bed.peer(2), b: await bed.peer(3) };
}

describe('framing', () => {
  conforms('4271 §4.1', 'OPEN, KEEPALIVE and 500 UPDATEs in one segment', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const b = await bed.peer(3);
    const a = await bed.connect(2);
    const updates = Array.from({ length: 500 }, (_, i) => announce(fromExternal(2), `10.${i >> 8}.${i & 255}.0/24`));
    a.send(bed.open(2), KEEPALIVE, ...updates);
    await bed.established(2);
    await bed.settle(b);
    expect(b.table.size).toBe(500);
  });

  conforms('4271 §4.1', 'OPEN, KEEPALIVE and UPDATE octet by octet', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const b = await bed.peer(3);
    const a = await bed.connect(2);
    for (const octet of octets(bed.open(2), KEEPALIVE, announce(fromExternal(2), '10.0.0.0/24'))) {
      a.send(octet);
      await turn();
    }
    await bed.established(2);
    await bed.settle(b);
    expect(has(b, '10.0.0.0/24')).toBe(true);
  });

  conforms('4271 §4.1', 'two UPDATEs cut at every place', async () => {
    const { bed, a, b } = await pair();
    const length = announce(fromExternal(2), '10.0.0.0/24').length * 2;
    for (let cut = 1; cut < length; cut++) {
      const both = octets(announce(fromExternal(2), `10.1.${cut}.0/24`), announce(fromExternal(2), `10.2.${cut}.0/24`));
      a.send(both.subarray(0, cut));
      await turn();
      a.send(both.subarray(cut));
      await turn();
    }
    await bed.settle(b);
    expect(b.table.size).toBe((length - 1) * 2);
  });

  conforms('4271 §4.1', 'a long message in small pieces between short ones', async () => {
    const { bed, a, b } = await pair();
    const prefixes = Array.from({ length: 900 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    const bytes = octets(
      KEEPALIVE,
      announce(fromExternal(2), ...prefixes),
      announce(fromExternal(2), '10.99.0.0/24'),
      KEEPALIVE,
    );
    for (let at = 0; at < bytes.length; at += 37) {
      a.send(bytes.subarray(at, at + 37));
      await turn();
    }
    await bed.settle(b);
    expect(b.table.size).toBe(901);
  });

  conforms('4271 §4.1', 'a connection that ends in the middle of a message: the message does not count', async () => {
    const { bed, a, b } = await pair();
    const bytes = announce(fromExternal(2), '10.0.0.0/24');
    a.send(bytes.subarray(0, bytes.length - 1));
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle(b);
    expect(b.news).toEqual([]);
    await bed.peer(2);
  });

  conforms('4271 §4.1', 'a connection that ends in the middle of a header: the next one begins afresh', async () => {
    const { bed, a } = await pair();
    a.send(KEEPALIVE.subarray(0, 11));
    await a.end('reset');
    await bed.reaches(2, 'Active');
    const again = await bed.peer(2);
    await bed.settle(again);
    expect(again.closed).toBe(null);
  });

  conforms('4271 §4.1', 'every message sent has a Marker of all ones and its own Length', async () => {
    const { bed, a, b } = await pair();
    a.send(announce(fromExternal(2), '10.0.0.0/24'));
    await bed.settle(b);
    for (const m of b.messages) {
      expect(m.bytes.toString('hex', 0, 16)).toBe('ff'.repeat(16));
      expect(m.bytes.readUInt16BE(16)).toBe(m.bytes.length);
      expect(Object.values(Type)).toContain(m.type);
    }
  });
});
