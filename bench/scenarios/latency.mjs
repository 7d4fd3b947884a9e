// One route at a time: from the command on one node to the kernel of the other one, or, for daemons that have no hand on
// the kernel, to a monitor.

import { Agent, request } from 'node:http';
import { startProbe } from '../kernel.mjs';
import { DAEMON_AS, FEEDER_AS, MONITOR_AS, neighborAddress, PAIR_ADDRESS } from '../lab.mjs';
import { now } from '../load/clock.mjs';
import { quantile } from './flap.mjs';
import { establish, Failure, inWords, neighbor, withLab } from './scenario.mjs';

const ARRIVAL_SECONDS = 60;
/** More announcements than this there are not while the table loads. */
const MOST_LOADED = 1000;
const SOCKET = '/run/tsbgp/tsbgp.sock';

/** @typedef {import('./scenario.mjs').Lab} Lab */
/** @typedef {import('./scenario.mjs').RunningDaemon} RunningDaemon */
/** @typedef {ReturnType<typeof startProbe>} Probe */
/** @typedef {(prefixes: string[]) => Promise<number>} Arrival when the last of these prefixes has come */

/** @type {import('./scenario.mjs').Scenario} */
export const latency = {
  name: 'latency',
  title: 'One route to the other node',
  about: `Two daemons with an internal session. A prefix is announced on the first one with its own command; the clock
stops when the second node's kernel has the route (OpenBGPD, gobgpd: when an external monitor of the first daemon has it).
The time of the command's start is in it. The API is tsbgp's HTTP on a unix socket. Loaded means that a feeder sends a
table to the first daemon at the same moment, all of which goes on to the second one and into its kernel.`,
  variants: ({ quick }) => (quick ? [quiet(10, 1_000)] : [quiet(200, 10_000), loaded(200_000)]),
};

/** @param {number} samples @param {number} batch @returns {import('./scenario.mjs').Variant} */
function quiet(samples, batch) {
  return {
    name: 'quiet',
    title: 'quiet',
    measures: [
      { id: 'p50', title: 'command p50', unit: 'ms' },
      { id: 'p99', title: 'command p99', unit: 'ms' },
      { id: 'apiP50', title: 'API p50', unit: 'ms', goals: [{ limit: 3.3 }] },
      { id: 'apiP99', title: 'API p99', unit: 'ms' },
      { id: 'batch', title: `${inWords(batch)} by standard input`, unit: 's', goals: [{ limit: 1 }] },
    ],
    run: daemon =>
      withPair(daemon, samples, [], async (one, arrival) => {
        const delays = [];
        for (const prefix of prefixesOf(0, samples)) delays.push(await byCommand(one, prefix, arrival));
        const values = { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) };
        if (daemon.name !== 'tsbgp') return values;
        const apiDelays = [];
        for (const prefix of prefixesOf(1, samples)) apiDelays.push(await byApi(one, prefix, arrival));
        const all = prefixesOf(2, batch);
        const start = await byStandardInput(one, all);
        const seconds = ((await arrival(all)) - start) / 1000;
        return { ...values, apiP50: quantile(apiDelays, 0.5), apiP99: quantile(apiDelays, 0.99), batch: seconds };
      }),
  };
}

/** @param {number} size of the table @returns {import('./scenario.mjs').Variant} */
function loaded(size) {
  return {
    name: 'loaded',
    title: `while ${inWords(size)} prefixes come in`,
    measures: [
      { id: 'p50', title: 'command p50', unit: 'ms' },
      { id: 'p99', title: 'command p99', unit: 'ms' },
      { id: 'apiP50', title: 'API p50', unit: 'ms' },
      { id: 'apiP99', title: 'API p99', unit: 'ms' },
    ],
    run: (daemon, { timeoutSeconds }) =>
      withPair(daemon, MOST_LOADED, [neighbor('f0', 1, FEEDER_AS)], async (one, arrival, { load }, probe) => {
        await load.tell('space', { name: 'table', family: 'ipv4', size });
        const nextHop = neighborAddress(1);
        await load.tell('encode', { name: 'up', feed: { kind: 'table', space: 'table', nextHop, as: FEEDER_AS } });
        await load.tell('encode', { name: 'down', feed: { kind: 'withdrawal', space: 'table' } });
        /** @type {Record<string, number>} */
        const values = {};
        const ways = [{ announce: byCommand, intervalMs: 250 }];
        if (daemon.name === 'tsbgp') ways.push({ announce: byApi, intervalMs: 25 });
        for (const [row, { announce, intervalMs }] of ways.entries()) {
          let hasCome = false;
          await load.tell('send', { session: 'f0', feed: 'up' });
          const all = heeded(
            whole(one, probe, size, timeoutSeconds).finally(() => {
              hasCome = true;
            }),
          );
          const announcing = [];
          for (const prefix of prefixesOf(row, MOST_LOADED)) {
            announcing.push(heeded(announce(one, prefix, arrival)));
            await new Promise(resolve => setTimeout(resolve, intervalMs));
            if (hasCome) break;
          }
          const delays = await Promise.all(announcing);
          await all;
          const [p50, p99] = row === 0 ? ['p50', 'p99'] : ['apiP50', 'apiP99'];
          values[p50] = quantile(delays, 0.5);
          values[p99] = quantile(delays, 0.99);
          await load.tell('send', { session: 'f0', feed: 'down' });
          await probe?.tell('settled', { size, gateway: null, timeoutSeconds });
        }
        return values;
      }),
  };
}

/**
 * Waits until the table is in the second node's kernel, or, where there is none, in the daemon.
 * @param {RunningDaemon} one
 * @param {Probe | undefined} probe
 * @param {number} size
 * @param {number} timeoutSeconds
 */
async function whole(one, probe, size, timeoutSeconds) {
  if (probe !== undefined) {
    await probe.tell('settled', { size, gateway: PAIR_ADDRESS[0], timeoutSeconds });
    return;
  }
  const deadline = Date.now() + timeoutSeconds * 1000;
  while ((await one.count('ipv4')) < size) {
    if (Date.now() > deadline) throw new Failure(`the table did not come in ${timeoutSeconds} s\n${one.log()}`);
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

/**
 * The n-th row of host prefixes inside 10.200.0.0/13.
 * @param {number} row
 * @param {number} count
 */
function prefixesOf(row, count) {
  return Array.from({ length: count }, (_, i) => `10.${200 + row}.${i >> 8}.${i & 255}/32`);
}

/**
 * Two daemons, or one and a monitor.
 * @template T
 * @param {import('./scenario.mjs').Daemon} daemon
 * @param {number} most prefixes in a row
 * @param {ReturnType<typeof neighbor>[]} feeders
 * @param {(one: RunningDaemon, arrival: Arrival, lab: Lab, probe?: Probe) => Promise<T>} use
 * @returns {Promise<T>}
 */
function withPair(daemon, most, feeders, use) {
  if (daemon.lacks.fib !== undefined) return withMonitor(daemon, most, feeders, use);
  return withLab({ neighbors: 2, daemons: 2 }, async lab => {
    const [firstAddress, secondAddress] = PAIR_ADDRESS;
    const inner = { as: DAEMON_AS, family: /** @type {const} */ ('ipv4') };
    const second = await lab.start(
      daemon,
      { neighbors: [{ ...inner, address: firstAddress, active: true }], fib: true },
      1,
    );
    const beside = [{ ...inner, address: secondAddress, nextHopSelf: true }];
    const { running } = await establish(lab, daemon, feeders, { beside });
    await Promise.all([running.waitReady(), second.waitReady()]);
    const probe = startProbe(lab.daemonNodes[1]);
    try {
      await probe.tell('watch', undefined);
      /** @type {Arrival} */
      const arrival = prefixes =>
        probe.tell('arrival', { prefixes, timeoutSeconds: ARRIVAL_SECONDS }).catch(error => {
          throw new Failure(`${error.message}\n${running.log()}\n${second.log()}`);
        });
      // The session between the daemons may need a moment; the first route shows that it is there.
      const [first] = prefixesOf(7, 1);
      await byCommand(running, first, arrival);
      return await use(running, arrival, lab, probe);
    } finally {
      await probe.stop();
    }
  });
}

/** @type {typeof withPair} */
function withMonitor(daemon, most, feeders, use) {
  return withLab({ neighbors: 2 }, async lab => {
    const known = prefixesOf(0, most);
    await lab.load.tell('list', { name: 'announced', prefixes: known });
    const monitor = neighbor('m', 0, MONITOR_AS, { observe: { space: 'announced', arrivals: true } });
    const { running } = await establish(lab, daemon, [monitor, ...feeders]);
    await running.waitReady();
    /** @type {Arrival} */
    const arrival = prefixes =>
      lab.load.tell('arrival', {
        session: 'm',
        indexes: prefixes.map(prefix => known.indexOf(prefix)),
        timeoutSeconds: ARRIVAL_SECONDS,
      });
    return use(running, arrival, lab);
  });
}

/** Announces a prefix by the daemon's command. @param {RunningDaemon} one @param {string} prefix @param {Arrival} arrival */
async function byCommand(one, prefix, arrival) {
  const held = await one.holdAnnouncement(prefix);
  const arrived = heeded(arrival([prefix]));
  const start = held.release();
  const { code } = await held.ended;
  if (code !== 0) throw new Failure(`the command to announce ${prefix} failed\n${one.log()}`);
  return (await arrived) - start;
}

const agent = new Agent({ keepAlive: true });

/** Announces a prefix by tsbgp's API. @param {RunningDaemon} one @param {string} prefix @param {Arrival} arrival */
async function byApi(one, prefix, arrival) {
  const arrived = heeded(arrival([prefix]));
  const start = now();
  await post(one, JSON.stringify({ routes: [{ prefix }] }));
  return (await arrived) - start;
}

/**
 * A promise that is awaited later, when other things may have failed already.
 * @template T
 * @param {Promise<T>} promise
 */
function heeded(promise) {
  promise.catch(() => {});
  return promise;
}

/** @param {RunningDaemon} one @param {string} body @returns {Promise<void>} */
function post(one, body) {
  return new Promise((resolve, reject) => {
    const options = { socketPath: one.node.path(SOCKET), path: '/v1/routes', method: 'POST', agent };
    const sent = request(options, response => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Failure(`the API answered with status ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.setHeader('content-type', 'application/json').end(body);
  });
}

/** Announces prefixes by `tsbgp rib add -`; returns when the command began. @param {RunningDaemon} one @param {string[]} prefixes */
async function byStandardInput(one, prefixes) {
  const held = await one.holdAnnouncements(prefixes);
  const start = held.release();
  const { code } = await held.ended;
  if (code !== 0) throw new Failure(`the command to announce ${prefixes.length} prefixes failed\n${one.log()}`);
  return start;
}
