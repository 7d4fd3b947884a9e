// Which paths share the traffic of a prefix, and how: limits, relaxed AS_PATHs, link bandwidths.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Multipath } from '../../../src/bgp/rib/decision.js';
import { parseExtendedCommunity } from '../../../src/bgp/wire/communities.js';
import { formatAddress } from '../../../src/bgp/wire/prefix.js';
import { type Attributes, addSource, announce, newRib, settle } from './tables.js';

const PREFIX = '10.233.1.0/24';

type Told = Attributes & { from?: 'internal' | 'external'; bandwidth?: string };

function bandwidth(text: string): Attributes {
  return { more: [{ type: 'extendedCommunities', communities: [parseExtendedCommunity(text)] }] };
}

/** Next hops that share the traffic, with their shares, sorted; neighbors 10.9.0.1 … tell one path each. */
function shared(multipath: Partial<Multipath>, paths: Told[]): string[] {
  const rib = newRib(multipath);
  let id = 0;
  paths.forEach(({ from = 'external', bandwidth: lb, ...attributes }, i) => {
    const source = addSource(rib, `10.9.0.${i + 1}`, from);
    const told = { asPath: '65002', nextHop: `10.0.0.${i + 1}`, ...attributes };
    id = announce(rib, source, PREFIX, lb === undefined ? told : { ...told, ...bandwidth(lb) });
  });
  const [table] = rib.families;
  const hops = new Int32Array(64);
  const shares = new Float64Array(64);
  const count = table.nextHopsOf(id, hops, shares);
  return Array.from(
    hops.subarray(0, count),
    (hop, i) => `${formatAddress(rib.nextHops.address(hop))} ${shares[i]}`,
  ).sort();
}

describe('multipath', () => {
  it('gives all to the best path unless told otherwise', () => {
    expect(shared({}, [{}, {}])).toEqual(['10.0.0.1 1']);
  });

  it('has a limit each for external and internal neighbors', () => {
    const external: Told[] = [{}, {}, {}];
    const internal: Told[] = external.map(told => ({ ...told, from: 'internal' }));
    expect(shared({ ebgp: 2, ibgp: 1 }, external)).toEqual(['10.0.0.1 1', '10.0.0.2 1']);
    expect(shared({ ebgp: 2, ibgp: 1 }, internal)).toEqual(['10.0.0.1 1']);
    expect(shared({ ebgp: 1, ibgp: 3 }, external)).toEqual(['10.0.0.1 1']);
    expect(shared({ ebgp: 1, ibgp: 3 }, internal)).toEqual(['10.0.0.1 1', '10.0.0.2 1', '10.0.0.3 1']);
    expect(shared({ ebgp: 4, ibgp: 4 }, [{}, { from: 'internal' }])).toEqual(['10.0.0.1 1']);
  });

  it('wants the same AS_PATH, relaxed only the same length', () => {
    const paths: Told[] = [{ asPath: '2 9' }, { asPath: '3 9' }, { asPath: '2 9' }, { asPath: '2 9 9' }];
    expect(shared({ ebgp: 4 }, paths)).toEqual(['10.0.0.1 1', '10.0.0.3 1']);
    expect(shared({ ebgp: 4, relaxAsPath: true }, paths)).toEqual(['10.0.0.1 1', '10.0.0.2 1', '10.0.0.3 1']);
  });

  it('relaxed still compares MED within one neighbor AS', () => {
    const paths: Told[] = [{ asPath: '2' }, { asPath: '3', med: 5 }, { asPath: '2', med: 1 }];
    expect(shared({ ebgp: 4, relaxAsPath: true }, paths)).toEqual(['10.0.0.1 1', '10.0.0.2 1']);
  });

  it('counts a next hop once', () => {
    expect(shared({ ebgp: 4 }, [{}, { nextHop: '10.0.0.1' }, {}])).toEqual(['10.0.0.1 1', '10.0.0.3 1']);
  });

  it('shares by link bandwidth when all paths tell one', () => {
    const paths: Told[] = [{ bandwidth: 'lb:65001:1000' }, { bandwidth: 'transitive-lb:65001:3000' }];
    expect(shared({ ebgp: 4 }, paths)).toEqual(['10.0.0.1 1000', '10.0.0.2 3000']);
    expect(shared({ ebgp: 4, linkBandwidth: false }, paths)).toEqual(['10.0.0.1 1', '10.0.0.2 1']);
    expect(shared({ ebgp: 4 }, [...paths, {}])).toEqual(['10.0.0.1 1', '10.0.0.2 1', '10.0.0.3 1']);
    expect(shared({ ebgp: 4 }, [...paths, { bandwidth: 'lb:65001:0' }])).toEqual([
      '10.0.0.1 1',
      '10.0.0.2 1',
      '10.0.0.3 1',
    ]);
    const negative = 'generic:0x4004:0xfde9c2c80000';
    expect(shared({ ebgp: 2 }, [paths[0], { bandwidth: negative }])).toEqual(['10.0.0.1 1', '10.0.0.2 1']);
  });

  it('with more paths than may be keeps the same ones whoever came first', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), order => {
        const rib = newRib({ ebgp: 3 });
        const sources = order.map(n => addSource(rib, `10.9.0.${n}`, 'external'));
        let id = 0;
        for (const [i, n] of order.entries()) {
          id = announce(rib, sources[i], PREFIX, { asPath: '65002', nextHop: `10.0.0.${n}` });
        }
        const hops = new Int32Array(64);
        const count = rib.families[0].nextHopsOf(id, hops, new Float64Array(64));
        const addresses = Array.from(hops.subarray(0, count), hop => formatAddress(rib.nextHops.address(hop)));
        expect(addresses).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
      }),
    );
  });

  it('tells its consumers when it changes', () => {
    const rib = newRib();
    const [table] = rib.families;
    const sources = [1, 2].map(n => addSource(rib, `10.9.0.${n}`, 'external'));
    const id = announce(rib, sources[0], PREFIX, { asPath: '1', nextHop: '10.0.0.1' });
    const dirty = table.subscribeFromNow(() => {});
    announce(rib, sources[1], PREFIX, { asPath: '1', nextHop: '10.0.0.2' });
    expect(dirty.size).toBe(0);
    table.setMultipath({ ...table.multipath, ebgp: 2 });
    expect(dirty.has(id)).toBe(true);
    expect(table.nextHopsOf(id, new Int32Array(2), new Float64Array(2))).toBe(2);
    dirty.drain(1, () => {});
    announce(rib, sources[1], PREFIX, { asPath: '1', nextHop: '10.0.0.3' });
    expect(dirty.has(id)).toBe(true);
    settle(rib);
  });
});
