// Graceful restart (RFC 4724, RFC 9494): one side ends without a word and comes back, the other keeps its routes meanwhile.

import { expect } from 'vitest';
import { kernelRoute, soon, watchKernelRoutes } from '../machines.js';
import { startBoth, type Topic } from './topic.js';

const tsbgpRestarts: Topic = {
  name: 'tsbgp crashes and comes back, the other side keeps its routes',
  rfcs: [4724],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      internal: true,
      routes: [{ prefix: '10.2.0.0/24' }],
      tsbgp: 'families: [ipv4-unicast], graceful-restart: { restart-time: 60 }',
    });
    await tsbgp.announce('10.1.0.0/24', '10.1.1.0/24');
    await soon(() => other.route('10.1.1.0/24')).toBeDefined();
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
    const changes = await watchKernelRoutes(tsbgp);

    await tsbgp.stop('SIGKILL');
    await soon(async () => (await other.state('10.0.0.1')) !== 'Established').toBe(true);
    expect(await other.route('10.1.0.0/24')).toMatchObject({ nextHop: '10.0.0.1' });

    await tsbgp.restart();
    await tsbgp.run('rib del 10.1.1.0/24');
    await soon(() => other.state('10.0.0.1')).toBe('Established');
    await soon(() => other.routes('10.1.1.0/24')).toEqual([]);
    expect(await other.route('10.1.0.0/24')).toMatchObject({ nextHop: '10.0.0.1', stale: false });
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ stale: false });
    expect(changes()).toEqual([]);
  },
};

const vendorRestarts: Topic = {
  name: 'the other side crashes and comes back, tsbgp keeps its routes',
  rfcs: [4724],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      internal: true,
      routes: [{ prefix: '10.2.0.0/24' }],
    });
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
    const changes = await watchKernelRoutes(tsbgp);

    await other.crash();
    await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ restartingUntil: expect.any(Number) });
    expect(await tsbgp.route('10.2.0.0/24')).toMatchObject({ stale: true });

    await other.start(true);
    await soon(() => tsbgp.neighbor('10.0.0.2'), 20_000).toMatchObject({ state: 'Established' });
    await soon(() => tsbgp.route('10.2.0.0/24'), 20_000).toMatchObject({ stale: false });
    await soon(() => tsbgp.neighbor('10.0.0.2'), 20_000).toMatchObject({ families: [{ stale: 0 }] });
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
    if (!vendor.endOfRibFirst) expect(changes()).toEqual([]);
  },
};

const LONG_LIVED = {
  internal: true,
  routes: [{ prefix: '10.2.0.0/24' }],
  tsbgp: 'families: [ipv4-unicast], graceful-restart: { restart-time: 1, long-lived: { ipv4-unicast: 600 } }',
  longLivedSeconds: 600,
};

const tsbgpStaysAway: Topic = {
  name: 'tsbgp stays away for long, the other side keeps its routes as the last choice',
  rfcs: [9494],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, LONG_LIVED);
    await tsbgp.announce('10.1.0.0/24', '10.1.1.0/24 community no-llgr');
    await soon(() => other.route('10.1.1.0/24')).toBeDefined();

    await tsbgp.stop('SIGKILL');
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({ communities: ['llgr-stale'] });
    await soon(() => other.routes('10.1.1.0/24')).toEqual([]);

    await tsbgp.restart();
    await soon(() => other.state('10.0.0.1')).toBe('Established');
    await soon(() => other.route('10.1.0.0/24')).toMatchObject({ communities: [], stale: false });
  },
};

const vendorStaysAway: Topic = {
  name: 'the other side stays away for long, tsbgp keeps its routes as the last choice',
  rfcs: [9494],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, LONG_LIVED);
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
    const changes = await watchKernelRoutes(tsbgp);

    await other.crash();
    await soon(() => tsbgp.route('10.2.0.0/24')).toMatchObject({ stale: true, communities: ['llgr-stale'] });
    expect(await tsbgp.neighbor('10.0.0.2')).toMatchObject({ families: [{ longLivedUntil: expect.any(Number) }] });

    await other.start(true);
    await soon(() => tsbgp.neighbor('10.0.0.2'), 20_000).toMatchObject({ state: 'Established' });
    await soon(() => tsbgp.route('10.2.0.0/24'), 20_000).toMatchObject({ stale: false, communities: [] });
    if (!vendor.endOfRibFirst) expect(changes()).toEqual([]);
  },
};

/** Topics of this file. */
export const RESTART = [tsbgpRestarts, vendorRestarts, tsbgpStaysAway, vendorStaysAway];
