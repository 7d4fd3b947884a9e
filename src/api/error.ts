// An operation that failed, on both sides of the socket: the server answers with it, the client throws it.

import { ERRORS, type ErrorBody, type ErrorCode } from './operations.js';

/** A refusal in words. `body` is what travels. */
export class ApiError extends Error {
  readonly body: ErrorBody;

  constructor(code: ErrorCode, message: string, more: Pick<ErrorBody, 'hint' | 'index' | 'problems'> = {}) {
    super(message);
    this.name = 'ApiError';
    this.body = { error: message, code, ...more };
  }

  get code(): ErrorCode {
    return this.body.code;
  }

  get hint(): string | undefined {
    return this.body.hint;
  }

  /** The HTTP status. */
  get status(): number {
    return ERRORS[this.body.code].status;
  }
}
