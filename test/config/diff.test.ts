// What a reload has to do.

import { describe, expect, test } from 'vitest';
import { diffConfig } from '../../src/config/diff.js';
import { parseConfig } from '../../src/config/load.js';

const A = '{ address: 10.0.0.2, as: 65001 }';
const B = '{ address: 10.0.0.3, as: 65002 }';

/** The minimal configuration with these keys changed or added. */
function config(more: Record<string, string> = {}) {
  const keys = { as: '65001', 'router-id': '10.0.0.1', ...more };
  const text = Object.entries(keys).map(([key, value]) => `${key}: ${value}\n`);
  return parseConfig(text.join(''), 'tsbgp.yml').config;
}

const NOTHING = {
  restartNeeded: [],
  addNeighbors: [],
  removeNeighbors: [],
  changeNeighbors: [],
  multipath: false,
  policies: [],
  aggregates: false,
  fib: false,
  log: false,
};

describe('diffConfig', () => {
  test('nothing between equal configurations, wherever they came from', () => {
    const neighbors = { neighbors: `[${A}, ${B}]`, fib: '{ prefixes: [10.0.0.0/8 le 32] }' };
    expect(diffConfig(config(neighbors), { ...config(neighbors), source: 'other.yml' })).toEqual(NOTHING);
  });

  test('a group that changed, in its members', () => {
    const with_ = (holdTime: number) =>
      config({
        groups: `{ g: { as: 65001, hold-time: ${holdTime} }, unused: { port: ${holdTime} } }`,
        neighbors: `[{ address: 10.0.0.2, group: g }, { address: 10.0.0.3, group: g, hold-time: 30 }]`,
      });
    const { changeNeighbors, ...rest } = diffConfig(with_(9), with_(12));
    expect(changeNeighbors.map(it => [it.new.address, it.keys])).toEqual([['10.0.0.2', ['hold-time']]]);
    expect({ ...rest, changeNeighbors: [] }).toEqual(NOTHING);
  });

  test('the order of the neighbors is no change', () => {
    expect(diffConfig(config({ neighbors: `[${A}, ${B}]` }), config({ neighbors: `[${B}, ${A}]` }))).toEqual(NOTHING);
  });

  test.each([
    [
      'as',
      { as: '65009', 'cluster-id': '10.0.0.1' },
      'as: 65001 → 65009 needs a restart: every session was opened with it',
    ],
    [
      'router-id',
      { 'router-id': '10.0.0.9', 'cluster-id': '10.0.0.1' },
      'router-id: 10.0.0.1 → 10.0.0.9 needs a restart: every session was opened with it',
    ],
    [
      'cluster-id',
      { 'cluster-id': '1.1.1.1' },
      'cluster-id: 10.0.0.1 → 1.1.1.1 needs a restart: reflected routes carry it',
    ],
    ['listen', { listen: '["::"]' }, 'listen: [0.0.0.0, ::] → [::] needs a restart: the sockets are open'],
    ['port', { port: '1179' }, 'port: 179 → 1179 needs a restart: the sockets are open'],
    [
      'state-file',
      { 'state-file': 'false' },
      'state-file: /var/lib/tsbgp/routes.json → false needs a restart: it was read at the start',
    ],
    [
      'api.socket',
      { api: '{ socket: /tmp/s }' },
      'api.socket: /run/tsbgp/tsbgp.sock → /tmp/s needs a restart: the socket is open',
    ],
    ['api.group', { api: '{ group: netops }' }, 'api.group: tsbgp → netops needs a restart: the socket is open'],
    ['log.format', { log: '{ format: json }' }, 'log.format: auto → json needs a restart: the log is open'],
  ])('%s needs a restart', (_name, change, words) => {
    expect(diffConfig(config(), config(change))).toEqual({ ...NOTHING, restartNeeded: [words] });
  });

  test('neighbors come, go and change', () => {
    const before = config({ neighbors: `[${A}, ${B}]` });
    const after = config({
      neighbors: '[{ address: 10.0.0.2, as: 65001, hold-time: 9, import: reject }, { address: 10.0.0.4, as: 65001 }]',
    });
    expect(diffConfig(before, after)).toEqual({
      ...NOTHING,
      addNeighbors: [after.neighbors[1]],
      removeNeighbors: [before.neighbors[1]],
      changeNeighbors: [
        {
          old: before.neighbors[0],
          new: after.neighbors[0],
          keys: ['hold-time', 'import'],
        },
      ],
    });
  });

  test.each([
    '{ install: false }',
    '{ protocol: 200 }',
    '{ metric: 30 }',
    '{ table: 100 }',
    '{ redistribute: [kernel] }',
    '{ prefixes: [10.0.0.0/8] }',
  ])('fib: %s', fib => {
    expect(diffConfig(config(), config({ fib }))).toEqual({ ...NOTHING, fib: true });
  });

  test('multipath', () => {
    expect(diffConfig(config(), config({ multipath: '4' }))).toEqual({ ...NOTHING, multipath: true });
    expect(diffConfig(config(), config({ multipath: '{ paths: 1, ibgp: 2 }' }))).toEqual({
      ...NOTHING,
      multipath: true,
    });
    const relaxed = '{ paths: 4, relax-as-path: true }';
    expect(diffConfig(config({ multipath: '4' }), config({ multipath: relaxed }))).toEqual({
      ...NOTHING,
      multipath: true,
    });
    expect(diffConfig(config({ multipath: '4' }), config({ multipath: '{ ebgp: 4, ibgp: 4 }' }))).toEqual(NOTHING);
  });

  test('aggregates', () => {
    const aggregates = '[{ prefix: 10.0.0.0/8 }]';
    expect(diffConfig(config(), config({ aggregates }))).toEqual({ ...NOTHING, aggregates: true });
    expect(diffConfig(config({ aggregates }), config({ aggregates }))).toEqual(NOTHING);
  });

  test('log level', () => {
    expect(diffConfig(config(), config({ log: '{ level: debug }' }))).toEqual({ ...NOTHING, log: true });
  });
});
