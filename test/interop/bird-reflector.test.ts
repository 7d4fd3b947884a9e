// tsbgp as route reflector between two BIRDs that have no session with each other (RFC 4456).

import { expect } from 'vitest';
import { startBird } from './bird.js';
import { it, kernelRoute, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';

it('reflects routes of one client to the other, which uses them directly', async ({ star: [one, two, three] }) => {
  const birdConfig = (n: number) => `
      router id 10.0.0.${n};
      protocol static { ipv4; route 10.${n}.0.0/24 blackhole; }
      protocol static { ipv6; route 2001:db8:${n}::/48 blackhole; }
      protocol bgp tsbgp {
        local as 65001;
        neighbor 10.0.0.1 as 65001;
        direct;
        ipv4 { import all; export all; };
        ipv6 { import all; export all; };
      }`;
  const [birdTwo, birdThree] = await Promise.all([startBird(two, birdConfig(2)), startBird(three, birdConfig(3))]);
  const tsbgp = await startTsbgp(
    one,
    `
      as: 65001
      router-id: 10.0.0.1
      cluster-id: 10.0.0.99
      neighbors:
        - { address: 10.0.0.2, as: 65001, route-reflector-client: true }
        - { address: 10.0.0.3, as: 65001, route-reflector-client: true }`,
  );

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
  const birdConfig = (n: number) => `
      router id 10.0.0.${n};
      protocol static { ipv4; route 10.${n}.0.0/24 blackhole; }
      protocol bgp tsbgp { local as 65001; neighbor 10.0.0.1 as 65001; direct; ipv4 { import all; export all; }; }`;
  const [birdTwo, birdThree] = await Promise.all([startBird(two, birdConfig(2)), startBird(three, birdConfig(3))]);
  const tsbgp = await startTsbgp(
    one,
    `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65001 }
        - { address: 10.0.0.3, as: 65001 }`,
  );
  await soon(() => tsbgp.neighbor('10.0.0.2')).toMatchObject({ state: 'Established', received: 1 });
  await soon(() => tsbgp.neighbor('10.0.0.3')).toMatchObject({ state: 'Established', received: 1 });
  await tsbgp.announce('10.1.0.0/24'); // comes after all that could have been sent
  await soon(() => birdTwo.route('10.1.0.0/24')).toBeDefined();
  await soon(() => birdThree.route('10.1.0.0/24')).toBeDefined();
  expect(await birdTwo.route('10.3.0.0/24')).toBeUndefined();
  expect(await birdThree.route('10.2.0.0/24')).toBeUndefined();
});
