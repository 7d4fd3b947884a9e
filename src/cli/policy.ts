// `tsbgp policy`: the policies with their hits, and what they do to a route.

import type { PolicyTestView, PolicyView, RouteAttributes } from '../bgp/views.js';
import { CommandError, Exit, usageError } from './exit.js';
import { clientOf, type Invocation } from './invocation.js';
import { formatTable, print, printJson } from './output.js';
import { parseRoute } from './route-words.js';
import { suggestion } from './suggest.js';

const COLUMNS = [
  { title: '#', right: true },
  { title: 'Match', width: 20 },
  { title: 'Set', width: 8 },
  { title: 'Then', width: 6 },
  { title: 'Hits', right: true },
];

/** `policy [NAME]`. */
export async function list(invocation: Invocation): Promise<void> {
  const { NAME: name } = invocation.args;
  const all = await clientOf(invocation).call('listPolicies');
  const chosen = name === undefined ? all : all.filter(policy => policy.name === name);
  if (name !== undefined && chosen.length === 0) {
    const known = all.map(policy => policy.name);
    throw new CommandError(
      Exit.refused,
      `there is no policy "${name}"`,
      known.length > 0 ? suggestion(name, known) : undefined,
    );
  }
  if (invocation.options.json) return printJson(chosen);
  await print(chosen.length === 0 ? 'No policies.\n' : chosen.map(formatPolicy).join('\n'));
}

function formatPolicy({ name, usedBy, statements }: PolicyView): string {
  const rows = statements.map(({ number, name: title, match, set, then, hits }) => [
    title === undefined ? String(number) : `${number} ${title}`,
    match || 'every route',
    set || '-',
    then,
    String(hits),
  ]);
  const users = usedBy.length > 0 ? usedBy.join(', ') : 'nobody';
  return `${name}, used by ${users}\n${formatTable(COLUMNS, rows)}`;
}

/** `policy test PREFIX [ATTRIBUTE...] --neighbor N --import|--export`. */
export async function test(invocation: Invocation): Promise<void> {
  const { args, rest, options } = invocation;
  const { neighbor, import: imports = false, export: exports = false } = options;
  const prefix = args.PREFIX ?? '';
  if (neighbor === undefined) throw usageError('policy test needs a neighbor', 'add --neighbor ADDRESS');
  if (imports === exports) throw usageError('policy test needs one direction', 'add --import or --export');
  const { prefix: _, ...route } = parseRoute(prefix, rest);
  const direction = imports ? 'import' : 'export';
  const body = { prefix, neighbor, direction, ...(rest.length > 0 && { route }) } as const;
  const result = await clientOf(invocation).call('testPolicy', { body });
  if (options.json) return printJson(result);
  await print(formatTest(result));
}

function formatTest(result: PolicyTestView): string {
  const { prefix, neighbor, direction, source, accepted, matched, before, after } = result;
  const last = matched.at(-1);
  const decided = last !== undefined && last.action !== 'next';
  const by = decided ? `statement ${last.statement} of ${last.policy}` : 'no statement decided: the end of the list';
  const lines = [
    `${prefix} from ${source}, ${direction} ${direction === 'import' ? 'from' : 'to'} ${neighbor}: ${accepted ? 'accepted' : 'rejected'} (${by})`,
  ];
  for (const { policy, statement, name, action } of matched) {
    lines.push(`  ${policy} ${statement}${name === undefined ? '' : ` (${name})`}: matched, ${action}`);
  }
  if (after !== undefined) lines.push(...changes(before, after));
  return `${lines.join('\n')}\n`;
}

const WORDS: readonly (readonly [key: keyof RouteAttributes, word: string])[] = [
  ['nextHop', 'next hop'],
  ['origin', 'origin'],
  ['asPath', 'AS path'],
  ['med', 'MED'],
  ['localPref', 'local preference'],
  ['communities', 'communities'],
  ['largeCommunities', 'large communities'],
  ['extendedCommunities', 'extended communities'],
];

function changes(before: RouteAttributes, after: RouteAttributes): string[] {
  const text = (value: unknown) => (Array.isArray(value) ? value.join(' ') : String(value ?? '')) || 'none';
  return WORDS.flatMap(([key, word]) => {
    const [old, now] = [text(before[key]), text(after[key])];
    return old === now ? [] : [`  ${word}: ${old} -> ${now}`];
  });
}
