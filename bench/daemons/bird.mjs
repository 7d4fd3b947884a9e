// BIRD 2.

import { debianVersion } from './debian.mjs';

const CONFIG = '/run/bird/bird.conf';
const SOCKET = '/run/bird/bird.ctl';
const ROUTES = '/run/bird/routes.conf';

/**
 * @param {import('./daemon.mjs').Neighbor} neighbor
 * @param {number} i
 * @param {import('./daemon.mjs').Topology} topology
 */
function protocol({ address, as, family, client, active, nextHopSelf }, i, { as: own, holdSeconds, policy }) {
  return `
protocol bgp n${i} {
  local as ${own};
  neighbor ${address} as ${as};
  ${active ? 'connect delay time 1; connect retry time 1;' : 'passive on;'}
  ${as === own ? 'direct;' : ''}
  hold time ${holdSeconds};
  ${client ? 'rr client;' : ''}
  ${family} { import ${policy ? 'filter imported' : 'all'}; export all; ${nextHopSelf ? 'next hop self;' : ''} };
}`;
}

/** @param {import('./daemon.mjs').ImportPolicy} policy */
function filter({ rejected, statements }) {
  return `
define rejected_prefixes = [ ${rejected.map(prefix => `${prefix}+`).join(', ')} ];
filter imported {
  if net ~ rejected_prefixes then reject;
${statements
  .map(
    ({ community, med }) => `  if (${community.replace(':', ',')}) ~ bgp_community then { bgp_med = ${med}; accept; }`,
  )
  .join('\n')}
  accept;
}`;
}

/** @param {import('./daemon.mjs').Topology} topology */
function config(topology) {
  return `
log stderr { warning, error, fatal, bug };
router id ${topology.routerId};
protocol device { }
protocol static announced {
  ipv4;
  include "${ROUTES}";
}
${topology.fib ? 'protocol kernel { ipv4 { import none; export all; }; }' : ''}
${topology.policy ? filter(topology.policy) : ''}
${topology.neighbors.map((neighbor, i) => protocol(neighbor, i, topology)).join('')}
`;
}

/** @type {import('./daemon.mjs').Daemon} */
export const bird = {
  name: 'bird',
  title: 'BIRD',
  commands: { bird: 'bird2', birdc: 'bird2' },
  files: topology => ({ [CONFIG]: config(topology), [ROUTES]: '' }),
  processes: () => [{ argv: ['bird', '-f', '-c', CONFIG, '-s', SOCKET, '-P', '/run/bird/bird.pid'] }],
  async count(node, family) {
    const output = await node.run(`birdc -s ${SOCKET} show route count`, 60_000);
    const table = family === 'ipv4' ? 'master4' : 'master6';
    const found = output.match(new RegExp(`for (\\d+) networks in table ${table}`));
    if (!found) throw new Error(`birdc says: ${output}`);
    return Number(found[1]);
  },
  version: () => debianVersion('bird2'),
  // There is no adding to BIRD's configuration: all are written again.
  announce: (_, all) => ({
    files: { [ROUTES]: all.map(prefix => `route ${prefix} blackhole;\n`).join('') },
    argv: ['birdc', '-s', SOCKET, 'configure'],
  }),
  lacks: {},
};
