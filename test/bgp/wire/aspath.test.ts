import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AsPathSegment,
  asPathLength,
  countAsPath,
  decodeAsPath,
  encodeAsPath,
  formatAsPath,
  parseAs,
  parseAsPath,
} from '../../../src/bgp/wire/aspath.js';
import { InputError } from '../../../src/bgp/wire/input-error.js';
import { segments } from './arbitraries.js';

describe('AS paths', () => {
  it.each<[string, AsPathSegment[]]>([
    ['', []],
    ['65001', [{ type: 'sequence', asns: [65001] }]],
    [
      '65001 65002 {1,2} 3',
      [
        { type: 'sequence', asns: [65001, 65002] },
        { type: 'set', asns: [1, 2] },
        { type: 'sequence', asns: [3] },
      ],
    ],
    [
      '(65010 65011) [65012,65013] 4200000000',
      [
        { type: 'confedSequence', asns: [65010, 65011] },
        { type: 'confedSet', asns: [65012, 65013] },
        { type: 'sequence', asns: [4200000000] },
      ],
    ],
  ])('"%s" is read and written', (text, path) => {
    expect(parseAsPath(text)).toEqual(path);
    expect(formatAsPath(path)).toBe(text);
  });

  it('are read however they are spaced', () => {
    expect(parseAsPath('  65001,65002{ 1, 2 }3 ')).toEqual(parseAsPath('65001 65002 {1,2} 3'));
  });

  it('survive being written and read', () => {
    fc.assert(
      fc.property(segments(true), path => {
        // Two sequences in a row look like one.
        const apart = path.filter((s, i) => i === 0 || s.type !== 'sequence' || path[i - 1].type !== 'sequence');
        const once = apart.filter((s, i) => i === 0 || s.type !== 'sequence' || apart[i - 1].type !== 'sequence');
        expect(parseAsPath(formatAsPath(once))).toEqual(once);
      }),
    );
  });

  it('split a sequence that one segment cannot hold (RFC 4271 §4.3)', () => {
    const path = parseAsPath(Array.from({ length: 300 }, (_, i) => i + 1).join(' '));
    expect(path.map(segment => segment.asns.length)).toEqual([255, 45]);
  });

  it('have a length: a set counts one, confederation segments nothing (RFC 4271 §9.1.2.2, RFC 5065 §5.3)', () => {
    expect(asPathLength(parseAsPath('1 2 {3,4,5} (6 7) [8,9] 10'))).toBe(4);
    expect(asPathLength([])).toBe(0);
  });

  it('have the same length in octets', () => {
    fc.assert(
      fc.property(segments(false), fc.boolean(), (path, as4) => {
        const out: number[] = [];
        encodeAsPath(path, as4, out);
        const bytes = Uint8Array.from(out);
        expect(countAsPath(bytes, 0, bytes.length, as4 ? 4 : 2)).toBe(asPathLength(path));
        expect(decodeAsPath(bytes, 0, bytes.length, as4)).toEqual(path);
      }),
    );
  });

  it.each(['0', '65001 0', '4294967296', 'x', '65001 -1', '1.10', '{1', '1}', '{1)', '()', '{ }', '((1))', ']'])(
    '"%s" is refused',
    text => {
      expect(() => parseAsPath(text)).toThrow(InputError);
    },
  );

  it('say what is wrong', () => {
    expect(() => parseAsPath('65001 {1')).toThrow('"65001 {1" has a bracket without its partner');
    expect(() => parseAs('65536x')).toThrow('"65536x" is not an AS number');
  });
});
