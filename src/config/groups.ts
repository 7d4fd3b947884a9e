// Groups of neighbors: keys that several neighbors share, written once.
//
// A neighbor that names a group has its keys, and its own ones in front of them: `inherit` joins the two before the schema
// sees them, so that every rule and default holds for what comes out. A key counts as a whole, a mapping too. `placeOf`
// leads back from a key of the joined neighbor to where it was written.

import { z } from 'zod';
import { closest } from './closest.js';
import { key } from './keys.js';
import { neighborFields } from './neighbor.js';
import { name } from './policy.js';
import type { Path } from './problems.js';

type Mapping = Record<string, unknown>;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same key, with nothing in its place where it is not given. */
function asGiven(schema: z.ZodType): z.ZodType {
  const inner = schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  return (inner as z.ZodType).optional().meta({ ...schema.meta() });
}

/** What only a neighbor has. */
const OWN_KEYS: readonly string[] = ['address', 'interface', 'group'];

const groupFields = Object.fromEntries(
  Object.entries(neighborFields)
    .filter(([name]) => !OWN_KEYS.includes(name))
    .map(([name, schema]) => [name, asGiven(schema)]),
);

/** The key of the top level. */
export const groupKeys = {
  groups: key(
    z.record(name(), z.strictObject(groupFields)).prefault({}),
    'Groups of neighbors by name, each with any keys of a neighbor but `address` and `interface`. A neighbor that names a group in `group` has ' +
      "the group's keys; what it says itself counts in their place.",
    {
      kind: 'mapping of names to mappings with the keys of a neighbor',
      example: { spines: { as: 65001, 'hold-time': 9, 'next-hop-self': true } },
    },
  ),
};

/** The group that a neighbor names, where both are mappings. */
function groupOf(file: unknown, neighbor: unknown): Mapping | undefined {
  if (!isMapping(file) || !isMapping(neighbor) || !isMapping(file.groups) || typeof neighbor.group !== 'string') return;
  const group = Object.hasOwn(file.groups, neighbor.group) ? file.groups[neighbor.group] : undefined;
  return isMapping(group) ? group : undefined;
}

/**
 * The file's values, every neighbor with the keys of its group; `as: internal` is the own AS. Values of any shape; the schema
 * tells what is wrong.
 */
export function inherit(file: unknown): unknown {
  if (!isMapping(file) || !Array.isArray(file.neighbors)) return file;
  const neighbors = file.neighbors.map((neighbor: unknown) => {
    const group = groupOf(file, neighbor);
    const joined: unknown = group === undefined ? neighbor : { ...group, ...(neighbor as Mapping) };
    return isMapping(joined) && joined.as === 'internal' ? { ...joined, as: file.as } : joined;
  });
  return { ...file, neighbors };
}

/**
 * Where the value at a path of the joined file stands in the file as it was given to `inherit`; `member` is the address of
 * the neighbor where that is a group's.
 */
export function placeOf(file: unknown, path: Path): { path: Path; member?: string } {
  const [list, index, name] = path;
  if (list !== 'neighbors' || typeof name !== 'string' || !isMapping(file)) return { path };
  const neighbor: unknown = (file.neighbors as unknown[])[index as number];
  const group = groupOf(file, neighbor);
  if (group === undefined || !Object.hasOwn(group, name) || Object.hasOwn(neighbor as Mapping, name)) return { path };
  const { group: groupName, interface: link, address = link } = neighbor as Mapping;
  return { path: ['groups', String(groupName), ...path.slice(2)], member: String(address) };
}

/** Tells of neighbors whose group there is not. */
export function reportGroups(
  file: { groups?: unknown; neighbors?: unknown },
  report: (path: Path, message: string, suggestion: string, input: unknown) => void,
): void {
  if (!Array.isArray(file.neighbors)) return;
  const names = isMapping(file.groups) ? Object.keys(file.groups) : [];
  file.neighbors.forEach((neighbor: unknown, i) => {
    if (!isMapping(neighbor) || typeof neighbor.group !== 'string' || names.includes(neighbor.group)) return;
    const near = closest(neighbor.group, names);
    const known = names.length > 0 ? `the groups are ${names.join(', ')}` : 'there are no groups: define it in groups';
    const words = near === undefined ? known : `did you mean ${near}?`;
    report(['neighbors', i, 'group'], `there is no group "${neighbor.group}"`, words, neighbor.group);
  });
}
