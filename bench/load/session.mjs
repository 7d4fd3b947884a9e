// One BGP session of the load generator, which is always the side that connects. It knows just as much of the protocol
// as a neighbor must: OPEN, KEEPALIVEs in time, and where messages begin and end.

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.mjs';
import { AttributeType, KEEPALIVE, MessageType, openMessage } from './messages.mjs';

const BGP_PORT = 179;
const HEADER_BYTES = 19;
const MAX_MESSAGE_BYTES = 65535;
/** MP_UNREACH_NLRI with a family and nothing else. */
const LONGEST_END_OF_RIB = 30;
/** Pause before the next attempt to connect, while the daemon does not listen yet and when it has refused. */
const RETRY_MS = { refused: 1, closed: 5 };

/** All sessions read into the same memory: what was read is used before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(512 << 10);

/**
 * @typedef {object} SessionOptions
 * @property {string} name
 * @property {string} local address
 * @property {string} remote address
 * @property {number} as
 * @property {string} routerId
 * @property {number} holdSeconds
 * @property {('ipv4' | 'ipv6')[]} families
 */

/** A session with the daemon that is measured. */
export class Session {
  /** @type {import('./observer.mjs').Observer | undefined} follows the UPDATEs */
  observer;
  /** Called when a piece of input has been worked through. */
  onInput = () => {};
  /** Why the session is not there any more. @type {string | undefined} */
  failure;
  established = false;
  establishedAt = 0;
  /** The daemon has said that it has sent all that it had (RFC 4724 §2). */
  endOfRib = false;
  lastUpdateAt = 0;
  #longestSilenceMs = 0;
  #lastReadAt = 0;
  /** @type {import('node:net').Socket | undefined} */
  #socket;
  /** @type {NodeJS.Timeout | undefined} */
  #keepaliveTimer;
  /** @type {(() => void) | undefined} */
  #settleOpening;
  #tail = Buffer.allocUnsafe(MAX_MESSAGE_BYTES);
  #tailBytes = 0;
  /** Bytes left to read before the session pauses; infinite for a neighbor that reads as fast as it can. */
  #budget = Number.POSITIVE_INFINITY;

  /** @param {SessionOptions} options */
  constructor(options) {
    this.options = options;
  }

  /**
   * Connects until the session is established.
   * @param {number} deadline on the clock of now()
   */
  async establish(deadline) {
    for (;;) {
      const outcome = await this.#attempt(deadline);
      if (this.established) return;
      if (now() > deadline) throw new Error(`no session with ${this.options.remote}: ${this.failure ?? outcome}`);
      await sleep(outcome === 'ECONNREFUSED' ? RETRY_MS.refused : RETRY_MS.closed);
    }
  }

  /**
   * @param {number} deadline
   * @returns {Promise<string>} how it ended
   */
  #attempt(deadline) {
    this.failure = undefined;
    this.#tailBytes = 0;
    return new Promise(resolve => {
      const { local, remote } = this.options;
      const socket = connect({
        host: remote,
        port: BGP_PORT,
        localAddress: local,
        noDelay: true,
        onread: { buffer: readBuffer, callback: bytes => this.#read(bytes) },
      });
      this.#socket = socket;
      const late = setTimeout(() => socket.destroy(new Error('no answer')), Math.max(1, deadline - now()));
      let outcome = 'the daemon closed the connection';
      socket.on('connect', () => socket.write(openMessage(this.options)));
      socket.on('error', error => {
        outcome = 'code' in error ? String(error.code) : error.message;
      });
      socket.on('close', () => {
        clearTimeout(late);
        this.#lost(outcome);
        resolve(outcome);
      });
      this.#settleOpening = () => {
        clearTimeout(late);
        resolve('established');
      };
    });
  }

  /** @param {string} reason */
  #lost(reason) {
    clearInterval(this.#keepaliveTimer);
    if (this.established) {
      this.established = false;
      this.failure ??= reason;
      this.onInput();
    }
  }

  /** Sends messages, as fast as the socket takes them. @param {Uint8Array} bytes */
  write(bytes) {
    if (this.#socket?.writable) this.#socket.write(bytes);
  }

  /**
   * Reads no faster than this from now on; KEEPALIVEs still go out.
   * @param {number} bytesPerSecond 0: nothing at all
   */
  readSlowly(bytesPerSecond) {
    const ticksPerSecond = 20;
    this.#budget = 0;
    this.#socket?.pause();
    if (bytesPerSecond === 0) return;
    const timer = setInterval(() => {
      this.#budget = bytesPerSecond / ticksPerSecond;
      this.#socket?.resume();
    }, 1000 / ticksPerSecond);
    this.#socket?.on('close', () => clearInterval(timer));
  }

  /** Forgets the longest silence so far. */
  resetSilence() {
    this.#longestSilenceMs = 0;
    this.#lastReadAt = now();
  }

  /** The longest time without a message from the daemon, the present silence included, in milliseconds. */
  get longestSilenceMs() {
    return Math.max(this.#longestSilenceMs, now() - this.#lastReadAt);
  }

  /**
   * @param {number} bytes of readBuffer
   * @returns {boolean} whether to go on reading
   */
  #read(bytes) {
    const time = now();
    if (this.#lastReadAt > 0) this.#longestSilenceMs = Math.max(this.#longestSilenceMs, time - this.#lastReadAt);
    this.#lastReadAt = time;
    let at = 0;
    if (this.#tailBytes > 0) at = this.#completeTail(bytes);
    while (bytes - at >= HEADER_BYTES) {
      const length = (readBuffer[at + 16] << 8) | readBuffer[at + 17];
      if (bytes - at < length) break;
      this.#message(readBuffer, at, at + length);
      at += length;
    }
    if (at < bytes) this.#tailBytes += readBuffer.copy(this.#tail, this.#tailBytes, at, bytes);
    this.onInput();
    this.#budget -= bytes;
    return this.#budget > 0;
  }

  /** Completes the message that the last read has begun; returns where the next one begins. @param {number} bytes */
  #completeTail(bytes) {
    let at = 0;
    for (const needed of [() => HEADER_BYTES, () => this.#tail.readUInt16BE(16)]) {
      const missing = needed() - this.#tailBytes;
      const taken = readBuffer.copy(this.#tail, this.#tailBytes, at, Math.min(bytes, at + Math.max(0, missing)));
      this.#tailBytes += taken;
      at += taken;
      if (taken < missing) return bytes;
    }
    this.#message(this.#tail, 0, this.#tailBytes);
    this.#tailBytes = 0;
    return at;
  }

  /** @param {Buffer} buf @param {number} start @param {number} end */
  #message(buf, start, end) {
    const type = buf[start + 18];
    if (type === MessageType.update) {
      this.lastUpdateAt = this.#lastReadAt;
      if (end - start <= LONGEST_END_OF_RIB && isEndOfRib(buf, start + HEADER_BYTES, end)) this.endOfRib = true;
      this.observer?.update(buf, start + HEADER_BYTES, end);
    } else if (type === MessageType.keepalive) {
      if (!this.established) this.#establish();
    } else if (type === MessageType.open) {
      this.#socket?.write(KEEPALIVE);
    } else if (type === MessageType.notification) {
      this.failure = `NOTIFICATION ${buf[start + HEADER_BYTES]}/${buf[start + HEADER_BYTES + 1]} from the daemon`;
    }
  }

  #establish() {
    this.established = true;
    this.establishedAt = this.#lastReadAt;
    const { holdSeconds } = this.options;
    if (holdSeconds > 0) {
      this.#keepaliveTimer = setInterval(() => this.#socket?.write(KEEPALIVE), (holdSeconds * 1000) / 3);
    }
    this.#settleOpening?.();
  }
}

/** @param {Buffer} buf @param {number} start of the body @param {number} end */
function isEndOfRib(buf, start, end) {
  const attributes = buf.readUInt16BE(start + 2);
  return (
    buf.readUInt16BE(start) === 0 &&
    (end - start === 4 || (buf[start + 5] === AttributeType.mpUnreach && attributes < 8))
  );
}
