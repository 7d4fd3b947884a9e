// `tsbgp rib`: show the tables, announce and withdraw routes.

import type { RouteSpec } from '../api/control.js';
import { ApiError } from '../api/error.js';
import { linesOf } from '../api/lines.js';
import type { PathView, RouteView } from '../bgp/views.js';
import { CommandError } from './exit.js';
import { clientOf, demandFamily, familyOf, type Invocation } from './invocation.js';
import { formatDuration, formatTable, print, printJson, printJsonList, printTable } from './output.js';
import { parseRoute, wordsOf } from './route-words.js';

/** Lines of `rib add -` that go to the daemon together. */
const BATCH = 200;

/** `rib`, `rib ADDRESS`, `rib PREFIX`. */
export const show = (invocation: Invocation) => showTable(invocation, {});
/** `rib in NEIGHBOR`. */
export const showIn = (invocation: Invocation) =>
  showTable(invocation, { neighbor: invocation.args.NEIGHBOR, direction: 'in' });
/** `rib out NEIGHBOR`. */
export const showOut = (invocation: Invocation) =>
  showTable(invocation, { neighbor: invocation.args.NEIGHBOR, direction: 'out' });

async function showTable(
  invocation: Invocation,
  table: { neighbor?: string; direction?: 'in' | 'out' },
): Promise<void> {
  const { args, options } = invocation;
  const asked = args.PREFIX ?? args.ADDRESS;
  if (asked !== undefined) demandFamily(invocation, [asked]);
  const destination = options.longer ? { longer: args.PREFIX } : { prefix: args.PREFIX };
  const routes = clientOf(invocation).stream('listRoutes', {
    query: { ...table, ...destination, address: args.ADDRESS, family: familyOf(invocation), limit: options.limit },
  });
  if (options.json) return printJsonList(routes);
  const explained: RouteView[] = [];
  const explain = options.explain || (asked !== undefined && !options.longer);
  const count = await printTable(COLUMNS, rowsOf(routes, explain ? explained : undefined));
  if (count === 0) await print('No routes.\n');
  for (const route of explained) await print(reasons(route));
}

/** gobgp's columns. */
const COLUMNS = [
  { title: '', width: 2 },
  { title: 'Network', width: 20 },
  { title: 'Next Hop', width: 20 },
  { title: 'AS_PATH', width: 20 },
  { title: 'Age', width: 10 },
  { title: 'Attrs' },
];

async function* rowsOf(routes: AsyncIterable<RouteView>, seen: RouteView[] | undefined) {
  const now = Date.now();
  for await (const route of routes) {
    seen?.push(route);
    for (const path of route.paths) {
      yield [
        marks(path),
        route.prefix,
        path.nextHop,
        path.asPath,
        formatDuration(now - path.receivedAt),
        attributes(path),
      ];
    }
  }
}

/** S: kept while its neighbor restarts, *: may be used, >: the best path, =: shares the traffic with it. */
function marks({ stale, eligible, best, multipath }: PathView): string {
  return `${stale ? 'S' : ''}${eligible ? '*' : ' '}${best ? '>' : multipath ? '=' : ''}`;
}

const ORIGINS = { igp: 'i', egp: 'e', incomplete: '?' };

/** Attributes as gobgp prints them: [{Origin: ?} {Communities: blackhole}]. */
export function attributes(path: PathView): string {
  const list = (name: string, values: readonly string[] | undefined, open = '', close = '') =>
    values && values.length > 0 ? [`{${name}: ${open}${values.join(', ')}${close}}`] : [];
  const value = (name: string, it: string | number | undefined) => (it === undefined ? [] : [`{${name}: ${it}}`]);
  const all = [
    `{Origin: ${ORIGINS[path.origin]}}`,
    ...value('Med', path.med),
    ...value('LocalPref', path.localPref),
    ...(path.atomicAggregate ? ['{AtomicAggregate}'] : []),
    ...value('Aggregate', path.aggregator),
    ...list('Communities', path.communities),
    ...value('Originator', path.originatorId),
    ...list('ClusterList', path.clusterList, '[', ']'),
    ...list('Extcomms', path.extendedCommunities, '[', ']'),
    ...list('LargeCommunity', path.largeCommunities, '[', ']'),
    ...value('OnlyToCustomer', path.onlyToCustomer),
    ...(path.unknown ?? []).map(({ code, value: octets }) => `{Unknown ${code}: ${octets}}`),
    ...value('PathId', path.pathId),
  ];
  return `[${all.join(' ')}]`;
}

/** One line for each path that is not the best: where it came from and why. */
function reasons({ paths }: RouteView): string {
  return paths
    .filter(({ reason }) => reason !== undefined)
    .map(({ source, nextHop, eligible, reason }) => {
      const from = source === 'local' ? 'added here' : `from ${source}`;
      return `   ${from}, next hop ${nextHop}: ${eligible ? 'not best' : 'not usable'}: ${reason}\n`;
    })
    .join('');
}

/** `rib summary`. */
export async function summary(invocation: Invocation): Promise<void> {
  const answer = await clientOf(invocation).call('summary');
  if (invocation.options.json) return printJson(answer);
  const families = formatTable(
    [
      { title: 'Family' },
      ...['Prefixes', 'Paths', 'Best', 'Local', 'Redistributed'].map(title => ({ title, right: true, width: 9 })),
    ],
    answer.families.map(it => [it.family, ...[it.prefixes, it.paths, it.best, it.local, it.redistributed].map(String)]),
  );
  const nextHops = formatTable(
    [
      { title: 'Next Hop', width: 20 },
      { title: 'Reachable' },
      { title: 'Cost', right: true, width: 6 },
      { title: 'Paths', right: true, width: 9 },
    ],
    answer.nextHops.map(it => [
      it.address,
      it.reachable ? 'yes' : 'no',
      it.reachable ? String(it.cost) : '-',
      String(it.paths),
    ]),
  );
  const groups = formatTable(
    [
      { title: 'Update Group', right: true },
      { title: 'Pending', right: true },
      { title: 'Families' },
      { title: 'Members' },
    ],
    answer.updateGroups.map(it => [String(it.id), String(it.pending), it.families.join(','), it.members.join(', ')]),
  );
  const aggregates = formatTable(
    [{ title: 'Aggregate', width: 20 }, { title: 'Contributors', right: true }, { title: 'State' }],
    answer.aggregates.map(it => [
      it.prefix,
      String(it.contributors),
      `${it.contributors > 0 ? 'announced' : 'not announced'}${it.summaryOnly ? ', in place of what it covers' : ''}`,
    ]),
  );
  await print(`${families}\nAttribute sets: ${answer.attributeSets}\n`);
  if (answer.aggregates.length > 0) await print(`\n${aggregates}`);
  if (answer.nextHops.length > 0) await print(`\n${nextHops}`);
  if (answer.updateGroups.length > 0) await print(`\n${groups}`);
}

/** `rib add PREFIX [ATTRIBUTE...]`. */
export async function add(invocation: Invocation): Promise<void> {
  const { args, rest, options } = invocation;
  const route = parseRoute(args.PREFIX ?? '', rest);
  demandFamily(invocation, [route.prefix]);
  const answer = await clientOf(invocation).call('addRoutes', { body: { routes: [route], replace: options.replace } });
  if (options.json) await printJson(answer);
}

/** `rib add -`: a batch of lines is added as a whole or not at all; errors name the line. */
export async function addLines(invocation: Invocation): Promise<void> {
  const client = clientOf(invocation);
  const replace = invocation.options.replace;
  let added = 0;
  let batch: { line: number; route: RouteSpec }[] = [];
  const soFar = () => (added > 0 ? `; ${added} routes of the lines before were added` : '');
  const send = async () => {
    try {
      const { added: more } = await client.call('addRoutes', { body: { routes: batch.map(it => it.route), replace } });
      added += more;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { index } = error.body;
      const last = batch[batch.length - 1].line;
      const where = index === undefined ? `lines ${batch[0].line} to ${last}` : `line ${batch[index].line}`;
      throw new ApiError(error.code, `${where}: ${error.message}${soFar()}`, { hint: error.hint });
    }
    batch = [];
  };
  let line = 0;
  for await (const text of linesOf(process.stdin.setEncoding('utf8'))) {
    line++;
    const route = parseLine(invocation, text, line, soFar);
    if (route) batch.push({ line, route });
    if (batch.length === BATCH) await send();
  }
  if (batch.length > 0) await send();
  if (invocation.options.json) return printJson({ added });
  await print(`${added} ${added === 1 ? 'route' : 'routes'} added\n`);
}

/** The route of a line; empty lines and comments have none. */
function parseLine(invocation: Invocation, text: string, line: number, soFar: () => string): RouteSpec | undefined {
  const [prefix, ...words] = wordsOf(text);
  if (prefix === undefined || prefix.startsWith('#')) return undefined;
  try {
    demandFamily(invocation, [prefix]);
    return parseRoute(prefix, words);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.exit, `line ${line}: ${error.message}${soFar()}`, error.hint);
  }
}

/** `rib del PREFIX...`. */
export async function deletePrefixes(invocation: Invocation): Promise<void> {
  const prefixes = invocation.rest;
  demandFamily(invocation, prefixes);
  const answer = await clientOf(invocation).call('deleteRoutes', { body: { prefixes } });
  if (invocation.options.json) return printJson(answer);
  if (prefixes.length > 1) await print(`${answer.deleted} routes withdrawn\n`);
}

/** `rib del all`. */
export async function deleteAll(invocation: Invocation): Promise<void> {
  const answer = await clientOf(invocation).call('deleteRoutes', { body: { all: true } });
  if (invocation.options.json) return printJson(answer);
  await print(`${answer.deleted} ${answer.deleted === 1 ? 'route' : 'routes'} withdrawn\n`);
}
