// The installed tree: what packaging/install.sh puts below a directory, and the unit as systemd itself judges it.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNIT = '/usr/lib/systemd/system/tsbgp.service';

let tree: string;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'tsbgp-install-'));
  execFileSync(join(ROOT, 'packaging/install.sh'), [tree]);
});

afterAll(() => rmSync(tree, { recursive: true }));

describe('install.sh', () => {
  it('installs a program that runs by itself, with completion', () => {
    expect(execFileSync(join(tree, 'usr/bin/tsbgp'), ['--help'], { encoding: 'utf8' })).toContain('rib add');
    for (const file of ['bash-completion/completions/tsbgp', 'zsh/vendor-completions/_tsbgp']) {
      expect(readFileSync(join(tree, 'usr/share', file), 'utf8')).toContain('tsbgp');
    }
  });

  it('leaves out what serves development only', () => {
    const packages = join(tree, 'usr/lib/tsbgp/node_modules');
    expect(statSync(join(packages, 'zod')).isDirectory()).toBe(true);
    for (const name of ['typescript', 'vitest', '@biomejs', 'fast-check']) {
      expect(statSync(join(packages, name), { throwIfNoEntry: false }), name).toBeUndefined();
    }
  });

  it('brings a configuration that is right', () => {
    const file = join(tree, 'etc/tsbgp/tsbgp.yml');
    const { status, stderr } = spawnSync(join(tree, 'usr/bin/tsbgp'), ['config', 'check', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('keeps a configuration that is there', () => {
    const file = join(tree, 'etc/tsbgp/tsbgp.yml');
    writeFileSync(file, 'as: 65099\nrouter-id: 192.0.2.99\n');
    execFileSync(join(ROOT, 'packaging/install.sh'), [tree]);
    expect(readFileSync(file, 'utf8')).toContain('65099');
  });

  it('declares the user and the modes of its directories', () => {
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
    const report = execFileSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', '--threshold=20', join(tree, UNIT)],
      { encoding: 'utf8' },
    );
    const [, level] = /exposure level for tsbgp\.service: ([\d.]+)/.exec(report) ?? [];
    expect(Number(level)).toBeLessThanOrEqual(2.0);
    const kept = report.split('\n').filter(line => line.startsWith('✗ CapabilityBoundingSet='));
    expect(kept.map(line => line.split(/\s+/)[1])).toEqual([
      'CapabilityBoundingSet=~CAP_NET_ADMIN',
      'CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)',
    ]);
  });
});
