// The probe: a process on a daemon's node that watches the kernel's routes, or writes them itself to see how fast that
// can be.
//
// A whole table is watched by looking up a sample of its prefixes, spread over all of it: one after a pause, twice as many
// each time when they have come. So it takes little of the machine that the daemon shares with it. When the last of them
// is as it should be the time is taken, and a dump of all routes has to show that the rest is, too; else the watch goes on.
// Single routes are watched by the kernel's notifications.

import { now } from '../load/clock.mjs';
import { addressBytes } from '../load/messages.mjs';
import { regularSpace } from '../load/space.mjs';
import { serve } from '../remote.mjs';
import { Batch, Change, forEachAnswer } from './messages.mjs';
import { openSocket } from './socket.mjs';

const RTNLGRP_IPV4_ROUTE = 7;
const SAMPLES = 512;
const MOST_LOOKUPS = 32;
const ROUND_MS = 2;
const BATCH_ROUTES = 1000;

let sequence = 0;
/** @type {Map<number, (answer: import('./messages.mjs').Answer) => void>} by sequence number */
const waiting = new Map();
const socket = openSocket(datagram => forEachAnswer(datagram, answer => waiting.get(answer.sequence)?.(answer)));

/** When each prefix came into the kernel, by its text. @type {Map<string, number>} */
const arrivals = new Map();
/** @type {Map<string, (at: number) => void>} */
const expected = new Map();

const operations = {
  /**
   * Begins to note arrivals of prefixes inside 10.200.0.0/13 as they are notified: those alone, a table beside them is
   * too much.
   */
  watch() {
    const notifications = openSocket(datagram => {
      const at = now();
      forEachAnswer(datagram, ({ kind, address, length }) => {
        if (kind !== 'route') return;
        const octets = [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
        const prefix = `${octets.join('.')}/${length}`;
        if (arrivals.has(prefix)) return;
        arrivals.set(prefix, at);
        expected.get(prefix)?.(at);
      });
    }, WATCHED);
    notifications.addMembership(RTNLGRP_IPV4_ROUTE);
  },

  /** When prefixes have come, on the clock of now(): the last of them. @param {{ prefixes: string[], timeoutSeconds: number }} arg */
  async arrival({ prefixes, timeoutSeconds }) {
    let last = 0;
    for (const prefix of prefixes) {
      const at = arrivals.get(prefix) ?? (await arrivalOf(prefix, timeoutSeconds));
      last = Math.max(last, at);
    }
    return last;
  },

  /**
   * Waits until the kernel has all prefixes of a regular space by this gateway, or none of them; returns when that was.
   * @param {{ size: number, gateway: string | null, timeoutSeconds: number }} arg
   */
  async settled({ size, gateway, timeoutSeconds }) {
    const wanted = gateway === null ? 0 : Buffer.from(addressBytes(gateway)).readUInt32BE();
    const deadline = now() + timeoutSeconds * 1000;
    let pending = samplesOf(size);
    let lookups = 1;
    for (;;) {
      const wrong = await stillWrong(pending.slice(0, lookups), wanted);
      const at = now();
      pending = [...wrong, ...pending.slice(lookups)];
      if (pending.length === 0) {
        const count = await countRoutes(wanted);
        if (count === (gateway === null ? 0 : size)) return at;
        pending = samplesOf(size).slice(-1);
      }
      if (now() > deadline)
        throw new Error(`the kernel holds ${await countRoutes(wanted)} routes after ${timeoutSeconds} s`);
      lookups = wrong.length === 0 ? Math.min(2 * lookups, MOST_LOOKUPS) : 1;
      if (wrong.length > 0) await new Promise(resolve => setTimeout(resolve, ROUND_MS));
    }
  },

  /**
   * Changes all prefixes of a regular space in batches, as fast as the kernel takes them.
   * @param {{ size: number, change: keyof typeof Change, gateway: string }} arg
   * @returns {Promise<number>} seconds
   */
  async write({ size, change, gateway }) {
    const space = regularSpace('ipv4', size);
    const nlri = new Uint8Array(5);
    const to = addressBytes(gateway);
    const batch = new Batch();
    const start = now();
    for (let from = 0; from < size; from += BATCH_ROUTES) {
      batch.clear();
      const end = Math.min(size, from + BATCH_ROUTES);
      for (let i = from; i < end; i++) {
        space.write(i, nlri, 0);
        batch.route(Change[change], nlri, to, ++sequence);
      }
      batch.acknowledge();
      const errno = await ask(batch, sequence);
      if (errno !== 0) throw new Error(`the kernel refused a route: error ${errno}`);
    }
    return (now() - start) / 1000;
  },
};

/**
 * 10.200.0.0/13, what the scenarios announce one by one: RTA_DST follows the headers (16 and 12 octets) and RTA_TABLE
 * (8).
 */
const WATCHED = { offset: 40, mask: -1 << 19, value: (10 << 24) | (200 << 16) };

/** @param {string} prefix @param {number} timeoutSeconds @returns {Promise<number>} */
function arrivalOf(prefix, timeoutSeconds) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${prefix} is not in the kernel`)), timeoutSeconds * 1000);
    expected.set(prefix, at => {
      clearTimeout(late);
      expected.delete(prefix);
      resolve(at);
    });
  });
}

/** Numbers of prefixes spread over the space, each the first /24 of its slot. @param {number} size */
function samplesOf(size) {
  const count = Math.min(SAMPLES, Math.ceil(size / 8));
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * (size - 1)) / count) & ~7);
}

/** Looks samples up; returns those that are not right yet. @param {number[]} samples @param {number} wanted */
async function stillWrong(samples, wanted) {
  const wrong = [];
  const batch = new Batch();
  const answers = samples.map(index => {
    const nlri = new Uint8Array(5);
    regularSpace('ipv4', index + 1).write(index, nlri, 0);
    batch.lookup(nlri.subarray(1), ++sequence);
    return answerTo(sequence);
  });
  socket.send(batch.bytes);
  for (const [i, answer] of (await Promise.all(answers)).entries()) {
    const isThere = answer.kind === 'route' && answer.length === 24;
    const isRight = wanted === 0 ? !isThere : isThere && answer.gateway === wanted;
    if (!isRight) wrong.push(samples[i]);
  }
  return wrong;
}

/** @param {number} asked @returns {Promise<import('./messages.mjs').Answer>} */
function answerTo(asked) {
  return new Promise(resolve => {
    waiting.set(asked, answer => {
      waiting.delete(asked);
      resolve({ ...answer });
    });
  });
}

/** @param {Batch} batch @param {number} last @returns {Promise<number>} errno */
async function ask(batch, last) {
  const answer = answerTo(last);
  socket.send(batch.bytes);
  return (await answer).errno;
}

/** Routes inside 16.0.0.0/4 by a gateway; with 0, by any. @param {number} gateway @returns {Promise<number>} */
function countRoutes(gateway) {
  return new Promise(resolve => {
    let count = 0;
    const batch = new Batch();
    const asked = ++sequence;
    batch.dump(asked);
    waiting.set(asked, answer => {
      if (answer.kind === 'route') {
        if (answer.address >>> 28 === 16 >> 4 && (gateway === 0 || answer.gateway === gateway)) count++;
        return;
      }
      waiting.delete(asked);
      resolve(count);
    });
    socket.send(batch.bytes);
  });
}

/** @typedef {typeof operations} Operations */

serve(operations);
