// The reference page docs/config.md, written from the schema: every key with type, default, unit, RFC and an example.

import { stringify } from 'yaml';
import { GLOBAL_KEYS, MAPPED_IN_WORDS, NEIGHBOR_KEYS, NO_COUNTERPART, REFUSED } from './gobgpd-keys.js';
import { mappingOf, namedOf, type SchemaNode, schemaTree } from './json-schema.js';
import { NOT_SUPPORTED_YET } from './schema.js';

const INTRODUCTION = `# Configuration

tsbgp reads one YAML file, \`/etc/tsbgp/tsbgp.yml\` unless \`--config\` names another. This is enough for a start:

\`\`\`yaml
as: 65001
router-id: 172.18.8.101
neighbors:
  - address: 172.18.8.102
    as: 65001
\`\`\`

- \`tsbgp config check FILE\` tells all that is wrong with a file: line, column, key, and what to write instead.
- \`tsbgp config show\` prints the effective configuration with every default.
- \`systemctl reload tsbgp\` applies a changed file. Only sessions whose neighbor changed are touched; a change that needs a
  restart is named in the log.

Unknown keys are errors. Keys that are known but not built yet are refused, never ignored.

This page is generated from the schema in \`src/config\`.
`;

const SECTIONS: Record<string, string> = {
  '': 'The speaker',
  neighbors: 'Neighbors',
  groups: 'Groups of neighbors',
  policies: 'Policies and the sets they name',
  aggregates: 'Aggregates',
  fib: 'Kernel routes',
  api: 'Control socket',
  log: 'Log',
};

/** Keys of the top level that share a section. */
const SECTION_OF: Record<string, string> = {
  'prefix-sets': 'policies',
  'neighbor-sets': 'policies',
  'as-path-sets': 'policies',
  'community-sets': 'policies',
};

/** Markdown of the whole page. */
export function configReference(): string {
  const { properties = {}, required } = schemaTree();
  const sectionOf = (name: string) => SECTION_OF[name] ?? (Object.hasOwn(SECTIONS, name) ? name : '');
  const sections = Object.keys(SECTIONS).map(section => {
    const own = Object.entries(properties).filter(([name]) => sectionOf(name) === section);
    const alone = own.length === 1 ? own[0][1] : undefined;
    const node = alone ?? { properties: Object.fromEntries(own), required };
    const inside = alone === undefined ? '' : alone.items ? `${section}[]` : section;
    const lead = alone?.description ? [alone.description] : [];
    return [`## ${SECTIONS[section]}`, ...lead, ...entries(mappingOf(node.items ?? node), inside)].join('\n\n');
  });
  return `${[INTRODUCTION.trimEnd(), ...sections, notSupportedYet(), gobgpd()].join('\n\n')}\n`;
}

/** An entry for each key of a mapping, and for those of the mappings inside it. */
function entries(mapping: SchemaNode | undefined, level: string): string[] {
  return Object.entries(mapping?.properties ?? {}).flatMap(([name, node]) => {
    const path = level ? `${level}.${name}` : name;
    const facts = [
      ['Type', typeWords(node)],
      ['Unit', node.unit],
      ['Default', defaultWords(node, mapping?.required?.includes(name) ?? false)],
      ['RFC', node.rfc],
      ['Example', node.example === undefined ? undefined : code(`${name}: ${flow(node.example)}`)],
    ].flatMap(([title, words]) => (words ? [`- ${title}: ${words}`] : []));
    const entry = `### \`${path}\`\n\n${node.description}\n\n${facts.join('\n')}`;
    const named = namedOf(node)?.items;
    const inside = node.kind ? undefined : mappingOf(node);
    return [entry, ...entries(inside, path), ...entries(mappingOf(named), `${path}.NAME[]`)];
  });
}

function typeWords(node: SchemaNode): string {
  if (node.kind) return node.kind;
  if (node.enum) return either(node.enum.map(word => code(String(word))));
  if (node.const !== undefined) return code(String(node.const));
  if (node.anyOf) return either(node.anyOf.map(typeWords));
  if (node.type === 'array') return `list of ${node.items ? typeWords(node.items) : 'values'}`;
  if (node.type === 'integer') return `whole number from ${node.minimum} to ${node.maximum}`;
  return { boolean: '`true` or `false`', object: 'mapping', string: 'text' }[String(node.type)] ?? 'any';
}

function defaultWords(node: SchemaNode, required: boolean): string | undefined {
  if (required) return 'none, the key is needed';
  if (node.defaultText) return node.defaultText;
  return node.properties ? 'the defaults below' : code(flow(node.default));
}

function notSupportedYet(): string {
  const keys = Object.entries(NOT_SUPPORTED_YET).flatMap(([level, names]) =>
    names.map(name => code(level ? `${level}.${name}` : name)),
  );
  return `## Not supported yet\n\n${keys.join(', ')}.`;
}

function gobgpd(): string {
  const mapped = [
    ...GLOBAL_KEYS.map(([from, to]) => [from, code(to)]),
    ...NEIGHBOR_KEYS.map(([from, to]) => [`neighbors[].${from}`, code(`neighbors[].${to}`)]),
    ...MAPPED_IN_WORDS,
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '## Configuration of gobgpd',
    'A `gobgpd.yml` or `gobgpd.toml` (anything with `global`) can be used as it is: `tsbgp daemon --config gobgpd.yml`. ' +
      'What is mapped to what:',
    ['| gobgpd | tsbgp |', '|---|---|', ...mapped.map(([from, to]) => `| ${code(from)} | ${to} |`)].join('\n'),
    'Refused, unless off or empty, because leaving them out would change what the speaker does:',
    [...REFUSED.keys()].map(name => `- ${code(name)}`).join('\n'),
    'Every other key is ignored with a warning. Some are not needed:',
    [...NO_COUNTERPART].map(([name, reason]) => `- ${code(name)}: ${reason}`).join('\n'),
  ].join('\n\n');
}

const code = (text: string) => `\`${text}\``;
const flow = (value: unknown) => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
const either = (words: string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
