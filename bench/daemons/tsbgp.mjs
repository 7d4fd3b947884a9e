// tsbgp, from the build in dist/ or the one that --main names.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CONFIG = '/run/tsbgp/tsbgp.yml';

let main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Measures another build. @param {string} file its cli/main.js */
export function useBuild(file) {
  main = file;
}

/** @param {import('./daemon.mjs').Neighbor} neighbor @param {import('./daemon.mjs').Topology} topology */
function neighborConfig({ address, as, family, client, active, nextHopSelf }, { holdSeconds, policy }) {
  return `
  - address: ${address}
    as: ${as}
    families: [ ${family}-unicast ]
    passive: ${!active}
    connect-retry: 1
    idle-hold: 1
    hold-time: ${holdSeconds}
    import: ${policy ? '[ imported, accept ]' : 'accept'}
    next-hop-self: ${nextHopSelf === true}
    export: accept${client ? '\n    route-reflector-client: true' : ''}`;
}

/** @param {import('./daemon.mjs').ImportPolicy} policy */
function policyConfig({ rejected, statements }) {
  return `
prefix-sets:
  rejected: [ ${rejected.map(prefix => `${prefix} le 32`).join(', ')} ]
policies:
  imported:
    - { match: { prefix: rejected }, then: reject }
${statements
  .map(({ community, med }) => `    - { match: { community: '${community}' }, set: { med: ${med} }, then: accept }`)
  .join('\n')}`;
}

/** @type {import('./daemon.mjs').Daemon} */
export const tsbgp = {
  name: 'tsbgp',
  title: 'tsbgp',
  commands: {},
  files: topology => ({
    [CONFIG]: `
as: ${topology.as}
router-id: ${topology.routerId}
state-file: false
fib:
  install: ${topology.fib}
log:
  level: warn
${topology.policy ? policyConfig(topology.policy) : ''}
neighbors:${topology.neighbors.map(neighbor => neighborConfig(neighbor, topology)).join('')}
`,
  }),
  processes: () => [{ argv: [process.execPath, main, 'daemon', '--config', CONFIG] }],
  async count(node, family) {
    const output = await node.run(`'${process.execPath}' '${main}' rib summary --json`, 60_000);
    /** @type {{ families: { family: string, prefixes: number }[] }} */
    const summary = JSON.parse(output);
    return summary.families.find(entry => entry.family === `${family}-unicast`)?.prefixes ?? 0;
  },
  version: () =>
    execFileSync(process.execPath, [main, 'version'], { encoding: 'utf8' }).split('\n')[0].replace('tsbgp ', ''),
  announce: prefix => ({ argv: [process.execPath, main, 'rib', 'add', prefix] }),
  get announceAll() {
    return [process.execPath, main, 'rib', 'add', '-'];
  },
  lacks: {},
};
