// One feeder, one monitor: a table through the daemon and its withdrawal.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FEEDER_AS, neighborAddress } from '../lab.mjs';
import { establish, feedersAndMonitor, inWords, measure, TOO_SLOW, withLab } from './scenario.mjs';

/** @type {import('./scenario.mjs').Measure[]} */
const MEASURES = [
  { id: 'announce', title: 'announced', unit: 's', goals: [{ reference: 'fastest', factor: 0.35 }] },
  { id: 'announceCpu', title: 'CPU', unit: 's' },
  { id: 'withdraw', title: 'withdrawn', unit: 's', goals: [{ reference: 'fastest', factor: 0.35 }] },
  { id: 'withdrawCpu', title: 'CPU withdrawal', unit: 's' },
  { id: 'peak', title: 'peak RSS', unit: 'MiB' },
];
/** @type {import('./scenario.mjs').Measure[]} */
const PEAK_GOAL = [
  { id: 'peak', title: 'peak RSS', unit: 'MiB', goals: [{ reference: 'bird', factor: 1, limit: 40 }] },
];

const TABLE = 'rrc00.bview.20000111.0032.gz';
const UPDATES = 'rrc15.updates.20100227.1600.gz';
/** More neighbors than either recording has. */
const MOST_FEEDERS = 20;

/** @type {import('./scenario.mjs').Scenario} */
export const table = {
  name: 'table',
  title: 'A table through the daemon',
  about: `One external feeder sends a table, 7 prefixes to a set of path attributes; the clock stops when one external
monitor holds exactly these prefixes. Then the feeder withdraws them, until the monitor holds none. The recorded table
and updates come from several feeders, each with its own view.`,
  variants: ({ quick, recorded }) => [
    regular('ipv4', quick ? 20_000 : 1_000_000),
    quick ? { ...regular('ipv6', 5_000), lacks: TOO_SLOW } : regular('ipv6', 200_000),
    ...(quick ? [] : [fromRecording('table', recorded, TABLE)]),
    fromRecording('updates', recorded, UPDATES, quick ? TOO_SLOW : {}),
  ],
};

/** @param {'ipv4' | 'ipv6'} family @param {number} prefixes @returns {import('./scenario.mjs').Variant} */
function regular(family, prefixes) {
  const isTheTable = family === 'ipv4';
  return {
    name: family,
    title: `${inWords(prefixes)} ${family === 'ipv4' ? 'IPv4' : 'IPv6'} prefixes`,
    measures: isTheTable ? [...MEASURES.slice(0, -1), ...PEAK_GOAL] : MEASURES,
    run: (daemon, limits) =>
      withLab({ neighbors: 2 }, async lab => {
        const { load } = lab;
        await load.tell('space', { name: 'all', family, size: prefixes });
        const nextHop = neighborAddress(0, family);
        await load.tell('encode', { name: 'up', feed: { kind: 'table', space: 'all', nextHop, as: FEEDER_AS } });
        await load.tell('encode', { name: 'down', feed: { kind: 'withdrawal', space: 'all' } });
        const neighbors = feedersAndMonitor({ feeders: 1, space: 'all', family });
        const { running } = await establish(lab, daemon, neighbors);
        return upAndDown(lab, running, limits, {
          up: [{ session: 'f0', feed: 'up' }],
          down: [{ session: 'f0', feed: 'down' }],
          family,
          prefixes,
        });
      }),
  };
}

/**
 * @param {'table' | 'updates'} kind
 * @param {string | undefined} directory
 * @param {string} name of the file
 * @param {Record<string, string>} [lacks]
 * @returns {import('./scenario.mjs').Variant}
 */
function fromRecording(kind, directory, name, lacks = {}) {
  const file = join(directory ?? '', name);
  return {
    name: `recorded-${kind}`,
    title:
      kind === 'table' ? 'recorded table, 82,363 prefixes from 7 feeders' : 'recorded updates, 52,468 from 5 feeders',
    measures: MEASURES,
    lacks: { ...lacks, copy: 'only copies bytes' },
    missing:
      directory === undefined
        ? 'no directory with recorded routes was named (--recorded DIRECTORY)'
        : existsSync(file)
          ? undefined
          : `${name} is not in the directory that was named`,
    run: (daemon, limits) =>
      withLab({ neighbors: MOST_FEEDERS + 1 }, async lab => {
        const nextHops = Array.from({ length: MOST_FEEDERS }, (_, i) => neighborAddress(i));
        const { feeders, prefixes } = await lab.load.tell('record', { name: 'all', kind, file, nextHops });
        const neighbors = feedersAndMonitor({ feeders: feeders.length, space: 'all', as: feeders.map(({ as }) => as) });
        const { running } = await establish(lab, daemon, neighbors);
        const feeds = (/** @type {string} */ end) =>
          feeders.map((_, i) => ({ session: `f${i}`, feed: `all-${i}${end}` }));
        return upAndDown(lab, running, limits, { up: feeds(''), down: feeds('-withdrawn'), family: 'ipv4', prefixes });
      }),
  };
}

/**
 * @param {import('./scenario.mjs').Lab} lab
 * @param {import('./scenario.mjs').RunningDaemon} running
 * @param {import('./scenario.mjs').Limits} limits
 * @param {{ up: { session: string, feed: string }[], down: { session: string, feed: string }[], family: 'ipv4' | 'ipv6',
 *   prefixes: number }} plan
 */
async function upAndDown(lab, running, limits, { up, down, family, prefixes }) {
  const everything = [{ session: 'm', target: { hold: /** @type {const} */ ('everything') } }];
  const nothing = [{ session: 'm', target: { hold: /** @type {const} */ ('nothing') } }];
  const announced = await measure(lab, running, { send: up, until: everything }, limits, { family, prefixes });
  const withdrawn = await measure(lab, running, { send: down, until: nothing }, limits, { family, prefixes: 0 });
  return {
    announce: announced.seconds,
    announceCpu: announced.cpuSeconds,
    withdraw: withdrawn.seconds,
    withdrawCpu: withdrawn.cpuSeconds,
    peak: announced.usage.peakMiB,
  };
}
