// What becomes of AS numbers and next hops between tsbgp and BIRD as external neighbors: each key of the configuration
// that changes it, seen from the other side.

import { describe } from 'vitest';
import { startBird } from './bird.js';
import { it, soon } from './machines.js';
import { startTsbgp } from './tsbgp.js';

const bird = (as: number, remote: number, more = '') => `
  router id 10.0.0.2;
  protocol static { ipv4; route 10.2.0.0/24 blackhole { bgp_path.prepend(65001); }; route 10.2.1.0/24 blackhole; }
  protocol bgp tsbgp {
    local as ${as};
    neighbor 10.0.0.1 as ${remote};
    ${more}
    ipv4 { import all; export all; };
  }`;

const tsbgp = (neighbor: string) => `
  as: 65001
  router-id: 10.0.0.1
  neighbors:
    - { address: 10.0.0.2, as: 65002, import: accept, export: accept, ${neighbor} }`;

const ROUTES = ['10.1.0.0/24 aspath "3 64512 65002"', '10.1.1.0/24 aspath "64513"'];

describe.concurrent('AS_PATH between external neighbors', () => {
  it('local-as: the session, and paths both ways (RFC 7705)', async ({ pair: [one, two] }) => {
    const peer = await startBird(two, bird(65002, 65010));
    const speaker = await startTsbgp(one, tsbgp('local-as: 65010'));
    await speaker.announce('10.1.0.0/24');
    await soon(() => peer.route('10.1.0.0/24')).toMatchObject({ 'BGP.as_path': '65010 65001' });
    await soon(() => speaker.paths('10.2.1.0/24')).toMatchObject([{ asPath: '65010 65002', eligible: true }]);
    await soon(() => speaker.paths('10.2.0.0/24')).toMatchObject([{ eligible: false }]);
  });

  it('local-as with no-prepend and replace-as: the own AS is not seen', async ({ pair: [one, two] }) => {
    const peer = await startBird(two, bird(65002, 65010));
    const speaker = await startTsbgp(one, tsbgp('local-as: { as: 65010, no-prepend: true, replace-as: true }'));
    await speaker.announce('10.1.0.0/24 aspath 3');
    await soon(() => peer.route('10.1.0.0/24')).toMatchObject({ 'BGP.as_path': '65010 3' });
    await soon(() => speaker.paths('10.2.1.0/24')).toMatchObject([{ asPath: '65002', eligible: true }]);
  });

  it('remove-private-as and allow-own-as', async ({ pair: [one, two] }) => {
    const peer = await startBird(two, bird(65002, 65001, 'allow local as 1;'));
    const speaker = await startTsbgp(one, tsbgp('remove-private-as: all, allow-own-as: 1'));
    await speaker.announce(...ROUTES);
    await soon(() => peer.route('10.1.0.0/24')).toMatchObject({ 'BGP.as_path': '65001 3 65002' });
    await soon(() => peer.route('10.1.1.0/24')).toMatchObject({ 'BGP.as_path': '65001' });
    await soon(() => speaker.paths('10.2.0.0/24')).toMatchObject([{ asPath: '65002 65001', eligible: true }]);
  });

  it('as-override and next-hop-unchanged', async ({ pair: [one, two] }) => {
    const peer = await startBird(two, bird(65002, 65001));
    const speaker = await startTsbgp(one, tsbgp('as-override: true, next-hop-unchanged: true'));
    await speaker.announce('10.1.0.0/24 aspath "3 64512 65002" nexthop 10.0.0.77');
    await soon(() => peer.route('10.1.0.0/24')).toMatchObject({
      'BGP.as_path': '65001 3 64512 65001',
      'BGP.next_hop': '10.0.0.77',
    });
  });
});
