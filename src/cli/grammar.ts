// Which command a line of words means, from the usage patterns of the command table.
//
// A pattern is what the help shows: lower-case words stand for themselves (a|b: one of them), UPPER CASE for an argument,
// [..] may be left out, ... takes all the rest. Dispatch, error messages and completion all walk the same states: the
// patterns that still fit after each word.

import { usageError } from './exit.js';
import { orList, suggestion } from './suggest.js';

/** What an argument is, and whether a word may be one. */
export interface Argument {
  readonly describe: string;
  readonly accepts: (word: string) => boolean;
}

const anything = () => true;

/** The arguments by the names they have in patterns. */
export const ARGUMENTS = {
  PREFIX: { describe: 'a prefix such as 10.233.1.0/24', accepts: word => /[.:/]|^\d/.test(word) },
  ADDRESS: { describe: 'an address such as 10.233.1.10', accepts: word => /^[^/]*[.:][^/]*$/.test(word) },
  NEIGHBOR: {
    describe: "a neighbor's address, or the interface that names it",
    // Words of the commands themselves are no names.
    accepts: word => /^(?!(add|all|del)$)[^/\s]+$/.test(word),
  },
  AS: {
    describe: 'an AS number, several such as 65001,65010-65020, internal or external',
    accepts: word => /^(\d|internal$|external$)/.test(word),
  },
  ATTRIBUTE: { describe: 'attributes of the route, each a word and its value', accepts: anything },
  OPTION: {
    describe: 'options of the neighbor, each a key of the configuration file and its value',
    accepts: anything,
  },
  SETTING: { describe: 'options of the aggregate', accepts: anything },
  MESSAGE: { describe: 'words for the operators of the other side', accepts: anything },
  FILE: { describe: 'a configuration file', accepts: anything },
  NAME: { describe: 'a name from the configuration file', accepts: word => /^[a-z_]/i.test(word) },
} as const satisfies Record<string, Argument>;

/** Name of an argument in a pattern. */
export type ArgumentName = keyof typeof ARGUMENTS;

/** A part of a pattern. */
export type Part = {
  readonly optional: boolean;
  readonly rest: boolean;
} & ({ readonly words: readonly string[] } | { readonly argument: ArgumentName });

/** What the matched words say. */
export interface Matched {
  /** Single arguments by name. */
  args: Partial<Record<ArgumentName, string>>;
  /** The chosen one of an a|b part. */
  choice?: string;
  /** Words of a ... part. */
  rest: string[];
}

/** A pattern on its way through a line of words: the next part that has to fit. */
export interface State<C> {
  command: C;
  parts: readonly Part[];
  at: number;
  matched: Matched;
}

/** A command's pattern as parts. */
export function parsePattern(usage: string): Part[] {
  return usage.split(' ').map(text => {
    const optional = text.startsWith('[');
    const bare = optional ? text.slice(1, -1) : text;
    const rest = bare.endsWith('...');
    const name = rest ? bare.slice(0, -3) : bare;
    if (/^[A-Z]/.test(name)) return { argument: name as ArgumentName, optional, rest };
    return { words: name.split('|'), optional, rest };
  });
}

/** All patterns before the first word. */
export function begin<C extends { usage: string }>(commands: readonly C[]): State<C>[] {
  return commands.map(command => ({
    command,
    parts: parsePattern(command.usage),
    at: 0,
    matched: { args: {}, rest: [] },
  }));
}

/** The patterns that fit one word more. */
export function advance<C>(states: readonly State<C>[], word: string): State<C>[] {
  return states.flatMap(state => {
    const part = state.parts[state.at];
    if (!part) return [];
    if ('words' in part) {
      if (!part.words.includes(word)) return [];
      const matched = part.words.length > 1 ? { ...state.matched, choice: word } : state.matched;
      return [{ ...state, at: state.at + 1, matched }];
    }
    if (!ARGUMENTS[part.argument].accepts(word)) return [];
    if (part.rest) return [{ ...state, matched: { ...state.matched, rest: [...state.matched.rest, word] } }];
    const args = { ...state.matched.args, [part.argument]: word };
    return [{ ...state, at: state.at + 1, matched: { ...state.matched, args } }];
  });
}

/** Nothing more is needed. */
function isComplete<C>({ parts, at, matched }: State<C>): boolean {
  const part = parts[at];
  return !part || part.optional || (part.rest && matched.rest.length > 0);
}

/** The literal words that may come next. */
export function nextWords<C>(states: readonly State<C>[]): string[] {
  return [...new Set(states.flatMap(({ parts, at }) => (parts[at] && 'words' in parts[at] ? parts[at].words : [])))];
}

/** The arguments that may come next. */
export function nextArguments<C>(states: readonly State<C>[]): ArgumentName[] {
  return [
    ...new Set(states.flatMap(({ parts, at }) => (parts[at] && 'argument' in parts[at] ? [parts[at].argument] : []))),
  ];
}

/** The command that the words mean: the first in the table that fits. Throws CommandError with a suggestion. */
export function match<C extends { usage: string }>(
  commands: readonly C[],
  words: readonly string[],
): { command: C; matched: Matched } {
  let states = begin(commands);
  for (const [i, word] of words.entries()) {
    const next = advance(states, word);
    if (next.length === 0) throw unexpected(states, words.slice(0, i), word);
    states = next;
  }
  const found = states.find(isComplete);
  if (found) return { command: found.command, matched: found.matched };
  const needed = [...fittingArguments(states), ...nextWords(states)];
  const line = ['tsbgp', ...words].join(' ');
  throw usageError(`"${line}" needs more: ${orList(needed)}`, `see: ${line} --help`);
}

const fittingArguments = <C>(states: readonly State<C>[]) =>
  nextArguments(states).map(name => `${name} (${ARGUMENTS[name].describe})`);

function unexpected<C>(states: readonly State<C>[], before: readonly string[], word: string) {
  const line = ['tsbgp', ...before].join(' ');
  const words = nextWords(states);
  const fitting = [...words, ...fittingArguments(states)];
  if (fitting.length === 0) return usageError(`"${word}" is one word too many after "${line}"`);
  const message = before.length === 0 ? `there is no command "${word}"` : `"${word}" does not fit after "${line}"`;
  return usageError(message, suggestion(word, words, fitting));
}
