// A command line, cut into words and options.
//
// By yargs' own parser, without the rest of yargs: that takes longer to load than everything else together, and only
// --help needs it. A line of words alone needs no parser at all.

import { type Command, OPTIONS, type Option, type OptionName, type OptionValues } from './commands.js';
import { usageError } from './exit.js';
import { suggestion } from './suggest.js';

const ALL: readonly Option[] = OPTIONS;
const byType = (boolean: boolean) => ALL.filter(it => (it.type === 'boolean') === boolean).map(it => it.name);

/** Words and options of a command line. Throws CommandError. */
export async function parseLine(line: readonly string[]): Promise<{ words: string[]; options: OptionValues }> {
  if (!line.some(word => /^-./.test(word))) return { words: [...line], options: {} };
  const { default: yargsParser } = await import('yargs-parser');
  const { _: words, ...given } = yargsParser([...line], {
    boolean: byType(true),
    string: ['_', ...byType(false)],
    alias: Object.fromEntries(ALL.map(({ name, aliases }) => [name, [...aliases]])),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    },
  });
  const options: OptionValues = {};
  for (const [name, value] of Object.entries(given)) Object.assign(options, { [name]: readValue(name, value) });
  return { words: words.map(String), options };
}

function readValue(name: string, value: unknown): unknown {
  const option = ALL.find(it => it.name === name);
  if (!option) {
    const known = ALL.flatMap(it => [it.name, ...it.aliases]).map(dashed);
    throw usageError(`there is no option ${dashed(name)}`, suggestion(dashed(name), known));
  }
  if (option.type === 'boolean') return value;
  if (value === '') throw usageError(`${dashed(name)} needs a value: ${dashed(name)} ${option.value}`);
  if (option.type === 'string') return value;
  if (/^[1-9]\d{0,9}$/.test(String(value))) return Number(value);
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
