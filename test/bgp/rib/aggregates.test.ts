// Aggregates against a naive model: after any history, each is announced exactly while a more specific prefix has a best
// path, with the attributes that follow from those paths, and the kernel and the neighbors see what they should.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributesView, pathViews, prefixText } from '../../../src/bgp/path-view.js';
import { type AggregateRule, Aggregates } from '../../../src/bgp/rib/aggregates.js';
import { Forwarding } from '../../../src/bgp/rib/loc-rib.js';
import { Packer } from '../../../src/bgp/rib/packer.js';
import type { Rib } from '../../../src/bgp/rib/rib.js';
import { LOCAL_SOURCE } from '../../../src/bgp/rib/sources.js';
import { UpdateGroups } from '../../../src/bgp/rib/update-groups.js';
import { FAMILIES, Family } from '../../../src/bgp/wire/family.js';
import { parseAddress, parsePrefix } from '../../../src/bgp/wire/prefix.js';
import { type Attributes, addSource, announce, newRib, settle, withdraw } from './tables.js';

const ROUTER_ID = 0x0a000001;

function rule(prefix: string, over: Partial<AggregateRule> = {}): AggregateRule {
  return { prefix: parsePrefix(prefix), summaryOnly: false, forwarding: Forwarding.blackhole, attributes: [], ...over };
}

/** Tables with aggregates, all that changes counted by `drain`. */
class Bed {
  readonly rib: Rib = newRib();
  readonly aggregates = this.rib.families.map(
    table => new Aggregates(table, { as: 65001, routerId: ROUTER_ID }, () => {}),
  );
  readonly external = addSource(this.rib, '10.9.0.2', 'external');

  constructor(...rules: AggregateRule[]) {
    this.configure(...rules);
  }

  configure(...rules: AggregateRule[]): void {
    for (const { family } of FAMILIES) {
      this.aggregates[family].configure(rules.filter(({ prefix }) => prefix.family === family));
    }
  }

  drain(): void {
    settle(this.rib);
    for (const aggregates of this.aggregates) {
      while (aggregates.drain()) {
        // until all is counted
      }
    }
  }

  /** The best paths by prefix, as people see them. */
  best(): Record<string, string> {
    const all: Record<string, string> = {};
    for (const table of this.rib.families) {
      for (const id of table.prefixes.ids()) {
        if (table.prefixes.best[id] === 0) continue;
        const [{ source, origin, asPath, atomicAggregate, aggregator, communities }] = pathViews(table, id);
        const words = [
          source,
          origin,
          asPath,
          atomicAggregate ? 'atomic' : '',
          aggregator ?? '',
          communities.join(' '),
        ];
        all[prefixText(table, id)] = words.filter(word => word !== '').join(', ');
      }
    }
    return all;
  }

  /** An internal neighbor joins; `synced` is called when it has been sent all. */
  join(family: Family, synced: () => void = () => {}) {
    const groups = new UpdateGroups(this.rib.families[family], new Packer(), () => {});
    const member = { source: -1, bufferedBytes: 0, write: () => {}, synced };
    groups.join(member, {
      family,
      internal: true,
      localAs: 65001,
      routerId: ROUTER_ID,
      clusterId: ROUTER_ID,
      client: true,
      nextHopSelf: false,
      nextHopUnchanged: false,
      asPath: null,
      ownNextHop: parseAddress(family === Family.ipv4Unicast ? '10.0.0.1' : '2001:db8::1'),
      accept: true,
      policy: null,
      as4: true,
      maxMessageLength: 4096,
      extendedNextHop: false,
      longLived: false,
    });
    return { groups, member };
  }

  /** What an internal neighbor is told: prefixes. */
  told(family: Family = Family.ipv4Unicast): string[] {
    const table = this.rib.families[family];
    const { groups, member } = this.join(family);
    while (groups.drain()) {
      // until all is sent
    }
    const told = [...table.prefixes.ids()].filter(id => groups.advertisedPaths(member, id).length > 0);
    for (const id of told) {
      expect(attributesView(groups.advertisedPaths(member, id)[0].block, family).nextHop).not.toBe('0.0.0.0');
    }
    groups.leave(member);
    return told.map(id => prefixText(table, id)).sort();
  }

  forwarding(text: string): number {
    const { family, address, length } = parsePrefix(text);
    const table = this.rib.families[family];
    return table.forwarding(table.prefixes.find(address, length));
  }
}

describe('an aggregate', () => {
  it('is announced while a more specific prefix is in use, and only then', () => {
    const bed = new Bed(rule('10.233.0.0/16'));
    announce(bed.rib, LOCAL_SOURCE, '10.233.0.0/16', { origin: 'igp' });
    bed.drain();
    expect(bed.best()).toEqual({ '10.233.0.0/16': 'local, igp' });
    withdraw(bed.rib, LOCAL_SOURCE, '10.233.0.0/16');
    announce(bed.rib, LOCAL_SOURCE, '10.234.0.0/24', {});
    bed.drain();
    expect(bed.best()).not.toHaveProperty('10.233.0.0/16');
    announce(bed.rib, LOCAL_SOURCE, '10.233.1.1/32', {});
    bed.drain();
    expect(bed.best()['10.233.0.0/16']).toBe('aggregate, igp, 65001 10.0.0.1');
    withdraw(bed.rib, LOCAL_SOURCE, '10.233.1.1/32');
    bed.drain();
    expect(bed.best()).not.toHaveProperty('10.233.0.0/16');
    expect(bed.aggregates[0].list()[0].contributors).toBe(0);
  });

  it('is waited for before a neighbor counts as told everything', () => {
    const bed = new Bed(rule('10.233.0.0/16'));
    announce(bed.rib, LOCAL_SOURCE, '10.233.1.0/24', {});
    let synced = false;
    const { groups } = bed.join(Family.ipv4Unicast, () => {
      synced = true;
    });
    groups.drain();
    expect(synced).toBe(false);
    bed.drain();
    groups.drain();
    expect(synced).toBe(true);
  });

  it('has the worst ORIGIN, and ATOMIC_AGGREGATE when AS numbers are left out (RFC 4271 §9.2.2.2, §5.1.6)', () => {
    const bed = new Bed(rule('10.233.0.0/16'));
    const aggregate = () => {
      bed.drain();
      return bed.best()['10.233.0.0/16'];
    };
    announce(bed.rib, LOCAL_SOURCE, '10.233.1.0/24', { origin: 'igp' });
    expect(aggregate()).toBe('aggregate, igp, 65001 10.0.0.1');
    announce(bed.rib, LOCAL_SOURCE, '10.233.2.0/24', { origin: 'incomplete' });
    expect(aggregate()).toBe('aggregate, incomplete, 65001 10.0.0.1');
    announce(bed.rib, LOCAL_SOURCE, '10.233.2.0/24', { origin: 'egp' });
    expect(aggregate()).toBe('aggregate, egp, 65001 10.0.0.1');
    announce(bed.rib, bed.external, '10.233.3.0/24', { origin: 'igp', asPath: '65002', nextHop: '10.0.0.2' });
    expect(aggregate()).toBe('aggregate, egp, atomic, 65001 10.0.0.1');
    withdraw(bed.rib, bed.external, '10.233.3.0/24');
    expect(aggregate()).toBe('aggregate, egp, 65001 10.0.0.1');
    announce(bed.rib, LOCAL_SOURCE, '10.233.4.0/24', { more: [{ type: 'atomicAggregate' }] });
    expect(aggregate()).toBe('aggregate, egp, atomic, 65001 10.0.0.1');
  });

  it('is a black hole in the kernel, or unreachable, or nothing', () => {
    const bed = new Bed(
      rule('10.233.0.0/16'),
      rule('10.234.0.0/16', { forwarding: Forwarding.unreachable }),
      rule('10.235.0.0/16', { forwarding: Forwarding.none }),
    );
    for (const n of [233, 234, 235]) announce(bed.rib, LOCAL_SOURCE, `10.${n}.1.0/24`, {});
    bed.drain();
    expect([233, 234, 235].map(n => bed.forwarding(`10.${n}.0.0/16`))).toEqual([2, 3, 0]);
    const dirty = bed.rib.families[0].subscribeFromNow(() => {});
    bed.configure(rule('10.233.0.0/16', { forwarding: Forwarding.unreachable }));
    bed.drain();
    expect(bed.forwarding('10.233.0.0/16')).toBe(Forwarding.unreachable);
    expect(dirty.size).toBe(3);
  });

  it('in place of what it covers hides that from neighbors, not from the table', () => {
    const summary = [rule('10.233.1.0/24', { summaryOnly: true }), rule('2001:db8:1::/48', { summaryOnly: true })];
    const bed = new Bed(...summary);
    for (const prefix of [
      '10.233.1.10/32',
      '10.233.1.11/32',
      '10.233.2.0/24',
      '2001:db8:1::a/128',
      '2001:db8:2::/64',
    ]) {
      announce(bed.rib, LOCAL_SOURCE, prefix, {});
    }
    bed.drain();
    expect(bed.told()).toEqual(['10.233.1.0/24', '10.233.2.0/24']);
    expect(bed.told(Family.ipv6Unicast)).toEqual(['2001:db8:1::/48', '2001:db8:2::/64']);
    expect(Object.keys(bed.best())).toContain('10.233.1.10/32');
    bed.configure(rule('10.233.1.0/24'));
    bed.drain();
    expect(bed.told()).toEqual(['10.233.1.0/24', '10.233.1.10/32', '10.233.1.11/32', '10.233.2.0/24']);
    expect(bed.told(Family.ipv6Unicast)).toEqual(['2001:db8:1::a/128', '2001:db8:2::/64']);
    bed.configure();
    bed.drain();
    expect(bed.told()).toEqual(['10.233.1.10/32', '10.233.1.11/32', '10.233.2.0/24']);
    expect(bed.rib.families[0].aggregates).toBeNull();
  });

  it('that stays through a reload is not withdrawn meanwhile', () => {
    const bed = new Bed(rule('10.233.0.0/16'));
    announce(bed.rib, LOCAL_SOURCE, '10.233.1.0/24', {});
    bed.drain();
    const [table] = bed.rib.families;
    const id = table.prefixes.find(Uint8Array.of(10, 233, 0, 0), 16);
    bed.configure(rule('10.233.0.0/16', { attributes: [{ type: 'communities', communities: [0xfde90064] }] }));
    expect(table.prefixes.best[id]).not.toBe(0);
    bed.drain();
    expect(bed.best()['10.233.0.0/16']).toBe('aggregate, igp, 65001 10.0.0.1, 65001:100');
  });

  const prefixes = ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.0/24', '10.1.1.1/32', '10.2.0.0/16', '11.0.0.0/8'];
  const aggregates = ['10.0.0.0/8', '10.1.0.0/16', '11.0.0.0/8', '0.0.0.0/0'];
  const attributes: fc.Arbitrary<Attributes> = fc.record({
    origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
    asPath: fc.constantFrom('', '65002'),
    localPref: fc.constantFrom(100, 200),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ who: fc.nat(2), prefix: fc.constantFrom(...prefixes), attributes }) },
    { weight: 3, arbitrary: fc.record({ who: fc.nat(2), prefix: fc.constantFrom(...prefixes) }) },
    { weight: 1, arbitrary: fc.record({ rules: fc.subarray(aggregates) }) },
    { weight: 3, arbitrary: fc.constant('drain' as const) },
  );

  it('is what the model says after any history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const bed = new Bed();
        const sources = [LOCAL_SOURCE, bed.external, addSource(bed.rib, '10.9.0.3', 'internal')];
        let rules: string[] = [];
        for (const it of steps) {
          if (it === 'drain') bed.drain();
          else if ('rules' in it) {
            rules = it.rules;
            bed.configure(...rules.map(prefix => rule(prefix)));
          } else if ('attributes' in it) announce(bed.rib, sources[it.who], it.prefix, it.attributes);
          else withdraw(bed.rib, sources[it.who], it.prefix);
        }
        bed.drain();
        const best = bed.best();
        for (const text of aggregates) {
          const within = parsePrefix(text);
          const covered = Object.keys(best).filter(other => {
            const { address, length } = parsePrefix(other);
            const bits = (bytes: Uint8Array) => [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('');
            return length > within.length && bits(address).startsWith(bits(within.address).slice(0, within.length));
          });
          const listed = bed.aggregates[0]
            .list()
            .find(it => it.rule.prefix.address[0] === within.address[0] && it.rule.prefix.length === within.length);
          expect(listed !== undefined).toBe(rules.includes(text));
          const from = best[text]?.split(', ')[0];
          if (listed === undefined || covered.length === 0) expect(from).not.toBe('aggregate');
          else if (from === 'aggregate') {
            const words = covered.map(other => best[other].split(', '));
            const origins = words.map(([, origin]) => origin);
            const worst = ['incomplete', 'egp', 'igp'].find(origin => origins.includes(origin));
            const atomic = words.some(it => it.includes('atomic') || it.includes('65002'));
            expect(best[text]).toBe(`aggregate, ${worst}${atomic ? ', atomic' : ''}, 65001 10.0.0.1`);
          } else expect(from).toBe('local');
          expect(listed?.contributors ?? 0).toBe(listed === undefined ? 0 : covered.length);
        }
        bed.configure();
        for (const source of sources) for (const prefix of prefixes) withdraw(bed.rib, source, prefix);
        bed.drain();
        expect(bed.best()).toEqual({});
        expect(bed.rib.sets.count).toBe(0);
        expect(bed.rib.families[0].prefixes.count).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
