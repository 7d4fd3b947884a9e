import { describe, expect, it } from 'vitest';
import { type AttributesView, attributesView } from '../../../src/bgp/path-view.js';
import { type ExportOptions, ExportProfile } from '../../../src/bgp/rib/export.js';
import { KERNEL_SOURCES, LOCAL_SOURCE } from '../../../src/bgp/rib/sources.js';
import { parseExtendedCommunity } from '../../../src/bgp/wire/communities.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { parseAddress, parseRouterId } from '../../../src/bgp/wire/prefix.js';
import { type Attributes, addSource, block, newRib } from './tables.js';

const OPTIONS: ExportOptions = {
  family: Family.ipv4Unicast,
  internal: true,
  localAs: 65001,
  routerId: parseRouterId('172.18.8.101'),
  clusterId: parseRouterId('9.9.9.9'),
  client: false,
  nextHopSelf: false,
  nextHopUnchanged: false,
  asPath: null,
  ownNextHop: parseAddress('172.18.8.101'),
  accept: true,
  policy: null,
  as4: true,
  maxMessageLength: 4096,
  extendedNextHop: false,
  longLived: false,
};
const EXTERNAL: Partial<ExportOptions> = { internal: false };

type From = 'local' | 'kernel' | 'internal' | 'client' | 'external';

/** What a neighbor with these options is told of a path; null: nothing. */
function told(from: From, attributes: Attributes, over: Partial<ExportOptions> = {}): AttributesView | null {
  const rib = newRib();
  const kind = from === 'external' ? 'external' : 'internal';
  const neighbor = addSource(rib, '10.9.0.1', kind, from === 'client');
  const source = from === 'local' ? LOCAL_SOURCE : from === 'kernel' ? KERNEL_SOURCES.kernel : neighbor;
  const bytes = block(attributes);
  const set = rib.sets.intern(bytes, bytes.length, 0);
  const profile = new ExportProfile({ ...OPTIONS, ...over }, rib.sets, rib.sources);
  const { prefixes } = rib.families[Family.ipv4Unicast];
  const prefix = prefixes.ensure4(0x0a000000, 8);
  const result = profile.export(set, source, prefixes, prefix);
  expect(profile.export(set, source, prefixes, prefix)).toBe(result);
  return result === 0
    ? null
    : attributesView(profile.rendered.slice(0, profile.render(set, source)), Family.ipv4Unicast);
}

const LEARNED: Attributes = { nextHop: '10.0.0.9', asPath: '65002 65003', med: 7, localPref: 200 };

describe('export to internal neighbors', () => {
  it('adds LOCAL_PREF and this speaker as next hop to own routes (RFC 4271 §5.1.3, §5.1.5)', () => {
    expect(told('local', { origin: 'incomplete', communities: ['blackhole'] })).toMatchObject({
      nextHop: '172.18.8.101',
      asPath: '',
      localPref: 100,
      origin: 'incomplete',
      communities: ['blackhole'],
    });
    expect(told('kernel', { med: 20 })).toMatchObject({ nextHop: '172.18.8.101', med: 20, localPref: 100 });
  });

  it('passes an external route on with its next hop, MED and AS_PATH (RFC 4271 §5.1.2, §5.1.3)', () => {
    expect(told('external', LEARNED)).toMatchObject({
      nextHop: '10.0.0.9',
      asPath: '65002 65003',
      med: 7,
      localPref: 200,
    });
    expect(told('external', LEARNED, { nextHopSelf: true })).toMatchObject({ nextHop: '172.18.8.101' });
  });

  it('keeps internal routes from internal neighbors unless one side is a client (RFC 4271 §9.2, RFC 4456 §6)', () => {
    expect(told('internal', LEARNED)).toBeNull();
    const reflected = { originatorId: '10.9.0.1', clusterList: ['9.9.9.9'], nextHop: '10.0.0.9', localPref: 200 };
    expect(told('client', LEARNED)).toMatchObject(reflected);
    expect(told('internal', LEARNED, { client: true })).toMatchObject(reflected);
    expect(told('client', LEARNED, { nextHopSelf: true })).toMatchObject({ nextHop: '10.0.0.9' });
  });

  it('keeps an ORIGINATOR_ID and prepends to a CLUSTER_LIST (RFC 4456 §8)', () => {
    expect(told('client', { ...LEARNED, originatorId: '1.1.1.1', clusterList: ['8.8.8.8'] })).toMatchObject({
      originatorId: '1.1.1.1',
      clusterList: ['9.9.9.9', '8.8.8.8'],
    });
  });
});

describe('export to external neighbors', () => {
  it('prepends the own AS and drops what is internal (RFC 4271 §5.1.2, §5.1.4, §5.1.5; RFC 4456 §8)', () => {
    const view = told('client', { ...LEARNED, originatorId: '1.1.1.1', clusterList: ['8.8.8.8'] }, EXTERNAL);
    expect(view).toMatchObject({ asPath: '65001 65002 65003', nextHop: '172.18.8.101' });
    for (const key of ['localPref', 'med', 'originatorId', 'clusterList']) expect(view).not.toHaveProperty(key);
  });

  it('gives its own routes their MED (RFC 4271 §5.1.4)', () => {
    expect(told('kernel', { med: 20 }, EXTERNAL)).toMatchObject({ asPath: '65001', med: 20 });
  });

  it('begins a new segment before an AS_SET and after 255 ASes (RFC 4271 §5.1.2)', () => {
    expect(told('external', { ...LEARNED, asPath: '{1,2}' }, EXTERNAL)).toMatchObject({ asPath: '65001 {1,2}' });
    const long = Array.from({ length: 255 }, (_, i) => i + 1).join(' ');
    expect(told('external', { ...LEARNED, asPath: long }, EXTERNAL)).toMatchObject({ asPath: `65001 ${long}` });
  });

  it.each(['no-export', 'no-advertise', 'no-export-subconfed'])('honours %s (RFC 1997)', community => {
    expect(told('external', { ...LEARNED, communities: [community] }, EXTERNAL)).toBeNull();
    const internal = told('external', { ...LEARNED, communities: [community] });
    if (community === 'no-advertise') expect(internal).toBeNull();
    else expect(internal).toMatchObject({ communities: [community] });
  });

  it('passes unknown transitive attributes on as partial and drops the others (RFC 4271 §9)', () => {
    const unknown = (flags: number) => ({ type: 'unknown' as const, code: 99, flags, value: Uint8Array.of(1, 2) });
    expect(told('external', { ...LEARNED, more: [unknown(0xc0)] })).toMatchObject({
      unknown: [{ code: 99, flags: 0xe0, value: '0102' }],
    });
    expect(told('external', { ...LEARNED, more: [unknown(0x80)] })).not.toHaveProperty('unknown');
  });

  it('drops non-transitive extended communities (RFC 4360 §6)', () => {
    const communities = [parseExtendedCommunity('rt:65001:1'), Uint8Array.of(0x40, 4, 0xfd, 0xe9, 0, 0, 0, 1)];
    const view = told('external', { ...LEARNED, more: [{ type: 'extendedCommunities', communities }] }, EXTERNAL);
    expect(view?.extendedCommunities).toEqual(['rt:65001:1']);
  });

  it('says nothing when export rejects or there is no next hop to give', () => {
    expect(told('external', LEARNED, { ...EXTERNAL, accept: false })).toBeNull();
    expect(told('local', {}, { ownNextHop: new Uint8Array(0) })).toBeNull();
    expect(told('external', { ...LEARNED, nextHop: '2001:db8::1' })).toBeNull();
    expect(told('external', { ...LEARNED, nextHop: '2001:db8::1' }, { extendedNextHop: true })).toMatchObject({
      nextHop: '2001:db8::1',
    });
  });
});

describe('a source number', () => {
  it('that went to another neighbor is no reason to answer as for the one before', () => {
    const rib = newRib();
    const bytes = block(LEARNED);
    const set = rib.sets.intern(bytes, bytes.length, 0);
    const profile = new ExportProfile(OPTIONS, rib.sets, rib.sources);
    const [table] = rib.families;
    const first = addSource(rib, '10.9.0.1', 'internal');
    expect(profile.export(set, first, table.prefixes, 0)).toBe(0);
    rib.sources.remove(first);
    const client = addSource(rib, '10.9.0.2', 'internal', true);
    expect(client).toBe(first);
    expect(profile.export(set, client, table.prefixes, 0)).toBe(set);
  });
});
