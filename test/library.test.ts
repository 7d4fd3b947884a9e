// The public library as its users see it, and the pages that are generated from the code.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apiReference } from '../src/api/reference.js';
import { cliReference } from '../src/cli/reference.js';
import { configJsonSchema } from '../src/config/json-schema.js';
import { parseConfig } from '../src/config/load.js';
import { configReference } from '../src/config/reference.js';
import { decode, encode, NEIGHBOR_DEFAULTS, parsePrefix } from '../src/index.js';

const file = (path: string) => new URL(`../${path}`, import.meta.url);

describe('the library', () => {
  it('encodes and decodes as docs/library.md shows', () => {
    const message = {
      type: 'update' as const,
      withdrawn: [],
      attributes: [
        { type: 'origin' as const, origin: 'igp' as const },
        { type: 'asPath' as const, segments: [] },
        { type: 'nextHop' as const, address: Uint8Array.of(172, 18, 8, 101) },
        { type: 'localPref' as const, value: 100 },
      ],
      nlri: [{ prefix: parsePrefix('10.233.1.0/24') }],
    };
    expect(decode(encode(message))).toEqual(message);
  });

  it('has the defaults of the configuration file', () => {
    const text = 'as: 65001\nrouter-id: 10.0.0.1\nneighbors: [{ address: 10.0.0.2, as: 65001 }]\n';
    expect(parseConfig(text, 'tsbgp.yml').config.neighbors[0]).toMatchObject(NEIGHBOR_DEFAULTS);
  });

  it('is embedded by the example', () => {
    const output = execFileSync(process.execPath, [file('examples/embed.mjs').pathname], { encoding: 'utf8' });
    expect(output).toContain("prefix: '10.233.1.0/24'");
    expect(output).toContain("communities: [ '65001:100' ]");
  });
});

describe('the generated pages (npm run docs)', () => {
  it.each([
    ['docs/config.md', configReference],
    ['docs/config.schema.json', () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
    ['docs/cli.md', cliReference],
    ['docs/api.md', apiReference],
  ])('%s is what the code says', (path, generate) => {
    expect(readFileSync(file(path), 'utf8')).toBe(generate());
  });
});

describe('the README', () => {
  it('names every RFC that docs/conformance.md has tests of', () => {
    const [, standards] = readFileSync(file('README.md'), 'utf8').split(/^## Standards$/m);
    const tested = [...readFileSync(file('docs/conformance.md'), 'utf8').matchAll(/^\| \[(\d{4})\]/gm)].map(
      ([, rfc]) => rfc,
    );
    expect(tested.length).toBeGreaterThan(25);
    expect(tested.filter(rfc => !standards.includes(rfc))).toEqual([]);
  });
});
