// What is written from the schema, and the files that must agree with it.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { exampleConfig } from '../../src/config/example.js';
import { configJsonSchema, mappingOf, type SchemaNode, schemaTree } from '../../src/config/json-schema.js';
import { loadConfig, parseConfig } from '../../src/config/load.js';
import { configReference } from '../../src/config/reference.js';

const fileOf = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;

/** Every key of the schema with the path to it. */
function keys(node: SchemaNode, path: string[] = []): { path: string[]; node: SchemaNode; required: boolean }[] {
  const mapping = mappingOf(node.items ?? node);
  return Object.entries(mapping?.properties ?? {}).flatMap(([name, child]) => [
    { path: [...path, name], node: child, required: mapping?.required?.includes(name) ?? false },
    ...keys(child, [...path, name]),
  ]);
}

/** A file in which this key has this value and all else is as small as it can be. */
function fileWith([first, ...rest]: string[], value: unknown): string {
  const nested = (path: string[]): unknown => (path.length === 0 ? value : { [path[0]]: nested(path.slice(1)) });
  const file: Record<string, unknown> = { as: 65001, 'router-id': '172.18.8.101' };
  if (first === 'neighbors' && rest.length > 0) {
    const inside = nested(rest) as Record<string, Record<string, unknown>>;
    if (rest[0] === 'max-prefix' && rest.length > 1) inside['max-prefix'] = { limit: 1, ...inside['max-prefix'] };
    if (rest[0] === 'local-as' && rest.length > 1) inside['local-as'] = { as: 65010, ...inside['local-as'] };
    if (rest[0] === 'group') file.groups = { spines: {} };
    if (rest[0] === 'strict-role') inside.role = 'peer' as never;
    const name = rest[0] === 'interface' ? {} : { address: '172.18.8.102' };
    file.neighbors = [{ ...name, as: rest[0] === 'route-reflector-client' ? 65001 : 65002, ...inside }];
  } else if (first === 'confederation' && rest[0] === 'members') {
    file.confederation = { identifier: 64500, ...(nested(rest) as object) };
  } else if (first === 'aggregates' && rest.length > 0) {
    file.aggregates = [{ prefix: '10.0.0.0/8', ...(nested(rest) as object) }];
  } else {
    file[first] = nested(rest);
  }
  return stringify(file);
}

describe('every key', () => {
  const all = keys(schemaTree()).map(key => ({ name: key.path.join('.'), ...key }));

  test('is there', () => {
    expect(all.length).toBeGreaterThan(40);
    expect(new Set(all.map(key => key.name)).size).toBe(all.length);
  });

  test.each(all)('$name is described', ({ node }) => {
    expect(node.description).toMatch(/^.+\.$/s);
  });

  const withExample = all.filter(({ node }) => node.example !== undefined);
  test.each(withExample)('$name has an example that loads', ({ path, node }) => {
    const { warnings } = parseConfig(fileWith(path, node.example), 'tsbgp.yml');
    expect(warnings.filter(warning => !warning.endsWith('is never used'))).toEqual([]);
  });

  test.each(all)('$name has an example, unless it only holds other keys', ({ node }) => {
    expect(node.example !== undefined || node.properties !== undefined).toBe(true);
  });

  const withDefault = all.filter(({ node }) => node.default !== undefined);
  test.each(withDefault)('$name: its default is what a file without it gets', ({ path, node }) => {
    const plain = parseConfig(fileWith(path, undefined), 'tsbgp.yml');
    expect(parseConfig(fileWith(path, node.default), 'tsbgp.yml')).toEqual(plain);
  });

  test.each(all)('$name has a default, one in words, or is needed', ({ node, required }) => {
    expect(required || node.default !== undefined || node.defaultText !== undefined).toBe(true);
  });
});

describe('the JSON Schema for editors', () => {
  const schema = configJsonSchema() as SchemaNode;

  test('has only words of JSON Schema', () => {
    const words = new Set<string>();
    JSON.stringify(schema, function (this: unknown, word: string, value: unknown) {
      const parent = this as SchemaNode;
      if ('type' in parent || 'anyOf' in parent) words.add(word);
      return value;
    });
    for (const word of ['kind', 'unit', 'rfc', 'example', 'defaultText']) expect(words).not.toContain(word);
    expect(words).toContain('examples');
  });

  test('knows structure, bounds, defaults and meaning', () => {
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false, required: ['as', 'router-id'] });
    expect(schema.properties?.neighbors.items?.required).toEqual(['as']);
    expect(schema.properties?.neighbors.items?.properties?.['hold-time']).toMatchObject({
      type: 'integer',
      minimum: 0,
      maximum: 65535,
      default: 90,
      examples: [9],
      description: expect.stringMatching(/Unit: seconds\. RFC 4271 §4\.2\.$/),
    });
  });
});

describe('files', () => {
  test('docs/config.md is the reference of this schema', () => {
    expect(readFileSync(fileOf('docs/config.md'), 'utf8')).toBe(configReference());
  });

  test('the first example of the reference loads', () => {
    const [, yaml] = /```yaml\n(.*?)```/s.exec(configReference()) ?? [];
    expect(parseConfig(yaml, 'tsbgp.yml').config.neighbors).toHaveLength(1);
  });

  test('packaging/tsbgp.yml is node bgp-1 of the demo', () => {
    const { config, warnings } = loadConfig(fileOf('packaging/tsbgp.yml'));
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      as: 65001,
      routerId: '172.18.8.101',
      fib: { redistribute: ['static', 'connected'] },
    });
    expect(config.neighbors).toMatchObject([{ address: '172.18.8.102', as: 65001 }]);
  });

  test('packaging/tsbgp.yml has every key of this schema', () => {
    expect(readFileSync(fileOf('packaging/tsbgp.yml'), 'utf8')).toBe(exampleConfig());
  });

  test('packaging/tsbgp.yml: what is commented out is right, too', () => {
    const enabled = exampleConfig().replace(/^( *)# (?=(- )?[a-z0-9-]+:( |$))/gm, '$1');
    const { as, ...others } = parse(enabled);
    expect(Object.keys({ as, ...others })).toEqual(Object.keys(schemaTree().properties ?? {}));
    // Alone, a key may not fit the demo's neighbor: multihop, for example, is for external ones.
    others.neighbors[0].as = as + 1;
    delete others.neighbors[0]['route-reflector-client'];
    delete others.neighbors[0].interface;
    expect(parseConfig(stringify({ as, ...others }), 'tsbgp.yml').config.neighbors).toHaveLength(1);
  });
});
