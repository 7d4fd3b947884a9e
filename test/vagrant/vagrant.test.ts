// docs/vagrant.md, done: a box, libvirt with qemu in emulation, `vagrant up` of the Vagrantfile as it is, and every command of
// the document by `vagrant ssh`, its output compared with the document's. `npm run test:vagrant -- -u` writes what
// is different into the document.
//
// The tests are one story, told in order. All it makes is in a lab node and goes with it.

import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../../scripts/package.mjs';
import { ROOT } from '../../scripts/setup.mjs';
import { cleanup, type Node, waitFor } from '../lab/node.mjs';
import { debianTree } from '../machines/tree.mjs';
import { startHypervisor, startProxy } from './hypervisor.mjs';
import { isAlike, missingLine, type Step, stepsOf, withOutputs } from './transcript.js';

const MINUTES = 60_000;
const MAKE_BOX = join(import.meta.dirname, 'make-box.sh');
const DOCUMENT = join(ROOT, 'docs/vagrant.md');
/** In memory, as all of the node's /run; a directory whose name has to be quoted, as people have them. */
const PLACE = '/run/vagrant';
const CHECKOUT = `${PLACE}/a checkout`;
const LEFT_OUT = ['.git', 'node_modules', 'dist', 'build', '.vagrant', 'coverage'];

/** Commands that change nothing: asked again until the answer is the document's, for a while. */
const QUESTION = /^(tsbgp (neighbor|rib)$|ip |ping -c|systemctl is-|sudo ip )/;
/** A command that goes on while the next one is run. */
const MEANWHILE = / -w 60 /;

const document = readFileSync(DOCUMENT, 'utf8');
const steps = stepsOf(document);
const outputs = new Map<Step, string>();

const VIRSH = 'virsh -c qemu:///system';

let node: Node;
let debianPackage: string;

const ENVIRONMENT = {
  HOME: PLACE,
  VAGRANT_HOME: `${PLACE}/home`,
  VAGRANT_DEFAULT_PROVIDER: 'libvirt',
  TSBGP_BOX: 'tsbgp-test',
  VAGRANT_HTTP_PROXY: 'http://192.168.121.1:3128',
  VAGRANT_HTTPS_PROXY: 'http://192.168.121.1:3128',
};

/** `vagrant …` in the checkout on the host. */
async function vagrant(command: string, { minutes = 3, environment = {}, directory = CHECKOUT } = {}) {
  const words = Object.entries({ ...ENVIRONMENT, ...environment }).map(([name, value]) => `${name}='${value}'`);
  return node.try(`cd '${directory}/vagrant' && env ${words.join(' ')} vagrant --no-tty ${command}`, minutes * MINUTES);
}

async function vagrantRun(command: string, options = {}): Promise<string> {
  const { status, output } = await vagrant(command, options);
  expect(status, `vagrant ${command}\n${output}`).toBe(0);
  return output.replaceAll('\r', '');
}

/** A command on a machine, as a person would give it. */
async function ssh(machine: string, command: string): Promise<string> {
  const { stdout, output } = await vagrant(`ssh ${machine} -- '${command.replaceAll("'", "'\\''")}'`);
  return (stdout === '' ? output : stdout).replaceAll('\r', '').replace(/ +$/gm, '').trimEnd();
}

/** Does a step of the document; an output that differs fails the test, but not before all have been done. */
async function walk(step: Step): Promise<void> {
  const { machine, command, output: expected } = step;
  if (machine === undefined) {
    // The first start is with a package of this machine, so that there is one build in emulation, not two.
    const environment = command === 'vagrant up' ? { TSBGP_DEB: debianPackage } : {};
    const run = () => vagrantRun(command.replace(/^vagrant /, ''), { minutes: 25, environment });
    const output = command.startsWith('vagrant provision') ? await harmless(run) : await run();
    console.log(`$ ${command}\n${output}`);
    expect.soft(missingLine(expected, output), `${command} does not say this`).toBeUndefined();
    return;
  }
  let output = '';
  const fits = async () => {
    output = await ssh(machine, command);
    return isAlike(output, expected);
  };
  if (QUESTION.test(command)) await waitFor(command, fits, 45_000).catch(() => {});
  else await fits();
  outputs.set(step, output);
  expect
    .soft(isAlike(output, expected), `${machine}$ ${command}\n${output}\n— the document has:\n${expected}`)
    .toBe(true);
}

/** Provisions bgp-1: its configuration and routes are as before, and so is its daemon if nothing was installed. */
async function harmless(provision: () => Promise<string>): Promise<string> {
  const state = async () => {
    const command = 'systemctl show --value -p MainPID tsbgp; cat /etc/tsbgp/tsbgp.yml; ip route show proto bgp';
    const [daemon, ...kept] = (await ssh('bgp-1', command)).split('\n');
    return { daemon, kept: kept.join('\n') };
  };
  const before = await state();
  const output = await provision();
  const isAsBefore = async () => (await state()).kept === before.kept;
  await waitFor(`configuration and routes are those of before:\n${before.kept}`, isAsBefore, 2 * MINUTES);
  const isInstalled = output.includes('installing the package');
  expect((await state()).daemon !== before.daemon, 'another daemon').toBe(isInstalled);
  return output;
}

/** The command on the host that failed: without it the rest makes no sense. */
let failed: string | undefined;

/** Does a section of the document. */
async function walkThrough(section: string): Promise<void> {
  let meanwhile: Promise<void> | undefined;
  for (const step of steps.filter(it => it.section === section)) {
    if (failed !== undefined) throw new Error(`not tried, because this failed: ${failed}`);
    const doing = walk(step).catch(error => {
      if (step.machine === undefined) failed = step.command;
      throw error;
    });
    if (MEANWHILE.test(step.command)) meanwhile = doing;
    else {
      await doing;
      await meanwhile;
      meanwhile = undefined;
    }
  }
}

beforeAll(async () => {
  if (process.arch !== 'x64') throw new Error('the box is made for amd64, from the packages of this machine');
  const tree = await debianTree('box');
  node = await startHypervisor();
  await startProxy(node);
  mkdirSync(node.path(PLACE));
  const built = await buildPackage({ architecture: 'amd64', directory: node.path(PLACE) });
  debianPackage = `${PLACE}/${basename(built)}`;
  cpSync(ROOT, node.path(CHECKOUT), {
    recursive: true,
    filter: file => file === ROOT || !LEFT_OUT.includes(basename(file)),
  });
  await node.run(`sh ${MAKE_BOX} '${tree}' ${PLACE}/box`, 3 * MINUTES);
  await vagrantRun(`box add --name tsbgp-test ${PLACE}/box && rm ${PLACE}/box`);
}, 15 * MINUTES);

afterAll(cleanup, MINUTES);

describe('before anything is made', { timeout: 3 * MINUTES }, () => {
  const complaint = async (options = {}) => {
    const { status, output } = await vagrant('up', options);
    expect(status, output).not.toBe(0);
    expect(await node.run(`${VIRSH} list --all --name; ${VIRSH} net-list --all --name`)).toBe('\n\n');
    return output;
  };

  it('the settings are valid, for VirtualBox too', async () => {
    await vagrantRun('validate');
    // Vagrant asks VirtualBox for its version before it looks at the settings.
    writeFileSync(node.path('/run/bin/VBoxManage'), '#!/bin/sh\necho 6.1.36r152435\n');
    chmodSync(node.path('/run/bin/VBoxManage'), 0o755);
    const environment = { VAGRANT_DEFAULT_PROVIDER: 'virtualbox' };
    await vagrantRun('validate', { environment });

    const wrong = `${PLACE}/wrong`;
    cpSync(node.path(`${CHECKOUT}/vagrant`), node.path(`${wrong}/vagrant`), { recursive: true });
    const file = node.path(`${wrong}/vagrant/Vagrantfile`);
    writeFileSync(file, readFileSync(file, 'utf8').replace('machine.linked_clone', 'machine.linked_clown'));
    const { status, output } = await vagrant('validate', { environment, directory: wrong });
    expect([status, output]).toEqual([1, expect.stringContaining('linked_clown')]);
    for (const path of ['/run/bin/VBoxManage', wrong]) rmSync(node.path(path), { recursive: true });
  });

  it('no provider', async () => {
    const environment = { VAGRANT_NO_PLUGINS: '1', VAGRANT_DEFAULT_PROVIDER: '' };
    expect(await complaint({ environment })).toContain('install VirtualBox');
  });

  it('too little memory', async () => {
    const meminfo = readFileSync('/proc/meminfo', 'utf8').replace(/^(MemAvailable:).*$/m, '$1 3000000 kB');
    writeFileSync(node.path('/run/meminfo'), meminfo);
    await node.run('mount --bind /run/meminfo /proc/meminfo');
    expect(await complaint()).toContain('Not enough memory: 4096 MiB are needed and 2929 MiB are available.');
    await node.run('umount /proc/meminfo');
  });

  it('the network is taken', async () => {
    await node.run('ip link add taken type bridge && ip addr add 172.18.8.7/24 dev taken');
    expect(await complaint()).toContain(
      'The network of the machines, 172.18.8.0/24, is in use: this host has 172.18.8.7',
    );
    await node.run('ip link del taken');
  });
});

const sections = [...new Set(steps.map(({ section }) => section))];

describe('docs/vagrant.md', { timeout: 30 * MINUTES }, () => {
  it.each(sections)('%s', walkThrough);

  it('nothing is left', async () => {
    expect(await node.run(`${VIRSH} list --all --name; ${VIRSH} net-list --all --name`)).toBe('\n\n');
    const volumes = await node.run(`${VIRSH} vol-list default`);
    expect(volumes).not.toContain('vagrant_bgp-');
  });

  it('the document shows what was printed', async () => {
    const different = new Map([...outputs].filter(([step, output]) => !isAlike(step.output, output)));
    await expect(withOutputs(document, different)).toMatchFileSnapshot(DOCUMENT);
  });
});
