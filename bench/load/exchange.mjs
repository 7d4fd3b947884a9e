// The clock of the benchmarks: send this, and say when the monitors hold what they are to hold.

import { now } from './clock.mjs';

/** @typedef {import('./session.mjs').Session} Session */

/**
 * @typedef {object} Outcome
 * @property {number} seconds from the first byte sent until the last monitor held what it should
 * @property {number} missing prefixes that monitors still hold wrongly: 0, or the time was over
 * @property {string[]} failures sessions that were lost meanwhile
 */

/**
 * Sends feeds, all at the same time, and waits for the monitors, whose observers have been told what to expect.
 * @param {{ session: Session, bytes: Uint8Array }[]} feeds
 * @param {Session[]} monitors
 * @param {number} timeoutSeconds
 * @returns {Promise<Outcome>}
 */
export function exchange(feeds, monitors, timeoutSeconds) {
  return new Promise(resolve => {
    const start = now();
    const involved = new Set([...monitors, ...feeds.map(({ session }) => session)]);
    const waiting = new Set(monitors.filter(isWrong));
    const finish = () => {
      const end = now();
      clearTimeout(late);
      for (const session of involved) session.onInput = () => {};
      resolve({
        seconds: (end - start) / 1000,
        missing: monitors.reduce((sum, { observer }) => sum + (observer?.wrong ?? 0), 0),
        failures: [...involved].flatMap(({ failure, options }) => (failure ? [`${options.name}: ${failure}`] : [])),
      });
    };
    const late = setTimeout(finish, timeoutSeconds * 1000);
    for (const session of involved) {
      session.onInput = () => {
        if (session.failure !== undefined) finish();
      };
    }
    for (const monitor of monitors) {
      monitor.onInput = () => {
        if (isWrong(monitor)) waiting.add(monitor);
        else waiting.delete(monitor);
        if (waiting.size === 0 || monitor.failure !== undefined) finish();
      };
    }
    for (const { session, bytes } of feeds) session.write(bytes);
    if (waiting.size === 0) finish();
  });
}

/**
 * Takes prefixes away and brings them back, again and again, a change each interval. A daemon that needs longer than
 * an interval gets its next change later, but its delay counts from when the change was due.
 * @param {{ feeder: Session, monitor: Session, down: Uint8Array, up: Uint8Array, range: { from: number, count: number },
 *   intervalMs: number, seconds: number, timeoutSeconds: number }} plan
 * @returns {Promise<{ delaysMs: number[], missing: number, failures: string[] }>} how long each change took until the
 *   monitor had all of it
 */
export async function flap({ feeder, monitor, down, up, range, intervalMs, seconds, timeoutSeconds }) {
  const start = now();
  const changes = Math.floor((seconds * 1000) / intervalMs / 2) * 2;
  const delaysMs = [];
  for (let i = 0; i < changes; i++) {
    const due = start + i * intervalMs;
    await new Promise(resolve => setTimeout(resolve, due - now()));
    const goesDown = i % 2 === 0;
    monitor.observer?.aim({ hold: 'everything', except: goesDown ? range : undefined });
    const aimed = now();
    const {
      seconds: took,
      missing,
      failures,
    } = await exchange([{ session: feeder, bytes: goesDown ? down : up }], [monitor], timeoutSeconds);
    if (missing > 0 || failures.length > 0) return { delaysMs, missing, failures };
    const behind = i > 0 ? Math.max(0, aimed - due - TIMER_SLACK_MS) : 0;
    delaysMs.push(took * 1000 + behind);
  }
  return { delaysMs, missing: 0, failures: [] };
}

/** Timers and aiming at a million prefixes may take so long without it being the daemon's delay. */
const TIMER_SLACK_MS = 5;

/** @param {Session} monitor */
function isWrong(monitor) {
  return monitor.observer?.wrong !== 0;
}
