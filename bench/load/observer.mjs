// What a monitor holds: one byte a prefix of its space, and how many of them differ from what they are to become.
//
// A prefix is absent (0), present (1), or, where it matters which of several paths was chosen, present from feeder k
// (1 + k, found by the second AS number of the AS_PATH: the first is the daemon's own). So a monitor knows at every
// moment whether it holds exactly the right routes, and a daemon that loses one never comes to the end.

import { now } from './clock.mjs';
import { bestFeeder, PREFIXES_PER_SET } from './feeds.mjs';
import { AttributeType } from './messages.mjs';

const ABSENT = 0;
const PRESENT = 1;
const FROM_STRANGER = 254;
const WHATEVER = 255;

/**
 * @typedef {object} Target what the monitor is to hold in the end
 * @property {'nothing' | 'everything' | 'best'} hold `best`: each prefix from the feeder that has its best path
 * @property {number} [feeders] with `best`: how many feeders there are
 * @property {{ from: number, count: number }} [except] with `everything`: all but these
 * @property {{ from: number, count: number }} [ignore] it does not matter what becomes of these
 */

/** Follows the routes of one session. */
export class Observer {
  /** Prefixes announced or withdrawn that are not of the space. */
  strangers = 0;
  /** Prefixes that differ from the target. */
  wrong = 0;
  /** When each prefix was announced first, on the clock of now(), if that matters; 0: not yet. @type {Float64Array | undefined} */
  arrivals;
  #space;
  #state;
  #target;
  #byFeeder;
  #firstAs;

  /**
   * @param {import('./space.mjs').Space} space
   * @param {number} [firstAs] AS number of feeder 0, when it matters from which feeder a prefix comes; the others follow
   */
  constructor(space, firstAs) {
    this.#space = space;
    this.#state = new Uint8Array(space.size);
    this.#target = new Uint8Array(space.size);
    this.#byFeeder = firstAs !== undefined;
    this.#firstAs = firstAs ?? 0;
  }

  /** @param {Target} target */
  aim({ hold, feeders = 1, except, ignore }) {
    const target = this.#target;
    target.fill(hold === 'nothing' ? ABSENT : PRESENT);
    if (hold === 'best') {
      for (let i = 0; i < target.length; i++) {
        target[i] = PRESENT + bestFeeder(Math.floor(i / PREFIXES_PER_SET), feeders);
      }
    }
    if (hold === 'everything') for (const index of this.#space.gone ?? []) target[index] = ABSENT;
    if (except) target.fill(ABSENT, except.from, except.from + except.count);
    if (ignore) target.fill(WHATEVER, ignore.from, ignore.from + ignore.count);
    this.wrong = 0;
    for (let i = 0; i < target.length; i++) {
      if (target[i] !== WHATEVER && target[i] !== this.#state[i]) this.wrong++;
    }
  }

  /**
   * Takes an UPDATE over.
   * @param {Uint8Array} buf
   * @param {number} start of the body
   * @param {number} end
   */
  update(buf, start, end) {
    const withdrawnEnd = start + 2 + ((buf[start] << 8) | buf[start + 1]);
    const attributesEnd = withdrawnEnd + 2 + ((buf[withdrawnEnd] << 8) | buf[withdrawnEnd + 1]);
    if (withdrawnEnd > start + 2) this.#note(buf, start + 2, withdrawnEnd, ABSENT);
    if (attributesEnd < end) {
      const state = this.#byFeeder ? this.#feederOf(buf, withdrawnEnd + 2, attributesEnd) : PRESENT;
      this.#note(buf, attributesEnd, end, state);
    } else if (attributesEnd > withdrawnEnd + 2) {
      this.#multiprotocol(buf, withdrawnEnd + 2, attributesEnd);
    }
  }

  /** @param {Uint8Array} buf @param {number} start @param {number} end */
  #multiprotocol(buf, start, end) {
    const reach = findAttribute(buf, start, end, AttributeType.mpReach);
    if (reach !== undefined) this.#note(buf, reach.start + 5 + buf[reach.start + 3], reach.end, PRESENT);
    const unreach = findAttribute(buf, start, end, AttributeType.mpUnreach);
    if (unreach !== undefined) this.#note(buf, unreach.start + 3, unreach.end, ABSENT);
  }

  /** @param {Uint8Array} buf @param {number} start @param {number} end */
  #feederOf(buf, start, end) {
    const path = findAttribute(buf, start, end, AttributeType.asPath);
    if (path === undefined || path.end - path.start < 10) return FROM_STRANGER;
    const at = path.start + 6;
    const as = (buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3];
    const state = PRESENT + as - this.#firstAs;
    return state >= PRESENT && state < FROM_STRANGER ? state : FROM_STRANGER;
  }

  /** @param {Uint8Array} buf @param {number} start @param {number} end @param {number} becomes */
  #note(buf, start, end, becomes) {
    const space = this.#space;
    const state = this.#state;
    const target = this.#target;
    let { wrong } = this;
    for (let at = start; at < end; at += 1 + ((buf[at] + 7) >> 3)) {
      const index = space.indexAt(buf, at);
      if (index < 0) {
        this.strangers++;
        continue;
      }
      if (becomes !== ABSENT && this.arrivals?.[index] === 0) this.arrivals[index] = now();
      const before = state[index];
      if (before === becomes) continue;
      state[index] = becomes;
      const wanted = target[index];
      if (wanted === before) wrong++;
      else if (wanted === becomes) wrong--;
    }
    this.wrong = wrong;
  }
}

/**
 * The value of a path attribute.
 * @param {Uint8Array} buf
 * @param {number} start
 * @param {number} end
 * @param {number} type
 */
function findAttribute(buf, start, end, type) {
  for (let at = start; at < end; ) {
    const extended = (buf[at] & 0x10) !== 0;
    const length = extended ? (buf[at + 2] << 8) | buf[at + 3] : buf[at + 2];
    const value = at + (extended ? 4 : 3);
    if (buf[at + 1] === type) return { start: value, end: value + length };
    at = value + length;
  }
  return undefined;
}
