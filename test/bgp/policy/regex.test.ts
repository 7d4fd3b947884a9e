import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Regex } from '../../../src/bgp/policy/regex.js';

describe('regular expressions', () => {
  it.each([
    ['^65001_', '65001 65002', true],
    ['_65002$', '65001 65002', true],
    ['^$', '', true],
    ['^$', '1', false],
    ['$^', '', true],
    ['_65002_', '65001 65002 65003', true],
    ['_6500_', '65001 65002', false],
    ['_65004_', '65001 {65003,65004}', true],
    ['^65001( 65001)*$', '65001 65001 65001', true],
    ['^(64512|6451[3-9]) .*$', '64515 1', true],
    ['[0-9]{4,5}', '123', false],
    ['[[:digit:]]{3}', '123', true],
    ['\\d+ \\d+', '1 2', true],
    ['^65001 {', '65001 {65003}', true],
  ])('%s on "%s"', (pattern, text, expected) => {
    expect(new Regex(pattern).test(text)).toBe(expected);
  });

  it.each(['(', ')', '[1', '*1', 'a{2,1}', 'a{9999}', '((a{500}){500}){2}', '\\q', '(?=a)', 'x'.repeat(1001), '[9-0]'])(
    '%s is refused with a reason',
    pattern => {
      expect(() => new Regex(pattern)).toThrow(expect.objectContaining({ name: 'InputError' }));
    },
  );

  it('take time linear in the text, whatever the pattern', () => {
    const start = performance.now();
    expect(new Regex('((1+)+)+$').test(`${'1'.repeat(50_000)}2`)).toBe(false);
    expect(new Regex('(.*)*_1_(.*)*_2$').test('1 3 '.repeat(10_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('match what JavaScript matches', () => {
    const atom = fc.constantFrom(
      '1',
      '2',
      ' ',
      '.',
      '[12]',
      '[^1]',
      '^',
      '$',
      '_',
      '1*',
      '2+',
      '1?',
      '(12)',
      '(1|2)*',
      '1{2}',
      '(1|_2){1,2}',
    );
    const pattern = fc
      .array(atom, { maxLength: 6 })
      .chain(parts => fc.constantFrom(parts.join(''), `${parts.join('')}|12$`));
    const text = fc.string({ unit: fc.constantFrom('1', '2', ' '), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (regex, path) => {
        const js = new RegExp(regex.replaceAll('_', '(^|$|[ ,{}()\\[\\]])'));
        expect(new Regex(regex).test(path)).toBe(js.test(path));
      }),
      { numRuns: 2000 },
    );
  });
});
