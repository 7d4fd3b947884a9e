// The control API's server: HTTP with JSON over a unix socket, every operation dispatched from the table.
//
// Input is checked against the operation's shape before its handler sees it; the shapes are made by the first request
// or a second after the start, which they would delay. Whatever goes wrong becomes an error body with its status. Errors that nobody
// foresaw go to the log with their stack and to the client without it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { InputError } from '../bgp/wire/input-error.js';
import type { Control } from './control.js';
import { ApiError } from './error.js';
import { EVENT_HANDLERS, LINE_HANDLERS, OBJECT_HANDLERS } from './handlers.js';
import {
  type ErrorBody,
  OPENAPI_PATH,
  OPERATION_NAMES,
  OPERATIONS,
  type Operation,
  type OperationName,
} from './operations.js';
import type { Shape } from './schema.js';
import { listenOnSocket } from './socket.js';
import { sendEvents, sendLines } from './stream.js';

/** Where to serve, and limits. */
export interface ApiOptions {
  /** Path of the unix socket; its directory is made when missing. */
  socket: string;
  /** Group that may use it besides the daemon's own user. */
  group?: string;
  /** Largest body taken. */
  maxBodyBytes?: number;
  /** Events a reader may leave unread. */
  maxBacklogBytes?: number;
}

/** A running server. */
export interface ApiServer {
  /** Ends event streams with a note, waits for answers under way (for a second at most) and removes the socket. */
  close(): Promise<void>;
}

/** An answer to a client that has not fetched it after this time is given up when the server closes. */
const CLOSE_MS = 1000;

/** When the shapes are loaded at the latest: an upgrade may replace the files under a daemon that runs. */
const LOAD_MS = 1000;

interface Input {
  path?: unknown;
  query?: unknown;
  body?: unknown;
}

type AnyHandler<Result, Rest extends unknown[] = []> = (control: Control, input: Input, ...rest: Rest) => Result;
// Input was checked against the shape of the same name before a handler is called; the tables are typed at their definition.
const objects = OBJECT_HANDLERS as Partial<Record<OperationName, AnyHandler<unknown>>>;
const lines = LINE_HANDLERS as Partial<Record<OperationName, AnyHandler<Iterable<unknown>>>>;
const events = EVENT_HANDLERS as Partial<
  Record<OperationName, AnyHandler<() => void, [listener: (event: unknown) => void]>>
>;

const ROUTES = OPERATION_NAMES.map(name => {
  const { method, path }: Operation = OPERATIONS[name];
  return { name, method, segments: path.split('/') };
});

/** Starts the server. Throws InputError when the socket cannot be used. */
export async function serveApi(control: Control, options: ApiOptions, log: Logger): Promise<ApiServer> {
  const { socket, group, maxBodyBytes = 16 << 20, maxBacklogBytes = 4 << 20 } = options;
  const streams = new Set<(last: ErrorBody) => void>();

  const explain = (error: unknown, request: IncomingMessage): ApiError => {
    if (error instanceof ApiError) return error;
    if (error instanceof InputError) return new ApiError('bad-input', error.message, { hint: error.hint });
    log.error({ err: error, method: request.method, url: request.url }, 'API operation failed');
    return new ApiError('internal', 'the daemon failed to do this', { hint: 'its log says why' });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = parseUrl(request);
    if (url.pathname === OPENAPI_PATH && request.method === 'GET') {
      const { openApiDocument } = await import('./openapi.js');
      return sendJson(response, 200, openApiDocument(control.daemon.status().version));
    }
    const { name, parameters } = findOperation(request.method ?? '', url.pathname, response);
    const { SHAPES } = await import('./schema.js');
    const shape: Shape = SHAPES[name];
    const input: Input = {
      path: check(shape.path, parameters, 'path'),
      query: check(shape.query, onlyOnce(url.searchParams), 'query'),
      body: check(shape.body, await readBody(request, shape.body ? maxBodyBytes : 0), 'body'),
    };
    const listing = lines[name];
    if (listing) return sendLines(response, listing(control, input), error => explain(error, request).body);
    const subscription = events[name];
    if (!subscription) return sendJson(response, 200, await objects[name]?.(control, input));
    const end = sendEvents(response, listener => subscription(control, input, listener), maxBacklogBytes);
    streams.add(end);
    response.once('close', () => streams.delete(end));
  };

  const server = createServer((request, response) => {
    if (!server.listening) response.setHeader('connection', 'close');
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      const { status, body } = explain(error, request);
      sendJson(response, status, body);
    });
  });

  const given = await listenOnSocket(server, socket, group);
  if (given === true) log.info({ socket, group }, 'API listens');
  else log.warn({ socket }, `API listens, but ${given}: only this daemon's user and group may use it`);

  const loading = setTimeout(() => import('./schema.js'), LOAD_MS);

  return {
    close: async () => {
      clearTimeout(loading);
      const closed = new Promise(resolve => server.close(resolve));
      for (const end of streams) end({ error: 'the daemon stops', code: 'stopping' });
      const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed;
      clearTimeout(impatient);
    },
  };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function parseUrl(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '', 'http://localhost');
  } catch {
    throw new ApiError('bad-input', `"${request.url}" is not a path`);
  }
}

/** The operation at a path and the path's parameters. Throws ApiError. */
function findOperation(method: string, path: string, response: ServerResponse) {
  const segments = path.split('/');
  const here = ROUTES.filter(
    route =>
      route.segments.length === segments.length &&
      route.segments.every((segment, i) => segment === segments[i] || (segment.startsWith('{') && segments[i] !== '')),
  );
  const route = here.find(it => it.method === method);
  if (route) {
    const parameters: Record<string, string> = {};
    route.segments.forEach((segment, i) => {
      if (segment.startsWith('{')) parameters[segment.slice(1, -1)] = decode(segments[i]);
    });
    return { name: route.name, parameters };
  }
  const allowed = path === OPENAPI_PATH ? ['GET'] : here.map(it => it.method);
  if (allowed.length === 0) {
    throw new ApiError('no-such-operation', `nothing answers at ${path}`, {
      hint: `the operations are listed at ${OPENAPI_PATH}`,
    });
  }
  response.setHeader('allow', allowed.join(', '));
  throw new ApiError('method-not-allowed', `${method} is not for ${path}`, { hint: `use ${allowed.join(' or ')}` });
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError('bad-input', `"${segment}" is not percent-encoded as a URL wants it`);
  }
}

function onlyOnce(query: URLSearchParams): Record<string, string> {
  for (const name of query.keys()) {
    if (query.getAll(name).length > 1) throw new ApiError('bad-input', `${name} is given twice`);
  }
  return Object.fromEntries(query);
}

/** Reads and parses a JSON body; none is an empty object. Throws ApiError. */
async function readBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const text = await readText(request, limit);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('bad-input', `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** Gathers up to `limit` bytes; what comes after them is read and dropped, so that the client gets to read the answer. */
function readText(request: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let left = limit;
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left >= 0) return void chunks.push(chunk);
      chunks.length = 0;
      if (limit === 0) return reject(new ApiError('bad-input', `${request.method} ${request.url} takes no body`));
      reject(
        new ApiError('too-large', `the body is larger than ${limit} bytes`, { hint: 'send several smaller ones' }),
      );
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    request.once('error', reject);
  });
}

/** The value as its shape wants it. Throws ApiError that says where it differs. */
function check(shape: z.ZodType | undefined, value: unknown, place: keyof Input): unknown {
  if (!shape) {
    const [first] = Object.keys(value ?? {});
    if (first !== undefined) throw new ApiError('bad-input', `there is no parameter "${first}" here`);
    return {};
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue.path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`))
    .join('');
  const index = issue.path.find(key => typeof key === 'number');
  const hint = issue.code === 'unrecognized_keys' ? knownKeys(shape) : undefined;
  throw new ApiError('bad-input', `${place}${where && ` ${where}`}: ${issue.message}`, { hint, index });
}

function knownKeys(shape: z.ZodType): string | undefined {
  return 'shape' in shape ? `the parameters are ${Object.keys(shape.shape as object).join(', ')}` : undefined;
}
