// A command line, cut into words and options.

import { parseArgs } from 'node:util';
import { type Command, OPTIONS, type Option, type OptionName, type OptionValues } from './commands.js';
import { usageError } from './exit.js';
import { suggestion } from './suggest.js';

const ALL: readonly Option[] = OPTIONS;
const BY_NAME = new Map(ALL.flatMap(it => [it.name, ...it.aliases].map(name => [name, it] as const)));
const KINDS = Object.fromEntries(
  Array.from(BY_NAME, ([name, { type }]) => [name, { type: type === 'boolean' ? type : 'string' } as const]),
);

/** Words and options of a command line; of an option given twice the last counts. Throws CommandError. */
export function parseLine(line: readonly string[]): { words: string[]; options: OptionValues } {
  const { tokens, positionals } = parseArgs({ args: [...line], options: KINDS, strict: false, tokens: true });
  const options: OptionValues = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, value, inlineValue } = token;
    // A dash begins the next option, unless it is the value itself.
    const given = !inlineValue && value && /^-./.test(value) ? undefined : value;
    Object.assign(options, readOption(name, given));
  }
  return { words: positionals, options };
}

function readOption(given: string, value: string | undefined): OptionValues {
  const option = BY_NAME.get(given);
  if (!option)
    throw usageError(`there is no option ${dashed(given)}`, suggestion(dashed(given), [...BY_NAME.keys()].map(dashed)));
  const { name, type } = option;
  if (type === 'boolean') {
    if (value === undefined) return { [name]: true };
    throw usageError(`${dashed(name)} takes no value`);
  }
  if (!value) throw usageError(`${dashed(name)} needs a value: ${dashed(name)} ${option.value}`);
  if (type === 'string') return { [name]: value };
  if (/^[1-9]\d{0,9}$/.test(value)) return { [name]: Number(value) };
  throw usageError(`${dashed(name)} "${value}" is not a number`, 'it is a whole number from 1');
}

/** Refuses options that mean nothing to the command. Throws CommandError. */
export function demandOptions({ usage, options: known = [] }: Command, given: OptionValues): void {
  for (const name of Object.keys(given) as OptionName[]) {
    const global = ALL.some(it => it.name === name && it.global);
    if (!global && !known.includes(name)) throw usageError(`"tsbgp ${usage}" has no option ${dashed(name)}`);
  }
}

const dashed = (name: string) => (name.length === 1 ? `-${name}` : `--${name}`);
