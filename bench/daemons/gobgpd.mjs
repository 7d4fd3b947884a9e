// gobgpd. It puts nothing into the kernel by itself, and its protocol to FRR's zebra does not fit Debian's FRR.

import { debianVersion } from './debian.mjs';

const CONFIG = '/run/gobgpd/gobgpd.json';

/** @param {import('./daemon.mjs').Topology} topology */
function config({ as, routerId, neighbors, holdSeconds, policy }) {
  return {
    global: {
      config: { as, 'router-id': routerId },
      ...(policy && { 'apply-policy': { config: { 'import-policy-list': ['imported'] } } }),
    },
    neighbors: neighbors.map(({ address, as: peerAs, family, client, active }) => ({
      config: { 'neighbor-address': address, 'peer-as': peerAs },
      timers: {
        config: { 'hold-time': holdSeconds, 'keepalive-interval': Math.floor(holdSeconds / 3), 'connect-retry': 1 },
      },
      transport: { config: { 'passive-mode': !active } },
      'afi-safis': [{ config: { 'afi-safi-name': `${family}-unicast` } }],
      ...(client && {
        'route-reflector': { config: { 'route-reflector-client': true, 'route-reflector-cluster-id': routerId } },
      }),
    })),
    ...(policy && policyConfig(policy)),
  };
}

/** @param {import('./daemon.mjs').ImportPolicy} policy */
function policyConfig({ rejected, statements }) {
  return {
    'defined-sets': {
      'prefix-sets': [
        {
          'prefix-set-name': 'rejected',
          'prefix-list': rejected.map(prefix => ({
            'ip-prefix': prefix,
            'masklength-range': `${prefix.split('/')[1]}..32`,
          })),
        },
      ],
      'bgp-defined-sets': {
        'community-sets': statements.map(({ community }, i) => ({
          'community-set-name': `c${i}`,
          'community-list': [community],
        })),
      },
    },
    'policy-definitions': [
      {
        name: 'imported',
        statements: [
          {
            name: 'rejected',
            conditions: { 'match-prefix-set': { 'prefix-set': 'rejected' } },
            actions: { 'route-disposition': 'reject-route' },
          },
          ...statements.map(({ med }, i) => ({
            name: `s${i}`,
            conditions: { 'bgp-conditions': { 'match-community-set': { 'community-set': `c${i}` } } },
            actions: { 'route-disposition': 'accept-route', 'bgp-actions': { 'set-med': String(med) } },
          })),
        ],
      },
    ],
  };
}

/** @type {import('./daemon.mjs').Daemon} */
export const gobgpd = {
  name: 'gobgpd',
  title: 'gobgpd',
  commands: { gobgpd: 'gobgpd', gobgp: 'gobgpd' },
  files: topology => ({ [CONFIG]: JSON.stringify(config(topology)) }),
  processes: () => [
    {
      argv: [
        'gobgpd',
        '-f',
        CONFIG,
        '-t',
        'json',
        '--disable-stdlog',
        '--pprof-disable',
        '--api-hosts',
        '127.0.0.1:50051',
      ],
    },
  ],
  async count(node, family) {
    const output = await node.run(`gobgp global rib summary -a ${family}`, 60_000);
    const found = output.match(/Destination: (\d+)/);
    if (!found) throw new Error(`gobgp says: ${output}`);
    return Number(found[1]);
  },
  version: () => debianVersion('gobgpd'),
  announce: prefix => ({ argv: ['gobgp', 'global', 'rib', 'add', prefix] }),
  sendsNoEndOfRib: true,
  lacks: { fib: 'needs a zebra it understands for kernel routes' },
};
