// FRR: bgpd alone where routes are not to go into the kernel, which is its quickest form, else bgpd and zebra.

import { debianVersion } from './debian.mjs';

const DIRECTORY = '/run/frr';
const BGPD_CONFIG = `${DIRECTORY}/bgpd.conf`;
const ZEBRA_CONFIG = `${DIRECTORY}/zebra.conf`;
const ZEBRA_SOCKET = `${DIRECTORY}/zserv.api`;
const VTYSH = `vtysh --vty_socket ${DIRECTORY}`;

/** @type {Record<'ipv4' | 'ipv6', string>} */
const FAMILY_NAME = { ipv4: 'ipv4 unicast', ipv6: 'ipv6 unicast' };

/** @param {import('./daemon.mjs').Topology} topology */
function config({ as, routerId, neighbors, holdSeconds, policy }) {
  const lines = [
    'frr defaults datacenter',
    'log stdout errors',
    ...(policy ? routeMap(policy) : []),
    `router bgp ${as}`,
    ` bgp router-id ${routerId}`,
    ...['no bgp default ipv4-unicast', 'no bgp ebgp-requires-policy', 'no bgp network import-check'].map(
      line => ` ${line}`,
    ),
  ];
  for (const { address, as: remoteAs, active } of neighbors) {
    lines.push(
      ` neighbor ${address} remote-as ${remoteAs}`,
      ` neighbor ${address} timers ${Math.floor(holdSeconds / 3)} ${holdSeconds}`,
      ` neighbor ${address} advertisement-interval 0`,
      active ? ` neighbor ${address} timers connect 1` : ` neighbor ${address} passive`,
    );
  }
  for (const family of /** @type {const} */ (['ipv4', 'ipv6'])) {
    lines.push(` address-family ${FAMILY_NAME[family]}`);
    for (const { address, client, nextHopSelf } of neighbors.filter(neighbor => neighbor.family === family)) {
      lines.push(`  neighbor ${address} activate`);
      if (client) lines.push(`  neighbor ${address} route-reflector-client`);
      if (nextHopSelf) lines.push(`  neighbor ${address} next-hop-self`);
      if (policy) lines.push(`  neighbor ${address} route-map imported in`);
    }
    lines.push(' exit-address-family');
  }
  return `${[...lines, 'exit'].join('\n')}\n`;
}

/** @param {import('./daemon.mjs').ImportPolicy} policy */
function routeMap({ rejected, statements }) {
  return [
    ...rejected.map((prefix, i) => `ip prefix-list rejected seq ${i + 1} permit ${prefix} le 32`),
    ...statements.map(({ community }, i) => `bgp community-list standard c${i} permit ${community}`),
    ...['route-map imported deny 1', ' match ip address prefix-list rejected'],
    ...statements.flatMap(({ med }, i) => [
      ...[`route-map imported permit ${i + 2}`, ` match community c${i}`, ` set metric ${med}`],
    ]),
    `route-map imported permit ${statements.length + 2}`,
  ];
}

const AS_FRR = ['-u', 'frr', '-g', 'frr', '--vty_socket', DIRECTORY, '-P', '0', '-z', ZEBRA_SOCKET];

/** @type {import('./daemon.mjs').Daemon} */
export const frr = {
  name: 'frr',
  title: 'FRR',
  commands: { vtysh: 'frr', '/usr/lib/frr/bgpd': 'frr', '/usr/lib/frr/zebra': 'frr' },
  files: topology => ({ [BGPD_CONFIG]: config(topology), [ZEBRA_CONFIG]: 'log stdout errors\n' }),
  prepare: `chown -R frr:frr ${DIRECTORY}`,
  processes: ({ fib }) => {
    const zebra = {
      argv: ['/usr/lib/frr/zebra', ...AS_FRR, '-f', ZEBRA_CONFIG, '-i', `${DIRECTORY}/zebra.pid`],
      ready: ZEBRA_SOCKET,
    };
    const bgpd = {
      argv: ['/usr/lib/frr/bgpd', ...AS_FRR, '-f', BGPD_CONFIG, '-i', `${DIRECTORY}/bgpd.pid`, ...(fib ? [] : ['-Z'])],
    };
    return fib ? [zebra, bgpd] : [bgpd];
  },
  async count(node, family) {
    const output = await node.run(`${VTYSH} -c 'show bgp ${FAMILY_NAME[family]} statistics json'`, 60_000);
    /** @type {Record<string, { totalPrefixes?: number }[]>} */
    const statistics = JSON.parse(output);
    return Object.values(statistics).flat()[0]?.totalPrefixes ?? 0;
  },
  version: () => debianVersion('frr'),
  announce: prefix => ({
    argv: [
      ...['vtysh', '--vty_socket', DIRECTORY, '-c', 'configure terminal', '-c', 'router bgp'],
      ...['-c', 'address-family ipv4 unicast', '-c', `network ${prefix}`],
    ],
  }),
  lacks: {},
};
