// NDJSON over an HTTP response, for listings of any size and for events without end.
//
// A listing is taken from its iterable in slices of a few milliseconds, never ahead of the reader. Events cannot
// wait: they are gathered for one turn of the loop and written together; a reader who leaves too many unread is cut
// off. A stream that ends early says why in its last line, an error body.

import type { ServerResponse } from 'node:http';
import type { ErrorBody } from './operations.js';

const CONTENT_TYPE = 'application/x-ndjson';
const SLICE_MS = 4;
const CHUNK_LENGTH = 32_768;
/** A cut-off reader gets so long to fetch what is left for it. */
const LAST_READ_MS = 10_000;

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

/** What a failed stream says last. */
type Explain = (error: unknown) => ErrorBody;

/**
 * Sends all of an iterable. The first element is taken before anything is sent, and what it throws is thrown; later
 * errors end the stream with what `explain` makes of them. Stops when the reader goes away.
 */
export async function sendLines(response: ServerResponse, lines: Iterable<unknown>, explain: Explain): Promise<void> {
  const iterator = lines[Symbol.iterator]();
  let next = iterator.next();
  response.writeHead(200, { 'content-type': CONTENT_TYPE });
  let chunk = '';
  let sliceEnd = performance.now() + SLICE_MS;
  try {
    for (; !next.done; next = iterator.next()) {
      chunk += line(next.value);
      const late = performance.now() > sliceEnd;
      if (chunk.length < CHUNK_LENGTH && !late) continue;
      const ready = response.write(chunk);
      chunk = '';
      if (!ready) await drained(response);
      else if (late) await new Promise(setImmediate);
      if (response.destroyed) return;
      sliceEnd = performance.now() + SLICE_MS;
    }
  } catch (error) {
    chunk += line(explain(error));
  } finally {
    iterator.return?.();
  }
  response.end(chunk);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/**
 * Sends events until the reader goes away, falls more than `backlogLimit` bytes behind or the returned function is
 * called; `subscribe` gets the listener and returns the end of the subscription.
 */
export function sendEvents(
  response: ServerResponse,
  subscribe: (listener: (event: unknown) => void) => () => void,
  backlogLimit: number,
): (last: ErrorBody) => void {
  let pending = '';
  let ended = false;
  const flush = () => {
    if (ended) return;
    response.write(pending);
    pending = '';
  };
  const end = (last: ErrorBody) => {
    if (ended) return;
    ended = true;
    unsubscribe();
    response.end(pending + line(last));
    const impatient = setTimeout(() => response.destroy(), LAST_READ_MS);
    response.once('close', () => clearTimeout(impatient));
  };
  const unsubscribe = subscribe(event => {
    if (ended) return;
    if (pending === '') setImmediate(flush);
    pending += line(event);
    if (response.writableLength + pending.length <= backlogLimit) return;
    end({ error: 'too many events were left unread; the stream ends here', hint: 'read faster', code: 'too-slow' });
  });
  response.once('close', () => {
    if (!ended) unsubscribe();
    ended = true;
  });
  response.writeHead(200, { 'content-type': CONTENT_TYPE });
  response.flushHeaders();
  return end;
}
