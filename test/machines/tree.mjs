// Debian 13 trees for machines, made by mmdebstrap once and kept in /var/cache/tsbgp-machines ($XDG_CACHE_HOME/tsbgp-machines
// if that is set). Machines have file systems of their own, over it or copied from it, and never write to it.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export const CACHE = join(process.env.XDG_CACHE_HOME ?? '/var/cache', 'tsbgp-machines');
const MIRROR = 'http://deb.debian.org/debian';

const SYSTEM = ['systemd', 'systemd-sysv', 'dbus', 'passwd', 'iproute2'];

/** What each kind of tree has. */
const PACKAGES = {
  // What a machine of the demo has besides tsbgp, what tsbgp depends on, and other speakers.
  machine: [...SYSTEM, 'nodejs', 'iputils-ping', 'iptables', 'procps', 'bird2', 'frr'],
  // What Vagrant expects of a box, as Debian's own boxes have it. What tsbgp needs is installed in the machines, but for npm,
  // whose hundreds of packages take an emulated machine as long as all else. linux-sysctl-defaults lets everybody ping.
  box: [
    ...SYSTEM,
    ...['linux-image-amd64', 'linux-sysctl-defaults', 'openssh-server', 'sudo'],
    ...['ifupdown', 'dhcpcd-base', 'ca-certificates', 'npm'],
  ],
};

/** Services of those packages that a machine does not start by itself. */
const SERVICES = ['bird.service', 'frr.service', 'apt-daily.timer', 'apt-daily-upgrade.timer'];

/**
 * The tree's directory; the first call on a machine takes a minute or two and prints what it does.
 * @param {keyof typeof PACKAGES} kind
 * @returns {Promise<string>}
 */
export async function debianTree(kind) {
  // The key stands for all that makes a tree what it is: this file.
  const key = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 12);
  const tree = join(CACHE, `debian-13-${kind}-${key}`);
  if (!existsSync(tree)) await makeTree(tree, PACKAGES[kind]);
  const now = new Date();
  utimesSync(tree, now, now);
  return tree;
}

/**
 * @param {string} tree
 * @param {string[]} packages
 */
async function makeTree(tree, packages) {
  mkdirSync(CACHE, { recursive: true });
  removeLeftovers();
  const unfinished = join(CACHE, `unfinished-${process.pid}`);
  console.log(`making a Debian 13 tree in ${tree}, once; this takes a minute or two`);
  try {
    await bootstrap(unfinished, packages);
    for (const service of SERVICES) {
      if (existsSync(join(unfinished, 'usr/lib/systemd/system', service))) {
        execFileSync('systemctl', [`--root=${unfinished}`, 'disable', '--quiet', service]);
      }
    }
    // Each machine gets an id of its own when it boots.
    writeFileSync(join(unfinished, 'etc/machine-id'), '');
    // Another process may have been faster.
    if (!existsSync(tree)) renameSync(unfinished, tree);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/**
 * Runs mmdebstrap with mounts and processes of its own, which end with this process however it ends.
 * @param {string} directory
 * @param {string[]} packages
 */
async function bootstrap(directory, packages) {
  const tied = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const options = ['--mode=root', '--variant=minbase', `--include=${packages.join()}`];
  const command = ['mmdebstrap', ...options, 'trixie', directory, MIRROR];
  const child = spawn('setpriv', [...tied, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output = (output + text).slice(-2000);
    });
  }
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`mmdebstrap from ${MIRROR} failed:\n${output}`);
}

/** Removes what processes left that are no more, and trees that nobody has used for a week. */
function removeLeftovers() {
  const weekAgo = Date.now() - 7 * 86_400_000;
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    const [, pid] = /^unfinished-(\d+)$/.exec(name) ?? [];
    const isLeft = pid ? !existsSync(`/proc/${pid}`) : statSync(path).mtimeMs < weekAgo;
    if (isLeft) rmSync(path, { recursive: true });
  }
}
