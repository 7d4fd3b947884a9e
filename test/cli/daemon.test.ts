// Commands about the daemon and the kernel, and the way to the daemon, as child processes against a real API server.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { path } from '../api/fake-control.js';
import { served } from '../api/served.js';
import { quiet, running } from './running.js';

const system = running();
const { tsbgp } = system;

describe('fib, status, version, shutdown', () => {
  test('fib', async () => {
    const weighted = [
      { gateway: '172.18.8.102', interface: 'eth1', weight: 1 },
      { gateway: '172.18.8.103', interface: 'eth1', weight: 2 },
    ];
    system.api.control.fibRoutes.push({
      prefix: '10.7.0.0/16',
      kind: 'unicast',
      nextHops: weighted,
      state: 'No route to host',
    });
    const { out } = await tsbgp('fib');
    expect(out).toContain('10.233.2.0/24        via 172.18.8.102 dev eth1');
    expect(out).toMatch(/10\.233\.1\.0\/24 +blackhole +installed\n/);
    expect(out).toMatch(
      /via 172\.18\.8\.102 dev eth1 weight 1, via 172\.18\.8\.103 dev eth1 weight 2 No route to host\n/,
    );
    expect(out).toContain('\nTable 254, metric 20, protocol 186\n2 installed, 0 pending, 0 failed');
    expect((await tsbgp('fib 10.233.1.0/24')).out.split('\n')).toHaveLength(3);
    expect(await tsbgp('fib 10.9.0.0/16')).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse((await tsbgp('fib --json')).out)).toMatchObject({ installed: 2, routes: [{}, {}, {}] });
  });

  test('status', async () => {
    const { out } = await tsbgp('status');
    expect(out).toMatch(/^tsbgp 9\.8\.7 on bgp-1: AS 65001, router id 172\.18\.8\.101\n {2}running since /);
    expect((await tsbgp('global')).out.split('\n')[0]).toBe(out.split('\n')[0]);
    expect(JSON.parse((await tsbgp('status -j')).out)).toMatchObject({ as: 65001 });
  });

  test('version works with and without a daemon', async () => {
    const { out } = await tsbgp('version');
    const [, own] = /^tsbgp (\d+\.\d+\.\d+\S*)\n/.exec(out) ?? [];
    expect(out).toBe(`tsbgp ${own}\ndaemon 9.8.7: restart it to use ${own}\n`);
    const alone = { env: { TSBGP_SOCKET: '/nonexistent' } };
    expect(await tsbgp('--version', alone)).toEqual({ ...quiet, out: `tsbgp ${own}\n` });
    expect(JSON.parse((await tsbgp('version --json', alone)).out)).toEqual({ tsbgp: own, daemon: null });
  });

  test('shutdown', async () => {
    expect(await tsbgp('shutdown moving to the new rack')).toMatchObject({
      code: 0,
      out: expect.stringContaining('tsbgp stops'),
    });
    expect(await tsbgp('shutdown --json')).toEqual({ ...quiet, out: '{\n  "stopping": true\n}\n' });
    expect(system.api.control.calls).toEqual([
      ['shutdown', 'moving to the new rack'],
      ['shutdown', undefined],
    ]);
  });
});

describe('config', () => {
  const file = (name: string, text: string) => {
    const written = join(system.cli.directory, name);
    writeFileSync(written, text);
    return written;
  };
  const alone = { env: { TSBGP_SOCKET: '/nonexistent' } };
  const good = 'as: 65001\nrouter-id: 172.18.8.101\nneighbors:\n  - { address: 172.18.8.102, as: 65001 }\n';

  test('check needs no daemon', async () => {
    const path = file('good.yml', good);
    expect(await tsbgp(['config', 'check', path], alone)).toEqual({
      ...quiet,
      out: `${path} is fine: AS 65001, 1 neighbor\n`,
    });
    expect(JSON.parse((await tsbgp(['config', 'check', path, '--json'], alone)).out)).toEqual({
      file: path,
      warnings: [],
    });
  });

  test('check tells every problem with its place, exit code 2', async () => {
    const path = file('bad.yml', good.replace('router-id', 'router-di').replace('65001\n', '0\n'));
    const { code, out, err } = await tsbgp(['config', 'check', path], alone);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`${path}:1:`);
    expect(err).toContain(`${path}:2:`);
    expect(err).toMatch(/tsbgp: .* cannot be used\n$/);
    const json = await tsbgp(['config', 'check', path, '--json'], alone);
    expect(JSON.parse(json.err).problems.length).toBeGreaterThan(1);
    expect((await tsbgp('config check /nonexistent/tsbgp.yml', alone)).err).toContain('there is no such file');
  });

  test('show prints a file with its defaults, or what the daemon has', async () => {
    const { out, code } = await tsbgp(['config', 'show', file('good.yml', good)], alone);
    expect(code).toBe(0);
    expect(out).toMatch(/^as: 65001$/m);
    expect(out).toMatch(/hold-time: 90/);
    const json = JSON.parse((await tsbgp(['config', 'show', file('good.yml', good), '-j'], alone)).out);
    expect(json.neighbors[0]['hold-time']).toBe(90);
    expect(await tsbgp('config show')).toEqual({ ...quiet, out: 'as: 65001\n' });
    expect(JSON.parse((await tsbgp('config show --json')).out)).toEqual({ as: 65001 });
  });

  test('reload says what changed, or what is wrong', async () => {
    expect(await tsbgp('config reload')).toEqual({ ...quiet, out: 'neighbor 172.18.8.102: hold-time\n' });
    system.api.control.reloadResult = { ok: true, changes: [], warnings: ['port needs a restart'] };
    expect(await tsbgp('config reload')).toEqual({
      code: 0,
      out: 'nothing has changed\n',
      err: 'warning: port needs a restart\n',
    });
    const problems = [
      { file: 't.yml', line: 3, column: 5, path: 'as', message: 'must be a number', suggestion: 'write 65001' },
    ];
    system.api.control.reloadResult = { ok: false, problems };
    const { code, err } = await tsbgp('config reload');
    expect(code).toBe(2);
    expect(err).toContain('t.yml:3:5: as: must be a number\n');
    expect(err).toContain('tsbgp: the configuration file cannot be used; nothing was changed\n');
    expect(JSON.parse((await tsbgp('config reload --json')).err)).toMatchObject({ problems, code: 'bad-config' });
  });
});

describe('monitor', () => {
  const soon = async (tell: () => void, listeners = 1) => {
    await expect.poll(() => system.api.control.listeners(), { timeout: 10_000 }).toBe(listeners);
    tell();
  };

  test('rib prints changes as gobgp does', async () => {
    const running = tsbgp('monitor global rib', { until: /DELROUTE/ });
    await soon(() => {
      system.api.control.tellRoute({ at: 0, prefix: '10.1.0.0/16', best: path({ asPath: '65010', med: 5 }) });
      system.api.control.tellRoute({ at: 1000, prefix: '10.1.0.0/16', best: null });
    });
    expect((await running).out).toBe(
      '1970-01-01 00:00:00 [ROUTE] 10.1.0.0/16 via 172.18.8.102 aspath [65010] attrs [{Origin: ?} {Med: 5}]\n' +
        '1970-01-01 00:00:01 [DELROUTE] 10.1.0.0/16\n',
    );
  });

  test('neighbor prints changes of one, as text or JSON', async () => {
    const event = {
      at: 0,
      address: '172.18.8.102',
      as: 65001,
      state: 'Idle' as const,
      reason: 'Cease/Administrative Reset',
    };
    const text = tsbgp('monitor neighbor 172.18.8.102', { until: /\n/ });
    const json = tsbgp('monitor neighbor --json', { until: /\n/ });
    await soon(() => system.api.control.tellNeighbor(event), 2);
    expect((await text).out).toBe(
      '1970-01-01 00:00:00 [NEIGH] 172.18.8.102 AS 65001 Idle: Cease/Administrative Reset\n',
    );
    expect(JSON.parse((await json).out)).toEqual(event);
  });

  test('ends with exit code 3 when the daemon stops', async () => {
    const other = await served();
    const running = tsbgp('monitor rib', { env: { TSBGP_SOCKET: other.socket } });
    await expect.poll(() => other.control.listeners(), { timeout: 10_000 }).toBe(1);
    await other.close();
    expect(await running).toEqual({ code: 3, out: '', err: 'tsbgp: the daemon stops\n' });
  });
});

describe('the daemon and the way to it', () => {
  test('daemon gets its configuration and log level', async () => {
    const stub = '(exports => { exports.runDaemon = async args => console.log(JSON.stringify(args)); })\n';
    writeFileSync(join(system.cli.directory, 'dist/daemon.cjs'), stub);
    expect(JSON.parse((await tsbgp('daemon')).out)).toEqual({ config: '/etc/tsbgp/tsbgp.yml' });
    expect(JSON.parse((await tsbgp('daemon -f gobgpd.yml --log-level debug')).out)).toEqual({
      config: 'gobgpd.yml',
      logLevel: 'debug',
    });
    expect(await tsbgp('daemon -l loud')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no log level "loud"'),
    });
  });

  test('no daemon: exit code 3; --socket goes before the environment', async () => {
    const nowhere = { env: { TSBGP_SOCKET: '/nonexistent/tsbgp.sock' } };
    expect(await tsbgp('rib', nowhere)).toEqual({
      code: 3,
      out: '',
      err: 'tsbgp: no daemon answers on /nonexistent/tsbgp.sock\n  is tsbgp running? start it with: systemctl start tsbgp\n',
    });
    expect((await tsbgp(['status', '--socket', system.api.socket], nowhere)).code).toBe(0);
    const json = await tsbgp('neighbor --json', nowhere);
    expect(JSON.parse(json.err)).toMatchObject({ code: 'no-daemon' });
  });

  test('no permission: exit code 4', async () => {
    const closed = join(system.cli.directory, 'closed');
    mkdirSync(closed, { mode: 0o000 });
    // Root may enter any directory: it asks as somebody else.
    chmodSync(system.cli.directory, 0o755);
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const outcome = await tsbgp('neighbor', { env: { TSBGP_SOCKET: join(closed, 'tsbgp.sock'), USER: 'ann' }, uid });
    expect(outcome).toMatchObject({ code: 4, out: '' });
    expect(outcome.err).toContain('you are not in group tsbgp: sudo usermod -aG tsbgp ann');
  });

  test.each([
    ['ribb', 'there is no command "ribb"\n  did you mean "rib"?'],
    ['frobnicate', 'there is no command "frobnicate"\n  expected daemon, rib, '],
    ['rib ad 10.0.0.0/8', '"ad" does not fit after "tsbgp rib"\n  did you mean "add"?'],
    ['rib summary now', '"now" is one word too many after "tsbgp rib summary"'],
    [
      'rib add',
      '"tsbgp rib add" needs more: PREFIX (a prefix such as 10.233.1.0/24) or -\n  see: tsbgp rib add --help',
    ],
    ['rib --frob', 'there is no option --frob\n'],
    ['rib --jsn', 'there is no option --jsn\n  did you mean "--json"?'],
    ['rib -x', 'there is no option -x\n'],
    ['rib summary --replace', '"tsbgp rib summary" has no option --replace'],
    ['rib --socket', '--socket needs a value: --socket PATH'],
  ])('tsbgp %s: exit code 2', async (line, message) => {
    const outcome = await tsbgp(line);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toContain(`tsbgp: ${message}`);
  });
});

test('a plain command loads nothing but the client: no yargs, zod, pino or ip-address', async () => {
  const coverage = join(system.cli.directory, 'coverage');
  expect((await tsbgp('rib add 10.1.0.0/16', { env: { NODE_V8_COVERAGE: coverage } })).code).toBe(0);
  const [report] = readdirSync(coverage);
  const loaded: string[] = JSON.parse(readFileSync(join(coverage, report), 'utf8'))
    .result.map((it: { url: string }) => it.url)
    .filter((url: string) => url.startsWith('file:'));
  expect(loaded.filter(url => url.includes('node_modules'))).toEqual([]);
  // The bundler's maps say which modules a file is made of; one that only passes on what another exports has none.
  const maps = loaded.map(url => new URL(`${url}.map`)).filter(existsSync);
  const modules = maps.flatMap(map => JSON.parse(readFileSync(map, 'utf8')).sources as string[]);
  expect(modules.some(it => it.endsWith('/src/cli/rib.ts'))).toBe(true);
  expect(modules.filter(it => /\/(node_modules|src\/(bgp|fib|config))\//.test(it))).toEqual([]);
});
