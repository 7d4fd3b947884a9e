// The unix socket of the API: who may use it, and what happens when its file is there already.
//
// The file's mode is the whole access control: 0660, owner and a group. It is set by umask before the file appears, so there is
// no moment in which others could connect. A file that a dead daemon left behind is replaced, a live daemon's is not.

import { chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { InputError } from '../bgp/wire/input-error.js';

/** Longest path of a unix socket on Linux, in bytes (sockaddr_un). */
const PATH_BYTES = 107;

/**
 * Listens on the socket `path` and gives it to `group` where that exists. Throws InputError when the path cannot be used.
 * Returns whether the group got the socket, or why not.
 */
export async function listenOnSocket(server: Server, path: string, group: string | undefined): Promise<true | string> {
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw new InputError(
      `${path} is too long for a socket (${PATH_BYTES} bytes at most)`,
      'choose another: api.socket',
    );
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    await removeStale(path);
    await listen(server, path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const hint = 'choose another path (api.socket), or run the daemon as a user who may write there';
    throw new InputError(`cannot listen on ${path}: ${REASONS[code] ?? message}`, hint);
  }
  return giveTo(group, path);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o117);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

const REASONS: Record<string, string> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EADDRINUSE: 'somebody else listens there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'a part of the path is not a directory',
};

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new InputError(`${path} exists and is not a socket`, 'choose another path: api.socket');
  if (await answers(path)) {
    const hint = 'stop that one first (systemctl stop tsbgp), or give this one another socket (api.socket)';
    throw new InputError(`another daemon runs already: it listens on ${path}`, hint);
  }
  unlinkSync(path);
}

/** Somebody listens there. Only a refused connection proves the contrary. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function giveTo(group: string | undefined, path: string): true | string {
  if (group === undefined) return true;
  const id = groupId(group);
  if (id === undefined) return `there is no group ${group}`;
  try {
    chownSync(path, process.getuid?.() ?? 0, id);
    return true;
  } catch {
    return `this user may not give files to group ${group}`;
  }
}

/** The number of a group by its name. */
function groupId(name: string): number | undefined {
  const row = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find(line => line.startsWith(`${name}:`));
  return row === undefined ? undefined : Number(row.split(':')[2]);
}
