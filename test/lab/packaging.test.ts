// The Debian package: what is in it, that it runs as it is, that the same sources give the same octets, and the unit as
// systemd itself judges it. test/machines installs it.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../../scripts/package.mjs';

const UNIT = '/usr/lib/systemd/system/tsbgp.service';
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const MACHINE = { amd64: 'x64', arm64: 'arm64' }[ARCHITECTURE];

let directory: string;
let file: string;
let tree: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tsbgp-package-test-'));
  file = await buildPackage({ architecture: ARCHITECTURE, directory });
  tree = join(directory, 'tree');
  execFileSync('dpkg-deb', ['--extract', file, tree]);
}, 60_000);

afterAll(() => rmSync(directory, { recursive: true }));

const output = (command: string, args: string[]) => execFileSync(command, args, { encoding: 'utf8' });

describe('the package', () => {
  it('names itself, and what it needs', () => {
    const [version, architecture, depends] = ['Version', 'Architecture', 'Depends'].map(field =>
      output('dpkg-deb', ['--field', file, field]).trim(),
    );
    expect(file).toBe(join(directory, `tsbgp_${version}_${architecture}.deb`));
    expect(depends).toContain('nodejs (>= 20.19)');
    expect(output('dpkg-deb', ['--info', file, 'conffiles'])).toBe('/etc/tsbgp/tsbgp.yml\n');
  });

  it('is the same octets when it is built again', async () => {
    const umask = process.umask(0o077);
    const again = join(directory, 'again');
    try {
      expect(readFileSync(await buildPackage({ architecture: ARCHITECTURE, directory: again }))).toEqual(
        readFileSync(file),
      );
    } finally {
      process.umask(umask);
    }
  }, 60_000);

  it('is without errors for lintian, and without warnings', () => {
    const { stdout } = spawnSync('lintian', ['--allow-root', '--no-cfg', '--fail-on=error', file], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
  }, 300_000);

  it('takes less than 5 MB', () => {
    expect(Number(output('dpkg-deb', ['--field', file, 'Installed-Size']))).toBeLessThan(5_000);
  });

  it('has natives of its own architecture only, and nothing that serves development', () => {
    const files = readdirSync(join(tree, 'usr/lib/tsbgp'), { recursive: true, encoding: 'utf8' });
    const natives = files.filter(name => name.endsWith('.node'));
    expect(natives.filter(name => !name.includes(MACHINE))).toEqual([]);
    expect(natives).toHaveLength(2);
    expect(files.filter(name => /\.(map|ts|md|cc|h)$/.test(name))).toEqual([]);
    for (const name of ['typescript', 'vitest', '@biomejs', 'fast-check', '@types']) {
      expect(files).not.toContain(`node_modules/${name}`);
    }
  });

  it('names holder and licence of everything in it', () => {
    const text = readFileSync(join(tree, 'usr/share/doc/tsbgp/copyright'), 'utf8');
    const packages = readdirSync(join(tree, 'usr/lib/tsbgp/node_modules'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('package.json'))
      .map(name => name.slice(0, -'/package.json'.length))
      .filter(name => /(^|node_modules\/)(@[^/]+\/)?[^/]+$/.test(name));
    expect(packages).toContain('koffi');
    for (const name of packages) expect(text).toContain(`Files: usr/lib/tsbgp/node_modules/${name}/*\n`);
    // Bundled, with a licence of its own each.
    for (const name of ['pino', 'yaml', 'zod', 'split2']) expect(text).toMatch(new RegExp(`^ +${name}: .*`, 'm'));
    const names = [...text.matchAll(/^License: (.* and .*)$/gm)].flatMap(([, list = '']) => list.split(' and '));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect(text).toContain(`\nLicense: ${name}\n `);
    for (const [, name] of text.matchAll(/^Copyright: .*(?:\n {11}.*)*\nLicense: (\S+)$/gm)) {
      expect(text).toContain(`\nLicense: ${name}\n `);
    }
  });

  it('has manual pages that groff does not complain of', () => {
    for (const page of ['man1/tsbgp.1', 'man5/tsbgp.yml.5', 'man8/tsbgp-daemon.8']) {
      const text = output('zcat', [join(tree, `usr/share/man/${page}.gz`)]);
      const { stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww'], { input: text, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout).toContain('tsbgp 0.');
    }
  });
});

describe('its files', () => {
  const main = () => join(tree, 'usr/lib/tsbgp/dist/cli/main.js');

  it('are a program that runs by itself', () => {
    expect(readFileSync(main(), 'utf8')).toMatch(/^#!\/usr\/bin\/node\n/);
    expect(output(process.execPath, [main(), '--help'])).toContain('rib add');
    // Every module there is, so that none misses a file of an npm package.
    const script = `
      const files = require('node:fs').readdirSync('dist', { recursive: true });
      const modules = files.filter(file => file.endsWith('.js') && file !== 'cli/main.js');
      Promise.all(modules.map(file => import(process.cwd() + '/dist/' + file))).then(all => console.log(all.length));`;
    const cwd = join(tree, 'usr/lib/tsbgp');
    expect(Number(execFileSync(process.execPath, ['--eval', script], { cwd, encoding: 'utf8' }))).toBeGreaterThan(35);
    const config = join(tree, 'etc/tsbgp/tsbgp.yml');
    const { status, stderr } = spawnSync(process.execPath, [main(), 'config', 'check', config], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    // The daemon's script, in strict mode as modules are, as far as its configuration.
    expect(readFileSync(join(tree, 'usr/lib/tsbgp/dist/daemon.cjs'), 'utf8')).toMatch(
      /^\(function .*\n"use strict";\n/,
    );
    const daemon = spawnSync(process.execPath, [main(), 'daemon', '-f', '/nowhere.yml'], { encoding: 'utf8' });
    expect([daemon.status, daemon.stderr]).toEqual([2, expect.stringContaining('/nowhere.yml')]);
  });

  it('declare the user and the modes of its directories', () => {
    mkdirSync(join(tree, 'var/lib'), { recursive: true });
    execFileSync('systemd-sysusers', [`--root=${tree}`], { stdio: 'pipe' });
    const [, , uid, gid] = /^tsbgp:.*$/m.exec(readFileSync(join(tree, 'etc/passwd'), 'utf8'))?.[0].split(':') ?? [];
    expect(Number(uid)).toBeGreaterThan(0);
    execFileSync('systemd-tmpfiles', [`--root=${tree}`, '--create', 'tsbgp.conf']);
    for (const [path, mode] of [
      ['etc/tsbgp', 0o750],
      ['etc/tsbgp/tsbgp.yml', 0o640],
    ] as const) {
      const found = statSync(join(tree, path));
      expect([found.uid, found.gid, found.mode & 0o777]).toEqual([0, Number(gid), mode]);
    }
  });
});

describe('tsbgp.service', () => {
  it('is a unit without mistakes', () => {
    // What it refers to outside its own files.
    for (const target of ['sysinit', 'basic', 'shutdown', 'network']) {
      writeFileSync(join(tree, `usr/lib/systemd/system/${target}.target`), '[Unit]\n');
    }
    mkdirSync(join(tree, 'bin'), { recursive: true });
    writeFileSync(join(tree, 'bin/kill'), '', { mode: 0o755 });
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', `--root=${tree}`, 'tsbgp.service'],
      { encoding: 'utf8' },
    );
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('exposes little, and keeps two capabilities', () => {
    const report = output('systemd-analyze', [
      'security',
      '--offline=true',
      '--no-pager',
      '--threshold=20',
      join(tree, UNIT),
    ]);
    const [, level] = /exposure level for tsbgp\.service: ([\d.]+)/.exec(report) ?? [];
    expect(Number(level)).toBeLessThanOrEqual(2.0);
    const kept = report.split('\n').filter(line => line.startsWith('✗ CapabilityBoundingSet='));
    expect(kept.map(line => line.split(/\s+/)[1])).toEqual([
      'CapabilityBoundingSet=~CAP_NET_ADMIN',
      'CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)',
    ]);
  });
});
