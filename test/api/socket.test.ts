// The socket file: its mode and group, what is in its place already, and how the client tells people.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '../../src/api/client.js';
import { type ApiServer, serveApi } from '../../src/api/server.js';
import { fakeControl } from './fake-control.js';

let directory: string;
let socket: string;
let open: (ApiServer | Server)[];
let log: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbgp-socket-'));
  socket = join(directory, 'tsbgp.sock');
  open = [];
  log = [];
});
afterEach(async () => {
  for (const it of open) await it.close();
  rmSync(directory, { recursive: true });
});

async function serve(path = socket, group?: string): Promise<void> {
  const server = await serveApi(
    fakeControl(),
    { socket: path, group },
    pino({}, { write: line => void log.push(line) }),
  );
  open.push(server);
}

/** A socket file whose process was killed. */
async function leaveStaleSocket(): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script]), 'exit');
}

describe('the socket file', () => {
  test('is for owner and group only, in a directory that is made, and goes with the server', async () => {
    const deep = join(directory, 'run', 'tsbgp', 'tsbgp.sock');
    await serve(deep);
    const found = lstatSync(deep);
    expect(found.isSocket()).toBe(true);
    expect(found.mode & 0o777).toBe(0o660);
    expect(lstatSync(join(directory, 'run', 'tsbgp')).mode & 0o500).toBe(0o500);
    await open.pop()?.close();
    expect(existsSync(deep)).toBe(false);
  });

  test('leaves the umask as it was', async () => {
    const before = process.umask();
    await serve();
    expect(process.umask()).toBe(before);
  });

  test('is given to the group, by its name', async () => {
    const own = process.getgid?.();
    const name = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find(line => line.split(':')[2] === String(own))
      ?.split(':')[0];
    await serve(socket, name);
    expect(lstatSync(socket).gid).toBe(own);
    expect(log.join('')).toContain('API listens');
    expect(log.join('')).not.toContain('"level":40');
  });

  test('stays with the own group, with a warning, where the group does not exist', async () => {
    await serve(socket, 'tsbgp-no-such-group');
    expect(log.join('')).toContain('there is no group tsbgp-no-such-group');
    expect(await createClient({ socket }).call('status')).toMatchObject({ as: 65001 });
  });

  test('of a dead daemon is replaced', async () => {
    await leaveStaleSocket();
    expect(existsSync(socket)).toBe(true);
    await serve();
    expect(await createClient({ socket }).call('status')).toMatchObject({ as: 65001 });
  });

  test('of a live daemon is refused and left alone', async () => {
    await serve();
    await expect(serve()).rejects.toMatchObject({
      message: `another daemon runs already: it listens on ${socket}`,
      hint: expect.stringContaining('systemctl stop tsbgp'),
    });
    expect(await createClient({ socket }).call('status')).toMatchObject({ as: 65001 });
  });

  test('does not replace a file that is something else', async () => {
    writeFileSync(socket, 'precious');
    await expect(serve()).rejects.toMatchObject({ message: `${socket} exists and is not a socket` });
    expect(readFileSync(socket, 'utf8')).toBe('precious');
  });

  test('cannot be where a path is too long or goes through a file', async () => {
    await expect(serve(join(directory, 'x'.repeat(120)))).rejects.toMatchObject({
      message: expect.stringMatching(/too long/),
    });
    writeFileSync(join(directory, 'file'), '');
    await expect(serve(join(directory, 'file', 'tsbgp.sock'))).rejects.toMatchObject({
      message: expect.stringMatching(/^cannot listen on .*: a part of the path is not a directory$/),
      hint: expect.stringContaining('api.socket'),
    });
  });
});

describe('the client', () => {
  const status = (options = {}) => createClient({ socket, ...options }).call('status');
  const nobody = 65_534;

  test('says that no daemon runs, with and without a file', async () => {
    const expected = {
      kind: 'no-daemon',
      message: `no daemon answers on ${socket}`,
      hint: expect.stringContaining('systemctl start tsbgp'),
    };
    await expect(status()).rejects.toMatchObject(expected);
    await leaveStaleSocket();
    await expect(status()).rejects.toMatchObject(expected);
  });

  test('says that there is no permission', async () => {
    await serve();
    // Root may do everything: it becomes somebody else for the attempt.
    const root = process.getuid?.() === 0;
    chmodSync(directory, 0);
    if (root) process.seteuid?.(nobody);
    try {
      await expect(status()).rejects.toMatchObject({
        kind: 'no-permission',
        message: `no permission to use ${socket}`,
        hint: expect.stringContaining('you are not in group tsbgp'),
      });
    } finally {
      if (root) process.seteuid?.(0);
      chmodSync(directory, 0o700);
    }
  });

  test('gives up on a daemon that does not answer', async () => {
    const silent = createServer(() => {}).listen(socket);
    await once(silent, 'listening');
    await expect(status({ timeoutMs: 50 })).rejects.toMatchObject({
      kind: 'timeout',
      message: 'tsbgp did not answer for 0.05 s',
    });
    silent.close();
  });

  test('says when the daemon goes away in mid-answer, and when it is something else', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{',
      '',
      'HTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\nhm',
    ];
    const strange = createServer(connection => {
      connection.once('data', () => connection.end(answers.shift() ?? ''));
      connection.on('error', () => {});
    }).listen(socket);
    await once(strange, 'listening');
    await expect(status()).rejects.toMatchObject({ message: `the daemon on ${socket} ended the connection` });
    await expect(status()).rejects.toMatchObject({ message: `the daemon on ${socket} ended the connection` });
    await expect(status()).rejects.toMatchObject({ message: `what answers on ${socket} is not tsbgp` });
    strange.close();
  });
});
