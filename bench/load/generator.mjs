// The load generator: a process of its own in the network namespace of the neighbors, told over its IPC channel what to
// do (see ../load.mjs, its other end). All times are taken here, by one clock.

import { serve } from '../remote.mjs';
import { now } from './clock.mjs';
import { exchange, flap } from './exchange.mjs';
import { encodeFeed } from './feeds.mjs';
import { addressBytes } from './messages.mjs';
import { Observer } from './observer.mjs';
import { encodeRecordedTable, encodeRecordedUpdates } from './recorded.mjs';
import { Session } from './session.mjs';
import { ListedSpace, regularSpace } from './space.mjs';

/** Connections that are being opened at the same time. */
const OPENINGS = 50;

/** @type {Map<string, import('./space.mjs').Space>} */
const spaces = new Map();
/** @type {Map<string, Session>} */
const sessions = new Map();
/** @type {Map<string, Uint8Array>} */
const feeds = new Map();

/**
 * @template V
 * @param {Map<string, V>} map
 * @param {string} name
 * @returns {V}
 */
function named(map, name) {
  const value = map.get(name);
  if (value === undefined) throw new Error(`the load generator knows no "${name}"`);
  return value;
}

/** What the generator can be told. Each takes one argument and answers with plain data. */
const operations = {
  /** @param {{ name: string, family: 'ipv4' | 'ipv6', size: number }} space */
  space({ name, family, size }) {
    spaces.set(name, regularSpace(family, size));
  },

  /** A space of prefixes in words, all of them longer than /24. @param {{ name: string, prefixes: string[] }} arg */
  list({ name, prefixes }) {
    const space = new ListedSpace();
    for (const prefix of prefixes) {
      const [address, length] = prefix.split('/');
      space.add(Uint8Array.of(Number(length), ...addressBytes(address)));
    }
    spaces.set(name, space);
  },

  /** @param {{ name: string, feed: import('./feeds.mjs').Feed }} arg */
  encode({ name, feed }) {
    feeds.set(name, encodeFeed(named(spaces, feed.space), feed).bytes);
  },

  /**
   * Encodes a recorded table or stream of updates: a space of this name, and a feed NAME-i and its withdrawal
   * NAME-i-withdrawn for each neighbor in it.
   * @param {{ name: string, kind: 'table' | 'updates', file: string, nextHops: string[] }} arg
   */
  record({ name, kind, file, nextHops }) {
    const space = new ListedSpace();
    const recorded = (kind === 'table' ? encodeRecordedTable : encodeRecordedUpdates)(file, space, nextHops);
    spaces.set(name, space);
    for (const [i, feeder] of recorded.feeders.entries()) {
      feeds.set(`${name}-${i}`, feeder.announcements);
      feeds.set(`${name}-${i}-withdrawn`, feeder.withdrawals);
    }
    return {
      feeders: recorded.feeders.map(({ as, routes }) => ({ as, routes })),
      prefixes: space.size - space.gone.size,
    };
  },

  /**
   * Opens sessions: the first one alone, for the daemon may be just starting, then the others at the same time.
   * @param {{ sessions: import('../load.mjs').SessionPlan[], timeoutSeconds: number }} arg
   */
  async open({ sessions: plans, timeoutSeconds }) {
    const deadline = now() + timeoutSeconds * 1000;
    const opening = plans.map(plan => {
      const session = new Session(plan);
      if (plan.observe) {
        const space = named(spaces, plan.observe.space);
        session.observer = new Observer(space, plan.observe.firstAs);
        if (plan.observe.arrivals) session.observer.arrivals = new Float64Array(space.size);
      }
      sessions.set(plan.name, session);
      return session;
    });
    if (opening.length === 0) return { firstEstablishedAt: 0 };
    await opening[0].establish(deadline);
    const rest = opening.slice(1).values();
    const lane = async () => {
      for (const session of rest) await session.establish(deadline);
    };
    await Promise.all(Array.from({ length: OPENINGS }, lane));
    return { firstEstablishedAt: opening[0].establishedAt };
  },

  /**
   * Sends feeds, all at the same time, and waits until monitors hold what they are to hold.
   * @param {import('../load.mjs').Exchange} plan
   */
  exchange({ send, until, timeoutSeconds }) {
    const input = send.map(({ session, feed }) => ({ session: named(sessions, session), bytes: named(feeds, feed) }));
    const monitors = until.map(({ session, target }) => {
      const monitor = named(sessions, session);
      monitor.observer?.aim(target);
      return monitor;
    });
    return exchange(input, monitors, timeoutSeconds);
  },

  /** Sends a feed and waits for nothing. @param {{ session: string, feed: string }} arg */
  send({ session, feed }) {
    const startedAt = now();
    named(sessions, session).write(named(feeds, feed));
    return { startedAt };
  },

  /**
   * When prefixes of a monitor's space came first, on the clock of now(): the last of them.
   * @param {{ session: string, indexes: number[], timeoutSeconds: number }} arg
   */
  async arrival({ session, indexes, timeoutSeconds }) {
    const { arrivals = new Float64Array() } = named(sessions, session).observer ?? {};
    const deadline = now() + timeoutSeconds * 1000;
    for (const index of indexes) {
      while (arrivals[index] === 0) {
        if (now() > deadline) throw new Error(`prefix ${index} did not come in ${timeoutSeconds} s`);
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    }
    return Math.max(...indexes.map(index => arrivals[index]));
  },

  /** See flap in exchange.mjs. @param {import('../load.mjs').Flap} plan */
  flap({ feeder, monitor, down, up, ...plan }) {
    const [from, to] = [named(sessions, feeder), named(sessions, monitor)];
    return flap({ feeder: from, monitor: to, down: named(feeds, down), up: named(feeds, up), ...plan });
  },

  /** Waits until the daemon has told all sessions everything. @param {{ timeoutSeconds: number }} arg */
  async endOfRib({ timeoutSeconds }) {
    const deadline = now() + timeoutSeconds * 1000;
    for (;;) {
      const waiting = [...sessions.values()].filter(session => !session.endOfRib);
      if (waiting.length === 0) return;
      if (now() > deadline) {
        const [{ options, failure = 'it is established' }] = waiting;
        const where = `${waiting.length} of ${sessions.size} sessions within ${timeoutSeconds} s`;
        throw new Error(`no End-of-RIB on ${where}, the first from ${options.local}: ${failure}`);
      }
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  },

  /** Waits until no monitor has received an UPDATE for so long. @param {{ ms: number, timeoutSeconds: number }} arg */
  async quiet({ ms, timeoutSeconds }) {
    const begin = now();
    for (;;) {
      const last = Math.max(begin, ...[...sessions.values()].map(session => session.lastUpdateAt));
      const rest = last + ms - now();
      if (rest <= 0) return;
      if (now() - begin > timeoutSeconds * 1000)
        throw new Error(`no ${ms} ms without an UPDATE for ${timeoutSeconds} s`);
      await new Promise(resolve => setTimeout(resolve, rest));
    }
  },

  /** What sessions hold and have seen. @param {{ sessions: string[] }} arg */
  look({ sessions: names }) {
    return names.map(name => {
      const { observer, established, longestSilenceMs } = named(sessions, name);
      const { wrong = 0, strangers = 0 } = observer ?? {};
      return { name, established, longestSilenceMs, wrong, strangers };
    });
  },

  /** @param {{ sessions: string[] }} arg */
  resetSilence({ sessions: names }) {
    for (const name of names) named(sessions, name).resetSilence();
  },

  /** @param {{ session: string, bytesPerSecond: number }} arg */
  readSlowly({ session, bytesPerSecond }) {
    named(sessions, session).readSlowly(bytesPerSecond);
  },
};

/** @typedef {typeof operations} Operations */

serve(operations);
