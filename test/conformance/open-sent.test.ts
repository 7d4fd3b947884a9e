// The OPEN that the speaker sends: RFC 4271 §4.2, and the capabilities' own RFCs.

import { describe, expect } from 'vitest';
import { Bed, conforms, external, IPV4, OWN } from './bed.js';
import { cap, KEEPALIVE, message, notification, octets, open, Type, u16 } from './bytes.js';
import { RawListener } from './raw-peer.js';

const AS = 64502;

describe('OPEN sent', () => {
  conforms('4271 §4.2', 'version, AS, Hold Time, BGP Identifier', async () => {
    const bed = await Bed.start([external(2, { holdTimeSeconds: 33 })]);
    const sent = await (await bed.connect(2)).nextOpen();
    expect(sent).toMatchObject({ version: 4, as: OWN.as, holdTime: 33, id: OWN.id });
  });

  conforms('5492 §4', 'one Capabilities parameter, no capability twice, the encoding of RFC 4271', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    const sent = await peer.nextOpen();
    expect(sent.parameters).toEqual([2]);
    const all = sent.capabilities.map(c => `${c.code} ${c.value}`);
    expect(new Set(all).size).toBe(all.length);
    expect(peer.messages[0].body[10]).toBe(2);
  });

  conforms('4760 §8', 'a multiprotocol capability for each configured family and no other', async () => {
    const bed = await Bed.start([external(2), external(3, { families: [IPV4] })]);
    const families = async (n: number) =>
      (await (await bed.connect(n)).nextOpen()).capabilities.filter(c => c.code === 1).map(c => c.value);
    expect(await families(2)).toEqual(['00010001', '00020001']);
    expect(await families(3)).toEqual(['00010001']);
  });

  conforms('6793 §3', "the 4-octet AS capability has the speaker's AS number", async () => {
    const bed = await Bed.start([external(2)]);
    const sent = await (await bed.connect(2)).nextOpen();
    expect(sent.capabilities).toContainEqual({ code: 65, value: cap.as4(OWN.as).toString('hex', 2) });
  });

  conforms('6793 §4.1', 'a speaker of a 4-octet AS says AS_TRANS in the header', async () => {
    const bed = await Bed.start([external(2)], { as: 4200000001 });
    const sent = await (await bed.connect(2)).nextOpen();
    expect(sent.as).toBe(23456);
    expect(sent.capabilities).toContainEqual({ code: 65, value: 'fa56ea01' });
  });

  for (const [rfc, name, code] of [
    ['2918 §2', 'route refresh', 2],
    ['7313 §3.1', 'enhanced route refresh', 70],
    ['8654 §3', 'extended message', 6],
  ] as const) {
    conforms(rfc, `the ${name} capability, without value`, async () => {
      const bed = await Bed.start([external(2)]);
      const sent = await (await bed.connect(2)).nextOpen();
      expect(sent.capabilities).toContainEqual({ code, value: '' });
    });
  }

  conforms('4724 §3', 'graceful restart: restart time and families, Restart State not set', async () => {
    const bed = await Bed.start([
      external(2, { gracefulRestart: { restartTimeSeconds: 77 } }),
      external(3, { gracefulRestart: false }),
    ]);
    const sent = await (await bed.connect(2)).nextOpen();
    const [capability64] = sent.capabilities.filter(c => c.code === 64);
    const value = Buffer.from(capability64.value, 'hex');
    expect(value.readUInt16BE(0) & 0x0fff).toBe(77);
    expect(value[0] & 0x80).toBe(0);
    const other = await (await bed.connect(3)).nextOpen();
    expect(other.capabilities.filter(c => c.code === 64)).toEqual([]);
  });

  conforms('7911 §4', 'add-path is offered only when configured, to receive', async () => {
    const bed = await Bed.start([external(2), external(3, { addPath: { receive: true, send: 0 } })]);
    const values = async (n: number) =>
      (await (await bed.connect(n)).nextOpen()).capabilities.filter(c => c.code === 69).map(c => c.value);
    expect(await values(2)).toEqual([]);
    expect(await values(3)).toEqual(['0001010100020101']);
  });

  conforms(
    '5492 §3',
    'a neighbor that refuses optional parameters (2/4) is tried again without capabilities',
    async () => {
      const listener = await RawListener.listen('127.0.0.2', 0);
      try {
        await Bed.start([external(2, { passive: false, port: listener.port, connectRetrySeconds: 1 })]);
        const first = await listener.accept();
        expect((await first.nextOpen()).parameters).toEqual([2]);
        first.send(notification(2, 4));
        await first.ended();
        const second = await listener.accept();
        expect((await second.nextOpen()).parameters).toEqual([]);
        second.send(open({ as: AS }));
        await second.next(Type.keepalive);
        second.send(KEEPALIVE);
      } finally {
        await listener.close();
      }
    },
  );

  conforms('4271 §8.2.2', 'nothing but an OPEN is sent before an OPEN is received', async () => {
    const bed = await Bed.start([external(2)]);
    const peer = await bed.connect(2);
    await peer.nextOpen();
    bed.speaker.addRoutes([{ prefix: '10.9.0.0/16' }]);
    peer.send(message(Type.open, octets(4, u16(AS), u16(90), '0a000002', '00')));
    expect((await peer.next()).type).toBe(Type.keepalive);
  });
});
