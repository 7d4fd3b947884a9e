// The page that is made of the tests' names.

import { describe, expect, it } from 'vitest';
import { type ConformanceRow, conformancePage, conformanceRow, supportedRfcs } from './report.js';

const rows = [
  conformanceRow('RFC 4271 §6.10: b | c', 'x.test.ts', true),
  conformanceRow('RFC 4271 §6.2: a: 2/1', 'x.test.ts', false),
  conformanceRow('RFC 1997: d', 'y.test.ts', true),
] as ConformanceRow[];

describe('the conformance page', () => {
  it('understands the names of tests', () => {
    expect(rows[1]).toEqual({ rfc: 4271, section: '6.2', behaviour: 'a: 2/1', test: 'x.test.ts', passed: false });
    expect(rows[2].section).toBe('');
    expect(conformanceRow('some other test', 'x.test.ts', true)).toBe(null);
  });

  it('counts by RFC', () => {
    expect(supportedRfcs(rows).map(({ rfc, tested, passed }) => [rfc, tested, passed])).toEqual([
      [1997, 1, 1],
      [4271, 2, 1],
    ]);
  });

  it('has a row for each behaviour, in the order of the sections', () => {
    const page = conformancePage(rows);
    expect(page).toContain('3 behaviours');
    expect(page).toContain('2 of them pass.');
    expect(page.indexOf('## RFC 1997')).toBeLessThan(page.indexOf('## RFC 4271'));
    const [a, b] = ['| 6.2 | a: 2/1 | [x](../test/conformance/x.test.ts) | **fails** |', '| 6.10 | b \\| c | [x]'];
    expect(page).toContain(a);
    expect(page.indexOf(a)).toBeLessThan(page.indexOf(b));
  });
});
