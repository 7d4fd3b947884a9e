// OpenBGPD. Its port to Linux speaks BGP only, it has no hand on the kernel's routes.

import { debianVersion } from './debian.mjs';

const CONFIG = '/run/openbgpd/bgpd.conf';
const SOCKET = '/run/openbgpd/bgpd.sock';

/** @type {Record<'ipv4' | 'ipv6', string>} */
const FAMILY_NAME = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** @param {import('./daemon.mjs').Topology} topology */
function config({ as, routerId, neighbors, holdSeconds, policy }) {
  return `
AS ${as}
router-id ${routerId}
fib-update no
holdtime ${holdSeconds}
socket "${SOCKET}"
${neighbors
  .map(
    ({ address, as: remoteAs, family, client, active }) => `
neighbor ${address} {
  remote-as ${remoteAs}
  ${active ? '' : 'passive'}
  announce IPv4 ${family === 'ipv4' ? 'unicast' : 'none'}
  announce IPv6 ${family === 'ipv6' ? 'unicast' : 'none'}
  ${client ? 'route-reflector' : ''}
}`,
  )
  .join('')}
${policy ? rules(policy) : 'allow from any'}
allow to any
`;
}

/** @param {import('./daemon.mjs').ImportPolicy} policy */
function rules({ rejected, statements }) {
  return `
prefix-set rejected { ${rejected.join(', ')} }
deny quick from any prefix-set rejected or-longer
${statements.map(({ community, med }) => `allow quick from any community ${community} set metric ${med}`).join('\n')}
allow from any`;
}

/** @type {import('./daemon.mjs').Daemon} */
export const openbgpd = {
  name: 'openbgpd',
  title: 'OpenBGPD',
  commands: { '/usr/sbin/bgpd': 'openbgpd', bgpctl: 'openbgpd' },
  files: topology => ({ [CONFIG]: config(topology) }),
  prepare: `chmod 600 ${CONFIG}`,
  processes: () => [{ argv: ['/usr/sbin/bgpd', '-d', '-f', CONFIG] }],
  async count(node, family) {
    const output = await node.run(`bgpctl -s ${SOCKET} show rib memory`, 60_000);
    if (!output.includes('RIB using')) throw new Error(`bgpctl says: ${output}`);
    // It does not mention what there is none of.
    return Number(output.match(new RegExp(`(\\d+) ${FAMILY_NAME[family]} unicast network entries`))?.[1] ?? 0);
  },
  version: () => debianVersion('openbgpd'),
  announce: prefix => ({ argv: ['bgpctl', '-s', SOCKET, 'network', 'add', prefix] }),
  lacks: { fib: 'has no kernel routes on Linux' },
};
