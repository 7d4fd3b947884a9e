// How many paths each source has in Adj-RIB-In: a neighbor's counters, kept as paths come and go.

import { grown } from './columns.js';

/** By source; room is made with its first path. */
export class PathCounts {
  received = new Uint32Array(8);
  accepted = new Uint32Array(8);
  stale = new Uint32Array(8);

  /** One more path of a source, accepted or not. */
  add(source: number): void {
    if (source >= this.received.length) this.grow(source);
    this.received[source]++;
  }

  /** Paths of a source: all, accepted, stale. */
  of(source: number): { received: number; accepted: number; stale: number } {
    return {
      received: this.received[source] ?? 0,
      accepted: this.accepted[source] ?? 0,
      stale: this.stale[source] ?? 0,
    };
  }

  private grow(source: number): void {
    const size = Math.max(source + 1, this.received.length * 2);
    this.received = grown(this.received, size);
    this.accepted = grown(this.accepted, size);
    this.stale = grown(this.stale, size);
  }
}
