// What becomes of kernel routes when a daemon stops or crashes, a neighbor freezes or a cable breaks.

import { describe, expect } from 'vitest';
import { startBird } from './bird.js';
import { it, kernelRoute, soon, watchKernelRoutes } from './machines.js';
import { startTsbgp } from './tsbgp.js';

describe.concurrent('graceful restart (RFC 4724)', () => {
  it("BIRD crashes and starts again: tsbgp's kernel keeps the routes that BIRD still has", async ({
    pair: [one, two],
  }) => {
    const config = (prefixes: string[]) => `
      router id 10.0.0.2;
      protocol static { ipv4; ${prefixes.map(prefix => `route ${prefix} blackhole;`).join(' ')} }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        graceful restart on;
        ipv4 { import all; export all; };
      }`;
    const bird = await startBird(two, config(['10.2.0.0/24', '10.2.1.0/24']));
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001, idle-hold: 0, connect-retry: 1 } ]`,
    );
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeDefined();
    await soon(() => kernelRoute(tsbgp, '10.2.1.0/24')).toBeDefined();
    const changesAtTsbgp = await watchKernelRoutes(tsbgp);
    const changesAtBird = await watchKernelRoutes(bird);

    await bird.signal('SIGKILL');
    await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ restartingUntil: expect.any(Number) });
    expect(await tsbgp.paths('10.2.0.0/24')).toMatchObject([{ best: true, stale: true }]);

    await bird.start(config(['10.2.0.0/24', '10.2.2.0/24']), 'recover');
    // BIRD may sleep for 3 s before it sends the first routes after a recovery; a question wakes it.
    await soon(() => bird.protocol().then(changesAtTsbgp)).toEqual([
      expect.stringMatching(/^10\.2\.2\.0\/24 via 10\.0\.0\.2 /),
      expect.stringMatching(/^Deleted 10\.2\.1\.0\/24 /),
    ]);
    expect(await tsbgp.paths('10.2.0.0/24')).toMatchObject([{ best: true, stale: false }]);
    expect(changesAtBird()).toEqual([]);
  });

  it.for(['SIGTERM', 'SIGKILL'] as const)(
    'tsbgp is ended by %s and starts again: no kernel loses a route',
    async (signal, { pair: [one, two] }) => {
      const bird = await startBird(
        two,
        `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:2::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`,
      );
      const tsbgp = await startTsbgp(
        one,
        `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001, graceful-restart: { restart-time: 60 } } ]`,
      );
      await tsbgp.announce('10.1.0.0/24', '2001:db8:1::/48');
      await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeDefined();
      await soon(() => kernelRoute(bird, '2001:db8:1::/48')).toBeDefined();
      await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
      await soon(() => kernelRoute(tsbgp, '2001:db8:2::/48')).toBeDefined();
      const changesAtTsbgp = await watchKernelRoutes(tsbgp);
      const changesAtBird = await watchKernelRoutes(bird);

      await tsbgp.stop(signal);
      await soon(() => bird.protocol()).toMatch(/Neighbor graceful restart active/);
      await tsbgp.restart();
      // Announced after everything that the new daemon had to say.
      await tsbgp.announce('10.1.1.0/24');
      await soon(changesAtBird).toEqual([expect.stringMatching(/^10\.1\.1\.0\/24 via 10\.0\.0\.1 /)]);
      expect(changesAtTsbgp()).toEqual([]);
      expect(await bird.protocol()).not.toContain('graceful restart active');
    },
  );

  it('where it is off, tsbgp stops: BIRD drops its routes, and its own kernel keeps those from BIRD', async ({
    pair: [one, two],
  }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; route 10.2.1.0/24 blackhole; }
      protocol bgp tsbgp { local as 65001; neighbor 10.0.0.1 as 65001; direct; ipv4 { import all; export all; }; }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001, graceful-restart: false } ]`,
    );
    await tsbgp.announce('10.1.0.0/24');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeDefined();
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();

    await tsbgp.stop('SIGTERM');
    await soon(() => kernelRoute(bird, '10.1.0.0/24')).toBeUndefined();
    expect(await kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
    expect(await kernelRoute(tsbgp, '10.2.1.0/24')).toBeDefined();
  });
});

describe.concurrent('without a word', () => {
  it('a frozen neighbor loses its routes when the hold time is over, and gets them back', async ({
    pair: [one, two],
  }) => {
    const bird = await startBird(
      two,
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        error wait time 1, 1;
        ipv4 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      one,
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001, hold-time: 3, idle-hold: 0, connect-retry: 1 } ]`,
    );
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();

    await bird.signal('SIGSTOP');
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeUndefined();
    const { session } = await tsbgp.neighbor('10.0.0.2');
    expect(session.lastError).toMatchObject({ direction: 'sent', text: expect.stringContaining('Hold Timer Expired') });

    await bird.signal('SIGCONT');
    await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toBeDefined();
    expect(bird.log()).toContain('tsbgp: Received: Hold timer expired');
  });

  it.for([
    ["tsbgp's end", 0],
    ['the other end', 1],
  ] as const)('%s of the cable goes down, and so the routes; up again, they are back', async ([, end], { pair }) => {
    const bird = await startBird(
      pair[1],
      `
      router id 10.0.0.2;
      protocol static { ipv4; route 10.2.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:2::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        error wait time 2, 2;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`,
    );
    const tsbgp = await startTsbgp(
      pair[0],
      `
      as: 65001
      router-id: 10.0.0.1
      neighbors: [ { address: 10.0.0.2, as: 65001, idle-hold: 0, connect-retry: 1 } ]`,
    );
    await tsbgp.announce('10.1.0.0/24', '2001:db8:1::/48');
    const gateways = async () => [
      (await kernelRoute(tsbgp, '10.2.0.0/24'))?.gateway,
      (await kernelRoute(tsbgp, '2001:db8:2::/48'))?.gateway,
      (await kernelRoute(bird, '10.1.0.0/24'))?.gateway,
      (await kernelRoute(bird, '2001:db8:1::/48'))?.gateway,
    ];
    const all = ['10.0.0.2', '2001:db8::2', '10.0.0.1', '2001:db8::1'];
    await soon(gateways).toEqual(all);

    await pair[end].run('ip link set eth1 down');
    await soon(gateways).toEqual([undefined, undefined, undefined, undefined]);
    expect(await tsbgp.paths('10.2.0.0/24')).toMatchObject([{ best: false }]);

    await pair[end].run('ip link set eth1 up');
    await soon(gateways).toEqual(all);
  });
});
