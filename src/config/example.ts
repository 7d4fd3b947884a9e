// packaging/tsbgp.yml, the configuration that an installation begins with: every key of the schema with what it means.
// What the demo's node bgp-1 sets is set; the others are commented out, with their default, else with their example.

import { stringify } from 'yaml';
import { mappingOf, type SchemaNode, schemaTree } from './json-schema.js';

const WIDTH = 100;

const INTRODUCTION = `# The configuration of tsbgp, here that of the demo's node bgp-1. Change the addresses to yours.
#
#   tsbgp config check /etc/tsbgp/tsbgp.yml    all that is wrong with it, line by line
#   systemctl reload tsbgp                     applies it; sessions it does not change stay up
#
# Every key is here: those commented out show their default, or an example. More on each: man tsbgp.yml
`;

/** Paths of the keys that are set; '[]' is the first entry of a list. */
const SET: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['as', 65001],
  ['router-id', '172.18.8.101'],
  ['neighbors[].address', '172.18.8.102'],
  ['neighbors[].as', 65001],
  ['neighbors[].description', 'the other node'],
  ['fib.redistribute', ['static', 'connected']],
]);

/** The file's text. */
export function exampleConfig(): string {
  const properties = Object.entries(schemaTree().properties ?? {});
  return [INTRODUCTION, ...properties.map(([name, node]) => section(name, node))].join('\n');
}

/** A key of the first level: a scalar, a mapping, or a list of mappings. */
function section(name: string, node: SchemaNode): string {
  const inside = mappingOf(node.items)?.properties ?? node.properties;
  if (inside === undefined) return entry(name, name, node, '');
  const list = node.items !== undefined;
  const path = list ? `${name}[].` : `${name}.`;
  const isSet = [...SET.keys()].some(key => key.startsWith(path));
  const entries = Object.entries(inside).map(([key, child]) =>
    entry(`${path}${key}`, key, child, list ? '    ' : '  '),
  );
  const body = entries.join('\n');
  // The dash of a list's first entry stands before its first key.
  const lines = list ? body.replace(/^ {4}(# )?(?=[\w-]+: )/m, '  $1- ') : body;
  return `${comment(node.description, '')}${isSet ? '' : '# '}${name}:\n${lines}`;
}

/** One key with its meaning above it. */
function entry(path: string, name: string, node: SchemaNode, indent: string): string {
  const meaning = [
    node.description,
    node.unit && `Unit: ${node.unit}.`,
    node.defaultText && `Default: ${node.defaultText}.`,
  ];
  const inside = node.properties && withDefaults(node.properties);
  const value =
    SET.get(path) ?? inside ?? (isEmptyMapping(node.default) ? node.example : (node.default ?? node.example));
  const words = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  const line = `${indent}${SET.has(path) ? '' : '# '}${name}: ${words}`;
  return `${comment(meaning.filter(Boolean).join(' '), indent)}${line}\n`;
}

/** As a default, it says less than an example. */
const isEmptyMapping = (value: unknown) => JSON.stringify(value) === '{}';

function withDefaults(properties: Record<string, SchemaNode>): unknown {
  return Object.fromEntries(Object.entries(properties).map(([name, node]) => [name, node.default ?? node.example]));
}

/** Comment lines, none past the width. */
function comment(text: string | undefined, indent: string): string {
  if (!text) return '';
  const lines = [`${indent}#`];
  for (const word of text.split(/\s+/)) {
    if (`${lines.at(-1)} ${word}`.length > WIDTH) lines.push(`${indent}#`);
    lines.push(`${lines.pop()} ${word}`);
  }
  return `${lines.join('\n')}\n`;
}
