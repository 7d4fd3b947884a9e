// Feeds: what a feeder sends, encoded before the clock starts.
//
// Prefixes come in messages of 7 that share one set of path attributes, as they do in the table of the Internet. When
// several feeders announce the same prefixes, each set has its best path at one of them, in turn: that path is one AS
// shorter, so that all daemons agree on it whatever their tie-breakers are.

import { addressBytes, UpdateWriter } from './messages.mjs';

/** Prefixes that share a set of path attributes. */
export const PREFIXES_PER_SET = 7;

/**
 * @typedef {object} TableFeed announcements, 7 to a message
 * @property {'table'} kind
 * @property {string} space
 * @property {number} [from] the first prefix, at the beginning of a set
 * @property {number} [count] default: to the end of the space
 * @property {string} nextHop
 * @property {number} [as] AS number of the feeder, if it is an external neighbor
 * @property {number} [feeder] which of `feeders` this is
 * @property {number} [feeders] how many announce the same prefixes
 */

/**
 * @typedef {object} RoutesFeed one announcement of an internal neighbor
 * @property {'routes'} kind
 * @property {string} space
 * @property {number} from
 * @property {number} count
 * @property {string} nextHop
 * @property {number} set which attributes
 */

/**
 * @typedef {object} WithdrawalFeed
 * @property {'withdrawal'} kind
 * @property {string} space
 * @property {number} [from]
 * @property {number} [count]
 */

/** @typedef {TableFeed | RoutesFeed | WithdrawalFeed} Feed */

/** @type {{ [Kind in Feed['kind']]: (space: import('./space.mjs').Space, feed: never) => UpdateWriter }} */
const ENCODERS = { table: encodeTable, routes: encodeRoutes, withdrawal: encodeWithdrawal };

/**
 * The messages of a feed.
 * @param {import('./space.mjs').Space} space
 * @param {Feed} feed
 */
export function encodeFeed(space, feed) {
  return ENCODERS[feed.kind](space, /** @type {never} */ (feed));
}

/**
 * @param {import('./space.mjs').Space} space
 * @param {TableFeed} feed
 */
function encodeTable(space, { from = 0, count = space.size - from, nextHop, as, feeder = 0, feeders = 1 }) {
  const writer = new UpdateWriter();
  const nextHopBytes = addressBytes(nextHop);
  const end = from + count;
  for (let i = from; i < end; i += PREFIXES_PER_SET) {
    const set = i / PREFIXES_PER_SET;
    const attributes = attributesOf(set, as, bestFeeder(set, feeders) === feeder);
    writer.announce(space, i, Math.min(i + PREFIXES_PER_SET, end), attributes, nextHopBytes);
  }
  return writer;
}

/**
 * @param {import('./space.mjs').Space} space
 * @param {RoutesFeed} feed
 */
function encodeRoutes(space, { from, count, nextHop, set }) {
  const writer = new UpdateWriter();
  writer.announce(space, from, from + count, attributesOf(set, undefined, true), addressBytes(nextHop));
  return writer;
}

/**
 * @param {import('./space.mjs').Space} space
 * @param {WithdrawalFeed} feed
 */
function encodeWithdrawal(space, { from = 0, count = space.size - from }) {
  const writer = new UpdateWriter();
  writer.withdraw(
    space,
    Array.from({ length: count }, (_, i) => from + i),
  );
  return writer;
}

/**
 * The feeder that has the best path of a set.
 * @param {number} set
 * @param {number} feeders
 */
export function bestFeeder(set, feeders) {
  return set % feeders;
}

/**
 * @param {number} set
 * @param {number | undefined} as
 * @param {boolean} best
 * @returns {import('./messages.mjs').Attributes}
 */
function attributesOf(set, as, best) {
  const detour = best ? [] : [3000 + (set % 41)];
  const asPath = [
    ...(as === undefined ? [] : [as]),
    ...detour,
    2000 + (set % 37),
    10_000 + (set % 9973),
    200_000 + set,
  ];
  return {
    asPath,
    communities: [(3000 << 16) | (set % 1000), (3001 << 16) | (set % 50)],
    localPref: as === undefined ? 100 : undefined,
  };
}
