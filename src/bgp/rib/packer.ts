// Changed routes into UPDATE messages, as few as will hold them.
//
// Routes with the same attribute set share messages, and no message mixes sources: `segments` says which stretch of the
// bytes came from which source, so that a neighbor can be spared its own routes. Withdrawals come first, then one source's
// sets after the other's: the fewer stretches, the fewer writes.

import { grown } from './columns.js';
import type { ExportProfile } from './export.js';
import type { LocRib } from './loc-rib.js';
import { MessageWriter } from './message-writer.js';

/** Routes to be packed, and the messages they became. One serves a whole speaker, used again and again. */
export class Packer {
  private readonly writer = new MessageWriter();
  /** Stretch i: where it begins, whose routes it holds, how many messages. */
  segmentStart = new Int32Array(64);
  segmentSource = new Int32Array(64);
  segmentMessages = new Int32Array(64);
  segments = 0;
  private prefix = new Int32Array(1024);
  private source = new Int32Array(1024);
  private pathId = new Int32Array(1024);
  /** The routes of one attribute set form a ring. */
  private next = new Int32Array(1024);
  private count = 0;
  /** By attribute set: 1 + the last route of its ring; 0 when the set is not in the batch. */
  private tail = new Int32Array(256);
  /** The sets, and those of one source (that of the set's first route) as a ring. */
  private set = new Int32Array(1024);
  private nextSet = new Int32Array(1024);
  private sets = 0;
  /** By source: 1 + the last set of its ring; 0 when it has none. */
  private lastSet = new Int32Array(64);
  private sources: number[] = [];

  /** How many messages `pack` made. */
  get messages(): number {
    return this.writer.messages;
  }

  /**
   * Adds a route: prefix id, the set that stands for what is advertised (0: withdrawn), the source it came from, and the
   * path identifier where the profile has them.
   */
  add(prefix: number, set: number, source: number, pathId: number): void {
    if (this.count === this.prefix.length) this.grow();
    if (set >= this.tail.length) this.tail = grown(this.tail, Math.max(set + 1, this.tail.length * 2));
    const i = this.count++;
    this.prefix[i] = prefix;
    this.source[i] = source;
    this.pathId[i] = pathId;
    const last = this.tail[set] - 1;
    if (last < 0) this.addSet(set, source);
    link(this.next, last, i);
    this.tail[set] = i + 1;
  }

  /** Encodes what was added and forgets it. The bytes are a copy of their own; empty when there was nothing. */
  pack(table: LocRib, profile: ExportProfile): Uint8Array {
    const { writer } = this;
    this.segments = 0;
    writer.start(table, profile);
    if (this.tail[0] !== 0) this.packSet(0);
    for (const source of this.sources) {
      const last = this.lastSet[source] - 1;
      this.lastSet[source] = 0;
      for (let i = this.nextSet[last], done = false; !done; i = this.nextSet[i]) {
        done = i === last;
        const set = this.set[i];
        if (set !== 0) this.packSet(set);
        this.tail[set] = 0;
      }
    }
    this.count = 0;
    this.sets = 0;
    this.sources = [];
    return writer.bytes.slice(0, writer.length);
  }

  private addSet(set: number, source: number): void {
    if (source >= this.lastSet.length)
      this.lastSet = grown(this.lastSet, Math.max(source + 1, this.lastSet.length * 2));
    const i = this.sets++;
    this.set[i] = set;
    const last = this.lastSet[source] - 1;
    if (last < 0) this.sources.push(source);
    link(this.nextSet, last, i);
    this.lastSet[source] = i + 1;
  }

  private packSet(set: number): void {
    // One round of the ring for each source in it; what is of another source is left for the next round.
    for (let last = this.tail[set] - 1; last >= 0; ) last = this.packRound(set, last);
  }

  /** Packs the ring's routes that share the first one's source; returns the last route of the rest, or -1. */
  private packRound(set: number, last: number): number {
    const { next, source, writer } = this;
    const first = next[last];
    const wanted = source[first];
    const messagesBefore = writer.messages;
    writer.begin(set, wanted);
    this.beginSegment(wanted);
    let restFirst = -1;
    let restLast = -1;
    for (let i = first, done = false; !done; ) {
      const following = next[i];
      done = i === last;
      if (source[i] === wanted) {
        writer.add(this.prefix[i], this.pathId[i]);
      } else {
        if (restFirst < 0) restFirst = i;
        else next[restLast] = i;
        restLast = i;
      }
      i = following;
    }
    writer.end();
    this.segmentMessages[this.segments - 1] += writer.messages - messagesBefore;
    if (restLast >= 0) next[restLast] = restFirst;
    return restLast;
  }

  private beginSegment(source: number): void {
    const last = this.segments - 1;
    if (last >= 0 && this.segmentSource[last] === source) return;
    if (this.segments === this.segmentStart.length) {
      this.segmentStart = grown(this.segmentStart, this.segments * 2);
      this.segmentSource = grown(this.segmentSource, this.segments * 2);
      this.segmentMessages = grown(this.segmentMessages, this.segments * 2);
    }
    this.segmentStart[this.segments] = this.writer.length;
    this.segmentSource[this.segments] = source;
    this.segmentMessages[this.segments++] = 0;
  }

  private grow(): void {
    const size = this.count * 2;
    this.prefix = grown(this.prefix, size);
    this.source = grown(this.source, size);
    this.pathId = grown(this.pathId, size);
    this.next = grown(this.next, size);
    this.set = grown(this.set, size);
    this.nextSet = grown(this.nextSet, size);
  }
}

/** Puts `i` behind the last one of a ring; alone in one of its own when there is none (-1). */
function link(next: Int32Array, last: number, i: number): void {
  next[i] = last < 0 ? i : next[last];
  if (last >= 0) next[last] = i;
}
