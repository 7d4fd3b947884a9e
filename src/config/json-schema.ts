// The schema as JSON Schema: for editors (completion, hover texts, red underlines), and as the plain tree that error
// messages and the reference page read keys from.

import { z } from 'zod';
import { configSchema } from './schema.js';

/** A node of the JSON Schema, with the metadata of keys.ts beside the standard words. */
export interface SchemaNode {
  type?: string | string[];
  description?: string;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  /** What any other key of the mapping holds, or false: there are none. */
  additionalProperties?: SchemaNode | boolean;
  anyOf?: SchemaNode[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  kind?: string;
  unit?: string;
  rfc?: string;
  example?: unknown;
  defaultText?: string;
  [word: string]: unknown;
}

let tree: SchemaNode | undefined;

/** The input side of the schema as a plain tree, not to be changed. Built by the first call: a few milliseconds. */
export function schemaTree(): SchemaNode {
  tree ??= z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as SchemaNode;
  return tree;
}

/** The mapping among the forms a value may take: the node itself, or a branch of its anyOf. */
export function mappingOf(node: SchemaNode | undefined): SchemaNode | undefined {
  return node?.properties ? node : node?.anyOf?.find(branch => branch.properties);
}

/** What the names of a mapping hold, where people choose them. */
export function namedOf(node: SchemaNode | undefined): SchemaNode | undefined {
  return typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

/** The node of a path of the file; undefined where the schema knows nothing. */
export function nodeAt(tree: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = tree;
  for (const part of path) {
    node = typeof part === 'number' ? node?.items : (mappingOf(node)?.properties?.[String(part)] ?? namedOf(node));
  }
  return node;
}

/** The metadata said with JSON Schema's own words: unit, default and RFC join the description. */
function forEditor(node: SchemaNode): SchemaNode {
  const { kind: _kind, unit, rfc, example, defaultText, ...standard } = node;
  const sentences = [
    standard.description,
    unit && `Unit: ${unit}.`,
    defaultText && `Default: ${defaultText}.`,
    rfc && `RFC ${rfc}.`,
  ];
  const description = sentences.filter(Boolean).join(' ');
  if (description) standard.description = description;
  if (example !== undefined) standard.examples = [example];
  if (standard.properties) {
    const entries = Object.entries(standard.properties).map(([name, child]) => [name, forEditor(child)]);
    standard.properties = Object.fromEntries(entries);
  }
  const named = namedOf(standard);
  if (named) standard.additionalProperties = forEditor(named);
  if (standard.items) standard.items = forEditor(standard.items);
  if (standard.anyOf) standard.anyOf = standard.anyOf.map(forEditor);
  return standard;
}

/** JSON Schema (draft 2020-12) of tsbgp.yml, ready to be written as a file. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'tsbgp configuration', ...forEditor(schemaTree()) };
}
