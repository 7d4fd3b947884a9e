// zod's issues as sentences: what was wrong with which key, and what to write instead.

import type { z } from 'zod';
import { closest } from './closest.js';
import { mappingOf, nodeAt, type SchemaNode, schemaTree } from './json-schema.js';
import { levelText, type Path } from './problems.js';
import { NOT_SUPPORTED_YET } from './schema.js';
import { quote } from './values.js';

type Issue = z.core.$ZodIssue;

const MISSING = 'is missing';

/** What to say of one issue: the path, whether its key or its value is wrong, and the words. */
export interface Explanation {
  path: Path;
  at: 'key' | 'value';
  message: string;
  suggestion?: string;
}

type Words = Pick<Explanation, 'message' | 'suggestion'>;

/**
 * The issues of a failed parse (made with `reportInput`) in words.
 * `nameOf` gives a path as the file has it, where it was mapped from another format.
 */
export function explain(issues: readonly Issue[], nameOf: (path: Path) => Path): Explanation[] {
  const tree = schemaTree();
  /** Keys that a misspelled one was meant to be: not missing, too. */
  const meant = new Set<string>();

  function explainIssue(issue: Issue, base: Path): Explanation[] {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(name => {
        const { near, ...words } = unknownKey(tree, path, name);
        if (near) meant.add(JSON.stringify([...path, near]));
        return { path: [...path, name], at: 'key', ...words };
      });
    }
    if (issue.code === 'invalid_key') return [{ path, at: 'key', ...wrongName(String(path.at(-1)), issue.issues) }];
    // Of several allowed forms, the one that was meant is the one whose insides are wrong.
    const inside = issue.code === 'invalid_union' ? issue.errors.find(isInside) : undefined;
    if (inside) return inside.flatMap(error => explainIssue(error, path));
    return [{ path, at: 'value', ...wrongValue(issue, nodeAt(tree, path)?.example, nameOf(path).at(-1)) }];
  }

  return issues
    .flatMap(issue => explainIssue(issue, []))
    .filter(({ path, message }) => message !== MISSING || !meant.has(JSON.stringify(path)));
}

const isInside = (errors: readonly Issue[]) =>
  errors.some(error => error.path.length > 0 || error.code === 'unrecognized_keys' || error.code === 'custom');

/** How zod's type names are called in the file, and a correction for values that only look wrong. */
const TYPES: Record<string, { words: string; fix?: (input: unknown) => unknown }> = {
  int: { words: 'a whole number' },
  number: {
    words: 'a whole number',
    fix: input => typeof input === 'string' && /^\d+$/.test(input) && `${input} without quotes`,
  },
  string: { words: 'text', fix: input => typeof input === 'number' && `"${input}" in quotes` },
  boolean: { words: 'true or false', fix: input => typeof input === 'string' && TRUTH.get(input.toLowerCase()) },
  array: { words: 'a list', fix: input => typeof input === 'string' && `[${input}]` },
  object: { words: 'a mapping of keys' },
};

const TRUTH = new Map([
  ['yes', 'true'],
  ['on', 'true'],
  ['true', 'true'],
  ['no', 'false'],
  ['off', 'false'],
  ['false', 'false'],
]);

function wrongValue(issue: Issue, example: unknown, name: PropertyKey | undefined): Words {
  if (issue.code === 'custom') return { message: issue.message, suggestion: issue.params?.suggestion };
  if (issue.input === undefined) {
    return { message: MISSING, suggestion: example === undefined ? undefined : `add "${String(name)}: ${example}"` };
  }
  if (issue.input === null) {
    const what = typeof name === 'number' ? 'entry' : 'key';
    return { message: 'has no value', suggestion: `write one, or remove the ${what}` };
  }
  const not = `not ${shown(issue.input)}`;
  if (issue.code === 'invalid_type') {
    const type = TYPES[issue.expected];
    const fix = type?.fix?.(issue.input);
    return {
      message: `must be ${type?.words ?? issue.expected}, ${not}`,
      suggestion: fix ? `write ${fix}` : undefined,
    };
  }
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    // The schema's own message says more than the list of words.
    if (!issue.message.startsWith('Invalid')) return { message: issue.message, suggestion: `write ${either(words)}` };
    const near = typeof issue.input === 'string' ? closest(issue.input, words) : undefined;
    return { message: `must be ${either(words)}, ${not}`, suggestion: near && `did you mean ${near}?` };
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
    if (issue.origin === 'array') return { message: 'must not be empty' };
    return { message: issue.origin === 'string' ? `must have ${bound} characters` : `must be ${bound}, ${not}` };
  }
  return { message: `${issue.message}, ${not}` };
}

/** A name that people give, of a policy or a set. */
function wrongName(name: string, issues: readonly { message: string }[]): Words {
  const possible = name.replace(/[^\w.-]+/g, '-');
  return {
    message: `${issues.map(({ message }) => message).join(', ')}, not ${shown(name)}`,
    suggestion: /^[a-z_]/i.test(possible) ? `call it ${possible}` : undefined,
  };
}

function unknownKey(tree: SchemaNode, path: Path, name: string): Words & { near?: string } {
  const level = path[0] === 'groups' && path.length === 2 ? 'neighbors[]' : levelText(path);
  if (NOT_SUPPORTED_YET[level]?.includes(name)) return { message: 'is not supported yet', suggestion: 'remove it' };
  const here = Object.keys(mappingOf(nodeAt(tree, path))?.properties ?? {});
  const near = closest(name, here);
  if (near) return { message: 'unknown key', suggestion: `did you mean ${near}?`, near };
  const home = homeOf(tree, name);
  if (home === undefined) return { message: 'unknown key', suggestion: `the keys here are ${here.join(', ')}` };
  return { message: 'does not belong here', suggestion: `it belongs ${home ? `under ${home}` : 'to the top level'}` };
}

/** The level at which a key of this name exists. */
function homeOf(node: SchemaNode, name: string, level = ''): string | undefined {
  const properties = mappingOf(node)?.properties ?? {};
  if (Object.hasOwn(properties, name)) return level;
  for (const [key, child] of Object.entries(properties)) {
    const inside = homeOf(child.items ?? child, name, `${level}${level && '.'}${key}${child.items ? '[]' : ''}`);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** A value in a few words: scalars as they are, the rest by kind. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' && !/^-?\d+\.\d+$/.test(value) ? quote(value) : String(value);
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
