// Whole speakers talking to each other over TCP on loopback addresses.

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NO_POLICIES } from '../../src/bgp/policy/definition.js';
import type { NeighborOptions } from '../../src/bgp/session/options.js';
import { established, freePort, neighbor, prefixes, routes, running, start, until } from './speakers.js';

describe('two speakers in one AS', () => {
  it('know since when they have each route, in whole seconds: their own and those of the other', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const times = [1_800_000_000_400, 1_800_000_060_900];
    for (const [i, time] of times.entries()) {
      vi.setSystemTime(time);
      a.addRoutes([{ prefix: `10.233.${i}.0/24` }]);
      await until(b, () => prefixes(b).length === i + 1);
    }
    const expected = [1_800_000_000_000, 1_800_000_060_000];
    for (const speaker of [a, b]) expect(routes(speaker).map(route => route.paths[0].receivedAt)).toEqual(expected);
  });

  it('exchange routes of both families, and withdraw them', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    a.addRoutes([
      { prefix: '10.233.1.0/24', communities: ['blackhole'] },
      { prefix: '10.233.1.10/32', med: 5, largeCommunities: ['65001:1:2'], extendedCommunities: ['rt:65001:7'] },
      { prefix: '2001:db8:1::/64', nextHop: '2001:db8::9', origin: 'igp' },
    ]);
    await until(b, () => prefixes(b).length === 3);
    expect(routes(b).map(({ prefix, paths: [path] }) => [prefix, path.nextHop, path.origin, path.localPref])).toEqual([
      ['10.233.1.0/24', '127.0.0.1', 'incomplete', 100],
      ['10.233.1.10/32', '127.0.0.1', 'incomplete', 100],
      ['2001:db8:1::/64', '2001:db8::9', 'igp', 100],
    ]);
    expect(routes(b, { prefix: '10.233.1.0/24' })[0].paths[0]).toMatchObject({
      source: '127.0.0.1',
      best: true,
      communities: ['blackhole'],
    });
    expect(routes(b, { address: '10.233.1.10' })[0]).toMatchObject({
      prefix: '10.233.1.10/32',
      paths: [{ med: 5, largeCommunities: ['65001:1:2'], extendedCommunities: ['rt:65001:7'] }],
    });
    expect(prefixes(b, { address: '10.233.1.11' })).toEqual(['10.233.1.0/24']);
    expect(prefixes(b, { longer: '10.233.0.0/16' })).toEqual(['10.233.1.0/24', '10.233.1.10/32']);
    expect(prefixes(a, { neighbor: '127.0.0.2', direction: 'out' })).toEqual(prefixes(b));
    expect(prefixes(b, { neighbor: '127.0.0.1', direction: 'in' })).toEqual(prefixes(b));
    expect(prefixes(b, { neighbor: '127.0.0.1', direction: 'out' })).toEqual([]);
    await until(b, () => b.neighbors()[0].families.every(f => f.endOfRib));
    expect(b.neighbors()[0]).toMatchObject({ type: 'internal', received: 3, accepted: 3, advertised: 0 });
    expect(a.neighbors()[0]).toMatchObject({ received: 0, advertised: 3 });

    expect(a.deleteRoutes(['10.233.1.10/32', '10.9.9.0/24'])).toBe(1);
    await until(b, () => prefixes(b).length === 2);
    expect(a.deleteAllRoutes()).toBe(2);
    await until(b, () => prefixes(b).length === 0);
    expect(b.summary().attributeSets).toBe(0);
  });

  it('refuse bad routes as a whole, naming the one', async () => {
    const a = await start(1, await freePort(), []);
    const refused = (index: number, message: string, duplicate = false) =>
      expect.objectContaining({ index, message, duplicate });
    expect(() => a.addRoutes([{ prefix: '10.1.0.0/16' }, { prefix: '10.1.0.1/16' }])).toThrow(
      refused(1, '10.1.0.1/16 has host bits set'),
    );
    expect(prefixes(a)).toEqual([]);
    a.addRoutes([{ prefix: '10.2.0.0/16' }, { prefix: '2001:db8::/32' }], false);
    expect(() => a.addRoutes([{ prefix: '10.1.0.0/16' }, { prefix: '2001:DB8:0::/32' }], false)).toThrow(
      refused(1, '2001:db8::/32 is announced already', true),
    );
    expect(() => a.addRoutes([{ prefix: '10.3.0.0/16' }, { prefix: '10.3.0.0/16' }], false)).toThrow(
      refused(1, '10.3.0.0/16 is listed twice', true),
    );
    expect(prefixes(a)).toEqual(['10.2.0.0/16', '2001:db8::/32']);
    a.addRoutes([{ prefix: '10.2.0.0/16', med: 7 }], true);
    expect(prefixes(a)).toEqual(['10.2.0.0/16', '2001:db8::/32']);
    const [{ paths }] = a.routes({ prefix: '10.2.0.0/16' });
    expect(paths).toMatchObject([{ source: 'local', med: 7 }]);
    a.deleteAllRoutes();
    // Removed in slices, but not announced any more.
    a.addRoutes([{ prefix: '10.2.0.0/16' }], false);
    expect(() => a.addRoutes([{ prefix: '10.1.0.0/16', nextHop: '::1' }])).toThrow('different families');
    expect(() => a.reset('127.0.0.9')).toThrow('no neighbor 127.0.0.9');
  });

  it('keep routes of a neighbor that restarts, and drop what it does not send again (RFC 4724 §4.2)', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    a.addRoutes([{ prefix: '10.1.0.0/16' }, { prefix: '10.2.0.0/16' }]);
    await until(b, () => prefixes(b).length === 2);
    const events: string[] = [];
    b.subscribe('rib', event => events.push(`${event.prefix} ${event.best === null ? 'gone' : 'here'}`));
    running.splice(running.indexOf(a), 1);
    await a.stop('graceful');
    await until(b, () => b.neighbors()[0].state !== 'Established');
    expect(routes(b).map(r => [r.prefix, r.paths[0].stale])).toEqual([
      ['10.1.0.0/16', true],
      ['10.2.0.0/16', true],
    ]);
    expect(b.neighbors()[0].restartingUntil).toBeGreaterThan(Date.now());
    const again = await start(1, port, [neighbor(1, 2, port)], { restarted: true });
    again.addRoutes([{ prefix: '10.1.0.0/16' }]);
    await until(b, () => prefixes(b).length === 1);
    expect(routes(b)[0]).toMatchObject({ prefix: '10.1.0.0/16', paths: [{ stale: false }] });
    expect(events).toEqual(['10.2.0.0/16 gone']);
  });

  it('drop the routes at once when the neighbor says good-bye, comes back without its forwarding state, or is removed', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    a.addRoutes([{ prefix: '10.1.0.0/16' }]);
    await until(b, () => prefixes(b).length === 1);
    await a.disable('127.0.0.2', 'back in an hour');
    await until(b, () => prefixes(b).length === 0);
    await until(b, () => b.neighbors()[0].session.lastError !== undefined);
    expect(b.neighbors()[0].session.lastError?.text).toContain('Administrative Shutdown: back in an hour');
    a.enable('127.0.0.2');
    await until(b, () => prefixes(b).length === 1);

    running.splice(running.indexOf(a), 1);
    await a.stop('graceful');
    await until(b, () => b.neighbors()[0].state !== 'Established');
    const again = await start(1, port, [neighbor(1, 2, port)]);
    await until(b, () => prefixes(b).length === 0);
    again.addRoutes([{ prefix: '10.3.0.0/16' }]);
    await until(b, () => prefixes(b).length === 1);
    await b.removeNeighbor('127.0.0.1');
    await until(b, () => prefixes(b).length === 0);
    expect(b.neighbors()).toEqual([]);
  });

  it('send everything again on request and judge everything anew (RFC 2918, RFC 7313)', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    a.addRoutes([{ prefix: '10.1.0.0/16' }]);
    await until(b, () => prefixes(b).length === 1);
    const before = b.neighbors()[0].session.messages.received.update;
    a.softReset('127.0.0.2', 'out');
    await until(b, () => b.neighbors()[0].session.messages.received.update > before);
    expect(b.updateNeighbor(neighbor(2, 1, port, { import: 'reject' }))).toBe('changed');
    await until(b, () => routes(b)[0].paths[0].best === false);
    expect(routes(b)[0].paths[0].reason).toBe('rejected by the import policy');
    expect(b.neighbors()[0]).toMatchObject({ state: 'Established', received: 1, accepted: 0 });
    expect(b.updateNeighbor(neighbor(2, 1, port))).toBe('changed');
    await until(b, () => routes(b)[0].paths[0].best);
    const kept = (restartTimeSeconds: number) => ({ gracefulRestart: { restartTimeSeconds, staleTimeSeconds: 60 } });
    expect(b.updateNeighbor(neighbor(2, 1, port, kept(120)))).toBe('changed');
    expect(a.updateNeighbor(neighbor(1, 2, port, { export: 'reject' }))).toBe('changed');
    await until(b, () => prefixes(b).length === 0);
    expect(a.updateNeighbor(neighbor(1, 2, port, { export: 'reject' }))).toBe('unchanged');
    const peer = (own: 'peer' | 'customer', strict: boolean) => neighbor(1, 2, port, { role: { own, strict } });
    expect(a.updateNeighbor(peer('peer', false))).toBe('reset');
    expect(a.updateNeighbor(peer('peer', true))).toBe('changed');
    expect(a.updateNeighbor(peer('customer', true))).toBe('reset');
    expect(a.updateNeighbor(neighbor(1, 2, port, { holdTimeSeconds: 30 }))).toBe('reset');
    await until(b, () => prefixes(b).length === 1 && b.neighbors()[0].session.holdTimeSeconds.negotiated === 30);
  });

  it('end the session at the prefix limit (RFC 4486 §4)', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [
      neighbor(2, 1, port, { maxPrefix: { limit: 2, warningPercent: 75, action: 'end', restartSeconds: 0 } }),
    ]);
    a.addRoutes(['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'].map(prefix => ({ prefix })));
    await until(
      a,
      () => a.neighbors()[0].session.lastError?.text.includes('Maximum Number of Prefixes Reached') === true,
    );
    expect(b.neighbors()[0]).toMatchObject({ shutdown: true, shutdownMessage: 'more than 2 prefixes' });
    await until(b, () => prefixes(b).length === 0);
    a.deleteRoutes(['10.3.0.0/16']);
    b.enable('127.0.0.1');
    await until(b, () => prefixes(b).length === 2);
  });
});

describe('three speakers', () => {
  it('in three ASes pass a route on, its path growing, and never back', async () => {
    const port = await freePort();
    const external = (from: number, to: number) => neighbor(from, to, port, { as: 65000 + to });
    const a = await start(1, port, [external(1, 2)], { as: 65001 });
    const b = await start(2, port, [external(2, 1), external(2, 3)], { as: 65002 });
    const c = await start(3, port, [external(3, 2)], { as: 65003 });
    a.addRoutes([{ prefix: '10.1.0.0/16', med: 9, localPref: 300 }]);
    await until(c, () => prefixes(c).length === 1);
    expect(routes(b)[0].paths[0]).toMatchObject({ asPath: '65001', med: 9, nextHop: '127.0.0.1' });
    expect(routes(c)[0].paths[0]).toMatchObject({ asPath: '65002 65001', nextHop: '127.0.0.2' });
    expect(routes(c)[0].paths[0]).not.toHaveProperty('med');
    expect(routes(c)[0].paths[0]).not.toHaveProperty('localPref');
    expect(a.neighbors()[0].received).toBe(0);
  });

  it('in one AS need a reflector (RFC 4456)', async () => {
    const port = await freePort();
    const a = await start(1, port, [neighbor(1, 2, port)]);
    const b = await start(2, port, [neighbor(2, 1, port), neighbor(2, 3, port)]);
    const c = await start(3, port, [neighbor(3, 2, port)]);
    a.addRoutes([{ prefix: '10.1.0.0/16' }]);
    await until(b, () => prefixes(b).length === 1);
    await until(b, established(b));
    expect(prefixes(c)).toEqual([]);
    b.updateNeighbor(neighbor(2, 1, port, { routeReflectorClient: true }));
    await until(c, () => prefixes(c).length === 1);
    expect(routes(c)[0].paths[0]).toMatchObject({
      originatorId: '10.0.0.1',
      clusterList: ['10.0.0.2'],
      nextHop: '127.0.0.1',
    });
  });
});

describe('what is special about one neighbor', () => {
  const originates =
    (on: boolean, over: Partial<NeighborOptions> = {}) =>
    (port: number) =>
      neighbor(1, 2, port, { defaultOriginate: on, ...over });

  it.each<[string, Partial<NeighborOptions>]>([
    ['the best path', {}],
    ['all paths', { addPath: { receive: false, send: 'all' } }],
    ['no path by its policy', { export: 'reject' }],
  ])('a default route comes and goes within the session of one that is sent %s', async (_, over) => {
    const port = await freePort();
    const a = await start(1, port, [originates(false, over)(port), neighbor(1, 3, port)]);
    const b = await start(2, port, [neighbor(2, 1, port, { addPath: { receive: true, send: 0 } })]);
    const c = await start(3, port, [neighbor(3, 1, port)]);
    await until(a, established(a));
    const table = over.export === undefined ? ['0.0.0.0/0', '10.1.0.0/24'] : [];
    a.addRoutes([{ prefix: '0.0.0.0/0', med: 7 }, { prefix: '10.1.0.0/24' }]);
    await until(b, () => prefixes(b).length === table.length);
    for (const round of [1, 2]) {
      expect(a.updateNeighbor(originates(true, over)(port))).toBe('changed');
      await until(
        b,
        () => routes(b, { prefix: '0.0.0.0/0' })[0]?.paths[0].med === undefined && prefixes(b).includes('0.0.0.0/0'),
      );
      expect(routes(b, { prefix: '::/0' })).toMatchObject([{ paths: [{ origin: 'igp', asPath: '' }] }]);
      expect(routes(c, { prefix: '0.0.0.0/0' })).toMatchObject([{ paths: [{ med: 7 }] }]);
      expect(a.updateNeighbor(originates(false, over)(port))).toBe('changed');
      await until(
        b,
        () => prefixes(b).length === table.length && routes(b)[0]?.paths[0].med === (table.length ? 7 : undefined),
      );
      expect(
        routes(b).flatMap(({ paths }) => paths),
        `round ${round}`,
      ).toHaveLength(table.length);
    }
    expect(prefixes(a)).toEqual(['0.0.0.0/0', '10.1.0.0/24']);
    expect(prefixes(c)).toEqual(['0.0.0.0/0', '10.1.0.0/24']);
    expect(a.neighbor('127.0.0.2')?.session.established).toBe(1);
  });

  it('maintenance marks the default route, too, and comes after the policies', async () => {
    const port = await freePort();
    const policies = {
      ...NO_POLICIES,
      policies: { p: [{ set: { 'local-pref': 500, community: { add: ['65001:1'] } }, then: 'accept' as const }] },
    };
    const a = await start(1, port, [originates(true, { import: 'p', export: 'p' })(port)], { policies });
    const b = await start(2, port, [neighbor(2, 1, port)]);
    a.addRoutes([{ prefix: '10.1.0.0/24' }]);
    b.addRoutes([{ prefix: '10.2.0.0/24' }]);
    await until(b, () => prefixes(b).length === 4);
    await until(a, () => prefixes(a).includes('10.2.0.0/24'));
    const communities = (prefix: string) => routes(b, { prefix })[0]?.paths[0].communities;
    a.maintain('127.0.0.2', true);
    await until(b, () => communities('0.0.0.0/0')?.length === 1 && communities('10.1.0.0/24')?.length === 2);
    expect(communities('0.0.0.0/0')).toEqual(['graceful-shutdown']);
    expect(communities('10.1.0.0/24')).toEqual(['graceful-shutdown', '65001:1'].sort());
    expect(routes(a, { prefix: '10.2.0.0/24' })).toMatchObject([{ paths: [{ localPref: 0 }] }]);
    a.maintain('127.0.0.2', false);
    await until(b, () => communities('0.0.0.0/0')?.length === 0 && communities('10.1.0.0/24')?.length === 1);
    expect(routes(a, { prefix: '10.2.0.0/24' })).toMatchObject([{ paths: [{ localPref: 500 }] }]);
  });

  it('a limit that only warns takes more, too', async () => {
    const port = await freePort();
    const maxPrefix = { limit: 3, warningPercent: 50, action: 'warn' as const, restartSeconds: 0 };
    const a = await start(1, port, [neighbor(1, 2, port, { maxPrefix })]);
    const b = await start(2, port, [neighbor(2, 1, port)]);
    b.addRoutes(Array.from({ length: 5 }, (_, i) => ({ prefix: `10.0.${i}.0/24` })));
    await until(a, () => prefixes(a).length === 5);
    expect(a.neighbor('127.0.0.2')).toMatchObject({ state: 'Established', maxPrefix: { limit: 3, warning: 2 } });
  });
});
