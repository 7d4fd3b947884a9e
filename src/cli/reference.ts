// docs/cli.md, from the same tables that the program runs on.

import { AGGREGATE_WORDS } from './aggregate-words.js';
import { ALIASES, COMMANDS, type Command, OPTIONS, type Option } from './commands.js';
import { EXIT_MEANINGS, Exit } from './exit.js';
import { ARGUMENTS } from './grammar.js';
import { NEIGHBOR_WORDS } from './neighbor-words.js';
import { ROUTE_WORDS } from './route-words.js';

const ALL: readonly Option[] = OPTIONS;

const INTRODUCTION = `# The command line

\`tsbgp\` talks to the running daemon through its unix socket. \`tsbgp COMMAND --help\` says what this page says.

Words in lower case are typed as they are (\`a|b\`: one of them), UPPER CASE stands for an argument, \`[…]\` may be left out and
\`...\` means one or more. Errors go to standard error, with a hint where there is one; with \`--json\` they are an object
\`{ "error", "hint", "code" }\`.`;

const cell = (text: string) => text.replaceAll('|', '\\|');
const table = (titles: readonly string[], rows: readonly (readonly string[])[]) =>
  [titles, titles.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');

function optionTable(options: readonly Option[]): string {
  const rows = options.map(({ name, aliases, value, describe }) => {
    const names = [`--${name}`, ...aliases.map(alias => (alias.length === 1 ? `-${alias}` : `--${alias}`))];
    const spelled = names.map(it => `\`${it}${value === undefined ? '' : ` ${cell(value)}`}\``).join(', ');
    return [spelled, cell(describe)];
  });
  return table(['option', 'meaning'], rows);
}

const wordTable = (rows: readonly { word: string; value: string; describe: string }[]) =>
  table(
    ['word', 'value', 'meaning'],
    rows.map(({ word, value, describe }) => [`\`${word}\``, cell(value), cell(describe)]),
  );

function commandText({ usage, summary, options = [], examples = [] }: Command): string {
  const parts = [`### \`tsbgp ${usage}\``, `${summary}.`];
  const own = ALL.filter(it => options.some(name => name === it.name));
  if (own.length > 0) parts.push(optionTable(own));
  if (examples.length > 0) {
    const lines = examples.map(([line, what]) => `# ${what}\n${line}`);
    parts.push(`\`\`\`sh\n${lines.join('\n')}\n\`\`\``);
  }
  if (usage.includes('ATTRIBUTE')) parts.push('Attributes, each a word and its value:', wordTable(ROUTE_WORDS));
  if (usage.includes('SETTING')) parts.push('Options, each a word and its value:', wordTable(AGGREGATE_WORDS));
  if (usage.includes('OPTION')) {
    parts.push('Options, each a key of the configuration file and its value:', wordTable(NEIGHBOR_WORDS));
  }
  return parts.join('\n\n');
}

/** The page as Markdown. */
export function cliReference(): string {
  const commands = COMMANDS.filter(it => !it.aliasOf);
  const nouns = [...new Set(commands.map(it => it.usage.split(' ')[0]))];
  const codes = (Object.keys(Exit) as (keyof typeof Exit)[]).map(name => [String(Exit[name]), EXIT_MEANINGS[name]]);
  const synonyms = [
    ...ALIASES.map(([from, to]) => [`tsbgp ${from} …`, `tsbgp ${to} …`]),
    ...COMMANDS.flatMap(({ usage, aliasOf }) =>
      aliasOf === undefined ? [] : [[`tsbgp ${usage}`, `tsbgp ${aliasOf}`]],
    ),
  ];
  const sections = nouns.map(noun => {
    const own = commands.filter(it => it.usage.split(' ')[0] === noun);
    return [`## ${noun}`, ...own.map(commandText)].join('\n\n');
  });
  return `${[
    INTRODUCTION,
    table(
      ['argument', 'is'],
      Object.entries(ARGUMENTS).map(([name, { describe }]) => [name, describe]),
    ),
    '## Options of every command',
    optionTable(ALL.filter(it => it.global)),
    '## Exit codes',
    table(['code', 'meaning'], codes),
    ...sections,
    '## Spellings known from gobgp',
    table(
      ['typed', 'means'],
      synonyms.map(row => row.map(text => `\`${cell(text)}\``)),
    ),
  ].join('\n\n')}\n`;
}
