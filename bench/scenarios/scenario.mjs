// What a scenario is, and the steps that scenarios share: a lab, a daemon with feeders and monitors, and measured
// exchanges whose outcome is checked against the daemon's own count.

import { createLab, DAEMON_ADDRESS, FEEDER_AS, MONITOR_AS, neighborAddress } from '../lab.mjs';

/** @typedef {import('../daemons/daemon.mjs').Daemon} Daemon */
/** @typedef {import('../daemon.mjs').RunningDaemon} RunningDaemon */
/** @typedef {import('../lab.mjs').Lab} Lab */
/** @typedef {import('../load.mjs').SessionPlan} SessionPlan */

/**
 * @typedef {object} Measure
 * @property {string} id
 * @property {string} title
 * @property {'s' | 'ms' | 'MiB' | '%'} unit
 * @property {Goal[]} [goals]
 */

/**
 * @typedef {object} Goal at most so much: `limit` in the measure's unit, plus `factor` times a reference
 * @property {'fastest' | 'kernel' | 'bird' | 'node'} [reference] the best peer, the raw writer to the kernel, BIRD, a bare
 *   Node process
 * @property {number} [factor]
 * @property {number} [limit]
 */

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} title
 * @property {Measure[]} measures
 * @property {string} [missing] why it cannot be run here
 * @property {Record<string, string>} [lacks] daemons left out of it, and why
 * @property {(daemon: Daemon, limits: Limits) => Promise<Record<string, number>>} run one run: values by measure
 */

/**
 * @typedef {object} Limits
 * @property {number} timeoutSeconds for one exchange of routes
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {string} about what is done, for the report
 * @property {(options: { quick: boolean, recorded: string | undefined }) => Variant[]} variants
 * @property {Daemon[]} [besides] what is measured in this scenario only, to compare with
 */

/** A run that did not come to its end, or came to the wrong one. */
export class Failure extends Error {}

/**
 * Makes a lab, uses it, and removes it.
 * @template T
 * @param {Parameters<typeof createLab>[0]} size
 * @param {(lab: Lab) => Promise<T>} use
 */
export async function withLab(size, use) {
  const lab = await createLab(size);
  try {
    return await use(lab);
  } finally {
    await lab.close();
  }
}

/**
 * The n-th neighbor of the lab as the generator plays it.
 * @param {string} name
 * @param {number} n
 * @param {number} as
 * @param {Partial<SessionPlan> & { family?: 'ipv4' | 'ipv6' }} [more]
 * @returns {SessionPlan & { family: 'ipv4' | 'ipv6' }}
 */
export function neighbor(name, n, as, { family = 'ipv4', ...more } = {}) {
  return {
    name,
    as,
    family,
    families: [family],
    local: neighborAddress(n, family),
    remote: DAEMON_ADDRESS[family],
    routerId: neighborAddress(n),
    holdSeconds: 240,
    ...more,
  };
}

/**
 * External neighbors: feeders `f0`, `f1`, … and the monitor `m`, which watches a space.
 * @param {{ feeders: number, space: string, byFeeder?: boolean, family?: 'ipv4' | 'ipv6', as?: number[] }} plan `as`: other
 *   AS numbers for the feeders
 */
export function feedersAndMonitor({ feeders, space, byFeeder = false, family, as }) {
  const feeding = Array.from({ length: feeders }, (_, i) => neighbor(`f${i}`, i, as?.[i] ?? FEEDER_AS + i, { family }));
  const observe = { space, ...(byFeeder && { firstAs: FEEDER_AS }) };
  return [...feeding, neighbor('m', feeders, MONITOR_AS, { family, observe })];
}

/**
 * Starts a daemon and brings its sessions up; returns when nothing moves any more.
 * @param {Lab} lab
 * @param {Daemon} daemon
 * @param {(SessionPlan & { family: 'ipv4' | 'ipv6', client?: boolean })[]} neighbors
 * @param {Partial<import('../daemons/daemon.mjs').Topology> & { beside?: import('../daemons/daemon.mjs').Neighbor[] }} [topology]
 *   `beside`: neighbors that the generator does not play
 * @param {number} [timeoutSeconds] until all sessions are there
 */
export async function establish(lab, daemon, neighbors, topology = {}, timeoutSeconds = OPEN_SECONDS) {
  const { beside = [], ...rest } = topology;
  const patience = timeoutSeconds + neighbors.length / 20;
  const opening = lab.load.tell('open', { sessions: neighbors, timeoutSeconds: patience });
  const running = await lab.start(daemon, {
    ...rest,
    neighbors: [
      ...beside,
      ...neighbors.map(({ local, as, family, client }) => ({ address: local, as, family, client })),
    ],
  });
  try {
    const { firstEstablishedAt } = await opening;
    // Some daemons make new neighbors wait: that is over before the clock starts.
    if (!daemon.sendsNoEndOfRib) await lab.load.tell('endOfRib', { timeoutSeconds: patience });
    await lab.load.tell('quiet', { ms: QUIET_MS, timeoutSeconds: OPEN_SECONDS });
    return { running, establishedMs: firstEstablishedAt - running.startedAt };
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : error}\n${running.log()}`);
  }
}

const OPEN_SECONDS = 20;
const QUIET_MS = 200;

/**
 * A measured exchange. Throws a Failure if the monitors do not get what they are to get, or the daemon's own count is
 * another one.
 * @param {Lab} lab
 * @param {RunningDaemon} running
 * @param {Omit<import('../load.mjs').Exchange, 'timeoutSeconds'>} plan
 * @param {Limits} limits
 * @param {{ family?: 'ipv4' | 'ipv6', prefixes?: number }} expected in the daemon's table afterwards; without `prefixes` it is
 *   not asked
 * @returns {Promise<{ seconds: number, cpuSeconds: number, usage: import('../usage.mjs').Usage }>}
 */
export async function measure(lab, running, plan, { timeoutSeconds }, { family = 'ipv4', prefixes }) {
  const before = running.usage();
  const { seconds, missing, failures } = await lab.load.tell('exchange', { ...plan, timeoutSeconds });
  const usage = running.usage();
  if (failures.length > 0) throw new Failure(`${failures[0]}\n${running.log()}`);
  if (missing > 0) {
    throw new Failure(`after ${timeoutSeconds} s, monitors still hold ${missing} prefixes wrongly\n${running.log()}`);
  }
  if (prefixes !== undefined) await checkCount(running, family, prefixes);
  const monitors = plan.until.map(({ session }) => session);
  const later = await lab.load.tell('look', { sessions: monitors });
  const changed = later.find(({ wrong }) => wrong !== 0);
  if (changed) throw new Failure(`${changed.name} had all routes, but ${changed.wrong} were wrong again later`);
  const deceived = later.find(({ strangers }) => strangers > 0);
  if (deceived) throw new Failure(`${deceived.name} was told of ${deceived.strangers} prefixes that nobody announced`);
  return { seconds, cpuSeconds: usage.cpuSeconds - before.cpuSeconds, usage };
}

/**
 * @param {RunningDaemon} running
 * @param {'ipv4' | 'ipv6'} family
 * @param {number} prefixes
 */
export async function checkCount(running, family, prefixes) {
  const deadline = Date.now() + COUNT_SECONDS * 1000;
  for (;;) {
    const count = await running.count(family);
    if (Number.isNaN(count) || count === prefixes) return;
    // A daemon may free what it has withdrawn a little later.
    if (Date.now() > deadline)
      throw new Failure(`${running.daemon.title} counts ${count} prefixes instead of ${prefixes}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

const COUNT_SECONDS = 5;

/** Daemons left out of the longer quick runs. */
export const TOO_SLOW = { gobgpd: 'is too slow for a quick run of this' };

/** A number of prefixes in words. @param {number} count */
export function inWords(count) {
  return count.toLocaleString('en-US');
}
