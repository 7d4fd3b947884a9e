// Route refresh: RFC 2918, RFC 7313.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, has, IPV4, internal, withdraw } from './bed.js';
import { attr, cap, message, nlri, octets, prefixText, readUpdate, routeRefresh, Type, u16, update } from './bytes.js';
import type { RawPeer } from './raw-peer.js';

const [P, Q] = ['10.1.0.0/24', '10.2.0.0/24'];
const P6 = '2001:db8:1::/48';
const GLOBAL = '20010db8000000000000000000000002';
const ENHANCED = [cap.enhancedRefresh];
const [BORR, EORR] = [1, 2];

/** A is external, C internal and has a route of each family from it. */
async function pair(more: Buffer[] = []): Promise<{ bed: Bed; a: RawPeer; c: RawPeer }> {
  const bed = await Bed.start([external(2), internal(3)]);
  const [a, c] = [await bed.peer(2), await bed.peer(3, { more })];
  a.send(
    announce(fromExternal(2), P),
    update({ attributes: [attr.reach(2, GLOBAL, [nlri(P6)]), attr.origin(), attr.asPath(64502)] }),
  );
  await bed.settle();
  c.forget();
  return { bed, a, c };
}

/** What came since, in words; own sentinels left out. */
function story(peer: RawPeer): string[] {
  return peer.messages.flatMap(m => {
    if (m.type === Type.routeRefresh) return [`refresh ${m.body.toString('hex')}`];
    if (m.type !== Type.update) return [];
    const u = readUpdate(m.body);
    const routes = [...u.nlri, ...(u.reach?.routes ?? [])].filter(p => !p.startsWith('198.18.'));
    const gone = [...u.withdrawn, ...(u.unreach?.routes ?? [])].filter(p => !p.startsWith('198.18.'));
    return [...routes.map(p => `+${p}`), ...gone.map(p => `-${p}`)];
  });
}

describe('requests from the neighbor', () => {
  conforms('2918 §4', 'IPv4: the routes are sent again, those of IPv6 are not', async () => {
    const { bed, c } = await pair();
    c.send(routeRefresh(1));
    await bed.settle();
    expect(story(c)).toEqual([`+${P}`]);
  });

  conforms('2918 §4', 'IPv6: the routes are sent again, those of IPv4 are not', async () => {
    const { bed, c } = await pair();
    c.send(routeRefresh(2));
    await bed.settle();
    expect(story(c)).toEqual([`+${prefixText(P6)}`]);
  });

  conforms('2918 §4', 'only what this neighbor has is sent again', async () => {
    const { bed, c } = await pair();
    c.send(announce([attr.origin(), attr.asPath(), attr.nextHop('127.0.0.3'), attr.localPref(100)], Q));
    await bed.settle();
    c.forget();
    c.send(routeRefresh(1));
    await bed.settle();
    expect(story(c)).toEqual([`+${P}`]);
  });

  for (const [afi, safi] of [
    [1, 2],
    [1, 128],
    [25, 70],
    [0, 0],
  ]) {
    conforms('2918 §4', `a family that was not advertised (${afi}/${safi}) is ignored`, async () => {
      const { bed, c } = await pair(ENHANCED);
      c.send(routeRefresh(afi, safi));
      await bed.settle();
      expect(c.notifications).toEqual([]);
      expect(story(c)).toEqual([]);
    });
  }

  conforms('2918 §4', 'a family that is not configured here is ignored', async () => {
    const bed = await Bed.start([external(2, { families: [IPV4] })]);
    const a = await bed.peer(2, { more: ENHANCED });
    a.send(routeRefresh(2));
    await bed.settle();
    expect(a.notifications).toEqual([]);
    expect(story(a)).toEqual([]);
  });

  conforms('2918 §3', 'without enhanced route refresh the reserved octet is ignored', async () => {
    const { bed, c } = await pair();
    c.send(routeRefresh(1, 1, BORR));
    await bed.settle();
    expect(story(c)).toEqual([`+${P}`]);
  });

  conforms('7313 §4', 'BoRR before and EoRR behind the routes', async () => {
    const { bed, c } = await pair(ENHANCED);
    c.send(routeRefresh(1));
    await bed.settle();
    expect(story(c)).toEqual(['refresh 00010101', `+${P}`, 'refresh 00010201']);
  });

  conforms('7313 §4', 'BoRR and EoRR also without routes', async () => {
    const bed = await Bed.start([external(2)]);
    const a = await bed.peer(2, { more: ENHANCED });
    a.send(routeRefresh(2));
    await bed.settle();
    expect(story(a)).toEqual(['refresh 00020101', 'refresh 00020201']);
  });

  conforms('7313 §4', 'BoRR is not sent before End-of-RIB', async () => {
    const bed = await Bed.start([external(2)]);
    for (let i = 0; i < 20; i++) bed.speaker.addRoutes([{ prefix: `10.${i}.0.0/16`, med: i }]);
    const a = await bed.connect(2);
    await a.openConfirm(
      bed.open(2, {
        more: [
          ...ENHANCED,
          cap.gracefulRestart(120, [
            [1, true],
            [2, true],
          ]),
        ],
      }),
    );
    a.send(message(Type.keepalive), routeRefresh(1));
    await bed.established(2);
    await bed.settle();
    const marker = a.messages.findIndex(m => m.type === Type.update && m.bytes.length === 23);
    const begin = a.messages.findIndex(m => m.type === Type.routeRefresh);
    expect(marker).toBeGreaterThan(0);
    expect(begin).toBeGreaterThan(marker);
  });

  for (const subtype of [3, 128, 255]) {
    conforms('7313 §5', `subtype ${subtype} is ignored`, async () => {
      const { bed, c } = await pair(ENHANCED);
      c.send(routeRefresh(1, 1, subtype));
      await bed.settle();
      expect(c.notifications).toEqual([]);
      expect(story(c)).toEqual([]);
    });
  }

  for (const subtype of [BORR, EORR]) {
    for (const [text, body] of [
      ['5 octets', octets(u16(1), subtype, 1, 0)],
      ['3 octets', octets(u16(1), subtype)],
    ] as const) {
      conforms('7313 §5', `subtype ${subtype} of ${text}: 7/1 with the whole message as data`, async () => {
        const { c } = await pair(ENHANCED);
        const bytes = message(Type.routeRefresh, body);
        c.send(bytes);
        expect(await c.notification()).toEqual({ error: '7/1', data: bytes.toString('hex') });
      });
    }
  }
});

describe('refreshes by the neighbor', () => {
  /** A sends P and Q; B watches. */
  async function refreshing(more: Buffer[] = ENHANCED): Promise<{ bed: Bed; a: RawPeer; b: RawPeer }> {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2, { more }), await bed.peer(3)];
    a.send(announce(fromExternal(2), P, Q));
    await bed.settle();
    b.news.length = 0;
    return { bed, a, b };
  }
  const news = (peer: RawPeer): string[] => peer.news.map(n => `${n.route === null ? '-' : '+'}${n.prefix}`);

  conforms('7313 §4', 'what is not sent again between BoRR and EoRR is withdrawn at EoRR, not before', async () => {
    const { bed, a, b } = await refreshing();
    a.send(routeRefresh(1, 1, BORR), announce(fromExternal(2), P));
    await bed.settle();
    expect(news(b)).toEqual([]);
    a.send(routeRefresh(1, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([`-${Q}`]);
  });

  conforms('7313 §4', 'a route that comes back changed is announced', async () => {
    const { bed, a, b } = await refreshing();
    a.send(
      routeRefresh(1, 1, BORR),
      announce([...fromExternal(2), attr.communities(5)], P),
      announce(fromExternal(2), Q),
    );
    a.send(routeRefresh(1, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([`+${P}`]);
  });

  conforms('7313 §4', 'a second BoRR begins anew', async () => {
    const { bed, a, b } = await refreshing();
    a.send(
      routeRefresh(1, 1, BORR),
      announce(fromExternal(2), P),
      routeRefresh(1, 1, BORR),
      announce(fromExternal(2), Q),
    );
    a.send(routeRefresh(1, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([`-${P}`]);
  });

  conforms('7313 §4', 'EoRR without BoRR changes nothing', async () => {
    const { bed, a, b } = await refreshing();
    a.send(routeRefresh(1, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([]);
    expect(a.notifications).toEqual([]);
  });

  conforms('7313 §4', 'a refresh of IPv6 does not touch IPv4', async () => {
    const { bed, a, b } = await refreshing();
    a.send(routeRefresh(2, 1, BORR), routeRefresh(2, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([]);
  });

  conforms('7313 §4', 'a neighbor with graceful restart: BoRR before its End-of-RIB is ignored', async () => {
    const { bed, a, b } = await refreshing([...ENHANCED, cap.gracefulRestart(120, [[1, true]])]);
    a.send(routeRefresh(1, 1, BORR), routeRefresh(1, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([]);
    a.send(update({}), routeRefresh(1, 1, BORR), announce(fromExternal(2), P), routeRefresh(1, 1, EORR));
    await bed.settle();
    expect(news(b)).toEqual([`-${Q}`]);
  });

  conforms('7313 §4', 'withdrawn during the refresh: withdrawn at once', async () => {
    const { bed, a, b } = await refreshing();
    a.send(routeRefresh(1, 1, BORR), withdraw(Q));
    await bed.settle();
    expect(news(b)).toEqual([`-${Q}`]);
  });
});

describe('requests of the speaker', () => {
  conforms('2918 §4', 'soft reset asks for each negotiated family', async () => {
    const { bed, a } = await pair();
    a.forget();
    bed.speaker.softReset('127.0.0.2', 'in');
    await bed.settle();
    expect(story(a).filter(s => s.startsWith('refresh'))).toEqual(['refresh 00010001', 'refresh 00020001']);
  });

  conforms('2918 §4', 'a neighbor without the capability is not asked', async () => {
    const bed = await Bed.start([external(2)]);
    const a = await bed.peer(2, { capabilities: [cap.ipv4, cap.as4(64502)] });
    bed.speaker.softReset('127.0.0.2', 'in');
    await bed.settle();
    expect(a.messages.filter(m => m.type === Type.routeRefresh)).toEqual([]);
    expect(has(a, P)).toBe(false);
  });

  conforms('2918 §4', 'a family that was not negotiated is not asked for', async () => {
    const bed = await Bed.start([external(2)]);
    const a = await bed.peer(2, { capabilities: [cap.ipv4, cap.routeRefresh, cap.as4(64502)] });
    bed.speaker.softReset('127.0.0.2', 'in');
    await bed.settle();
    expect(story(a)).toEqual(['refresh 00010001']);
  });

  conforms('7313 §4', 'soft reset outwards: BoRR, routes, EoRR', async () => {
    const { bed, c } = await pair(ENHANCED);
    bed.speaker.softReset('127.0.0.3', 'out');
    await bed.settle();
    expect(story(c).filter(s => s.includes('0001') || s.includes(P))).toEqual([
      'refresh 00010101',
      `+${P}`,
      'refresh 00010201',
    ]);
  });
});
