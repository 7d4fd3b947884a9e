// Messages (RFC 4271 §4): the header, the table of types, and the codec of whole messages in object form.
//
// `checkHeader` is what sessions call before they wait for the rest of a message; `decode` and `encode` are the library's
// way in: decode(encode(message)) gives the same message back.

import { pushU16, readU16 } from './bytes.js';
import { DEFAULT_CONTEXT, type DecodeContext } from './context.js';
import { InputError } from './input-error.js';
import {
  decodeNotification,
  encodeNotification,
  NotificationErrors,
  type NotificationMessage,
  WireError,
} from './notification.js';
import { decodeOpen, encodeOpen, type OpenMessage } from './open.js';
import { decodeRefresh, encodeRefresh, type RouteRefreshMessage } from './refresh.js';
import { decodeUpdate, encodeUpdate, type UpdateMessage } from './update.js';

export type { DecodeContext } from './context.js';
export type { NotificationMessage } from './notification.js';
export type { OpenMessage } from './open.js';
export type { RouteRefreshMessage } from './refresh.js';
export type { UpdateMessage } from './update.js';

export interface KeepaliveMessage {
  type: 'keepalive';
}

export type Message = OpenMessage | UpdateMessage | NotificationMessage | KeepaliveMessage | RouteRefreshMessage;

/** Marker, Length and Type. */
export const HEADER_BYTES = 19;
/** Longest message without (and, for OPEN and KEEPALIVE, with) the extended message capability (RFC 8654 §4). */
export const MAX_MESSAGE_BYTES = 4096;
export const MAX_EXTENDED_MESSAGE_BYTES = 65535;

/** Message types (RFC 4271 §4.1, RFC 2918 §3). */
export const MessageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** A row of the table of message types; `T` is the shape of its objects. */
export interface MessageRow<T extends Message = Message> {
  readonly type: T['type'];
  readonly name: string;
  /** Of the whole message. */
  readonly minBytes: number;
  /** Of the whole message, with extended messages. */
  readonly maxBytes: number;
  decode(buf: Uint8Array, start: number, end: number, ctx: DecodeContext): T;
  encode(message: T, out: number[], ctx: DecodeContext): void;
}

function row<T extends Message>(row: MessageRow<T>): MessageRow {
  return row;
}

/** The message types, indexed by their number. */
export const MESSAGES: readonly (MessageRow | undefined)[] = [
  undefined,
  row<OpenMessage>({
    type: 'open',
    name: 'OPEN',
    minBytes: 29,
    maxBytes: MAX_MESSAGE_BYTES,
    decode: decodeOpen,
    encode: encodeOpen,
  }),
  row<UpdateMessage>({
    type: 'update',
    name: 'UPDATE',
    minBytes: 23,
    maxBytes: MAX_EXTENDED_MESSAGE_BYTES,
    decode: decodeUpdate,
    encode: encodeUpdate,
  }),
  row<NotificationMessage>({
    type: 'notification',
    name: 'NOTIFICATION',
    minBytes: 21,
    maxBytes: MAX_EXTENDED_MESSAGE_BYTES,
    decode: decodeNotification,
    encode: encodeNotification,
  }),
  row<KeepaliveMessage>({
    type: 'keepalive',
    name: 'KEEPALIVE',
    minBytes: HEADER_BYTES,
    maxBytes: HEADER_BYTES,
    decode: () => ({ type: 'keepalive' }),
    encode: () => {},
  }),
  row<RouteRefreshMessage>({
    type: 'routeRefresh',
    name: 'ROUTE-REFRESH',
    // With its subtype: RFC 7313 §5 answers a short demarcation otherwise than a short request.
    minBytes: 22,
    maxBytes: MAX_EXTENDED_MESSAGE_BYTES,
    decode: decodeRefresh,
    encode: encodeRefresh,
  }),
];

/**
 * Checks the header at `start`, 19 octets of which are there. `maxBytes`: what was negotiated, 4,096 or 65,535. Throws
 * WireError (Message Header Error, RFC 4271 §6.1).
 */
export function checkHeader(buf: Uint8Array, start: number, maxBytes: number): void {
  for (let i = start; i < start + 16; i++) {
    if (buf[i] !== 0xff)
      throw new WireError(NotificationErrors.connectionNotSynchronized, 'the marker is not all ones');
  }
  const length = readU16(buf, start + 16);
  const type = buf[start + 18];
  const row = type < MESSAGES.length ? MESSAGES[type] : undefined;
  if (length < HEADER_BYTES || length > maxBytes) throw badLength(buf, start, `${length} octets`);
  if (row === undefined) throw new WireError(NotificationErrors.badMessageType, `type ${type}`, Uint8Array.of(type));
  if (length < row.minBytes || length > row.maxBytes) throw badLength(buf, start, `${row.name} of ${length} octets`);
}

function badLength(buf: Uint8Array, start: number, reason: string): WireError {
  return new WireError(NotificationErrors.badMessageLength, reason, buf.slice(start + 16, start + 18));
}

/** The one whole message in `bytes`. Throws WireError for what would reset the session. */
export function decode(bytes: Uint8Array, ctx: DecodeContext = DEFAULT_CONTEXT): Message {
  if (bytes.length < HEADER_BYTES) {
    throw new WireError(NotificationErrors.badMessageLength, `${bytes.length} octets are not even a header`);
  }
  checkHeader(bytes, 0, maxBytes(ctx));
  if (readU16(bytes, 16) !== bytes.length) {
    throw badLength(bytes, 0, `the length is given as ${readU16(bytes, 16)}, there are ${bytes.length} octets`);
  }
  // A copy, and not a Buffer, whose slice() would share memory with what the caller may write again.
  return rowOf(bytes[18]).decode(Uint8Array.from(bytes), HEADER_BYTES, bytes.length, ctx);
}

/** The octets of a message, header included. Throws InputError when it cannot be encoded. */
export function encode(message: Message, ctx: DecodeContext = DEFAULT_CONTEXT): Uint8Array {
  const code = MessageType[message.type];
  const row = rowOf(code);
  const out: number[] = new Array(16).fill(0xff);
  pushU16(out, 0);
  out.push(code);
  row.encode(message, out, ctx);
  const limit = Math.min(row.maxBytes, maxBytes(ctx));
  if (out.length > limit) {
    throw new InputError(`the ${row.name} message has ${out.length} octets, ${limit} is the limit`, 'split it');
  }
  out[16] = out.length >>> 8;
  out[17] = out.length & 0xff;
  return Uint8Array.from(out);
}

function maxBytes(ctx: DecodeContext): number {
  return ctx.extendedMessage ? MAX_EXTENDED_MESSAGE_BYTES : MAX_MESSAGE_BYTES;
}

function rowOf(code: number): MessageRow {
  const row = MESSAGES[code];
  if (!row) throw new InputError(`there is no message type ${code}`, 'see Message for the types');
  return row;
}
