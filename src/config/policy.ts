// The schema of policies and the sets they name: mappings of the file in, PolicyDefinitions (bgp/policy) out.
//
// Patterns, expressions and rules are read by the same functions that compile them, so that what loads also runs. Whether
// names mean anything is checked by `namesIn`, when the whole file is there.

import { z } from 'zod';
import { addressSet, neighborSet, parseNextHop } from '../bgp/policy/addresses.js';
import { parseAnyCommunity, parseCommunityPattern } from '../bgp/policy/community-pattern.js';
import type { Choice, Elements, PrefixRule, Statement } from '../bgp/policy/definition.js';
import { parseMed } from '../bgp/policy/edits.js';
import { Regex } from '../bgp/policy/regex.js';
import { InputError } from '../bgp/wire/input-error.js';
import { autonomousSystem, key, whole, written } from './keys.js';
import { BadValue, formatPrefixRule, formatRange, parseAs, parsePrefixRule, parseRange } from './values.js';

const NAME = /^[a-z_][\w.-]*$/i;
const U32 = 0xffffffff;

/** What sets, policies and groups may be called. */
export const name = () => z.string().regex(/^[a-z_][\w.-]{0,63}$/i, 'must be a name of letters, digits, - _ and .');

/** A parser that throws InputError as one that throws BadValue; the text stays as it is. */
function checkedBy(parse: (text: string) => unknown): (text: string) => string {
  return text => {
    try {
      parse(text);
      return text;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new BadValue(error.message, error.hint);
    }
  };
}

/** What the elements of a set are: text in the file, T in the program. */
interface ElementKind<T> {
  parse(text: string): T;
  format(element: T): string;
  /** In words. */
  kind: string;
}

const plain = (parse: (text: string) => unknown, kind: string): ElementKind<string> => ({
  parse: checkedBy(parse),
  format: text => text,
  kind,
});

const PREFIX_RULE: ElementKind<PrefixRule> = {
  parse: parsePrefixRule,
  format: formatPrefixRule,
  kind: 'prefix rules: PREFIX, `PREFIX le N`, `PREFIX ge N`, `PREFIX ge N le M`',
};
const ADDRESS = plain(text => addressSet([text]), 'addresses or prefixes');
const NEIGHBOR = plain(text => neighborSet([text]), 'addresses, prefixes or interfaces of neighbors');
const EXPRESSION = plain(text => new Regex(text), 'regular expressions over the path, `_` for the edge of a number');
const PATTERN = plain(parseCommunityPattern, 'communities, patterns with `*`, or `/expressions/`');
const COMMUNITY = plain(parseAnyCommunity, 'communities');

const asElement = <T>({ parse, format }: ElementKind<T>) => written(z.string(), parse, format);

/** The sets of one kind, by name. */
const sets = <T>(elements: ElementKind<T>, description: string, example: unknown) =>
  key(z.record(name(), z.array(asElement(elements))).prefault({}), description, {
    kind: `mapping of names to lists of ${elements.kind}`,
    example,
  });

/** Elements by the name of a set or written out, one or several. */
function elementsOf<T>({ parse, format }: ElementKind<T>) {
  return z.codec(z.union([z.string(), z.array(z.string()).min(1)]), z.custom<Elements<T>>(), {
    decode: (value, payload) => {
      if (typeof value === 'string' && NAME.test(value)) return value;
      return (typeof value === 'string' ? [value] : value).flatMap((text, i) => {
        try {
          return [parse(text)];
        } catch (error) {
          if (!(error instanceof BadValue)) throw error;
          const params = error.suggestion === undefined ? {} : { suggestion: error.suggestion };
          const path = typeof value === 'string' ? [] : [i];
          payload.issues.push({ code: 'custom', message: error.message, params, path, input: text });
          return [];
        }
      });
    },
    encode: value => (Array.isArray(value) ? value.map(format) : (value as string)),
  });
}

/** Elements, or how many of them must match. */
function choiceOf<T>(elements: ElementKind<T>, description: string, example: unknown, all = true) {
  const list = () => elementsOf(elements);
  const modes = all
    ? z.strictObject({ any: list().optional(), all: list().optional(), none: list().optional() })
    : z.strictObject({ any: list().optional(), none: list().optional() });
  const words = all ? 'any, all or none' : 'any or none';
  const one = modes.refine(
    value => Object.values(value).filter(it => it !== undefined).length === 1,
    `needs exactly one of ${words}`,
  );
  const schema = z.union([list(), one], `must be the name of a set, a list, or a mapping with ${words}`);
  return key(schema.optional() as unknown as z.ZodOptional<z.ZodType<Choice<T>>>, description, {
    kind: `name of a set, ${elements.kind}; or a mapping with ${words} of these`,
    example,
    defaultText: 'any route',
  });
}

/** One value or a list of them. */
const several = <S extends z.ZodType>(item: S) =>
  z.codec(z.union([item, z.array(item).min(1)]), z.custom<z.output<S>[]>(), {
    decode: value => (Array.isArray(value) ? value : [value]) as z.output<S>[],
    encode: list => list as never,
  });

const range = (description: string, example: unknown) =>
  key(written(z.union([z.int(), z.string()]), parseRange, formatRange).optional(), description, {
    kind: 'number, `ge N`, `le N` or `ge N le M`',
    example,
    defaultText: 'any route',
  });

const origins = () => z.enum(['igp', 'egp', 'incomplete']);
const any = { defaultText: 'any route' };
const same = { defaultText: 'left as it is' };

const matchKeys = z.strictObject({
  prefix: choiceOf(PREFIX_RULE, "The route's prefix.", ['10.233.0.0/16 le 32'], false),
  family: key(z.enum(['ipv4-unicast', 'ipv6-unicast']).optional(), "The route's address family.", {
    example: 'ipv6-unicast',
    ...any,
  }),
  neighbor: choiceOf(
    NEIGHBOR,
    'The neighbor that is asked about: the sender at import, the receiver at export.',
    ['192.0.2.1'],
    false,
  ),
  'learned-from': choiceOf(NEIGHBOR, 'The neighbor that the route was learned from.', ['192.0.2.0/24'], false),
  source: key(
    several(z.enum(['local', 'kernel', 'connected', 'static', 'ibgp', 'ebgp'])).optional(),
    'Where the route came from: `local` were added by hand, `kernel` are all that `fib.redistribute` chooses, `connected` and ' +
      '`static` those of them.',
    { example: ['local', 'kernel'], ...any },
  ),
  community: choiceOf(
    PATTERN,
    'Communities of the route; standard, large and extended ones are told apart by their form.',
    ['65001:100'],
  ),
  'as-path': choiceOf(EXPRESSION, 'AS_PATH as text: `65001 65002 {65003,65004}`.', ['^65010_']),
  'as-path-length': range('Length of AS_PATH, a set counting one.', 'le 5'),
  'origin-as': key(several(autonomousSystem()).optional(), 'The last AS of AS_PATH.', {
    kind: 'AS number or list of them',
    example: [65010],
    ...any,
  }),
  'neighbor-as': key(several(autonomousSystem()).optional(), 'The first AS of AS_PATH.', {
    kind: 'AS number or list of them',
    example: [65010],
    ...any,
  }),
  'next-hop': key(
    several(asElement(ADDRESS)).optional(),
    'The next hop, as the route has it when the policy is asked.',
    { kind: 'address, prefix, or list of them', example: ['192.0.2.0/24'], ...any },
  ),
  origin: key(several(origins()).optional(), 'ORIGIN.', { example: ['igp'], ...any }),
  med: range('MED; a route without one has 0.', 'ge 1'),
  'local-pref': range('Local preference; a route without one has 100.', 'ge 100'),
});

const communityEdit = z.strictObject({
  set: key(z.array(asElement(COMMUNITY)).min(1).optional(), 'In place of all communities of the kinds listed here.', {
    kind: 'list of communities',
    example: ['65001:100'],
    ...same,
  }),
  remove: key(elementsOf(PATTERN).optional() as unknown as z.ZodOptional<z.ZodType<Elements<string>>>, 'These go.', {
    kind: `name of a set or list of ${PATTERN.kind}`,
    example: ['65001:*'],
    ...same,
  }),
  add: key(z.array(asElement(COMMUNITY)).min(1).optional(), 'These come.', {
    kind: 'list of communities',
    example: ['no-export'],
    ...same,
  }),
});

const setKeys = z.strictObject({
  'local-pref': key(whole(0, U32).optional(), 'Local preference.', { rfc: '4271 §5.1.5', example: 200, ...same }),
  med: key(
    written(z.union([z.int(), z.string()]), checkMed, value => value).optional(),
    'MED: a number, one to add or subtract, or `none`.',
    { kind: 'number, `"+N"`, `"-N"` or `none`', rfc: '4271 §5.1.4', example: 100, ...same },
  ),
  origin: key(origins().optional(), 'ORIGIN.', { example: 'igp', ...same }),
  'next-hop': key(
    written(
      z.string(),
      checkedBy(text => text === 'self' || text === 'unchanged' || parseNextHop(text)),
      text => text,
    ).optional(),
    'Next hop. `self` (this speaker) and `unchanged` (also to external neighbors) are for export; an address is set on routes of its own family.',
    { kind: '`self`, `unchanged` or an address', rfc: '4271 §5.1.3', example: 'self', ...same },
  ),
  prepend: key(
    z
      .strictObject({
        as: key(
          written(
            z.union([z.int(), z.string()]),
            value => (value === 'own' || value === 'last' ? value : parseAs(value)),
            value => value,
          ).prefault('own'),
          'Which AS: the own one, the leftmost of the path (`last`), or a number.',
          { kind: '`own`, `last` or an AS number', example: 65001 },
        ),
        times: key(whole(1, 100).default(1), 'How often.', { example: 3 }),
      })
      .optional(),
    'Put AS numbers in front of AS_PATH; at export, behind the own AS number that is always put there.',
    { example: { times: 3 }, ...same },
  ),
  community: key(
    communityEdit.refine(edit => Object.values(edit).some(it => it !== undefined), 'changes nothing').optional(),
    'Communities: `set`, then `remove`, then `add`.',
    { example: { add: ['65001:100'] }, ...same },
  ),
});

function checkMed(value: number | string): number | string {
  checkedBy(() => parseMed(value))(String(value));
  return value;
}

const statement = z
  .strictObject({
    name: key(z.string().min(1).max(64).optional(), 'A name for people.', {
      example: 'blackholes',
      defaultText: 'its number',
    }),
    match: key(matchKeys.optional(), 'Conditions, all of which must hold.', {
      example: { community: ['65001:666'] },
      defaultText: 'every route',
    }),
    set: key(setKeys.optional(), 'What is changed of a route that matches.', {
      example: { 'local-pref': 200 },
      defaultText: 'nothing',
    }),
    then: key(
      z.enum(['accept', 'reject', 'next']).default('next'),
      'What becomes of a route that matches; `next` goes on with the following statement, or policy.',
      { example: 'accept' },
    ),
  })
  .superRefine((it, context) => {
    const changes = Object.values(it.set ?? {}).some(value => value !== undefined);
    const report = (path: string, message: string, suggestion: string) =>
      context.addIssue({ code: 'custom', message, params: { suggestion }, path: [path], input: it });
    if (!changes && it.then === 'next')
      report('then', 'the statement does nothing', 'write then: accept or reject, or set something');
    if (changes && it.then === 'reject') report('set', 'changes a route that is rejected', 'remove set');
  });

/** The keys of the top level. */
export const policyKeys = {
  'prefix-sets': sets(PREFIX_RULE, 'Sets of prefixes for policies.', { pods: ['10.233.0.0/16 le 32'] }),
  'neighbor-sets': sets(NEIGHBOR, 'Sets of neighbors for policies.', { upstreams: ['192.0.2.1', '2001:db8::/64'] }),
  'as-path-sets': sets(EXPRESSION, 'Sets of AS paths for policies.', { customers: ['^65010_', '_65020$'] }),
  'community-sets': sets(PATTERN, 'Sets of communities for policies.', { own: ['65001:*', '65001:*:*'] }),
  policies: key(
    z.record(name(), z.array(statement)).prefault({}),
    'Policies: statements that are asked in order until one accepts or rejects. Neighbors name them in `import` and `export`, and `fib` in `import`.',
    {
      kind: 'mapping of names to lists of statements',
      example: { 'from-peer': [{ match: { community: ['65001:666'] }, then: 'reject' }] },
    },
  ),
};

type Decoded = z.output<z.ZodObject<typeof policyKeys>>;

/** The sets and policies as the speaker takes them. */
export const decodePolicies = (s: Decoded) => ({
  prefixSets: s['prefix-sets'],
  neighborSets: s['neighbor-sets'],
  asPathSets: s['as-path-sets'],
  communitySets: s['community-sets'],
  policies: s.policies as Record<string, Statement[]>,
});

export const encodePolicies = (p: ReturnType<typeof decodePolicies>): Decoded => ({
  'prefix-sets': p.prefixSets,
  'neighbor-sets': p.neighborSets,
  'as-path-sets': p.asPathSets,
  'community-sets': p.communitySets,
  policies: p.policies as Decoded['policies'],
});
