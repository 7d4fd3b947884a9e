// Makes a fresh clone ready to run: npm packages, Debian packages, the build. `node scripts/setup.mjs` does the first
// and the last; the demo and the tests also ask for the commands they call.
//
// Everything is looked at before it is made, so a second run takes no time; what has to be made is one progress line.
// Node's own modules only: this runs before `npm ci`.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's directory. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Debian's package for each command that the demo and the tests call. */
const PACKAGE_OF_COMMAND = {
  bgpctl: 'openbgpd',
  bgpdump: 'bgpdump',
  bird: 'bird2',
  dnsmasq: 'dnsmasq-base',
  'dpkg-deb': 'dpkg',
  exabgp: 'exabgp',
  extlinux: 'extlinux',
  gobgpd: 'gobgpd',
  groff: 'groff-base',
  ip: 'iproute2',
  iptables: 'iptables',
  libvirtd: 'libvirt-daemon-system',
  lintian: 'lintian',
  mmdebstrap: 'mmdebstrap',
  mount: 'mount',
  nsenter: 'util-linux',
  ping: 'iputils-ping',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  shellcheck: 'shellcheck',
  sysctl: 'procps',
  'systemd-analyze': 'systemd',
  'systemd-nspawn': 'systemd-container',
  tshark: 'tshark',
  vagrant: 'vagrant-libvirt',
  virsh: 'libvirt-clients',
  vtysh: 'frr',
};

/** Packages that start a daemon when they are installed, which would take the BGP port or make networks: its unit. */
const UNIT_OF_PACKAGE = new Map([
  ['bird2', 'bird.service'],
  ['exabgp', 'exabgp.service'],
  ['frr', 'frr.service'],
  ['gobgpd', 'gobgpd.service'],
  ['libvirt-daemon-system', 'libvirtd.service'],
  ['openbgpd', 'openbgpd.service'],
]);

/** Something a person has to do before this can go on; the message says what. */
export class SetupError extends Error {}

/**
 * Installs and builds what is missing.
 * @param {(keyof typeof PACKAGE_OF_COMMAND)[]} commands that have to be there, from Debian packages where they are not
 */
export function setUp(commands = []) {
  // A root shell made by `su` may lack the directories of the system's own commands.
  process.env.PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  checkNode();
  installDebianPackages(commands);
  installNpmPackages();
  build();
}

/**
 * Runs a script's main function; an error ends the process with status 1 and, if it is meant for people, no stack.
 * @param {() => unknown} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`tsbgp needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath})`);
  }
}

/** @param {(keyof typeof PACKAGE_OF_COMMAND)[]} commands */
function installDebianPackages(commands) {
  const missing = commands.filter(command => !isOnPath(command));
  if (missing.length === 0) return;
  const packages = missing.map(command => PACKAGE_OF_COMMAND[command]);
  const advice = `install the package${packages.length > 1 ? 's' : ''} ${packages.join(', ')} and try again`;
  if (process.platform !== 'linux' || !isOnPath('apt-get')) {
    throw new SetupError(`${missing.join(', ')} missing, and there is no apt-get here: ${advice}`);
  }
  if (process.getuid?.() !== 0) throw new SetupError(`${missing.join(', ')} missing, and this is not root: ${advice}`);
  progress(`installing Debian packages (${packages.join(' ')})`, () => {
    const withoutServices = keepServicesStopped(packages);
    const install = ['install', '--yes', '--no-install-recommends', ...packages];
    // The package lists of a new machine are empty or too old for the mirror.
    if (run('apt-get', install).status !== 0) {
      const update = run('apt-get', ['update']);
      const second = run('apt-get', install);
      if (second.status !== 0) throw new SetupError(`${update.output}${second.output}\napt-get failed: ${advice}`);
    }
    withoutServices();
  });
}

/**
 * RUNLEVEL=1 (in `run`) stops init scripts from starting a package's daemon; systemd has to be told by masking the unit.
 * Returns what to do after the installation.
 * @param {string[]} packages
 */
function keepServicesStopped(packages) {
  const units = packages.flatMap(name => UNIT_OF_PACKAGE.get(name) ?? []);
  if (units.length === 0 || !existsSync('/run/systemd/system')) return () => {};
  run('systemctl', ['mask', '--runtime', ...units]);
  return () => {
    run('systemctl', ['unmask', '--runtime', ...units]);
    run('systemctl', ['disable', ...units]);
  };
}

function installNpmPackages() {
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return;
  progress('installing npm packages', () => {
    const { status, output } = run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
    if (status !== 0) {
      const reason = output
        .split('\n')
        .filter(line => !line.startsWith('npm warn'))
        .slice(0, 12)
        .join('\n');
      throw new SetupError(`${reason}\nnpm ci failed; if it cannot reach the registry, set https_proxy and try again`);
    }
    giveToOwner('node_modules');
  });
}

function build() {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).map(name => join('src', name));
  const sources = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs', ...files];
  if (modified('dist/cli/main.js') > Math.max(...sources.map(modified))) return;
  progress('building', () => {
    const { status, output } = run(process.execPath, ['scripts/build.mjs']);
    if (status !== 0) throw new SetupError(`${output}\nthe build failed: correct the errors above and try again`);
    giveToOwner('dist');
  });
}

/**
 * Under sudo, what is made in a user's checkout stays the user's.
 * @param {string} directory
 */
function giveToOwner(directory) {
  const { uid, gid } = statSync(ROOT);
  if (process.getuid?.() === 0 && uid !== 0) run('chown', ['-R', '-h', `${uid}:${gid}`, directory]);
}

/**
 * @param {string} what
 * @param {() => void} work
 */
function progress(what, work) {
  const start = Date.now();
  process.stdout.write(`${what} ... `);
  try {
    work();
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
  process.stdout.write(`${((Date.now() - start) / 1000).toFixed(1)} s\n`);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, env, encoding: 'utf8' });
  if (error) throw new SetupError(`cannot run ${command}: ${error.message}`);
  return { status, output: stdout + stderr };
}

/**
 * Modification time in milliseconds; 0 if there is no such file.
 * @param {string} path in the checkout
 */
function modified(path) {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @param {string} command */
function isOnPath(command) {
  return (process.env.PATH ?? '').split(':').some(directory => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(() => setUp());
