// Two sessions that talk to each other over TCP.

import { afterEach, describe, expect, it } from 'vitest';
import { Family } from '../../../src/bgp/wire/family.js';
import { encode } from '../../../src/bgp/wire/message.js';
import { NotificationErrors, WireError } from '../../../src/bgp/wire/notification.js';
import { cleanUp, type Node, pair, until } from './lab.js';

afterEach(cleanUp);

async function established(a: Node, b: Node): Promise<void> {
  await Promise.all([a.reaches('Established'), b.reaches('Established')]);
  await until(() => a.ups.length > 0);
}

/** Both speak over the same TCP connection. */
function expectOneConnection(a: Node, b: Node): void {
  const [ofA, ofB] = [a.session.status(), b.session.status()];
  expect(ofA.localPort).toBe(ofB.remotePort);
  expect(ofA.remotePort).toBe(ofB.localPort);
}

const UPDATE = encode({ type: 'update', withdrawn: [], attributes: [], nlri: [] });

describe('two sessions', () => {
  it('come up when one connects to the other', async () => {
    const [a, b] = await pair({}, { passive: true });
    b.session.start();
    expect(b.session.state).toBe('Active');
    a.session.start();
    await established(a, b);
    expectOneConnection(a, b);
    expect(b.states).toEqual(['Active', 'OpenSent', 'OpenConfirm', 'Established']);
    expect(a.states).toEqual(['Connect', 'OpenSent', 'OpenConfirm', 'Established']);
    expect(a.ups[0]).toMatchObject({
      internal: false,
      remoteAs: 65002,
      remoteRouterId: 0x0a000002,
      localAddress: a.session.options.localAddress,
      remoteAddress: a.session.options.address,
      remotePort: a.session.options.port,
      holdTimeSeconds: 90,
      keepaliveSeconds: 30,
      families: [Family.ipv4Unicast],
      as4: true,
      interfaceName: 'lo',
      nextHopSelf: { ipv4: Uint8Array.from(a.session.options.localAddress!.split('.').map(Number)) },
    });
    expect(a.session.status()).toMatchObject({
      remoteRouterId: '10.0.0.2',
      holdTimeSeconds: { configured: 90, negotiated: 90 },
      established: 1,
      messages: { sent: { open: 1, keepalive: 1 }, received: { open: 1, keepalive: 1 } },
    });
    expect(Object.keys(a.session.status().timers).sort()).toEqual(['hold', 'keepalive', 'sendHold']);
    expect(a.lines.at(-1)).toMatchObject({
      from: 'OpenConfirm',
      to: 'Established',
      neighbor: a.session.options.address,
    });
  });

  it('in one AS come up the same way', async () => {
    const [a, b] = await pair({ as: 65002 }, { as: 65002 }, { a: { as: 65002 } });
    a.session.start();
    b.session.start();
    await established(a, b);
    expect(a.ups[0].internal).toBe(true);
  });

  it('that both connect at once end up with one connection', async () => {
    for (const [idA, idB] of [
      [1, 2],
      [2, 1],
    ]) {
      for (let round = 0; round < 10; round++) {
        const [a, b] = await pair(
          { connectRetrySeconds: 1 },
          { connectRetrySeconds: 1 },
          {
            a: { routerId: idA },
            b: { routerId: idB },
          },
        );
        a.session.start();
        b.session.start();
        await established(a, b);
        await until(() => b.session.negotiated?.localPort === a.session.negotiated?.remotePort);
        expectOneConnection(a, b);
        await cleanUp();
      }
    }
  });

  it('negotiate a hold time of 0: no KEEPALIVEs, no timers', async () => {
    const [a, b] = await pair({ holdTimeSeconds: 0 });
    b.session.start();
    a.session.start();
    await established(a, b);
    expect(a.session.status()).toMatchObject({ timers: {}, keepaliveSeconds: 0 });
    expect(b.session.status()).toMatchObject({ timers: {}, holdTimeSeconds: { configured: 90, negotiated: 0 } });
  });

  it('refuse each other when the AS is wrong', async () => {
    const [a, b] = await pair({ as: 65009 }, { passive: true });
    b.session.start();
    a.session.start();
    await until(() => b.session.status().lastError !== undefined);
    expect(a.session.status().lastError).toMatchObject({
      direction: 'sent',
      code: 2,
      subcode: 2,
      text: 'sent OPEN Message Error/Bad Peer AS (the neighbor is in AS 65002, the configuration says AS 65009)',
    });
    expect(b.session.status().lastError).toMatchObject({
      direction: 'received',
      code: 2,
      subcode: 2,
      text: 'received OPEN Message Error/Bad Peer AS',
    });
    expect(a.session.state).toBe('Idle');
    expect(a.session.status().timers.idleHold).toBeGreaterThan(3_000);
    expect(a.ups).toEqual([]);
    expect(a.downs).toEqual([]);
  });

  it('part with a message when one is shut down', async () => {
    const [a, b] = await pair();
    a.session.start();
    b.session.start();
    await established(a, b);
    await a.session.stop({ subcode: 2, message: 'Wartung bis 3 Uhr ☕' });
    await until(() => b.downs.length > 0);
    expect(b.downs[0]).toEqual({
      kind: 'notification-received',
      code: 6,
      subcode: 2,
      text: 'received Cease/Administrative Shutdown: Wartung bis 3 Uhr ☕',
    });
    expect(a.downs[0]).toMatchObject({ kind: 'stopped', code: 6, subcode: 2 });
    expect(a.session.state).toBe('Idle');
    expect(a.session.status().timers).toEqual({});
    await b.reaches('Active');
    expect(b.lines.filter(line => line.from === 'Established')).toMatchObject([
      { to: 'Active', code: 6, subcode: 2, reason: b.downs[0].text, level: 30 },
    ]);
  });

  it('do not say a word when one stops silently', async () => {
    const [a, b] = await pair();
    a.session.start();
    b.session.start();
    await established(a, b);
    await a.session.stop('silent');
    await until(() => b.downs.length > 0);
    expect(b.downs[0]).toMatchObject({ kind: 'tcp-lost', code: undefined });
    expect(a.downs[0]).toMatchObject({ kind: 'stopped', code: undefined });
    expect(b.session.status().messages.received.notification).toBe(0);
  });

  it('come back by themselves after a reset', async () => {
    const [a, b] = await pair();
    a.session.start();
    b.session.start();
    await established(a, b);
    for (let round = 1; round <= 3; round++) {
      a.session.reset({ subcode: 4, message: 'again' });
      await Promise.all([a, b].map(node => until(() => node.ups.length > round && node.downs.length === round)));
      expect(a.downs.at(-1)).toMatchObject({ kind: 'notification-sent', code: 6, subcode: 4 });
      expect(b.downs.at(-1)).toMatchObject({ kind: 'notification-received', code: 6, subcode: 4 });
    }
    expect(a.session.status().established).toBe(4);
  });

  it('come back after an automatic stop only when the idle hold time is over', async () => {
    const [a, b] = await pair({}, { passive: true });
    a.session.start();
    b.session.start();
    await established(a, b);
    a.session.reset({ subcode: 8 });
    expect(a.session.state).toBe('Idle');
    expect(a.session.status().timers).toHaveProperty('idleHold');
    a.session.start();
    await Promise.all([a, b].map(node => until(() => node.ups.length === 2)));
  });

  it('can be stopped and reset from within any callback', async () => {
    const [a, b] = await pair();
    a.onEstablished = () => {
      if (a.ups.length === 1) a.session.reset({ subcode: 4 });
      else void a.session.stop({ subcode: 2, message: 'enough' });
    };
    a.session.start();
    b.session.start();
    await until(() => a.ups.length === 2 && a.downs.length === 2);
    await until(() => b.session.status().lastError?.text.endsWith('enough') === true);
    expect(a.session.state).toBe('Idle');
    expect(a.downs.map(down => down.kind)).toEqual(['notification-sent', 'stopped']);
  });

  it('do nothing on a reset when stopped', async () => {
    const [a] = await pair();
    a.session.reset({ subcode: 4 });
    expect(a.session.state).toBe('Idle');
  });

  it('exchange many UPDATEs and say when the buffer is empty again', async () => {
    const [a, b] = await pair();
    a.session.start();
    b.session.start();
    await established(a, b);
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => UPDATE));
    for (let i = 0; i < 300; i++) a.session.write(chunk, 1_000);
    expect(a.session.bufferedBytes).toBeGreaterThan(1_000_000);
    b.session.write(UPDATE, 1);
    await until(() => b.updates === 300_000);
    await until(() => a.drains > 0 && a.updates === 1);
    expect(a.session.bufferedBytes).toBe(0);
    expect(a.session.status().messages.sent.update).toBe(300_000);
    expect(b.session.status().messages.received.update).toBe(300_000);
  });

  it('reset when the handler finds an error in an UPDATE, and tell the neighbor which', async () => {
    const [a, b] = await pair();
    b.onUpdate = () => {
      throw new WireError(NotificationErrors.invalidNetworkField, 'prefix length 77', Uint8Array.of(77));
    };
    a.session.start();
    b.session.start();
    await established(a, b);
    a.session.write(Buffer.concat([UPDATE, UPDATE]), 2);
    await until(() => a.downs.length > 0);
    expect(b.updates).toBe(1);
    expect(b.downs[0]).toMatchObject({ kind: 'notification-sent', code: 3, subcode: 10 });
    expect(a.downs[0]).toMatchObject({ kind: 'notification-received', code: 3, subcode: 10 });
    expect(a.downs[0].text).toBe('received UPDATE Message Error/Invalid Network Field: 0x4d');
    expect(b.session.state).toBe('Idle');
  });

  it('survive an error of our own: it costs the session, not the process', async () => {
    const [a, b] = await pair();
    b.onUpdate = () => {
      throw new TypeError('oops');
    };
    a.session.start();
    b.session.start();
    await established(a, b);
    a.session.write(UPDATE, 1);
    await until(() => a.downs.length > 0);
    expect(a.downs[0]).toMatchObject({ kind: 'notification-received', code: 6, subcode: 8 });
    expect(b.lines.find(line => line.level === 50)).toMatchObject({ err: { message: 'oops', type: 'TypeError' } });
  });

  it('read options anew for each connection', async () => {
    const [a, b] = await pair({}, { passive: true });
    a.session.start();
    b.session.start();
    await established(a, b);
    a.session.options = { ...a.session.options, holdTimeSeconds: 30 };
    a.session.reset({ subcode: 6 });
    await Promise.all([a, b].map(node => until(() => node.ups.length === 2)));
    expect(b.ups[1].holdTimeSeconds).toBe(30);
    b.session.options = { ...b.session.options, passive: false, connectRetrySeconds: 1_000 };
    await a.session.stop();
    await b.reaches('Active');
    expect(b.session.status().timers.connectRetry).toBeGreaterThan(700_000);
  });
});
