// What a reload has to do: the difference of two configurations by the parts of the daemon that carry it out.

import { isDeepStrictEqual } from 'node:util';
import { resolveStatement } from '../bgp/policy/resolve.js';
import { encodeNeighbor } from './neighbor.js';
import type { Config, NeighborConfig } from './schema.js';

/** A neighbor whose entry changed. */
export interface NeighborChange {
  old: NeighborConfig;
  new: NeighborConfig;
  /** The file's keys that differ. */
  keys: string[];
}

/** The difference of two configurations. */
export interface ConfigDiff {
  /** One line for each change that only a restart of the daemon can carry out. */
  restartNeeded: string[];
  addNeighbors: NeighborConfig[];
  removeNeighbors: NeighborConfig[];
  changeNeighbors: NeighborChange[];
  /** `multipath` changed. */
  multipath: boolean;
  /** Names of the policies that changed, or whose sets did; some of them may be gone. */
  policies: string[];
  /** `aggregates` changed. */
  aggregates: boolean;
  /** Something of `fib` changed. */
  fib: boolean;
  /** `log.level` changed. */
  log: boolean;
}

/** What is bound once, at the start: a name for people, how to read it, and why it stays. */
const RESTART: readonly [name: string, read: (config: Config) => unknown, why: string][] = [
  ['as', c => c.as, 'every session was opened with it'],
  ['confederation', c => c.confederation, 'every session was opened with it'],
  ['router-id', c => c.routerId, 'every session was opened with it'],
  ['cluster-id', c => c.clusterId, 'reflected routes carry it'],
  ['listen', c => c.listen, 'the sockets are open'],
  ['port', c => c.port, 'the sockets are open'],
  ['selection-deferral-time', c => c.selectionDeferralSeconds, 'it counts after a start only'],
  ['state-file', c => c.stateFile, 'it was read at the start'],
  ['api.socket', c => c.api.socket, 'the socket is open'],
  ['api.group', c => c.api.group, 'the socket is open'],
  ['log.format', c => c.log.format, 'the log is open'],
];

/** What changed from `before` to `after`; nothing at all between equal configurations. */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  const restartNeeded = RESTART.filter(([, read]) => !isDeepStrictEqual(read(before), read(after))).map(
    ([name, read, why]) => `${name}: ${words(read(before))} → ${words(read(after))} needs a restart: ${why}`,
  );
  const old = new Map(before.neighbors.map(neighbor => [neighbor.address, neighbor]));
  const kept = new Set(after.neighbors.map(neighbor => neighbor.address));
  const changeNeighbors = after.neighbors.flatMap(neighbor => {
    const earlier = old.get(neighbor.address);
    const keys = earlier ? differentKeys(earlier, neighbor) : [];
    return earlier && keys.length > 0 ? [{ old: earlier, new: neighbor, keys }] : [];
  });
  return {
    restartNeeded,
    addNeighbors: after.neighbors.filter(neighbor => !old.has(neighbor.address)),
    removeNeighbors: before.neighbors.filter(neighbor => !kept.has(neighbor.address)),
    changeNeighbors,
    multipath: !isDeepStrictEqual(before.multipath, after.multipath),
    policies: changedPolicies(before.policies, after.policies),
    aggregates: !isDeepStrictEqual(before.aggregates, after.aggregates),
    fib: !isDeepStrictEqual(before.fib, after.fib),
    log: before.log.level !== after.log.level,
  };
}

function differentKeys(a: NeighborConfig, b: NeighborConfig): string[] {
  const before: Record<string, unknown> = encodeNeighbor(a);
  const after: Record<string, unknown> = encodeNeighbor(b);
  return Object.keys({ ...before, ...after }).filter(key => !isDeepStrictEqual(before[key], after[key]));
}

function changedPolicies(before: Config['policies'], after: Config['policies']): string[] {
  const resolved = (all: Config['policies'], name: string) =>
    Object.hasOwn(all.policies, name)
      ? all.policies[name].map(statement => resolveStatement(statement, all))
      : undefined;
  const names = new Set([...Object.keys(before.policies), ...Object.keys(after.policies)]);
  return [...names].filter(name => !isDeepStrictEqual(resolved(before, name), resolved(after, name)));
}

function words(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return JSON.stringify(value);
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
