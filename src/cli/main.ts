#!/usr/bin/env node
// tsbgp: the command line. Words and options → the command of the table → its module, loaded now → its exit code.

import { ApiError } from '../api/error.js';
import { COMMANDS, type OptionValues, withoutAliases } from './commands.js';
import { CommandError, Exit } from './exit.js';
import { match } from './grammar.js';
import { demandOptions, parseLine } from './options.js';

/** What completion scripts call. */
const COMPLETE = '__complete';

async function main(line: readonly string[]): Promise<void> {
  if (line[0] === COMPLETE) {
    const { complete } = await import('./completion.js');
    return complete(line.slice(1));
  }
  let options: OptionValues = {};
  try {
    const parsed = parseLine(line);
    options = parsed.options;
    await dispatch(withoutAliases(parsed.words), options);
  } catch (error) {
    await fail(error, line.includes('--json') || options.json === true);
  }
}

async function dispatch(given: readonly string[], options: OptionValues): Promise<void> {
  const words = options.version && given.length === 0 ? ['version'] : given;
  if (options.help || words.length === 0) {
    const { helpFor } = await import('./help.js');
    const text = `${await helpFor(words)}\n`;
    if (options.help) process.stdout.write(text);
    else process.stderr.write(text);
    if (!options.help) process.exitCode = Exit.usage;
    return;
  }
  const { command, matched } = match(COMMANDS, words);
  demandOptions(command, options);
  const run = await command.load();
  await run({ ...matched, options });
}

/** Says what went wrong and sets the exit code. */
async function fail(error: unknown, json: boolean): Promise<void> {
  const { exit, message, hint, details } = await explain(error);
  process.exitCode = exit;
  if (json) process.stderr.write(`${JSON.stringify({ error: message, hint, ...details })}\n`);
  else process.stderr.write(`tsbgp: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`);
}

interface Failure {
  exit: Exit;
  message: string;
  hint?: string;
  details?: object;
}

/** 503 is the end of an event stream whose daemon stops. */
const EXIT_BY_STATUS: Record<number, Exit> = { 400: Exit.usage, 413: Exit.usage, 503: Exit.noDaemon };

async function explain(error: unknown): Promise<Failure> {
  if (error instanceof CommandError) return error;
  if (error instanceof ApiError) {
    const { message, hint, status, body } = error;
    return { exit: EXIT_BY_STATUS[status] ?? Exit.refused, message, hint, details: body };
  }
  const { ConnectionError } = await import('../api/client.js');
  if (!(error instanceof ConnectionError)) throw error;
  const { message, hint, kind } = error;
  return { exit: kind === 'no-permission' ? Exit.noPermission : Exit.noDaemon, message, hint, details: { code: kind } };
}

// A reader that has seen enough (| head) ends the command, quietly.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(Exit.ok);
  });
}

await main(process.argv.slice(2));
