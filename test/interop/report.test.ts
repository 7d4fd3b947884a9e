// The page that is made of the matrix, and the matrix itself.

import { describe, expect, it } from 'vitest';
import { TOPICS, VENDORS } from './matrix.js';
import { interopPage, type Matrix } from './report.js';

const MATRIX: Matrix = {
  topics: TOPICS.map(({ name, rfcs }) => ({ name, rfcs })),
  vendors: VENDORS.map(({ name, title, package: debian, lacks }) => ({ name, title, package: debian, lacks })),
};
const page = interopPage(
  MATRIX,
  (vendor, topic) => (vendor.name === 'frr' && topic.name === TOPICS[0].name ? 'failed' : 'passed'),
  () => '1.2',
);
const rowOf = (name: string) => page.split('\n').find(line => line.startsWith(`| ${name} |`));

describe('the interop page', () => {
  it('has a row for each topic and a column for each vendor', ({ task }) => {
    task.meta.matrix = MATRIX;
    expect(page).toContain('| | RFC | BIRD 1.2 | FRR 1.2 | gobgpd 1.2 | OpenBGPD 1.2 | ExaBGP 1.2 |');
    for (const { name } of TOPICS) expect(rowOf(name)?.split(' | '), name).toHaveLength(2 + VENDORS.length);
  });

  it('tells what fails, and why something is left out', () => {
    expect(rowOf(TOPICS[0].name)).toContain('| works | **fails** | works |');
    expect(rowOf('two members of a confederation')).toMatch(/\| works \| works \| works \| \[–\]\(#openbgpd\) \|/);
    expect(page).toContain('| two members of a confederation | does not know RFC 5065 |');
  });

  it('has reasons for topics that there are, once each', () => {
    const names = TOPICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { lacks } of VENDORS) expect(names).toEqual(expect.arrayContaining(Object.keys(lacks)));
  });
});
