// What becomes of AS numbers and next hops between external neighbors: each key of tsbgp's configuration that changes it.

import { soon } from '../machines.js';
import { startTsbgp } from '../tsbgp.js';
import { startBoth, type Topic } from './topic.js';

const OWN = '10.1.0.0/24';
const THEIRS = '10.2.0.0/24';
const families = 'families: [ipv4-unicast]';

const localAs = (name: string, key: string, told: string, taken: string): Topic => ({
  name,
  rfcs: [7705],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, {
      tsbgp: `${families}, local-as: ${key}`,
      vendor: { as: 65010 },
      routes: [{ prefix: THEIRS }],
    });
    await tsbgp.announce(`${OWN} aspath 3`);
    await soon(() => other.route(OWN)).toMatchObject({ asPath: told });
    await soon(() => tsbgp.route(THEIRS)).toMatchObject({ asPath: taken });
  },
});

const removePrivateAs: Topic = {
  name: 'remove-private-as',
  rfcs: [6996],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { tsbgp: `${families}, remove-private-as: all` });
    await tsbgp.announce(`${OWN} aspath "3 64512 64513"`, '10.1.1.0/24 aspath 64513');
    await soon(() => other.route(OWN)).toMatchObject({ asPath: '65001 3' });
    await soon(() => other.route('10.1.1.0/24')).toMatchObject({ asPath: '65001' });
  },
};

const nextHopUnchanged: Topic = {
  name: 'next-hop-unchanged',
  rfcs: [4271],
  async test(vendor, machines) {
    const [tsbgp, other] = await startBoth(vendor, machines, { tsbgp: `${families}, next-hop-unchanged: true` });
    await tsbgp.announce(`${OWN} nexthop 10.0.0.77`);
    await soon(() => other.route(OWN)).toMatchObject({ asPath: '65001', nextHop: '10.0.0.77' });
  },
};

/** A site of the AS: it has one neighbor, in another AS. */
const site = (own: number, as: number, neighbor: number, theirs: number, key = '') => `
      as: ${as}
      router-id: 10.0.0.${own}
      neighbors: [{ address: 10.0.0.${neighbor}, as: ${theirs}, ${families}, connect-retry: 1, idle-hold: 0, import: accept, export: accept${key} }]`;

const allowOwnAs: Topic = {
  name: 'allow-own-as: two sites of one AS, the other side between them',
  rfcs: [4271],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const [first, second] = await Promise.all([
      startTsbgp(one, site(1, 65001, 2, 65002, ', allow-own-as: 1')),
      startTsbgp(three, site(3, 65001, 2, 65002)),
      vendor.start(two, {
        as: 65002,
        routerId: '10.0.0.2',
        neighbors: [
          { address: '10.0.0.1', as: 65001 },
          { address: '10.0.0.3', as: 65001 },
        ],
      }),
    ]);
    await second.announce('10.3.0.0/24');
    await soon(() => first.route('10.3.0.0/24')).toMatchObject({ asPath: '65002 65001' });
  },
};

const asOverride: Topic = {
  name: 'as-override: two sites of one AS, tsbgp between them',
  rfcs: [4271],
  machines: 3,
  async test(vendor, [one, two, three]) {
    const key = `${families}, connect-retry: 1, idle-hold: 0, import: accept, export: accept`;
    const [third, other] = await Promise.all([
      startTsbgp(three, site(3, 65002, 1, 65001)),
      vendor.start(two, { as: 65002, routerId: '10.0.0.2', neighbors: [{ address: '10.0.0.1', as: 65001 }] }),
      startTsbgp(
        one,
        `
      as: 65001
      router-id: 10.0.0.1
      neighbors:
        - { address: 10.0.0.2, as: 65002, ${key}, as-override: true }
        - { address: 10.0.0.3, as: 65002, ${key} }`,
      ),
    ]);
    await third.announce('10.3.0.0/24');
    await soon(() => other.route('10.3.0.0/24')).toMatchObject({ asPath: '65001 65001' });
  },
};

export const AS_PATH: readonly Topic[] = [
  localAs('local-as', '65010', '65010 65001 3', '65010 65002'),
  localAs('local-as, the own AS hidden', '{ as: 65010, no-prepend: true, replace-as: true }', '65010 3', '65002'),
  removePrivateAs,
  nextHopUnchanged,
  allowOwnAs,
  asOverride,
];
