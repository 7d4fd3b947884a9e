// A server on a socket of its own in a directory of its own, and plain HTTP to it.

import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Client, createClient } from '../../src/api/client.js';
import { type ApiOptions, serveApi } from '../../src/api/server.js';
import { type Fake, fakeControl } from './fake-control.js';

export interface Served {
  socket: string;
  control: Fake;
  client: Client;
  /** What the server logged, a JSON line each. */
  log: string[];
  send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: unknown }>;
  close(): Promise<void>;
}

/** Starts a server on a fake control. */
export async function served(options: Partial<ApiOptions> = {}): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'tsbgp-api-'));
  const socket = join(directory, 'tsbgp.sock');
  const control = fakeControl();
  const log: string[] = [];
  const server = await serveApi(control, { socket, ...options }, pino({}, { write: line => void log.push(line) }));
  return {
    socket,
    control,
    client: createClient({ socket }),
    log,
    send: (method, path, body) => send(socket, method, path, body),
    close: async () => {
      await server.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** A request as any HTTP client would make it; text bodies go out as they are. */
function send(socketPath: string, method: string, path: string, body?: unknown): ReturnType<Served['send']> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false }, response => {
      let answer = '';
      response.setEncoding('utf8').on('data', chunk => {
        answer += chunk;
      });
      response.on('end', () => {
        const json = response.headers['content-type'] === 'application/json';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: json ? JSON.parse(answer) : answer,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

/** All elements of a stream. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const element of stream) list.push(element);
  return list;
}
