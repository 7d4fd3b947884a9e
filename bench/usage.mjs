// What processes use: CPU time and memory, as the kernel tells in /proc. A daemon of several processes uses what all
// of them use; memory that they share is counted for each.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} Usage
 * @property {number} cpuSeconds so far
 * @property {number} rssMiB now
 * @property {number} peakMiB since the process was started
 */

/**
 * @param {number[]} pids of processes, whose descendants are included
 * @returns {Usage}
 */
export function usageOf(pids) {
  const usage = { cpuSeconds: 0, rssMiB: 0, peakMiB: 0 };
  for (const pid of descendants(pids)) {
    const status = read(`/proc/${pid}/status`);
    usage.rssMiB += kib(status, 'VmRSS') / 1024;
    usage.peakMiB += kib(status, 'VmHWM') / 1024;
    usage.cpuSeconds += cpuSeconds(pid);
  }
  return usage;
}

/**
 * The processes and all that descend from them.
 * @param {number[]} pids
 */
export function descendants(pids) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = read(`/proc/${pid}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [...pids];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]) ?? []));
  return found;
}

/** The scheduler's count in nanoseconds, a thread at a time. @param {number} pid */
function cpuSeconds(pid) {
  let nanoseconds = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]);
    }
  } catch {
    // The process has ended.
  }
  return nanoseconds / 1e9;
}

/** @param {string} status @param {string} key */
function kib(status, key) {
  return Number(status.match(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm'))?.[1] ?? 0);
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
