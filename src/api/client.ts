// The typed client of the control API: one method for answers, one for streams, typed by the operation's name.
//
// Shapes are imported as types only, so nothing but node:http is loaded.

import { type IncomingMessage, request } from 'node:http';
import { ApiError } from './error.js';
import { linesOf } from './lines.js';
import { type ErrorBody, OPERATIONS, type Operation, type OperationName, type OperationsThat } from './operations.js';
import type { AnswerOf, Input } from './schema.js';

/** Where the daemon's socket is, unless the configuration says otherwise. */
export const DEFAULT_SOCKET = '/run/tsbgp/tsbgp.sock';

/** The daemon could not be asked. */
export class ConnectionError extends Error {
  readonly kind: 'no-daemon' | 'no-permission' | 'timeout';
  readonly hint: string | undefined;

  constructor(kind: ConnectionError['kind'], message: string, hint?: string) {
    super(message);
    this.name = 'ConnectionError';
    this.kind = kind;
    this.hint = hint;
  }
}

type InputArguments<N extends OperationName> = keyof Input<N> extends never ? [] : [input: Input<N>];

/** The daemon's operations. All reject with ApiError (it refused) or ConnectionError (it was not reached). */
export interface Client {
  call<N extends OperationsThat<'object'>>(name: N, ...input: InputArguments<N>): Promise<AnswerOf<N>>;
  /** Elements as they arrive; leaving the loop ends the stream. Event streams end with an ApiError that says why. */
  stream<N extends OperationsThat<'lines' | 'events'>>(
    name: N,
    ...input: InputArguments<N>
  ): AsyncIterable<AnswerOf<N>>;
}

/** How to reach the daemon. */
export interface ClientOptions {
  /** Path of the socket. */
  socket: string;
  /** How long to wait for an answer to begin. */
  timeoutMs?: number;
}

interface AnyInput {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** A client; the daemon is contacted when an operation is called. */
export function createClient({ socket, timeoutMs = 30_000 }: ClientOptions): Client {
  return {
    call: async (name: OperationName, input?: AnyInput) => {
      const response = await send(socket, timeoutMs, OPERATIONS[name], input ?? {});
      return JSON.parse(await textOf(response, socket));
    },
    stream: (name: OperationName, input?: AnyInput) => streamOf(socket, timeoutMs, OPERATIONS[name], input ?? {}),
  };
}

async function* streamOf(socket: string, timeoutMs: number, operation: Operation, input: AnyInput) {
  const response = await send(socket, timeoutMs, operation, input);
  try {
    for await (const line of linesOf(response)) {
      const value = JSON.parse(line);
      if ('error' in value && 'code' in value) throw errorOf(value);
      yield value;
    }
  } catch (error) {
    throw error instanceof ApiError ? error : lostConnection(error, socket);
  }
}

/** Sends a request and gives the answer's head; rejects when it is an error. */
async function send(
  socket: string,
  timeoutMs: number,
  operation: Operation,
  input: AnyInput,
): Promise<IncomingMessage> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(input.path?.[name] ?? ''));
  const body = input.body === undefined ? undefined : JSON.stringify(input.body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({
      socketPath: socket,
      method: operation.method,
      path: path + queryText(input.query),
      headers:
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      agent: false,
      timeout: timeoutMs,
    });
    outgoing.on('timeout', () => {
      const hint = 'it may be very busy; its log may say more: journalctl -u tsbgp';
      outgoing.destroy(new ConnectionError('timeout', `tsbgp did not answer for ${timeoutMs / 1000} s`, hint));
    });
    outgoing.once('error', error => reject(connectionError(error, socket)));
    outgoing.once('response', head => {
      outgoing.setTimeout(0);
      resolve(head);
    });
    outgoing.end(body);
  });
  response.setEncoding('utf8');
  if (response.statusCode === 200) return response;
  throw errorOf(parseError(await textOf(response, socket), socket));
}

function queryText(query: Record<string, unknown> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

async function textOf(response: IncomingMessage, socket: string): Promise<string> {
  try {
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  } catch (error) {
    throw lostConnection(error, socket);
  }
}

function parseError(text: string, socket: string): ErrorBody {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConnectionError('no-daemon', `what answers on ${socket} is not tsbgp`);
  }
}

function errorOf({ error, code, ...more }: ErrorBody): ApiError {
  return new ApiError(code, error, more);
}

function lostConnection(error: unknown, socket: string): ConnectionError {
  if (error instanceof ConnectionError) return error;
  return new ConnectionError('no-daemon', `the daemon on ${socket} ended the connection`, 'its log may say why');
}

function connectionError(error: NodeJS.ErrnoException, socket: string): ConnectionError {
  if (error instanceof ConnectionError) return error;
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const user = process.env.USER ?? 'USER';
    const hint = `you are not in group tsbgp: sudo usermod -aG tsbgp ${user}, then log in again (or use sudo)`;
    return new ConnectionError('no-permission', `no permission to use ${socket}`, hint);
  }
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return lostConnection(error, socket);
  const why = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? '' : ` (${error.message})`;
  const hint = 'is tsbgp running? start it with: systemctl start tsbgp';
  return new ConnectionError('no-daemon', `no daemon answers on ${socket}${why}`, hint);
}
