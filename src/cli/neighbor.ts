// `tsbgp neighbor`: the sessions, and what can be done to them.

import type { OperationsThat } from '../api/operations.js';
import type { NeighborStatus } from '../bgp/views.js';
import { clientOf, type Invocation } from './invocation.js';
import { formatNeighbor } from './neighbor-view.js';
import { parseNeighborWords } from './neighbor-words.js';
import { formatDuration, formatTable, print, printJson } from './output.js';

/** gobgp's columns. */
const COLUMNS = [
  { title: 'Peer' },
  { title: 'AS', right: true },
  { title: 'Up/Down', right: true },
  { title: 'State', width: 11 },
  { title: '|#Received', width: 10 },
  { title: 'Accepted', right: true, width: 9 },
];

/** `neighbor`. */
export async function list(invocation: Invocation): Promise<void> {
  const neighbors = await clientOf(invocation).call('listNeighbors');
  if (invocation.options.json) return printJson(neighbors);
  if (neighbors.length === 0) {
    await print('No neighbors.\n');
    return;
  }
  const rows = neighbors.map(it => [
    `${it.range === undefined ? '' : '*'}${it.address}`,
    it.as === 0 ? 'external' : String(it.as),
    it.session.established === 0 ? 'never' : formatDuration(Date.now() - it.since),
    stateText(it),
    `|${String(it.received).padStart(9)}`,
    String(it.accepted),
  ]);
  const dynamic = neighbors.some(({ range }) => range !== undefined)
    ? ['* came by itself, from a prefix of the configuration']
    : [];
  const notes = [...dynamic, ...neighbors.flatMap(notesOn)].map(note => `${note}\n`);
  await print(formatTable(COLUMNS, rows) + (notes.length > 0 ? `\n${notes.join('')}` : ''));
}

function stateText({ state, shutdown }: NeighborStatus): string {
  if (shutdown) return 'Idle(Admin)';
  return state === 'Established' ? 'Establ' : state;
}

/** What the table cannot say of a neighbor. */
function notesOn(neighbor: NeighborStatus): string[] {
  const { address, type, import: imports, export: exports, maintenance, restartingUntil, families } = neighbor;
  const rejecting = [imports === 'reject' ? 'import' : '', exports === 'reject' ? 'export' : ''].filter(
    it => it !== '',
  );
  const notes: string[] = [];
  if (type === 'external' && rejecting.length > 0) {
    const remedy = rejecting.map(it => `${it}: accept`).join(', ');
    notes.push(
      `${address}: ${rejecting.join(' and ')} rejected, as for any external neighbor without a policy (RFC 8212); to change it: ${remedy}`,
    );
  }
  if (maintenance) notes.push(`${address}: maintenance; routes from it and to it are the last choice (RFC 8326)`);
  if (restartingUntil !== undefined) {
    const left = formatDuration(restartingUntil - Date.now());
    notes.push(`${address}: restarting; its routes are kept for ${left} more (RFC 4724)`);
  }
  for (const { family, longLivedUntil } of families) {
    if (longLivedUntil === undefined) continue;
    const left = formatDuration(longLivedUntil - Date.now());
    notes.push(`${address}: its stale routes of ${family} are the last choice and kept for ${left} more (RFC 9494)`);
  }
  return notes;
}

const addressOf = ({ args }: Invocation) => ({ path: { address: args.NEIGHBOR ?? '' } });

/** `neighbor NEIGHBOR`. */
export async function show(invocation: Invocation): Promise<void> {
  const neighbor = await clientOf(invocation).call('getNeighbor', addressOf(invocation));
  if (invocation.options.json) return printJson(neighbor);
  await print(formatNeighbor(neighbor, Date.now()));
}

type Answer = { neighbor: string };

async function finish({ options }: Invocation, answer: Promise<Answer>): Promise<void> {
  const done = await answer;
  if (options.json) await printJson(done);
}

const withMessage =
  (name: OperationsThat<'object'> & ('resetNeighbor' | 'disableNeighbor')) => (invocation: Invocation) => {
    const message = invocation.rest.length > 0 ? invocation.rest.join(' ') : undefined;
    return finish(invocation, clientOf(invocation).call(name, { ...addressOf(invocation), body: { message } }));
  };

/** `neighbor NEIGHBOR reset [MESSAGE...]`. */
export const reset = withMessage('resetNeighbor');
/** `neighbor NEIGHBOR disable [MESSAGE...]`. */
export const disable = withMessage('disableNeighbor');

/** `neighbor NEIGHBOR enable`. */
export function enable(invocation: Invocation): Promise<void> {
  return finish(invocation, clientOf(invocation).call('enableNeighbor', addressOf(invocation)));
}

/** `neighbor NEIGHBOR maintenance on|off`. */
export function maintain(invocation: Invocation): Promise<void> {
  const input = { ...addressOf(invocation), body: { on: invocation.choice === 'on' } };
  return finish(invocation, clientOf(invocation).call('maintainNeighbor', input));
}

/** `neighbor all maintenance on|off`. */
export async function maintainAll(invocation: Invocation): Promise<void> {
  const done = await clientOf(invocation).call('maintain', { body: { on: invocation.choice === 'on' } });
  if (invocation.options.json) await printJson(done);
}

const DIRECTIONS: Record<string, 'in' | 'out'> = { in: 'in', softresetin: 'in', out: 'out', softresetout: 'out' };

/** `neighbor NEIGHBOR softreset [in|out]`. */
export function softReset(invocation: Invocation): Promise<void> {
  const direction = DIRECTIONS[invocation.choice ?? ''] ?? 'both';
  const input = { ...addressOf(invocation), body: { direction } };
  return finish(invocation, clientOf(invocation).call('softResetNeighbor', input));
}

/** `neighbor NEIGHBOR add as AS [OPTION...]` and `neighbor NEIGHBOR add group NAME [OPTION...]`. */
export function add(invocation: Invocation): Promise<void> {
  const { args, rest } = invocation;
  const words = args.NAME === undefined ? rest : ['group', args.NAME, ...rest];
  const body = parseNeighborWords(args.NEIGHBOR ?? '', args.AS, words);
  return finish(invocation, clientOf(invocation).call('addNeighbor', { body }));
}

/** `neighbor NEIGHBOR del`. */
export function remove(invocation: Invocation): Promise<void> {
  return finish(invocation, clientOf(invocation).call('deleteNeighbor', addressOf(invocation)));
}
