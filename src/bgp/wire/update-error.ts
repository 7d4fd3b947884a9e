// What is wrong with an UPDATE (RFC 7606): errors as values that know their class and the NOTIFICATION they fall back to.

import { DISCARD, ERROR_CLASS } from './attribute-columns.js';
import { ATTRIBUTES } from './attribute-table.js';
import { EMPTY } from './bytes.js';
import { type NotificationError, NotificationErrors, WireError } from './notification.js';

/** Something wrong with an UPDATE that does not cost the session. */
export interface AttributeError {
  class: 'attribute-discard' | 'treat-as-withdraw';
  /** Attribute type code; 0 for NLRI outside of attributes. */
  code: number;
  /** In words, with the attribute's name. */
  reason: string;
  /** The attribute as received (flags, type, length, value); empty when it is missing. A copy. */
  bytes: Uint8Array;
  /** What RFC 4271 §6.3 says to answer where the session must be reset after all. */
  notification: NotificationError;
}

/** The errors of a good message: empty and frozen. */
export const NO_ERRORS: AttributeError[] = [];
Object.freeze(NO_ERRORS);

/** Where errors are collected: an UpdateScan. */
export interface ErrorSink {
  errors: AttributeError[];
  treatAsWithdraw: boolean;
}

/** Notes an error; `code` is 0 for what is not an attribute. */
export function note(
  out: ErrorSink,
  errorClass: AttributeError['class'],
  notification: NotificationError,
  code: number,
  reason: string,
  bytes: Uint8Array,
): void {
  if (out.errors === NO_ERRORS) out.errors = [];
  if (errorClass === 'treat-as-withdraw') out.treatAsWithdraw = true;
  const words = code === 0 ? reason : `${nameOf(code)}: ${reason}`;
  out.errors.push({ class: errorClass, code, reason: words, bytes, notification });
}

/** Notes that the attribute in octets [at, next) is discarded. */
export function discard(
  out: ErrorSink,
  buf: Uint8Array,
  at: number,
  next: number,
  notification: NotificationError,
  reason: string,
): void {
  note(out, 'attribute-discard', notification, buf[at + 1], reason, buf.slice(at, next));
}

/** Notes that the attribute in octets [at, next) makes the message a withdrawal. */
export function withdraw(
  out: ErrorSink,
  buf: Uint8Array,
  at: number,
  next: number,
  notification: NotificationError,
  reason: string,
): void {
  note(out, 'treat-as-withdraw', notification, buf[at + 1], reason, buf.slice(at, next));
}

/** One or the other, as the attribute's row says. */
export function reportByTable(
  out: ErrorSink,
  buf: Uint8Array,
  at: number,
  next: number,
  notification: NotificationError,
  reason: string,
): void {
  const report = ERROR_CLASS[buf[at + 1]] === DISCARD ? discard : withdraw;
  report(out, buf, at, next, notification, reason);
}

/** The attribute's name, known or not. */
export function nameOf(code: number): string {
  return ATTRIBUTES[code]?.name ?? `attribute ${code}`;
}

/** An incorrect MP_REACH_NLRI or MP_UNREACH_NLRI resets the session: Optional Attribute Error (RFC 4760 §7). */
export function incorrect(buf: Uint8Array, at: number, next: number, reason: string): WireError {
  return new WireError(
    NotificationErrors.optionalAttributeError,
    `${nameOf(buf[at + 1])}: ${reason}`,
    buf.slice(at, next),
  );
}

/** Treat-as-withdraw without NLRI: nobody knows what to withdraw, and the session is reset (RFC 7606 §5.2). */
export function withoutNlri(errors: readonly AttributeError[]): WireError {
  const error = errors.find(error => error.class === 'treat-as-withdraw') ?? errors[0];
  const { notification } = error;
  const noData =
    notification === NotificationErrors.malformedAttributeList || notification === NotificationErrors.malformedAsPath;
  const reason = `${error.reason}, and there is no NLRI to withdraw (RFC 7606 §5.2)`;
  return new WireError(notification, reason, noData ? EMPTY : error.bytes);
}
