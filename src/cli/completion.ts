// Completion for bash and zsh: small scripts that ask `tsbgp __complete WORDS…` at each TAB.
//
// What may come next is what the command table's patterns expect there; neighbors and prefixes are asked of the
// daemon, which gets a third of a second to answer.

import { createClient } from '../api/client.js';
import { AGGREGATE_WORDS } from './aggregate-words.js';
import { ALIASES, COMMANDS, type Command, OPTIONS, type Option, type OptionName, withoutAliases } from './commands.js';
import { BASH_SCRIPT, ZSH_SCRIPT } from './completion-scripts.js';
import { type ArgumentName, advance, begin, nextArguments, nextWords, type State } from './grammar.js';
import { type Invocation, socketPath } from './invocation.js';
import { NEIGHBOR_WORDS } from './neighbor-words.js';
import { print } from './output.js';
import { ROUTE_WORDS } from './route-words.js';

const PATIENCE_MS = 300;
/** Prefixes offered at most. */
const MANY = 200;
/** Stands for the files of the directory; the shell knows those itself. */
const FILES: Candidate = [':files', ''];

type Candidate = readonly [word: string, describe: string];

const ALL: readonly Option[] = OPTIONS;

/** Values of options that have a few. */
const OPTION_VALUES: Partial<Record<OptionName, readonly Candidate[]>> = {
  family: [
    ['ipv4', ''],
    ['ipv6', ''],
  ],
  'log-level': ['debug', 'info', 'warn', 'error'].map(level => [level, '']),
  config: [FILES],
  socket: [FILES],
};

/** Prints what may stand in place of the last word, a candidate and its description a line. */
export async function complete(line: readonly string[]): Promise<void> {
  const current = line.at(-1) ?? '';
  const candidates = await candidatesFor(line.slice(0, -1), current);
  const fitting = candidates.filter(it => it === FILES || it[0].startsWith(current));
  await print(fitting.map(([word, describe]) => `${word}\t${describe}\n`).join(''));
}

async function candidatesFor(before: readonly string[], current: string): Promise<readonly Candidate[]> {
  const { words, socket, waiting } = separate(before);
  if (waiting) return OPTION_VALUES[waiting] ?? [];
  const states = withoutAliases(words).reduce((fitting, word) => advance(fitting, word), begin(COMMANDS));
  if (current.startsWith('-')) return optionsOf(states);
  const literal = nextWords(shown(states, words)).map(word => [word, describe(states, word)] as const);
  const lists = await Promise.all(nextArguments(states).map(name => OFFERS[name]?.(states, socket) ?? []));
  return [...literal, ...aliasesAfter(words), ...lists.flat()];
}

/** The words of an unfinished line without its options; `waiting`: the last one is an option without its value. */
function separate(line: readonly string[]): { words: string[]; socket: string; waiting?: OptionName } {
  const words: string[] = [];
  let socket: string | undefined;
  let waiting: OptionName | undefined;
  for (const word of line) {
    if (waiting) {
      if (waiting === 'socket') socket = word;
      waiting = undefined;
    } else if (!/^-./.test(word)) {
      words.push(word);
    } else {
      const [name, value] = word.replace(/^--?/, '').split('=');
      const option = OPTIONS.find(it => it.name === name || it.aliases.some(alias => alias === name));
      if (option?.type === 'boolean') continue;
      if (value === undefined) waiting = option?.name;
      else if (option?.name === 'socket') socket = value;
    }
  }
  return { words, socket: socketPath({ socket }), waiting };
}

/** Aliases are not offered for the first word. */
const shown = (states: State<Command>[], words: readonly string[]) =>
  words.length === 0 ? states.filter(it => !it.command.aliasOf) : states;

function describe(states: readonly State<Command>[], word: string): string {
  const fitting = states.find(({ parts, at }) => parts[at] && 'words' in parts[at] && parts[at].words.includes(word));
  return fitting?.command.summary ?? '';
}

function optionsOf(states: readonly State<Command>[]): Candidate[] {
  return ALL.filter(
    ({ name, global }) => global || states.some(it => it.command.options?.some(own => own === name)),
  ).map(({ name, describe: text }) => [`--${name}`, text]);
}

/** The next word of an alias that was begun, as `rib` after `global`. */
function aliasesAfter(words: readonly string[]): Candidate[] {
  if (words.length === 0) return [];
  return ALIASES.flatMap(([from, to]): Candidate[] => {
    const beginning = from.split(' ');
    const next = beginning[words.length];
    return next !== undefined && words.every((word, i) => word === beginning[i]) ? [[next, to]] : [];
  });
}

type Offer = (
  states: readonly State<Command>[],
  socket: string,
) => readonly Candidate[] | Promise<readonly Candidate[]>;

const restOf = (states: readonly State<Command>[]) => states[0].matched.rest;

/** What may stand for an argument; the others are for people to think of. */
const OFFERS: Partial<Record<ArgumentName, Offer>> = {
  FILE: () => [FILES],
  NEIGHBOR: (_, socket) => quickly(() => neighbors(socket)),
  PREFIX: (states, socket) => {
    const { usage } = states[0].command;
    if (usage === 'aggregate [PREFIX]' || usage.startsWith('aggregate del')) return quickly(() => aggregates(socket));
    return quickly(() => prefixes(socket, usage.startsWith('rib del')));
  },
  ATTRIBUTE: states =>
    restOf(states).length % 2 === 0 ? wordsOf(ROUTE_WORDS) : valuesOf(ROUTE_WORDS, restOf(states).at(-1)),
  SETTING: states => {
    const values = valuesOf(AGGREGATE_WORDS, restOf(states).at(-1));
    return values.length > 0 ? values : wordsOf(AGGREGATE_WORDS);
  },
  OPTION: states => {
    const values = valuesOf(NEIGHBOR_WORDS, restOf(states).at(-1));
    const optional = values.some(([value]) => value === 'true');
    return values.length === 0 || optional ? [...values, ...wordsOf(NEIGHBOR_WORDS)] : values;
  },
};

type Rows = readonly { word: string; describe: string; values?: readonly string[] }[];

const wordsOf = (rows: Rows): Candidate[] => rows.map(row => [row.word, row.describe]);
const valuesOf = (rows: Rows, word: string | undefined): Candidate[] =>
  (rows.find(row => row.word === word)?.values ?? []).map(value => [value, '']);

/** Without a daemon there is nothing to offer. */
async function quickly(ask: () => Promise<Candidate[]>): Promise<Candidate[]> {
  try {
    return await ask();
  } catch {
    return [];
  }
}

async function neighbors(socket: string): Promise<Candidate[]> {
  const list = await createClient({ socket, timeoutMs: PATIENCE_MS }).call('listNeighbors');
  return list.map(({ address, as, state, description }) => [address, `AS ${as} ${state} ${description}`.trim()]);
}

async function aggregates(socket: string): Promise<Candidate[]> {
  const list = await createClient({ socket, timeoutMs: PATIENCE_MS }).call('listAggregates');
  return list.map(({ prefix, contributors }) => [prefix, `${contributors} routes`]);
}

async function prefixes(socket: string, onlyOwn: boolean): Promise<Candidate[]> {
  const routes = createClient({ socket, timeoutMs: PATIENCE_MS }).stream('listRoutes', { query: { limit: MANY } });
  const found: Candidate[] = [];
  for await (const { prefix, paths } of routes) {
    if (!onlyOwn || paths.some(path => path.source === 'local')) found.push([prefix, `via ${paths[0].nextHop}`]);
  }
  return found;
}

/** `completion bash|zsh`. */
export async function script({ choice }: Invocation): Promise<void> {
  await print(choice === 'zsh' ? ZSH_SCRIPT : BASH_SCRIPT);
}
