// `--help`: yargs draws it from the command table.

import yargs from 'yargs';
import { AGGREGATE_WORDS } from './aggregate-words.js';
import { COMMANDS, type Command, OPTIONS, type Option } from './commands.js';
import { advance, begin } from './grammar.js';
import { NEIGHBOR_WORDS } from './neighbor-words.js';
import { ROUTE_WORDS } from './route-words.js';

const WIDTH = 120;
const NARROW = 100;

/** The help for the beginning of a line: all commands that go on from there, with examples unless that is all of them. */
export async function helpFor(words: readonly string[]): Promise<string> {
  const fitting = words.reduce((states, word) => advance(states, word), begin(COMMANDS)).map(state => state.command);
  const commands = withoutSynonyms(fitting.length > 0 ? fitting : COMMANDS);
  const parser = yargs([])
    .scriptName('tsbgp')
    .help(false)
    .version(false)
    .wrap(Math.min(WIDTH, process.stdout.columns ?? NARROW));
  if (commands.length === 1) {
    parser.usage(`tsbgp ${commands[0].usage}\n\n${commands[0].summary}`);
  } else {
    parser.usage('tsbgp COMMAND [OPTION]');
    for (const { usage, summary } of commands) parser.command(usage, summary);
  }
  const everything = fitting.length === 0 || words.length === 0;
  for (const { name, aliases, value, describe } of optionsOf(everything ? [] : commands)) {
    parser.option(name, { alias: [...aliases], describe: value === undefined ? describe : `${value}: ${describe}` });
  }
  if (everything) return `${await parser.getHelp()}\n\nMore on one of them, with examples: tsbgp COMMAND --help`;
  for (const [line, what] of commands.flatMap(it => it.examples ?? [])) parser.example(line, what);
  return [await parser.getHelp(), ...tablesFor(commands)].join('\n\n');
}

/** Other spellings are shown only when there is nothing else. */
function withoutSynonyms(commands: readonly Command[]): readonly Command[] {
  const own = commands.filter(it => !it.aliasOf);
  return own.length > 0 ? own : commands;
}

function optionsOf(commands: readonly Command[]): Option[] {
  const named = new Set<string>(commands.flatMap(it => it.options ?? []));
  return (OPTIONS as readonly Option[]).filter(it => it.global || named.has(it.name));
}

/** What the arguments ATTRIBUTE, SETTING and OPTION stand for. */
function tablesFor(commands: readonly Command[]): string[] {
  const tables = [
    { argument: 'ATTRIBUTE', title: 'Attributes:', rows: ROUTE_WORDS },
    { argument: 'SETTING', title: 'Options of an aggregate:', rows: AGGREGATE_WORDS },
    { argument: 'OPTION', title: 'Options of a neighbor:', rows: NEIGHBOR_WORDS },
  ];
  return tables
    .filter(({ argument }) => commands.some(it => it.usage.includes(argument)))
    .map(({ title, rows }) => {
      const lefts = rows.map(({ word, value }) => `${word} ${value}`);
      const width = Math.max(...lefts.map(left => left.length));
      return [title, ...rows.map(({ describe }, i) => `  ${lefts[i].padEnd(width)}  ${describe}`)].join('\n');
    });
}
