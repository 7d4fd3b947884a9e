// `tsbgp config`: check and show files (without a daemon), show and reload the daemon's.

import { ApiError } from '../api/error.js';
import { CommandError, Exit } from './exit.js';
import { clientOf, type Invocation } from './invocation.js';
import { print, printJson } from './output.js';

/** Loads a file. Throws CommandError with all that is wrong with it. */
async function load(invocation: Invocation) {
  const { ConfigError, formatProblems, loadConfig } = await import('../config/load.js');
  const path = invocation.args.FILE ?? '';
  try {
    const loaded = loadConfig(path);
    for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
    return loaded;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    if (!invocation.options.json)
      process.stderr.write(`${formatProblems(problems, { color: process.stderr.isTTY })}\n`);
    throw new CommandError(Exit.usage, `${path} cannot be used`, undefined, { problems });
  }
}

/** `config check FILE`. */
export async function check(invocation: Invocation): Promise<void> {
  const { config, warnings } = await load(invocation);
  const { source, as, neighbors } = config;
  if (invocation.options.json) return printJson({ file: source, warnings });
  await print(
    `${source} is fine: AS ${as}, ${neighbors.length} ${neighbors.length === 1 ? 'neighbor' : 'neighbors'}\n`,
  );
}

/** `config show [FILE]`. */
export async function show(invocation: Invocation): Promise<void> {
  const { json } = invocation.options;
  if (invocation.args.FILE === undefined) {
    const { config, text } = await clientOf(invocation).call('showConfig');
    return json ? printJson(config) : print(text);
  }
  const { config } = await load(invocation);
  const { showConfig, viewConfig } = await import('../config/show.js');
  return json ? printJson(viewConfig(config)) : print(showConfig(config));
}

/** `config reload`. */
export async function reload(invocation: Invocation): Promise<void> {
  try {
    const answer = await clientOf(invocation).call('reloadConfig');
    if (invocation.options.json) return printJson(answer);
    for (const warning of answer.warnings) process.stderr.write(`warning: ${warning}\n`);
    const lines = answer.changes.length > 0 ? answer.changes : ['nothing has changed'];
    await print(lines.map(line => `${line}\n`).join(''));
  } catch (error) {
    if (!(error instanceof ApiError) || !error.body.problems || invocation.options.json) throw error;
    const { formatProblems } = await import('../config/problems.js');
    process.stderr.write(`${formatProblems(error.body.problems, { color: process.stderr.isTTY })}\n`);
    throw error;
  }
}
