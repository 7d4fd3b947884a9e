// `tsbgp aggregate`: the aggregates and how they are doing; adding and deleting them.

import type { AggregateView } from '../bgp/views.js';
import { parseAggregate } from './aggregate-words.js';
import { CommandError, Exit } from './exit.js';
import { clientOf, type Invocation } from './invocation.js';
import { formatTable, print, printJson } from './output.js';
import { suggestion } from './suggest.js';

const COLUMNS = [
  { title: 'Aggregate', width: 18 },
  { title: 'Routes', right: true },
  { title: 'State', width: 9 },
  { title: 'Options' },
];

/** `aggregate [PREFIX]`. */
export async function list(invocation: Invocation): Promise<void> {
  const { PREFIX: prefix } = invocation.args;
  const all = await clientOf(invocation).call('listAggregates');
  const chosen = prefix === undefined ? all : all.filter(it => it.prefix === prefix);
  if (prefix !== undefined && chosen.length === 0) {
    const known = all.map(it => it.prefix);
    const hint = known.length > 0 ? suggestion(prefix, known) : undefined;
    throw new CommandError(Exit.refused, `there is no aggregate ${prefix}`, hint);
  }
  if (invocation.options.json) return printJson(chosen);
  if (chosen.length === 0) {
    await print('No aggregates.\n');
    return;
  }
  const rows = chosen.map(it => [
    `${it.added ? '*' : ''}${it.prefix}`,
    String(it.contributors),
    it.announced ? 'announced' : 'waits',
    optionsOf(it),
  ]);
  const note = chosen.some(({ added }) => added) ? '\n* added here, not in the configuration\n' : '';
  await print(formatTable(COLUMNS, rows) + note);
}

/** In the words that add it. */
function optionsOf({ summaryOnly, kernel, communities, largeCommunities }: AggregateView): string {
  const words = [`kernel ${kernel}`];
  if (summaryOnly) words.unshift('summary-only');
  if (communities.length > 0) words.push(`community ${communities.join(',')}`);
  if (largeCommunities.length > 0) words.push(`large-community ${largeCommunities.join(',')}`);
  return words.join(' ');
}

/** `aggregate add PREFIX [SETTING...]`. */
export async function add(invocation: Invocation): Promise<void> {
  const body = parseAggregate(invocation.args.PREFIX ?? '', invocation.rest);
  const answer = await clientOf(invocation).call('addAggregate', { body });
  if (invocation.options.json) await printJson(answer);
}

/** `aggregate del PREFIX...`. */
export async function remove(invocation: Invocation): Promise<void> {
  const answer = await clientOf(invocation).call('deleteAggregates', { body: { prefixes: invocation.rest } });
  if (invocation.options.json) await printJson(answer);
}
