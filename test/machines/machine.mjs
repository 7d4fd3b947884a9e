// Machines: Debian trees booted with systemd as process 1 by systemd-nspawn.
//
// A machine lives in a lab node (test/lab/node.mjs): the node's network namespace is the machine's, its mounts hold the
// machine's file system (a layer in memory over the shared tree), and all of it goes when the node is switched off.
// Commands run as transient units, as systemd starts services, so that what systemd would not allow shows.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createNode, waitFor } from '../lab/node.mjs';

const FILES = '/run/machine';

/** Boots; what comes after is the node's file system, namespaces and name, and the machine's. */
const BOOT = `
  set -e
  mkdir -p ${FILES}/upper ${FILES}/work ${FILES}/root
  mount -n -t overlay overlay -o "lowerdir=$TREE,upperdir=${FILES}/upper,workdir=${FILES}/work" ${FILES}/root
  echo "127.0.0.1 localhost\n127.0.1.1 $MACHINE" >${FILES}/root/etc/hosts
  echo "$MACHINE" >${FILES}/root/etc/hostname
  mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir "/sys/fs/cgroup/$NODE"
  echo $$ >"/sys/fs/cgroup/$NODE/cgroup.procs"
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
  exec systemd-nspawn --quiet --boot --directory=${FILES}/root --machine="$NODE" --hostname="$MACHINE" \\
    --network-namespace-path=/proc/$HOLDER/ns/net --capability=CAP_NET_ADMIN \\
    --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off --console=read-only`;

/** Mounts what machines need, where nobody sees it. */
const PROBE = `
  set -e
  mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir "/sys/fs/cgroup/tsbgp-probe-$$"
  rmdir "/sys/fs/cgroup/tsbgp-probe-$$"
  mount -n -t tmpfs tmpfs /mnt
  mkdir /mnt/upper /mnt/work /mnt/root
  mount -n -t overlay overlay -o lowerdir=/usr,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root`;

/**
 * Why no machine can be booted here; undefined when they can.
 * @returns {string | undefined}
 */
export function obstacle() {
  if (process.getuid?.() !== 0) return 'only root can boot machines';
  const { status, stderr, error } = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', PROBE], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.trim();
  return `control groups (cgroup2) and overlays have to be there and writable, as in a privileged container: ${reason}`;
}

/** A booted machine. */
export class Machine {
  /**
   * @param {string} name its host name
   * @param {import('../lab/node.mjs').Node} node that it lives in
   */
  constructor(name, node) {
    this.name = name;
    this.node = node;
    this.init = 0;
  }

  /**
   * Where a file of the machine is for processes outside it.
   * @param {string} path
   */
  path(path) {
    return `/proc/${this.init}/root${path}`;
  }

  /**
   * Writes a file of the machine.
   * @param {string} path
   * @param {string | Buffer} data
   * @param {number} [mode]
   */
  write(path, data, mode = 0o644) {
    mkdirSync(this.path(path.replace(/\/[^/]*$/, '') || '/'), { recursive: true });
    writeFileSync(this.path(path), data, { mode });
  }

  /** @param {string} command */
  #inside(command) {
    const unit = `systemd-run --quiet --pipe --wait --collect -p TasksMax=infinity sh -c ${quote(command)}`;
    return `exec nsenter -t ${this.init} -a ${unit}`;
  }

  /**
   * Runs a shell command on the machine to its end, whatever that is.
   * @param {string} command
   * @param {number} [timeoutMs]
   */
  try(command, timeoutMs = 60_000) {
    return this.node.try(this.#inside(command), timeoutMs);
  }

  /**
   * Runs a shell command on the machine; it is an error if it fails.
   * @param {string} command
   * @param {number} [timeoutMs]
   * @returns {Promise<string>} its standard output
   */
  async run(command, timeoutMs = 60_000) {
    const { status, output, stdout } = await this.try(command, timeoutMs);
    if (status !== 0) throw new Error(`${this.name}: \`${command}\` ended with ${status}\n${output}`);
    return stdout.trimEnd();
  }

  /**
   * The answer of a command, once it satisfies.
   * @param {string} command
   * @param {string | RegExp} expected
   */
  until(command, expected, timeoutMs = 60_000) {
    let last = '';
    const fits = async () => {
      last = (await this.try(command)).output;
      if (typeof expected === 'string' ? last.includes(expected) : expected.test(last)) return last;
      throw new Error(last);
    };
    return waitFor(`${this.name}: ${command} says ${expected}`, fits, timeoutMs);
  }
}

/**
 * Boots a machine.
 * @param {string} name host name
 * @param {string} tree Debian's
 * @returns {Promise<Machine>} not yet up: see isUp
 */
export async function bootMachine(name, tree) {
  const node = await createNode(`tsbgp-${name}-${process.pid}`);
  const machine = new Machine(name, node);
  const environment = { TREE: tree, MACHINE: name, NODE: node.name, HOLDER: String(node.pid) };
  const words = Object.entries(environment).map(([key, value]) => `${key}=${quote(value)}`);
  const nspawn = node.start(`${words.join(' ')} exec sh -c ${quote(BOOT)}`, '/run/console');
  nspawn.unref();
  const ended = once(nspawn, 'exit').then(() => {
    throw new Error(`${name} does not boot: ${readFileSync(node.path('/run/console'), 'utf8')}`);
  });
  const init = waitFor(
    `${name} has a process 1`,
    () => {
      const [child] = readFileSync(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, 'utf8').split(' ');
      const isInit = child !== '' && readlinkSync(`/proc/${child}/ns/pid`) !== readlinkSync('/proc/self/ns/pid');
      return isInit && child;
    },
    60_000,
  );
  machine.init = Number(await Promise.race([init, ended]));
  await machine.until('systemctl is-system-running', /running|degraded/, 120_000);
  return machine;
}

/** @param {string} word */
function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
