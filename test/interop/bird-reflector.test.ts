// tsbgp as route reflector between two BIRDs that have no session with each other (RFC 4456).

import { expect } from 'vitest';
import { startBird } from './bird.js';
import { it, kernelRoute, soon, watchKernelRoutes } from './machines.js';
import { startTsbgp } from './tsbgp.js';

/** A client that announces 10.N.0.0/24 and 2001:db8:N::/48. */
const client = (n: number) => `
      router id 10.0.0.${n};
      protocol static { ipv4; route 10.${n}.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:${n}::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        graceful restart on;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`;

const REFLECTOR = `
      as: 65001
      router-id: 10.0.0.1
      cluster-id: 10.0.0.99
      neighbors:
        - { address: 10.0.0.2, as: 65001, route-reflector-client: true }
        - { address: 10.0.0.3, as: 65001, route-reflector-client: true }`;

it('reflects routes of one client to the other, which uses them directly', async ({ star: [one, two, three] }) => {
  const [birdTwo, birdThree] = await Promise.all([startBird(two, client(2)), startBird(three, client(3))]);
  const tsbgp = await startTsbgp(one, REFLECTOR);

  await soon(() => kernelRoute(birdTwo, '10.3.0.0/24')).toMatchObject({ gateway: '10.0.0.3' });
  await soon(() => kernelRoute(birdTwo, '2001:db8:3::/48')).toMatchObject({ gateway: '2001:db8::3' });
  await soon(() => kernelRoute(birdThree, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.2' });
  await soon(() => kernelRoute(birdThree, '2001:db8:2::/48')).toMatchObject({ gateway: '2001:db8::2' });
  expect(await birdThree.route('10.2.0.0/24')).toMatchObject({
    'BGP.next_hop': '10.0.0.2',
    'BGP.originator_id': '10.0.0.2',
    'BGP.cluster_list': '10.0.0.99',
  });
  // A client is not told its own routes; the reflector forwards by itself too.
  expect(await tsbgp.prefixes('out', '10.0.0.2')).toEqual(['10.3.0.0/24', '2001:db8:3::/48']);
  await soon(() => kernelRoute(tsbgp, '10.2.0.0/24')).toMatchObject({ gateway: '10.0.0.2' });
  await soon(() => kernelRoute(tsbgp, '10.3.0.0/24')).toMatchObject({ gateway: '10.0.0.3' });

  await birdTwo.birdc('disable static1');
  await soon(() => kernelRoute(birdThree, '10.2.0.0/24')).toBeUndefined();
  expect(await kernelRoute(birdThree, '2001:db8:2::/48')).toBeDefined();
});

it('gives routes of its other internal neighbors to clients only', async ({ star: [one, two, three] }) => {
  const [birdTwo, birdThree] = await Promise.all([startBird(two, client(2)), startBird(three, client(3))]);
  const tsbgp = await startTsbgp(
    one,
    `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65001 }
        - { address: 10.0.0.3, as: 65001 }`,
  );
  await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ state: 'Established', received: 2 });
  await soon(() => tsbgp.neighbor('10.0.0.3')).toMatchObject({ state: 'Established', received: 2 });
  await tsbgp.announce('10.1.0.0/24'); // comes after all that could have been sent
  await soon(() => birdTwo.route('10.1.0.0/24')).toBeDefined();
  await soon(() => birdThree.route('10.1.0.0/24')).toBeDefined();
  expect(await birdTwo.route('10.3.0.0/24')).toBeUndefined();
  expect(await birdThree.route('10.2.0.0/24')).toBeUndefined();
});

it('crashes and starts again: no client loses a route of another one that is slow to speak (RFC 4724 §4.1)', {
  timeout: 60_000,
}, async ({ star: [one, two, three] }) => {
  const [birdTwo, birdThree] = await Promise.all([startBird(two, client(2)), startBird(three, client(3))]);
  const tsbgp = await startTsbgp(one, REFLECTOR);
  const reflected: [typeof birdTwo, string][] = [
    [birdTwo, '10.3.0.0/24'],
    [birdTwo, '2001:db8:3::/48'],
    [birdThree, '10.2.0.0/24'],
    [birdThree, '2001:db8:2::/48'],
  ];
  for (const [bird, prefix] of reflected) await soon(() => kernelRoute(bird, prefix)).toBeDefined();
  const changes = await Promise.all([tsbgp, birdTwo, birdThree].map(watchKernelRoutes));

  await birdThree.signal('SIGSTOP');
  await tsbgp.stop('SIGKILL');
  await tsbgp.restart();
  await soon(() => tsbgp.state('10.0.0.2')).toBe('Established');
  await soon(() => tsbgp.prefixes('in', '10.0.0.2')).toHaveLength(2);
  expect(await birdTwo.protocol()).toContain('Neighbor graceful restart active');
  await birdThree.signal('SIGCONT');
  for (const bird of [birdTwo, birdThree]) {
    await soon(() => bird.protocol()).toMatch(/Established/);
    await soon(async () => (await bird.protocol()).includes('graceful restart active')).toBe(false);
  }
  expect(changes.map(seen => seen())).toEqual([[], [], []]);
  expect(await birdTwo.route('10.3.0.0/24')).toMatchObject({ 'BGP.next_hop': '10.0.0.3' });
});
