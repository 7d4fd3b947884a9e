import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AggregateSpec } from '../src/bgp/aggregate-rules.js';
import { RouteStore } from '../src/route-store.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbgp-store-'));
  path = join(directory, 'state', 'routes.json');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('the journal of own routes', () => {
  it('has every route that was added and not removed, with its attributes', () => {
    const store = new RouteStore(path, 'boot-1');
    expect(store.found).toEqual([]);
    expect(store.sameBoot).toBe(false);
    store.record({
      added: [{ prefix: '10.1.0.0/16', communities: ['blackhole'] }, { prefix: '10.2.0.0/16' }],
      removed: [],
    });
    store.record({ added: [], removed: ['10.2.0.0/16'] });
    const next = new RouteStore(path, 'boot-1');
    expect(next.found).toEqual([{ prefix: '10.1.0.0/16', communities: ['blackhole'] }]);
    expect(next.sameBoot).toBe(true);
  });

  it('has every aggregate that was added and not removed', () => {
    const aggregate = (prefix: string): AggregateSpec => ({
      prefix,
      summaryOnly: true,
      kernel: 'none',
      communities: ['65001:1'],
      largeCommunities: [],
    });
    const store = new RouteStore(path, 'boot-1');
    store.record({ added: [{ prefix: '10.1.0.0/16' }], removed: [] });
    store.recordAggregates({ added: [aggregate('10.1.0.0/16'), aggregate('10.2.0.0/16')], removed: [] });
    store.recordAggregates({ added: [], removed: ['10.2.0.0/16'] });
    for (let i = 0; i < 2; i++) {
      const next = new RouteStore(path, 'boot-1');
      expect(next.foundAggregates).toEqual([aggregate('10.1.0.0/16')]);
      expect(next.found).toEqual([{ prefix: '10.1.0.0/16' }]);
    }
  });

  it('tells a restart of the machine from one of the daemon', () => {
    new RouteStore(path, 'boot-1').record({ added: [{ prefix: '10.1.0.0/16' }], removed: [] });
    const next = new RouteStore(path, 'boot-2');
    expect(next.sameBoot).toBe(false);
    expect(next.found).toHaveLength(1);
    expect(new RouteStore(path, 'boot-2').sameBoot).toBe(true);
  });

  it('leaves out a last line that was cut off', () => {
    new RouteStore(path, 'boot-1').record({ added: [{ prefix: '10.1.0.0/16' }], removed: [] });
    appendFileSync(path, '{"add":{"prefix":"10.2.0');
    expect(new RouteStore(path, 'boot-1').found).toEqual([{ prefix: '10.1.0.0/16' }]);
  });

  it('says which line it cannot read', () => {
    new RouteStore(path, 'boot-1');
    appendFileSync(path, 'what is this?\n');
    expect(() => new RouteStore(path, 'boot-1')).toThrow(`${path}, line 2 is not a journal entry`);
  });

  it('says what to do when it cannot write', () => {
    writeFileSync(join(directory, 'state'), 'a file where the directory would be');
    expect(() => new RouteStore(path, 'boot-1')).toThrow(/(EEXIST|ENOTDIR).*lost at a restart/);
  });

  it('is written anew when most of its lines are of the past', () => {
    const store = new RouteStore(path, 'boot-1');
    for (let i = 0; i < 5_100; i++) {
      store.record({ added: [{ prefix: '10.1.0.0/16', med: i }], removed: [] });
      store.record({ added: [], removed: ['10.1.0.0/16'] });
    }
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(1_000);
    expect(new RouteStore(path, 'boot-1').found).toEqual([]);
  });

  it('agrees with a map, whatever happened in whatever order', () => {
    const prefix = fc.constantFrom('10.1.0.0/16', '10.2.0.0/16', '2001:db8::/32');
    const change = fc.record({
      added: fc.array(fc.record({ prefix, med: fc.nat(3) }), { maxLength: 2 }),
      removed: fc.array(prefix, { maxLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 12 }), changes => {
        rmSync(path, { force: true });
        let store = new RouteStore(path, 'boot-1');
        const model = new Map<string, unknown>();
        for (const [step, restart] of changes) {
          store.record(step);
          for (const route of step.added) model.set(route.prefix, route);
          for (const gone of step.removed) model.delete(gone);
          if (restart) store = new RouteStore(path, 'boot-1');
        }
        const found = new Map(new RouteStore(path, 'boot-1').found.map(route => [route.prefix, route]));
        expect(found).toEqual(model);
      }),
      { numRuns: 50 },
    );
  });
});
