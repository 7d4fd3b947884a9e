// `--help` and completion, as a shell and its user see them.

import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { neighbor } from '../api/fake-control.js';
import { type Served, served } from '../api/served.js';
import { type Compiled, compile } from './compiled.js';

let cli: Compiled;
let api: Served;
beforeAll(async () => {
  cli = await compile();
  api = await served();
  api.control.peers.set('2001:db8::5', neighbor('2001:db8::5'));
  api.control.speaker.addRoutes([{ prefix: '10.1.0.0/16' }, { prefix: '2001:db8:1::/48' }], true);
}, 120_000);
afterAll(async () => {
  await api.close();
  cli.remove();
});

const tsbgp = (line: string) => cli.run(line.split(' '), { env: { TSBGP_SOCKET: api.socket } });

describe('--help', () => {
  test('alone lists every command', async () => {
    const { code, out, err } = await tsbgp('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const text of [
      'tsbgp rib add PREFIX [ATTRIBUTE...]',
      'tsbgp neighbor NEIGHBOR',
      '--socket',
      'tsbgp COMMAND --help',
    ]) {
      expect(out).toContain(text);
    }
    expect(out).not.toContain('adj-in');
  });

  test('no words at all: the same on standard error, exit code 2', async () => {
    const bare = await cli.run([]);
    expect(bare).toMatchObject({ code: 2, out: '', err: (await tsbgp('-h')).out });
  });

  test('of a noun lists its commands, options, examples and words', async () => {
    const { out } = await tsbgp('rib add --help');
    for (const text of ['tsbgp rib add -', '--replace', 'Examples:', 'community blackhole', 'local-pref N']) {
      expect(out).toContain(text);
    }
    expect(out.match(/tsbgp COMMAND/g)).toHaveLength(1);
    expect((await tsbgp('neighbor 10.0.0.1 --help')).out).toContain('hold-time SECONDS');
  });

  test('of one command shows its usage', async () => {
    const { out } = await tsbgp('config check -h');
    expect(out).toMatch(/^tsbgp config check FILE\n\nCheck a configuration file; needs no daemon\n/);
    expect((await tsbgp('global rib summary --help')).out).toMatch(/^tsbgp rib summary\n/);
  });
});

describe('completion', () => {
  const candidates = async (line: string) => {
    const { out, err, code } = await tsbgp(`__complete ${line}`);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    return out
      .split('\n')
      .slice(0, -1)
      .map(it => it.split('\t')[0]);
  };

  test.each([
    [
      '',
      [
        'daemon',
        'rib',
        'aggregate',
        'neighbor',
        'policy',
        'fib',
        'config',
        'monitor',
        'status',
        'version',
        'shutdown',
        'completion',
      ],
    ],
    ['ne', ['neighbor']],
    ['rib s', ['summary']],
    ['rib ', ['summary', 'in', 'out', 'add', 'del', '10.1.0.0/16', '2001:db8:1::/48', '10.233.2.0/24']],
    ['rib del ', ['all', '10.1.0.0/16', '2001:db8:1::/48']],
    ['aggregate ', ['add', 'del', '10.233.0.0/16']],
    ['aggregate add 10.0.0.0/8 ', ['summary-only', 'kernel', 'community', 'large-community']],
    ['aggregate add 10.0.0.0/8 kernel ', ['blackhole', 'unreachable', 'none']],
    ['neighbor 2', ['2001:db8::5']],
    ['neighbor 10.0.0.1 soft', ['softreset', 'softresetin', 'softresetout']],
    ['rib add 10.9.0.0/16 community ', ['blackhole', 'no-export', 'no-advertise', 'graceful-shutdown']],
    ['rib add 10.9.0.0/16 community blackhole l', ['large-community', 'local-pref']],
    ['neighbor 10.0.0.1 add as 65001 import ', ['accept', 'reject']],
    ['neighbor 10.0.0.1 add as 65001 passive n', ['next-hop-self', 'next-hop-unchanged']],
    ['config check ', [':files']],
    ['config check --json ', [':files']],
    ['--family ', ['ipv4', 'ipv6']],
    ['rib --l', ['--longer', '--limit']],
    ['rib --socket ', [':files']],
    ['global ', ['rib']],
    ['global rib a', ['add']],
    ['nonsense ', []],
  ])('after "tsbgp %s": %j', async (line, expected) => {
    expect((await candidates(line)).sort()).toEqual([...expected].sort());
  });

  test('offers nothing dynamic without a daemon, quickly and quietly', async () => {
    expect((await cli.run(['__complete', 'neighbor', ''], { env: { TSBGP_SOCKET: '/nonexistent' } })).out).toBe(
      'all\tThe same for all neighbors, before work on this machine\nadd\tneighbor NEIGHBOR add as AS\ndel\tneighbor NEIGHBOR del\n',
    );
    expect(await candidates('--socket /nonexistent neighbor 1')).toEqual([]);
    expect(await candidates('--socket=/nonexistent neighbor 1')).toEqual([]);
  });

  test('works in bash, colons and files included', async () => {
    const program = join(cli.directory, 'tsbgp');
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${cli.main}" "$@"\n`);
    chmodSync(program, 0o755);
    const script = `
      COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
      source <(tsbgp completion bash)
      complete -p tsbgp
      try() { COMP_LINE=$1 COMP_POINT=\${#1}; _tsbgp; printf '%s\\n' "\${COMPREPLY[*]}"; }
      try 'tsbgp ne'
      try 'tsbgp rib add 10.0.0.0/8 '
      try 'tsbgp neighbor 2001:d'
      try 'tsbgp config check pack'
    `;
    const env = { ...process.env, PATH: `${cli.directory}:${process.env.PATH}`, TSBGP_SOCKET: api.socket };
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { env, cwd: cli.directory });
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'complete -F _tsbgp tsbgp',
      'neighbor',
      'nexthop community large-community ext-community med local-pref origin aspath',
      'db8::5',
      'package.json',
      '',
    ]);
  });

  test('for zsh is printed, too', async () => {
    expect((await tsbgp('completion zsh')).out).toMatch(/^#compdef tsbgp\n/);
  });
});
