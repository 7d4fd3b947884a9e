// Whatever is in a file: random trees and texts, as tsbgp's own and as gobgpd's configuration.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError, formatProblems, parseConfig } from '../../src/config/load.js';

describe('whatever is in the file, only ConfigError is thrown', () => {
  const harmless = (text: string, file: string) => {
    try {
      parseConfig(text, file);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const { problems } = error as ConfigError;
      expect(problems.length).toBeGreaterThan(0);
      expect(formatProblems(problems)).toBeTypeOf('string');
    }
  };
  const file = fc.constantFrom('a.yml', 'a.toml', 'a.conf');
  const key = fc.constantFrom(
    ...['as', 'router-id', 'neighbors', 'address', 'fib', 'listen', 'hold-time', 'families', 'add-path', 'max-prefix'],
    ...['graceful-restart', 'import', 'global', 'config', 'zebra', 'afi-safis', 'apply-policy', 'peer-as', '__proto__'],
    ...[
      'neighbor-address',
      'ebgp-multihop',
      'port',
      'redistribute-route-type-list',
      'x',
      'prefixes',
      'table',
      'constructor',
    ],
  );
  const scalar = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      'accept',
      '10.0.0.1',
      '10.0.0.0/8',
      '10.0.0.0/8 le 9',
      'fe80::1',
      '1.10',
      '',
    ),
    fc.integer(),
    fc.double(),
    fc.string(),
  );
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc
        .uniqueArray(fc.tuple(key, tie('tree')), { selector: ([k]) => k, maxLength: 8 })
        .map(pairs => Object.fromEntries(pairs)),
    ),
  }));

  test('random trees of known and unknown keys', () => {
    fc.assert(
      fc.property(tree, value => harmless(stringify(value), 'a.yml')),
      { numRuns: 300 },
    );
  });

  test('the same as a configuration of gobgpd', () => {
    fc.assert(
      fc.property(tree, tree, tree, (config, neighbors, zebra) =>
        harmless(
          stringify({ global: { config }, neighbors: [neighbors, { config: neighbors }], zebra: { config: zebra } }),
          'g.yml',
        ),
      ),
      { numRuns: 300 },
    );
  });

  test('random text', () => {
    const fragment = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'as: 1\n',
        '- ',
        '\t',
        '  ',
        '\n',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '!!x ',
        '? ',
        ': ',
        '|\n',
        '"',
        "'",
        '#',
        '---\n',
        '<<: ',
        '[[a]]\n',
        'a = 1\n',
        '%YAML',
      ),
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), file, (parts, name) => harmless(parts.join(''), name)),
      { numRuns: 500 },
    );
  });
});
