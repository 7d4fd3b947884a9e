// Cuts the octets of a TCP stream into BGP messages (RFC 4271 §4.1, RFC 8654).
//
// TCP cuts where it likes: a chunk may hold a thousand messages or one octet. Whole messages are delivered where they
// lie in the chunk; only the beginning of a message whose end has not come yet is copied.

import { readU16 } from '../wire/bytes.js';
import { checkHeader, HEADER_BYTES, MAX_EXTENDED_MESSAGE_BYTES, MAX_MESSAGE_BYTES } from '../wire/message.js';

/** Receives one whole message, header included; the octets are valid during the call only. Returns false to stop. */
export type Deliver = (buf: Uint8Array, start: number, end: number) => boolean;

/** Cuts one stream. */
export class Framer {
  /** The longest message accepted; may change between two messages. */
  maxBytes = MAX_MESSAGE_BYTES;
  readonly #deliver: Deliver;
  #partial = new Uint8Array(0);
  #have = 0;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /** Takes the next octets of the stream, valid during the call only. Throws WireError on a bad header; the stream cannot be read further then. */
  push(octets: Uint8Array): void {
    // Never a Buffer: its slice() would not copy, and decoders keep what they slice.
    const chunk = new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
    let at = 0;
    if (this.#have > 0) {
      at = this.#complete(chunk);
      if (at === -1) return;
    }
    while (chunk.length - at >= HEADER_BYTES) {
      checkHeader(chunk, at, this.maxBytes);
      const end = at + readU16(chunk, at + 16);
      if (end > chunk.length) break;
      if (!this.#deliver(chunk, at, end)) return;
      at = end;
    }
    this.#keep(chunk, at, chunk.length);
  }

  /** Adds to the message begun before. Returns the offset in `chunk` after its end, -1 when to stop. */
  #complete(chunk: Uint8Array): number {
    let at = 0;
    if (this.#have < HEADER_BYTES) {
      at = Math.min(HEADER_BYTES - this.#have, chunk.length);
      this.#keep(chunk, 0, at);
      if (this.#have < HEADER_BYTES) return -1;
    }
    checkHeader(this.#partial, 0, this.maxBytes);
    const length = readU16(this.#partial, 16);
    const end = Math.min(at + length - this.#have, chunk.length);
    this.#keep(chunk, at, end);
    if (this.#have < length) return -1;
    this.#have = 0;
    return this.#deliver(this.#partial, 0, length) ? end : -1;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const have = this.#have + end - start;
    if (have > this.#partial.length) {
      const larger = new Uint8Array(have <= MAX_MESSAGE_BYTES ? MAX_MESSAGE_BYTES : MAX_EXTENDED_MESSAGE_BYTES);
      larger.set(this.#partial.subarray(0, this.#have));
      this.#partial = larger;
    }
    this.#partial.set(chunk.subarray(start, end), this.#have);
    this.#have = have;
  }
}
