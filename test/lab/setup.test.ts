// scripts/setup.mjs in a checkout of its own, with stand-ins for npm, the build and apt-get that write down their calls.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A stand-in for scripts/build.mjs. */
const BUILD = `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync('calls', 'build\\n');
mkdirSync('dist/cli', { recursive: true });
writeFileSync('dist/cli/main.js', '');`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbgp-setup-'));
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'src/cli/main.ts']) write(file);
  write('scripts/build.mjs', BUILD);
  copyFileSync(fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url)), join(root, 'scripts/setup.mjs'));
  command('bin/npm', 'mkdir -p node_modules && echo >node_modules/.package-lock.json');
  for (const file of ['package-lock.json', 'src/cli/main.ts', 'src/cli', 'src']) setAge(file, 60);
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs']) setAge(file, 60);
});

afterEach(() => rmSync(root, { recursive: true }));

describe('a checkout', () => {
  it('gets its npm packages and is built, once', () => {
    const first = setUp();
    expect(first.output).toMatch(/^installing npm packages \.\.\. [\d.]+ s\nbuilding \.\.\. [\d.]+ s\n$/);
    expect(calls()).toEqual(['npm ci --include=dev --no-audit --no-fund', 'build']);
    expect(setUp()).toEqual({ status: 0, output: '' });
    expect(calls()).toHaveLength(2);
  });

  it('gets them again after a change of the lock file', () => {
    setUp();
    setAge('package-lock.json', -1);
    expect(setUp().output).toContain('installing npm packages');
  });

  it('is built again after a change of a source, and after one was deleted', () => {
    write('src/cli/old.ts');
    for (const file of ['src/cli/old.ts', 'src/cli']) setAge(file, 60);
    setUp();
    setAge('src/cli/main.ts', -1);
    expect(setUp().output).toMatch(/^building/);
    setAge('src/cli/main.ts', 60);
    rmSync(join(root, 'src/cli/old.ts'));
    setAge('src/cli', -1);
    expect(setUp().output).toMatch(/^building/);
  });

  it('says what a failed step printed and what to do', () => {
    command('bin/npm', 'echo "npm error code ENOTFOUND" >&2; exit 1');
    const { status, output } = setUp();
    expect(status).toBe(1);
    expect(output).toContain('installing npm packages ... failed\nnpm error code ENOTFOUND\n');
    expect(output).toContain('npm ci failed; if it cannot reach the registry, set https_proxy and try again');
  });
});

describe('commands that are missing', () => {
  beforeEach(() => {
    setUp();
    rmSync(join(root, 'calls'));
  });

  it('are installed from their Debian packages', () => {
    command('bin/apt-get', `for c in ping shellcheck; do ln -s /bin/true ${root}/bin/$c; done`);
    expect(setUp('ping', 'shellcheck').output).toMatch(
      /^installing Debian packages \(iputils-ping shellcheck\) \.\.\. /,
    );
    expect(calls()).toEqual(['apt-get install --yes --no-install-recommends iputils-ping shellcheck']);
    expect(setUp('ping', 'shellcheck')).toEqual({ status: 0, output: '' });
  });

  it('are installed after a look for newer package lists if the first try fails', () => {
    command('bin/apt-get', `case $1 in update) echo >${root}/updated;; *) test -e ${root}/updated;; esac`);
    expect(setUp('ping').status).toBe(0);
    expect(calls()).toHaveLength(3);
  });

  it('are named with what to do where that cannot be', () => {
    expect(setUp('ping').output).toBe(
      'ping missing, and there is no apt-get here: install the package iputils-ping and try again\n',
    );
    command('bin/apt-get', 'echo "E: no network" >&2; exit 100');
    const { status, output } = setUp('ping');
    expect(status).toBe(1);
    expect(output).toContain('E: no network');
    expect(output).toContain('apt-get failed: install the package iputils-ping and try again');
  });
});

/** Runs setUp for the commands with nothing but the stand-ins on the PATH. */
function setUp(...commands: string[]) {
  const script = `
    import { runMain, setUp } from ${JSON.stringify(join(root, 'scripts/setup.mjs'))};
    await runMain(() => setUp(${JSON.stringify(commands)}));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: join(root, 'bin') },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function calls(): string[] {
  const file = join(root, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function write(file: string, text = ''): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** A stand-in that writes down its call and does what the shell lines say. */
function command(file: string, lines: string): void {
  write(file);
  writeFileSync(join(root, file), `#!/bin/sh\nPATH=/usr/bin:/bin\necho "\${0##*/} $*" >>${root}/calls\n${lines}\n`);
  chmodSync(join(root, file), 0o755);
}

function setAge(file: string, seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(join(root, file), time, time);
}
