// From a file to a Config, or to everything that is wrong with the file.
//
// Text → source.ts (values with positions) → gobgpd.ts where the file is gobgpd's → schema.ts → explain.ts. Problems of
// syntax, duplicate keys and values come out together, in the order of the file.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { explain } from './explain.js';
import { isGobgpd, mapGobgpd } from './gobgpd.js';
import { groupKeys, inherit, placeOf } from './groups.js';
import { encodePolicies, policyKeys } from './policy.js';
import { ConfigError, headline, type Path, type Problem, pathText } from './problems.js';
import { type Config, configSchema, type NeighborConfig, unusedPolicies } from './schema.js';
import { readToml, readYaml, type Source } from './source.js';
import { BadValue } from './values.js';

export { ConfigError, formatProblems, type Problem } from './problems.js';
export { BadValue } from './values.js';

/** A file is checked once: code made for it would take longer than it saves. */
const PARSING = { reportInput: true, jitless: true };

/** A usable file: its configuration, and what a person should know about it (keys of gobgpd without counterpart). */
export interface LoadedConfig {
  config: Config;
  /** One line each: "gobgpd.yml:9:5: zebra.config.url: …". */
  warnings: string[];
}

/** Reads and validates tsbgp.yml, or a gobgpd.yml / .toml. Throws ConfigError and nothing else. */
export function loadConfig(path: string): LoadedConfig {
  return parseConfig(readText(path), path);
}

/** Like loadConfig, for text that is already there; `file` names it in problems. */
export function parseConfig(text: string, file: string): LoadedConfig {
  const source = readSource(text, file);
  if (source.broken) throw new ConfigError(inOrder(source.problems));
  if (isGobgpd(source.value)) return useGobgpd(source);
  if (source.problems.length === 0 && source.value === null) {
    const minimum = 'it needs at least "as: 65001" and "router-id: 172.18.8.101"';
    throw new ConfigError([source.problem([], 'value', 'the file is empty', minimum)]);
  }
  const config = validate(source, source.value, path => path, []);
  const unused = unusedPolicies(config).map(({ path, message }) => headline(source.problem(path, 'key', message)));
  return { config: { ...config, source: file }, warnings: unused };
}

/**
 * One neighbor in the file's shape, outside a file: `tsbgp neighbor ADDRESS add …`. The configuration says whose
 * neighbor it is. Throws BadValue with all that is wrong.
 */
export function parseNeighbor(
  spec: unknown,
  own: Pick<Config, 'as' | 'routerId'> & Partial<Pick<Config, 'confederation' | 'policies' | 'groups'>>,
): NeighborConfig {
  const policies = own.policies && z.encode(z.object(policyKeys), encodePolicies(own.policies));
  const groups = own.groups && z.encode(z.object(groupKeys), { groups: own.groups });
  const file = {
    as: own.as,
    confederation: own.confederation,
    'router-id': own.routerId,
    ...policies,
    ...groups,
    neighbors: [spec],
  };
  const result = configSchema.safeParse(inherit(file), PARSING);
  if (result.success) return result.data.neighbors[0];
  const problems = explain(result.error.issues, path => path);
  const sentences = problems.map(({ path, message }) => [pathText(path.slice(2)), message].filter(Boolean).join(': '));
  throw new BadValue(sentences.join('; '), problems.find(({ suggestion }) => suggestion)?.suggestion);
}

function useGobgpd(source: Source): LoadedConfig {
  const mapped = mapGobgpd(source.value);
  const refused = mapped.refused.map(({ path, message, suggestion }) =>
    source.problem(path, 'key', message, suggestion),
  );
  const config = validate(source, mapped.value, path => mapped.pathInFile(path), refused);
  const warnings = inOrder(mapped.warnings.map(({ path, message }) => source.problem(path, 'key', message))).map(
    headline,
  );
  return { config: { ...config, source: source.file }, warnings };
}

/** The value by the schema; every problem of text, mapping and values in one ConfigError. */
function validate(source: Source, value: unknown, pathInFile: (path: Path) => Path, earlier: Problem[]) {
  const result = configSchema.safeParse(inherit(value), PARSING);
  const problems = [...source.problems, ...earlier];
  const known = new Set(problems.map(headOf));
  const place = (path: Path) => pathInFile(placeOf(value, path).path);
  for (const { path, at, message, suggestion } of result.success ? [] : explain(result.error.issues, place)) {
    const { member } = placeOf(value, path);
    const words = member === undefined ? message : `${message} (neighbor ${member})`;
    const problem = source.problem(place(path), at, words, suggestion);
    if (known.has(headOf(problem))) continue;
    known.add(headOf(problem));
    problems.push(problem);
  }
  if (problems.length > 0 || !result.success) throw new ConfigError(inOrder(problems));
  return result.data;
}

/** A value that the text already spoiled is not reported again as missing, nor what a group has for each of its members. */
const headOf = ({ line, column, path }: Problem) => `${line}:${column}:${path}`;

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** TOML by the name, or by a first line such as "[global.config]" or "as = 65001"; all else is YAML. */
function readSource(text: string, file: string): Source {
  if (/\.(ya?ml|json)$/i.test(file)) return readYaml(text, file);
  const firstLine = text.split('\n').find(line => /^\s*[^\s#]/.test(line)) ?? '';
  if (!/\.toml$/i.test(file) && !/^\s*(\[|[\w.-]+\s*=)/.test(firstLine)) return readYaml(text, file);
  const source = readToml(text, file);
  if (!source.broken && !isGobgpd(source.value)) {
    const message = 'TOML is only read as a configuration of gobgpd, with [global.config]';
    source.problems.push(source.problem([], 'value', message, "write tsbgp's own configuration in YAML"));
    return { ...source, broken: true };
  }
  return source;
}

/** What the errors of opening a file mean to a person. */
const READ_ERRORS: Record<string, [message: string, suggestion: string]> = {
  ENOENT: ['there is no such file', 'create it, or name another one with --config'],
  EACCES: ['no permission to read the file', 'run as root, or change its mode'],
  EISDIR: ['is a directory', 'name the file in it'],
};

function readText(path: string): string {
  const fail = (message: string, suggestion?: string) =>
    new ConfigError([{ file: path, line: 0, column: 0, path: '', message, suggestion }]);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw fail(...(READ_ERRORS[code] ?? [`cannot be read: ${message}`]));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fail('is not UTF-8 text');
  }
}
