// The tables behind the FIB, each against the plainest thing that does the same.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAMILIES, Family } from '../../src/bgp/wire/family.js';
import { clearHostBits, formatPrefix, type Prefix, parsePrefix } from '../../src/bgp/wire/prefix.js';
import { Forwarding, ForwardingSets } from '../../src/fib/forwarding-sets.js';
import { InstalledTable } from '../../src/fib/installed-table.js';
import { Reasons } from '../../src/fib/reasons.js';
import { type KernelRoute, keyOf, RouteTable } from '../../src/fib/route-table.js';
import { type Leg, RouteType } from '../../src/fib/rtnetlink.js';

/** Prefixes of one family from a small pool, so that they repeat and nest. */
const prefixes = (family: Family): fc.Arbitrary<Prefix> =>
  fc
    .tuple(
      fc.uint8Array({
        min: 0xfe,
        minLength: FAMILIES[family].addressBytes,
        maxLength: FAMILIES[family].addressBytes,
      }),
      fc.integer({ min: 0, max: FAMILIES[family].bits }),
    )
    .map(([address, length]) => {
      clearHostBits(address, length);
      return { family, address, length };
    });

const families = fc.constantFrom(Family.ipv4Unicast, Family.ipv6Unicast);

describe('InstalledTable', () => {
  test('finds what was put into it and not freed', () => {
    fc.assert(
      fc.property(
        families.chain(family => fc.array(fc.tuple(prefixes(family), fc.boolean()), { maxLength: 400 })),
        operations => {
          const table = new InstalledTable(operations[0]?.[0].family ?? Family.ipv4Unicast);
          const model = new Map<string, number>();
          for (const [prefix, remove] of operations) {
            const text = formatPrefix(prefix);
            const slot = table.find(prefix.address, 0, prefix.length);
            expect(slot).toBe(model.get(text) ?? 0);
            if (slot !== 0 && remove) {
              table.free(slot);
              model.delete(text);
            } else {
              const made = table.ensure(prefix.address, 0, prefix.length);
              expect(formatPrefix(table.prefix(made))).toBe(text);
              model.set(text, made);
            }
          }
          const slots = [...model.values()];
          expect(new Set(slots).size).toBe(slots.length);
          for (let slot = 1; slot < table.end; slot++) expect(table.used(slot)).toBe(slots.includes(slot));
        },
      ),
    );
  });

  test('a reused slot remembers nothing', () => {
    const table = new InstalledTable(Family.ipv4Unicast);
    const slot = table.ensure(Uint8Array.of(10, 0, 0, 0), 0, 8);
    table.have[slot] = 5;
    table.ribId[slot] = 6;
    table.reason[slot] = 7;
    table.told.set(slot, 8);
    table.seen[slot] = 1;
    table.kept[slot] = 1;
    table.free(slot);
    expect(table.ensure(Uint8Array.of(11, 0, 0, 0), 0, 8)).toBe(slot);
    const { have, ribId, reason, seen, kept } = table;
    expect([have, ribId, reason, seen, kept].map(column => column[slot])).toEqual([0, 0, 0, 0, 0]);
    expect(table.told.get(slot)).toBeUndefined();
  });

  test('a table that was emptied has no slots, and takes new ones', () => {
    const table = new InstalledTable(Family.ipv4Unicast);
    const address = (n: number) => Uint8Array.of(10, n >>> 16, n >>> 8, n);
    const slots = Array.from({ length: 70_000 }, (_, n) => table.ensure(address(n), 0, 32));
    for (const slot of slots) table.have[slot] = 5;
    for (const slot of slots) table.free(slot);
    expect(slots.filter(slot => table.used(slot))).toEqual([]);
    const slot = table.ensure(address(1), 0, 32);
    expect([table.have.length, table.have[slot], table.used(slot)]).toEqual([32, 0, true]);
  });
});

describe('RouteTable', () => {
  const route = (prefix: Prefix, change: Partial<KernelRoute> = {}): KernelRoute => ({
    ...prefix,
    table: 254,
    tos: 0,
    protocol: 4,
    scope: 0,
    type: RouteType.unicast,
    metric: 0,
    legs: [leg(3, Uint8Array.of(172, 18, 8, 1))],
    ...change,
  });
  const leg = (interfaceIndex: number, gateway: Uint8Array | null): Leg => ({
    interfaceIndex,
    gateway,
    onlink: false,
    weight: 1,
  });
  const gateways = [1, 2, 3].map(n => Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n));

  test('looks up the longest match', () => {
    fc.assert(
      fc.property(
        families.chain(family => fc.tuple(fc.array(fc.tuple(prefixes(family), fc.boolean())), prefixes(family))),
        ([operations, { address }]) => {
          const table = new RouteTable();
          const model = new Map<string, Prefix>();
          for (const [prefix, remove] of operations) {
            if (remove) {
              table.remove(route(prefix));
              model.delete(formatPrefix(prefix));
            } else {
              table.add(route(prefix), false);
              model.set(formatPrefix(prefix), prefix);
            }
          }
          const covering = [...model.values()].filter(({ address: network, length }) => {
            const masked = new Uint8Array(address);
            clearHostBits(masked, length);
            return Buffer.compare(masked, network) === 0;
          });
          const longest = covering.sort((a, b) => b.length - a.length).at(0);
          const found = table.lookup(address).map(formatPrefix);
          expect(found).toEqual(longest === undefined ? [] : [formatPrefix(longest)]);
          expect([...table.keys()].sort()).toEqual([...model.values()].map(p => keyOf(p.address, p.length)).sort());
        },
      ),
    );
  });

  test('keeps the routes of a prefix by metric, each once', () => {
    const table = new RouteTable();
    const prefix = parsePrefix('10.0.0.0/8');
    const metrics = () => table.at(keyOf(prefix.address, prefix.length)).map(({ metric }) => metric);
    expect(table.add(route(prefix, { metric: 9 }), false)).toBe('changed');
    expect(table.add(route(prefix, { metric: 5 }), false)).toBe('changed');
    expect(table.add(route(prefix, { metric: 5 }), false)).toBe('none');
    expect(metrics()).toEqual([5, 9]);
    expect(table.add(route(prefix, { metric: 5, type: RouteType.blackhole, legs: [] }), true)).toBe('changed');
    expect(metrics()).toEqual([5, 9]);
    expect(table.remove(route(prefix, { metric: 7 }))).toBe('none');
    expect(table.remove(route(prefix, { metric: 9 }))).toBe('changed');
    expect(metrics()).toEqual([5]);
  });

  test('says when a message can be read in more than one way', () => {
    const table = new RouteTable();
    const prefix = parsePrefix('10.0.0.0/8');
    const by = (n: number) => route(prefix, { legs: [leg(3, Uint8Array.of(172, 18, 8, n))] });
    table.add(by(1), false);
    table.add(by(2), false);
    expect(table.remove(by(3))).toBe('unclear');
    expect(table.add(by(4), true)).toBe('unclear');
  });

  test('an IPv6 route gains and loses legs', () => {
    const table = new RouteTable();
    const prefix = parsePrefix('2001:db8:a::/48');
    const by = (...which: number[]) => route(prefix, { legs: which.map(n => leg(3, gateways[n])) });
    const legs = () => table.at(keyOf(prefix.address, prefix.length)).map(found => found.legs.length);
    table.add(by(0), false);
    expect(table.add(by(0, 1), false)).toBe('changed');
    expect(table.add(by(0, 1, 2), false)).toBe('changed');
    expect(legs()).toEqual([3]);
    expect(table.remove(by(1))).toBe('changed');
    expect(legs()).toEqual([2]);
    expect(table.remove(by(0, 2))).toBe('changed');
    expect(legs()).toEqual([]);
  });
});

describe('ForwardingSets', () => {
  const identity = { table: 254, metric: 20, protocol: 186 };
  const leg = (interfaceIndex: number, host: number, weight = 1): Leg => ({
    interfaceIndex,
    gateway: Uint8Array.of(10, 0, 0, host),
    onlink: false,
    weight,
  });

  test('equal legs in any order are the same, others are not', () => {
    const sets = new ForwardingSets(Family.ipv4Unicast, identity);
    const both = sets.acquire([leg(3, 1), leg(4, 1)]);
    expect(sets.acquire([leg(4, 1), leg(3, 1)])).toBe(both);
    const others = [[leg(3, 1)], [leg(3, 2)], [leg(3, 1, 2), leg(4, 1)], [{ ...leg(3, 1), onlink: true }]];
    const ids = others.map(legs => sets.acquire(legs));
    expect(new Set([...ids, both, ...Object.values(Forwarding)]).size).toBe(ids.length + 1 + 4);
    expect(sets.acquire([])).toBe(Forwarding.none);
  });

  test('two legs by the same way are one with both weights', () => {
    const sets = new ForwardingSets(Family.ipv4Unicast, identity);
    expect(sets.legs(sets.acquire([leg(3, 1), leg(4, 1), leg(3, 1)]))).toEqual([leg(3, 1, 2), leg(4, 1)]);
    expect(sets.acquire([leg(3, 1), leg(3, 1)])).toBe(sets.acquire([leg(3, 1)]));
    const many = Array.from({ length: 300 }, () => leg(3, 1));
    expect(sets.legs(sets.acquire([...many, leg(4, 1)]))).toEqual([leg(3, 1, 256), leg(4, 1)]);
  });

  test('an id is reused once nobody refers to it', () => {
    const sets = new ForwardingSets(Family.ipv4Unicast, identity);
    const first = sets.acquire([leg(3, 1)]);
    sets.retain(first);
    expect(sets.uses(3)).toBe(true);
    sets.release(first);
    expect(sets.acquire([leg(3, 2)])).not.toBe(first);
    sets.release(first);
    expect(sets.acquire([leg(5, 1)])).toBe(first);
    expect(sets.legs(first)).toEqual([leg(5, 1)]);
    expect(sets.uses(4)).toBe(false);
  });
});

test('Reasons: the same sentence has the same id, and there is room for no more than fit', () => {
  const reasons = new Reasons();
  const id = reasons.idOf('because');
  expect(reasons.idOf('because')).toBe(id);
  expect(reasons.text(id)).toBe('because');
  expect(reasons.text(0)).toBe('');
  for (let i = 0; i < 70_000; i++) expect(reasons.idOf(`reason ${i}`)).toBeLessThanOrEqual(0xffff);
  expect(reasons.text(0xffff)).not.toBe('');
});
