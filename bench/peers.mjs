// The peers: installs the Debian packages of those that are missing, and sees to it that none of them is started by its
// installation.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { SetupError } from '../scripts/setup.mjs';

/** Services of the packages, which systemd would start. */
const SERVICES = ['bird', 'frr', 'gobgpd', 'openbgpd', 'bgplgd'];

/**
 * Installs what is missing for these daemons.
 * @param {import('./daemons/daemon.mjs').Daemon[]} daemons
 */
export function installPeers(daemons) {
  const needed = daemons.flatMap(({ commands }) => Object.entries(commands));
  const packages = [...new Set(needed.filter(([command]) => !isThere(command)).map(([, name]) => name))];
  if (packages.length === 0) return;
  const advice = `install the packages ${packages.join(', ')}, or leave their daemons out with --daemons`;
  if (!isThere('apt-get')) throw new SetupError(`there is no apt-get here: ${advice}`);
  process.stdout.write(`installing Debian packages (${packages.join(' ')}) ... `);
  const hasSystemd = existsSync('/run/systemd/system');
  if (hasSystemd) run('systemctl', ['mask', '--runtime', ...SERVICES]);
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  let outcome = run('apt-get', install);
  if (outcome.status !== 0) {
    run('apt-get', ['update']);
    outcome = run('apt-get', install);
  }
  if (hasSystemd) {
    run('systemctl', ['unmask', '--runtime', ...SERVICES]);
    run('systemctl', ['disable', ...SERVICES]);
  }
  console.log(outcome.status === 0 ? 'done' : 'failed');
  if (outcome.status !== 0) throw new SetupError(`${outcome.stderr}\napt-get failed: ${advice}`);
}

/** RUNLEVEL=1 keeps init scripts from starting services. @param {string} command @param {string[]} args */
function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync(command, args, { env, encoding: 'utf8' });
}

/** @param {string} command a name on the PATH, or a path */
function isThere(command) {
  const places = command.includes('/') ? [''] : (process.env.PATH ?? '').split(':').map(directory => `${directory}/`);
  return places.some(place => {
    try {
      accessSync(place + command, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
