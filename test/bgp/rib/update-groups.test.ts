// The tables and update groups against a naive model: random feeders, flaps, resets, slow readers, refreshes, changed
// options. Whatever happened, once all is quiet every neighbor holds exactly what the model says, from the bytes it was
// sent; and it was never sent anything that was no change.

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { eligible, STEPS } from '../../../src/bgp/rib/decision.js';
import { type ExportOptions, ExportProfile } from '../../../src/bgp/rib/export.js';
import type { LocRib } from '../../../src/bgp/rib/loc-rib.js';
import { Packer } from '../../../src/bgp/rib/packer.js';
import { Verdict } from '../../../src/bgp/rib/paths.js';
import type { Rib } from '../../../src/bgp/rib/rib.js';
import type { Member } from '../../../src/bgp/rib/update-group.js';
import { UpdateGroups } from '../../../src/bgp/rib/update-groups.js';
import { toHex } from '../../../src/bgp/wire/bytes.js';
import { DEFAULT_CONTEXT } from '../../../src/bgp/wire/context.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { decode } from '../../../src/bgp/wire/message.js';
import { formatPrefix, type Prefix, parseAddress } from '../../../src/bgp/wire/prefix.js';
import { type Attributes, addSource, announce, block, newRib, settle, withdraw } from './tables.js';

const PREFIXES = Array.from({ length: 4 }, (_, i) => `10.233.${i}.0/24`);

/** A neighbor at the other end of the bytes. */
class Reader implements Member {
  readonly source: number;
  bufferedBytes = 0;
  syncs = 0;
  /** Sent again on request: repetitions are no fault then. */
  refreshing = false;
  /** Attributes by prefix, or by prefix and path identifier. */
  readonly routes = new Map<string, string>();
  private readonly addPath: Family[];

  constructor(source: number, addPath: boolean) {
    this.source = source;
    this.addPath = addPath ? [Family.ipv4Unicast] : [];
  }

  write(bytes: Uint8Array, updates: number): void {
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      const length = (bytes[at + 16] << 8) | bytes[at + 17];
      const message = decode(bytes.subarray(at, at + length), { ...DEFAULT_CONTEXT, addPath: this.addPath });
      at += length;
      if (message.type !== 'update') throw new Error(`a ${message.type} among UPDATEs`);
      for (const nlri of message.withdrawn) {
        expect(this.routes.delete(keyOf(nlri)), `withdrawn without having been sent: ${keyOf(nlri)}`).toBe(true);
      }
      const attributes = JSON.stringify(message.attributes, (_, v) => (v instanceof Uint8Array ? toHex(v) : v));
      for (const nlri of message.nlri) {
        const text = keyOf(nlri);
        expect(nlri.pathId).not.toBe(0);
        if (!this.refreshing) expect(this.routes.get(text), `${text} was sent again unchanged`).not.toBe(attributes);
        this.routes.set(text, attributes);
      }
    }
    expect(count).toBe(updates);
  }

  synced(): void {
    this.syncs++;
    this.refreshing = false;
  }
}

function keyOf({ prefix, pathId }: { prefix: Prefix; pathId?: number }): string {
  return pathId === undefined ? formatPrefix(prefix) : `${formatPrefix(prefix)} path ${pathId}`;
}

function optionsOf(kind: 'internal' | 'external', over: Partial<ExportOptions> = {}): ExportOptions {
  return {
    family: Family.ipv4Unicast,
    internal: kind === 'internal',
    localAs: 65001,
    routerId: 1,
    clusterId: 1,
    client: false,
    nextHopSelf: false,
    nextHopUnchanged: false,
    asPath: null,
    ownNextHop: parseAddress('10.0.0.254'),
    accept: true,
    policy: null,
    as4: true,
    maxMessageLength: 4096,
    extendedNextHop: false,
    longLived: false,
    ...over,
  };
}

/** The eligible paths of a prefix, each the best of those that are left by the steps of the decision process. */
function ranked(table: LocRib, prefix: number): number[] {
  let rest: number[] = [];
  for (let p = table.prefixes.firstPath[prefix]; p !== 0; p = table.paths.next[p]) if (eligible(table, p)) rest.push(p);
  const order: number[] = [];
  while (rest.length > 0) {
    let left = rest;
    for (const { key, group = () => 0 } of STEPS) {
      const beaten = (p: number) =>
        left.some(q => group(table, q) === group(table, p) && key(table, q) < key(table, p));
      left = left.filter(p => !beaten(p));
    }
    order.push(left[0]);
    rest = rest.filter(p => p !== left[0]);
  }
  return order;
}

/** What a reader with these options is to hold: computed afresh from the paths. */
function expected(rib: Rib, reader: Reader, options: ExportOptions): Map<string, string> {
  const [table] = rib.families;
  const { addPath, viewOf } = options;
  const routes = new Map<string, string>();
  const all = addPath !== undefined || viewOf !== undefined;
  const fresh = new Reader(-1, all);
  const groups = new UpdateGroups(table, new Packer(), () => {});
  groups.join(fresh, all ? { ...options, addPath: 'all' } : options);
  while (groups.drain()) {
    // until all is sent
  }
  groups.leave(fresh);
  for (const prefix of table.prefixes.ids()) {
    const profile = new ExportProfile(options, rib.sets, rib.sources);
    const order = ranked(table, prefix).filter(path => table.paths.source[path] !== viewOf);
    const told = (all ? order : order.slice(0, 1)).filter(path => {
      const set = profile.export(table.paths.attributes[path], table.paths.source[path], table.prefixes, prefix);
      if (set !== 0) rib.sets.release(set);
      return set !== 0;
    });
    const address = new Uint8Array(4);
    const length = table.prefixBytes(prefix, address, 0);
    const most = viewOf === undefined ? (addPath ?? 1) : 1;
    for (const path of told.slice(0, most === 'all' ? told.length : most)) {
      if (table.paths.source[path] === reader.source) continue;
      const key = (pathId?: number) => keyOf({ prefix: { family: Family.ipv4Unicast, address, length }, pathId });
      const sent = fresh.routes.get(key(all ? path : undefined)) as string;
      routes.set(key(addPath === undefined ? undefined : path), sent);
    }
  }
  return routes;
}

const attributes: fc.Arbitrary<Attributes> = fc.record({
  asPath: fc.constantFrom('1', '2', '1 2', '3 2 1'),
  localPref: fc.constantFrom(100, 200),
  nextHop: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
  communities: fc.constantFrom([], ['65001:1'], ['no-export']),
});
const who = fc.nat(11);
const pathId = fc.nat(1);
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('announce' as const), who, prefix: fc.nat(3), pathId, attributes }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('withdraw' as const), who, prefix: fc.nat(3), pathId }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('nextHop' as const),
      id: fc.integer({ min: 1, max: 3 }),
      up: fc.boolean(),
      cost: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reimport' as const), who, accept: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('join' as const), who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refresh' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('change' as const),
      who,
      change: fc.record({ accept: fc.boolean(), nextHopSelf: fc.boolean() }),
      addPath: fc.constantFrom(1, 2, 3, 'all' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('buffer' as const), who, bytes: fc.constantFrom(0, 300_000, 5_000_000) }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('drain' as const) }) },
);

describe('update groups', () => {
  it('leave every neighbor with exactly the routes the model says', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), actions => {
        const rib = newRib();
        const [table] = rib.families;
        const kinds = ['internal', 'internal', 'external', 'external', 'internal', 'internal'] as const;
        const addPaths = [2, 'all', 'all'] as const;
        const options = [
          ...kinds.map((kind, i) => optionsOf(kind, { client: i >= 4 })),
          ...addPaths.map((addPath, i) => optionsOf(i === 0 ? 'external' : 'internal', { client: i !== 0, addPath })),
          ...[0, 1, 2].map(() => optionsOf('external', { client: true })),
        ];
        const sources = options.map(({ internal, client }, i) =>
          addSource(rib, `10.9.0.${i + 1}`, internal ? 'internal' : 'external', client),
        );
        for (const i of [9, 10, 11]) options[i].viewOf = sources[i];
        const groups = new UpdateGroups(table, new Packer(), () => {});
        const readers = new Map<number, Reader>();
        rib.nextHops.watch({ needed: id => rib.nextHops.set(id, true, 0), released: () => {} });

        const join = (i: number) => {
          const reader = new Reader(sources[i], options[i].addPath !== undefined);
          readers.set(i, reader);
          groups.join(reader, options[i]);
        };
        for (const i of options.keys()) join(i);
        groups.drain();

        for (const step of actions) {
          if (step.type === 'announce') {
            announce(rib, sources[step.who], PREFIXES[step.prefix], step.attributes, { pathId: step.pathId });
          } else if (step.type === 'withdraw') withdraw(rib, sources[step.who], PREFIXES[step.prefix], step.pathId);
          else if (step.type === 'reset') {
            table.markStale(sources[step.who]);
            table.sweep(sources[step.who]);
            const reader = readers.get(step.who);
            if (reader) groups.leave(reader);
            readers.delete(step.who);
          } else if (step.type === 'nextHop') {
            if (rib.nextHops.uses(step.id) > 0) rib.nextHops.set(step.id, step.up, step.cost);
          } else if (step.type === 'reimport') {
            table.reimport(sources[step.who], () => (step.accept ? Verdict.accepted : Verdict.importPolicy));
          } else if (step.type === 'join') {
            if (!readers.has(step.who)) join(step.who);
          } else if (step.type === 'leave') {
            const reader = readers.get(step.who);
            if (reader) groups.leave(reader);
            readers.delete(step.who);
          } else if (step.type === 'refresh') {
            const reader = readers.get(step.who);
            if (reader === undefined) continue;
            reader.refreshing = true;
            groups.refresh(reader);
          } else if (step.type === 'change') {
            const addPath = options[step.who].addPath && step.addPath;
            options[step.who] = { ...options[step.who], ...step.change, addPath };
            const reader = readers.get(step.who);
            if (reader) groups.move(reader, options[step.who]);
          } else if (step.type === 'buffer') {
            const reader = readers.get(step.who);
            if (reader) reader.bufferedBytes = step.bytes;
          } else {
            rib.work(3);
            groups.drain();
          }
        }

        settle(rib);
        for (const reader of readers.values()) reader.bufferedBytes = 0;
        while (groups.drain()) {
          // until all is sent
        }
        for (const [i, reader] of readers) {
          expect(reader.syncs).toBeGreaterThan(0);
          expect(Object.fromEntries(reader.routes)).toEqual(Object.fromEntries(expected(rib, reader, options[i])));
          expect(groups.advertised(reader)).toBe(reader.routes.size);
        }
        const keys = new Set([...readers.keys()].map(i => JSON.stringify({ ...options[i], ownNextHop: [] })));
        expect([...groups.all()].length).toBe(keys.size);

        for (const source of sources) {
          table.markStale(source);
          table.sweep(source);
        }
        settle(rib);
        while (groups.drain()) {
          // until all is withdrawn
        }
        for (const reader of readers.values()) {
          expect(reader.routes.size).toBe(0);
          groups.leave(reader);
        }
        expect(table.prefixes.count).toBe(0);
        expect(table.paths.count).toBe(0);
        expect(rib.sets.count).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('writes the routes of one source after the other, so that a member misses its own with two writes', () => {
    const rib = newRib();
    const groups = new UpdateGroups(rib.families[0], new Packer(), () => {});
    const readers = ['10.9.0.1', '10.9.0.2', '10.9.0.3'].map(address => {
      const reader = new Reader(addSource(rib, address, 'external'), false);
      groups.join(reader, optionsOf('external'));
      return { reader, writes: vi.spyOn(reader, 'write') };
    });
    while (groups.drain()) {
      // until they are one group
    }
    // Each time another source's, with attributes of its own.
    for (let i = 0; i < 60; i++) {
      const { source } = readers[i % 3].reader;
      announce(rib, source, `10.233.${i}.0/24`, { asPath: `${i + 1}`, nextHop: '10.0.0.1' });
    }
    while (groups.drain()) {
      // until all is sent
    }
    for (const { reader, writes } of readers) {
      expect(reader.routes.size).toBe(40);
      expect(writes.mock.calls.length).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    ['one path', false],
    ['all paths', true],
  ])('withdraw a large table to the last route, and give its memory back (%s)', (_, addPath) => {
    const rib = newRib();
    const [table] = rib.families;
    let emptied = 0;
    table.onEmptied = () => emptied++;
    const source = addSource(rib, '10.9.0.1', 'external');
    const groups = new UpdateGroups(table, new Packer(), () => {});
    const join = (address: string) => {
      const reader = new Reader(addSource(rib, address, 'external'), addPath);
      groups.join(reader, optionsOf('external', addPath ? { addPath: 'all' } : {}));
      return reader;
    };
    const announceAll = (count: number) => {
      for (let i = 0; i < count; i++) {
        const bytes = block({ asPath: '1', nextHop: '10.0.0.1', med: i & 7 });
        const set = rib.sets.intern(bytes, bytes.length, 0);
        table.announce(table.prefixes.ensure4(0x0a000000 + i, 32), source, 0, set, 0);
        rib.sets.release(set);
      }
    };
    const drain = () => {
      while (groups.drain()) {
        // until all is sent
      }
    };
    const first = join('10.9.0.2');
    announceAll(70_000);
    drain();
    expect(first.routes.size).toBe(70_000);
    table.markStale(source);
    table.sweep(source);
    settle(rib);
    drain();
    expect(first.routes.size).toBe(0);
    expect(emptied).toBe(1);
    expect(table.prefixes.capacity).toBeLessThan(1000);
    expect([...groups.all()].map(group => group.untouched)).toEqual([true]);

    const second = join('10.9.0.3');
    drain();
    expect(second.syncs).toBe(1);
    announceAll(3);
    drain();
    expect(first.routes.size).toBe(3);
    expect(second.routes).toEqual(first.routes);
    expect([...groups.all()]).toHaveLength(1);
  });
});
