// Where attribute blocks live: byte strings of any length up to 64 KiB in a few large buffers.
//
// A block is named by a handle (its offset in 16-byte units), so a column of Uint32 can hold it. Freed blocks of one
// size wait in a list threaded through their own first bytes.

import { Pieces } from './columns.js';

const UNIT_SHIFT = 4;
const CHUNK_SHIFT = 20;
const UNITS_PER_CHUNK_SHIFT = CHUNK_SHIFT - UNIT_SHIFT;
const UNIT_MASK = (1 << UNITS_PER_CHUNK_SHIFT) - 1;
const CHUNK_BYTES = 1 << CHUNK_SHIFT;
/** The longest block: a 65,535-octet message's attributes grown by what export adds. */
export const MAX_BLOCK_BYTES = 1 << 17;

/** Byte storage addressed by handles. Handle 0 is never given out. */
export class Arena {
  private chunks: Uint8Array[] = [];
  private views: DataView[] = [];
  private next = 1;
  private readonly free = new Uint32Array((MAX_BLOCK_BYTES >> UNIT_SHIFT) + 1);
  private pieces = new Pieces();

  /** Is it worth giving back when nothing in it is needed any more? */
  get isLarge(): boolean {
    return this.chunks.length > 1;
  }

  /** Copies `length` bytes of `from` (at `start`) into the arena. */
  store(from: Uint8Array, start: number, length: number): number {
    const units = (length + 15) >> UNIT_SHIFT;
    let handle = this.free[units];
    if (handle !== 0) {
      this.free[units] = this.views[handle >> UNITS_PER_CHUNK_SHIFT].getUint32((handle & UNIT_MASK) << UNIT_SHIFT);
    } else {
      handle = this.bump(units);
    }
    const chunk = this.chunks[handle >> UNITS_PER_CHUNK_SHIFT];
    const at = (handle & UNIT_MASK) << UNIT_SHIFT;
    for (let i = 0; i < length; i++) chunk[at + i] = from[start + i];
    return handle;
  }

  /** The buffer a handle lies in; its block begins at `offset(handle)`. */
  buffer(handle: number): Uint8Array {
    return this.chunks[handle >> UNITS_PER_CHUNK_SHIFT];
  }

  offset(handle: number): number {
    return (handle & UNIT_MASK) << UNIT_SHIFT;
  }

  /** Gives a block of `length` bytes back. */
  release(handle: number, length: number): void {
    const units = (length + 15) >> UNIT_SHIFT;
    this.views[handle >> UNITS_PER_CHUNK_SHIFT].setUint32((handle & UNIT_MASK) << UNIT_SHIFT, this.free[units]);
    this.free[units] = handle;
  }

  /** Forgets all blocks and gives the memory back. */
  clear(): void {
    this.chunks = [];
    this.views = [];
    this.pieces = new Pieces();
    this.next = 1;
    this.free.fill(0);
  }

  private bump(units: number): number {
    let handle = this.next;
    const chunk = handle >> UNITS_PER_CHUNK_SHIFT;
    const end = handle + units;
    if (chunk >= this.chunks.length) {
      this.grow();
    } else if ((end - 1) >> UNITS_PER_CHUNK_SHIFT !== chunk) {
      handle = (chunk + 1) << UNITS_PER_CHUNK_SHIFT;
      if (chunk + 1 >= this.chunks.length) this.grow();
    }
    this.next = handle + units;
    return handle;
  }

  private grow(): void {
    const chunk = this.chunks.length === 0 ? new Uint8Array(CHUNK_BYTES) : this.pieces.take(CHUNK_BYTES);
    this.chunks.push(chunk);
    this.views.push(new DataView(chunk.buffer, chunk.byteOffset, CHUNK_BYTES));
  }
}
