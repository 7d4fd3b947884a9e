// npm test: everything there is to check, on a fresh clone too: types, lint, build, then all tests (unit, property, lab,
// interop, machines). Arguments go to vitest: `npm test -- test/bgp` runs those tests only.
//
// Where no machine can be booted (a container without privileges), the other tests run and the summary says why. Vagrant's
// virtual machines take half an hour: they are a run of their own, `npm run test:vagrant`.
// The first stage that fails is the last one. The closing line is "N passed, N failed" in any case.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obstacle } from '../test/machines/machine.mjs';
import { ROOT, runMain, SetupError, setUp } from './setup.mjs';

const COMMANDS = /** @type {const} */ ([
  'ip',
  'ping',
  'iptables',
  'sysctl',
  'mount',
  'nsenter',
  'bird',
  'gobgpd',
  'vtysh',
  'bgpctl',
  'exabgp',
  'shellcheck',
  'dpkg-deb',
  'lintian',
  'groff',
  'systemd-analyze',
  'tshark',
  'bgpdump',
  'mmdebstrap',
  'systemd-nspawn',
]);

const MACHINES = 'test/machines';

const VAGRANT = 'test/vagrant';
const VAGRANT_COMMANDS = /** @type {const} */ ([
  'vagrant',
  'libvirtd',
  'virsh',
  'dnsmasq',
  'qemu-system-x86_64',
  'qemu-img',
  'extlinux',
]);

const SHELL_SCRIPTS = [
  '.ci/run',
  'packaging/debian/postinst',
  'packaging/debian/prerm',
  'packaging/debian/postrm',
  'test/lab/node.sh',
  'test/vagrant/make-box.sh',
  'vagrant/create-pod.sh',
  'vagrant/provision.sh',
];

await runMain(async () => {
  if (process.getuid?.() !== 0) {
    throw new SetupError(`the tests make network namespaces, which only root can: sudo npm test
Those that need none: npx vitest run test/bgp`);
  }
  const args = process.argv.slice(2);
  const withVagrant = args.some(it => it.startsWith(VAGRANT));
  setUp([...COMMANDS, ...(withVagrant ? VAGRANT_COMMANDS : [])]);
  if (!withVagrant) args.push(`--exclude=${VAGRANT}/**`);
  const noMachines = obstacle();
  if (noMachines !== undefined) {
    if (args.includes(MACHINES)) throw new SetupError(`no machine can be booted here: ${noMachines}`);
    args.push(`--exclude=${MACHINES}/**`);
  }

  // Also the place of what tests write, so that nothing stays when they are stopped.
  const directory = mkdtempSync(join(tmpdir(), 'tsbgp-test-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  // Tests run commands as other users, too.
  chmodSync(directory, 0o755);
  process.env.TMPDIR = directory;
  const report = join(directory, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];

  /** @type {[name: string, command: string, args: string[]][]} */
  const stages = [
    ['types', 'node_modules/.bin/tsc', ['--noEmit']],
    ['lint', 'node_modules/.bin/biome', ['ci']],
    ['shell scripts', 'shellcheck', SHELL_SCRIPTS],
    ['tests', 'node_modules/.bin/vitest', ['run', ...reporters, ...args]],
  ];
  const summary = noMachines === undefined ? [] : [`- ${MACHINES} left out: ${noMachines}`];
  let failed = false;
  for (const [name, command, args] of stages) {
    const start = Date.now();
    failed = (await run(command, args)) !== 0;
    summary.push(`${failed ? '✗' : '✓'} ${name.padEnd(14)} ${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s`);
    if (failed) break;
  }
  console.log(`\n${summary.join('\n')}`);
  console.log(counts(report, failed));
  process.exitCode = failed ? 1 : 0;
});

/**
 * Runs a command to its end. Ctrl-C reaches it by itself; a request to stop is passed on, so that its tests clean up.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} exit status
 */
async function run(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
  const wait = () => {};
  const passOn = () => child.kill('SIGTERM');
  process.on('SIGINT', wait).on('SIGTERM', passOn);
  const [status] = await once(child, 'exit');
  process.off('SIGINT', wait).off('SIGTERM', passOn);
  return status ?? 1;
}

/**
 * @param {string} report vitest's, if it came so far
 * @param {boolean} failed
 * @returns {string} a file that could not even be loaded, or a stage before the tests, counts as one failure
 */
function counts(report, failed) {
  const results = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 0 };
  return `${results.numPassedTests} passed, ${Math.max(results.numFailedTests, failed ? 1 : 0)} failed`;
}
