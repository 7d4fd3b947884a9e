import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributesView } from '../../../src/bgp/path-view.js';
import { type AsPathEdits, isPrivateAs, prependAs, writeEditedAsPath } from '../../../src/bgp/rib/as-path-edits.js';
import { decodeAsPath, encodeAsPath, formatAsPath, parseAsPath } from '../../../src/bgp/wire/aspath.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { block } from './tables.js';

const PLAIN: AsPathEdits = {
  prepend: [65001],
  ownAs: 65001,
  remoteAs: 65002,
  override: false,
  removePrivate: false,
  member: false,
};
const out = new Uint8Array(65_536);

/** A path in words after the edits. */
function shown(path: string, over: Partial<AsPathEdits> = {}): string {
  const octets: number[] = [];
  encodeAsPath(parseAsPath(path), true, octets);
  const value = Uint8Array.from([9, 9, ...octets]);
  const end = writeEditedAsPath({ ...PLAIN, ...over }, value, 2, value.length, out, 3);
  return formatAsPath(decodeAsPath(out, 3, end, true));
}

const asNumber = fc.oneof(
  fc.integer({ min: 1, max: 3000 }),
  fc.integer({ min: 64500, max: 65540 }),
  fc.integer({ min: 4199999990, max: 4294967295 }),
  fc.constant(65002),
);

describe('edits of AS_PATH towards an external neighbor', () => {
  it('a sequence after the edits is what filtering and replacing its list gives', () => {
    const kinds = fc.constantFrom<AsPathEdits['removePrivate']>(false, 'only', 'all', 'replace');
    fc.assert(
      fc.property(fc.array(asNumber, { maxLength: 300 }), kinds, fc.boolean(), (path, removePrivate, override) => {
        const active = removePrivate === 'only' && !path.every(isPrivateAs) ? false : removePrivate;
        const wanted = path.flatMap(as => {
          if (as === 65002) return override ? [65001] : [as];
          if (active === false || !isPrivateAs(as)) return [as];
          return active === 'replace' ? [65001] : [];
        });
        const text = shown(path.join(' '), { removePrivate, override });
        expect(text.split(' ').map(Number)).toEqual([65001, ...wanted]);
      }),
    );
  });

  it('keeps sets, drops segments that are empty then', () => {
    expect(shown('3 {64512,7} 8', { removePrivate: 'all' })).toBe('65001 3 {7} 8');
    expect(shown('{64512} 8', { removePrivate: 'all' })).toBe('65001 8');
    expect(shown('64512 64513', { removePrivate: 'only' })).toBe('65001');
    expect(shown('64512 3', { removePrivate: 'only' })).toBe('65001 64512 3');
  });

  it('puts the local AS before the own one (RFC 7705 §3)', () => {
    expect(shown('3', { prepend: [65010, 65001] })).toBe('65010 65001 3');
    expect(shown('', { prepend: [65010] })).toBe('65010');
  });

  it('hides the confederation from neighbors outside (RFC 5065 §4)', () => {
    expect(shown('(65011 65012) 3')).toBe('65001 3');
    expect(shown('(65011) [65012,65013] {3,4}')).toBe('65001 {3,4}');
    expect(shown('(65011)')).toBe('65001');
    expect(shown('(3) 64512', { removePrivate: 'only' })).toBe('65001');
  });

  it('puts the member in front of an AS_CONFED_SEQUENCE (RFC 5065 §4)', () => {
    expect(shown('', { member: true })).toBe('(65001)');
    expect(shown('3 4', { member: true })).toBe('(65001) 3 4');
    expect(shown('(65011) 3', { member: true })).toBe('(65001 65011) 3');
    expect(shown('[65011,65012] 3', { member: true })).toBe('(65001) [65011,65012] 3');
    const full = Array.from({ length: 255 }, () => 65011).join(' ');
    expect(shown(`(${full}) 3`, { member: true })).toBe(`(65001) (${full}) 3`);
  });

  it.each([0, 1, 62, 63, 64, 254, 255, 256, 300])('prepends to a received path of %i ASes', count => {
    const path = Array.from({ length: count }, (_, i) => i + 1);
    const bytes = new Uint8Array(65_536);
    const before = block({ nextHop: '10.0.0.9', asPath: path.join(' '), med: 7, communities: ['65001:1'] });
    bytes.set(before);
    const length = prependAs(bytes, before.length, 65010);
    expect(attributesView(bytes.slice(0, length), Family.ipv4Unicast)).toEqual({
      ...attributesView(before, Family.ipv4Unicast),
      asPath: [65010, ...path].join(' '),
    });
  });
});
