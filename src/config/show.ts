// The effective configuration as YAML: every key, defaults filled in. Loading the output gives the same configuration.

import { Document, isMap, isScalar, isSeq, type Node, visit } from 'yaml';
import { z } from 'zod';
import { groupKeys } from './groups.js';
import { policyKeys } from './policy.js';
import { type Config, configSchema, type NeighborConfig } from './schema.js';

/** A configuration in the file's shape, every key that has a value; without groups, sets and policies where there are none. */
export function viewConfig({ source: _source, ...config }: Config): Record<string, unknown> {
  const view: Record<string, unknown> = z.encode(configSchema, config);
  for (const name of Object.keys({ ...groupKeys, ...policyKeys }))
    if (Object.keys(view[name] as object).length === 0) delete view[name];
  return view;
}

/** YAML of a configuration, as `tsbgp config show` prints it. */
export function showConfig(config: Config): string {
  const { source } = config;
  const document = new Document(viewConfig(config));
  // Lists and mappings of plain values fit on a line.
  visit(document, {
    Collection(_key, node) {
      const plain = node.items.every(item => isScalar(item) || (isPlainPair(item) && node !== document.contents));
      const nested = isMap(node) && node.items.length > 2;
      if ((isSeq(node) || isMap(node)) && plain && !nested) node.flow = true;
    },
  });
  document.commentBefore = ` Effective configuration of ${source.replace(/\p{Cc}/gu, ' ')}`;
  config.neighbors.forEach((neighbor, i) => {
    const node = document.getIn(['neighbors', i]);
    const comment = defaultedPolicy(neighbor);
    if (isMap(node) && comment) node.comment = comment;
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function isPlainPair(item: unknown): boolean {
  const { value } = item as { value?: Node };
  return isScalar(value) || (isSeq(value) && value.items.every(isScalar));
}

/** Policies that depend on the AS numbers stay out of the YAML: naming them would make them explicit (RFC 8212). */
function defaultedPolicy(neighbor: NeighborConfig): string | undefined {
  const line = (key: string, policy: string | readonly string[]) =>
    ` ${key}: ${policy}   by default (${policy === 'reject' ? 'external, RFC 8212' : 'internal'})`;
  const lines = [
    neighbor.importDefaulted && line('import', neighbor.import),
    neighbor.exportDefaulted && line('export', neighbor.export),
  ].filter(Boolean);
  return lines.length > 0 ? lines.join('\n') : undefined;
}
