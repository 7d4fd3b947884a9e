// tsbgp, from the build in dist/ or the one that --main names. It starts as its service does on a machine where it has
// been before: its compiled code is there, kept by a daemon without neighbors that runs long enough for that.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CONFIG = '/run/tsbgp/tsbgp.yml';
const LONELY_CONFIG = '/run/tsbgp/lonely.yml';
/** A little more than it takes the daemon to keep its code (src/code-cache.ts). */
const KEPT_AFTER_SECONDS = 12;

let main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Measures another build. @param {string} file its cli/main.js */
export function useBuild(file) {
  main = file;
}

/** @type {string | undefined} */
let kept;

/** The directory for compiled code of this run of the bench. */
function keptCode() {
  if (kept === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'tsbgp-bench-'));
    process.once('exit', () => rmSync(directory, { recursive: true }));
    kept = directory;
  }
  return kept;
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
    [LONELY_CONFIG]: `
as: ${topology.as}
router-id: ${topology.routerId}
state-file: false
`,
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
  get prepare() {
    const daemon = `'${process.execPath}' '${main}' daemon --config ${LONELY_CONFIG}`;
    const directory = `CACHE_DIRECTORY='${keptCode()}'`;
    const isKept = 'ls $CACHE_DIRECTORY/*.code >/dev/null';
    return `export ${directory}; ${isKept} 2>&1 || { timeout ${KEPT_AFTER_SECONDS} ${daemon}; ${isKept}; }`;
  },
  processes: () => [
    { argv: [process.execPath, main, 'daemon', '--config', CONFIG], env: { CACHE_DIRECTORY: keptCode() } },
  ],
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
