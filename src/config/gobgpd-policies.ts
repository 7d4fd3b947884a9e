// gobgpd's defined-sets and policy-definitions mapped to sets and policies.
//
// A set keeps its name; the three kinds of communities share one key here, so a name that is taken gets its kind behind it. A
// condition or an action without counterpart is refused: without it the statement would be about other routes.

import { number } from './gobgpd-keys.js';
import { isTree, isUnset, list, type Mapping, split, type Tree } from './gobgpd-mapping.js';
import type { Path } from './problems.js';
import { quote } from './values.js';

/** An element as tsbgp writes it; undefined: it has no counterpart. */
type Convert = (element: unknown) => unknown;

interface SetKind {
  /** Where gobgpd lists the sets, and the keys of one. */
  from: string;
  name: string;
  elements: string;
  /** tsbgp's key. */
  to: string;
  convert: Convert;
}

const same: Convert = element => element;

const prefixRule: Convert = element => {
  if (!isTree(element)) return undefined;
  const prefix = String(element['ip-prefix']);
  const range = element['masklength-range'];
  if (isUnset(range)) return prefix;
  const lengths = /^(\d+)\.\.(\d+)$/.exec(String(range));
  return lengths === null ? undefined : `${prefix} ge ${lengths[1]} le ${lengths[2]}`;
};

/** A standard community: a number, a pair of them, a name. What is none of these is an expression. */
const standard: Convert = element => {
  const text = String(element).toLowerCase();
  if (/^\d+$/.test(text)) return `${Number(text) >>> 16}:${Number(text) & 0xffff}`;
  return /^(\d+:\d+|[a-z][a-z-]*)$/.test(text) ? text : `/${element}/`;
};

const large: Convert = element => (/^\d+:\d+:\d+$/.test(String(element)) ? element : `large:/${element}/`);

/** The part before the first colon names a type, the rest is a community or an expression. */
const extended: Convert = element => {
  const [, type, rest] = /^([^:]+):(.*)$/.exec(String(element)) ?? [];
  if (type === undefined) return undefined;
  const name = type.toLowerCase();
  if (/^[\d.]+:\d+$/.test(rest)) return `${name}:${rest}`;
  const anchored = rest.startsWith('^');
  if (anchored && rest.includes('|')) return undefined;
  return `ext:/^${name}:${anchored ? rest.slice(1) : `.*(${rest})`}/`;
};

const inBgpSets = (kind: string, to: string, convert: Convert): SetKind => ({
  from: `defined-sets.bgp-defined-sets.${kind}-sets`,
  name: `${kind}-set-name`,
  elements: `${kind}-list`,
  to,
  convert,
});

const SETS = {
  prefix: {
    ...{ from: 'defined-sets.prefix-sets', name: 'prefix-set-name', elements: 'prefix-list' },
    ...{ to: 'prefix-sets', convert: prefixRule },
  },
  neighbor: {
    ...{ from: 'defined-sets.neighbor-sets', name: 'neighbor-set-name', elements: 'neighbor-info-list' },
    ...{ to: 'neighbor-sets', convert: same },
  },
  'as-path': inBgpSets('as-path', 'as-path-sets', same),
  community: inBgpSets('community', 'community-sets', standard),
  'ext-community': inBgpSets('ext-community', 'community-sets', extended),
  'large-community': inBgpSets('large-community', 'community-sets', large),
} satisfies Record<string, SetKind>;
type Kind = keyof typeof SETS;

/** A statement on its way. */
interface Translation {
  m: Mapping;
  /** The new statement's path. */
  to: Path;
  /** The new name of a set, and whether it is empty; by kind and gobgpd's name. */
  sets: Map<string, { name: string; empty: boolean }>;
}

type Handler = (it: Translation, value: unknown, path: Path) => void;

const MODES: ReadonlyMap<string, string> = new Map([
  ['any', 'any'],
  ['all', 'all'],
  ['invert', 'none'],
]);

/** A condition that names a set. */
const inSet =
  (kind: Kind, to: string): Handler =>
  ({ m, sets, to: statement }, value, path) => {
    const nameKey = `${kind}-set`;
    if (!isTree(value) || isUnset(value[nameKey])) return;
    const at = [...path, nameKey];
    const set = sets.get(`${kind} ${value[nameKey]}`);
    const option = isUnset(value['match-set-options']) ? 'any' : String(value['match-set-options']).toLowerCase();
    const mode = MODES.get(option);
    const target = [...statement, 'match', to];
    if (set === undefined) m.refuse(at, `there is no ${kind} set ${quote(String(value[nameKey]))}`);
    else if (mode === undefined)
      m.refuse([...path, 'match-set-options'], `must be any, all or invert, not ${quote(option)}`);
    else if (m.at(target) !== undefined)
      m.refuse(at, 'a second condition on communities in one statement is not supported yet', 'join the sets');
    // gobgpd: an empty set of neighbors is every neighbor.
    else if (kind !== 'neighbor' || !set.empty) m.set([...target, mode], set.name, at);
  };

/** A value that needs no more than a conversion. */
const plain =
  (to: string, convert: Convert = same): Handler =>
  ({ m, to: statement }, value, path) =>
    m.set([...statement, ...split(to)], convert(value), path);

const ROUTE_TYPES: Readonly<Record<string, unknown>> = {
  internal: 'ibgp',
  external: 'ebgp',
  local: ['local', 'kernel'],
};

const CONDITIONS: Readonly<Record<string, Handler>> = {
  'match-prefix-set': inSet('prefix', 'prefix'),
  'match-neighbor-set': inSet('neighbor', 'neighbor'),
  'match-as-path-set': inSet('as-path', 'as-path'),
  'match-community-set': inSet('community', 'community'),
  'match-ext-community-set': inSet('ext-community', 'community'),
  'match-large-community-set': inSet('large-community', 'community'),
  'as-path-length': ({ m, to }, value, path) => {
    if (!isTree(value) || isUnset(value.operator)) return;
    const operator = String(value.operator).toLowerCase().replace('attribute-', '');
    const length = number(value.value ?? 0);
    if (!['eq', 'ge', 'le'].includes(operator))
      m.refuse([...path, 'operator'], `must be eq, ge or le, not ${quote(operator)}`);
    else m.set([...to, 'match', 'as-path-length'], operator === 'eq' ? length : `${operator} ${length}`, path);
  },
  'next-hop-in-list': plain('match.next-hop'),
  'route-type': plain('match.source', type => ROUTE_TYPES[String(type).toLowerCase()] ?? type),
  'afi-safi-in-list': ({ m, to }, value, path) => {
    const families = list(value);
    if (families.length > 1) m.refuse(path, 'more than one family is not supported yet', 'write a statement for each');
    else m.set([...to, 'match', 'family'], families[0], path);
  },
};

/** What takes away all communities of a kind. */
const ALL: Readonly<Record<string, string>> = {
  community: '*:*',
  'ext-community': 'ext:/./',
  'large-community': '*:*:*',
};

const communities =
  (kind: 'community' | 'ext-community' | 'large-community'): Handler =>
  ({ m, to }, value, path) => {
    if (!isTree(value)) return;
    const option = String(value.options ?? 'add').toLowerCase();
    const at = [...path, `set-${kind}-method`, 'communities-list'];
    const given = list(m.look(at));
    const all = option === 'replace' && given.length === 0;
    const edit = all ? 'remove' : option === 'replace' ? 'set' : option;
    if (!['add', 'remove', 'set'].includes(edit)) {
      m.refuse([...path, 'options'], `must be add, remove or replace, not ${quote(option)}`);
      return;
    }
    const target = [...to, 'set', 'community', edit];
    const first = list(m.at(target)).length;
    const converted = all ? [ALL[kind]] : given.map(SETS[kind].convert);
    converted.forEach((text, i) => {
      m.set([...target, first + i], text ?? given[i], all ? path : [...at, i]);
    });
  };

const ACTIONS: Readonly<Record<string, Handler>> = {
  'set-med': plain('set.med', med => (/^[+-]/.test(String(med)) ? String(med) : number(med))),
  'set-local-pref': plain('set.local-pref', number),
  'set-next-hop': plain('set.next-hop'),
  'set-route-origin': plain('set.origin', origin => String(origin).toLowerCase()),
  'set-as-path-prepend': ({ m, to }, value, path) => {
    if (!isTree(value) || isUnset(value['repeat-n'])) return;
    const as = value.as === 'last-as' ? 'last' : number(value.as);
    m.set([...to, 'set', 'prepend', 'as'], as, [...path, 'as']);
    m.set([...to, 'set', 'prepend', 'times'], number(value['repeat-n']), [...path, 'repeat-n']);
  },
  'set-community': communities('community'),
  'set-ext-community': communities('ext-community'),
  'set-large-community': communities('large-community'),
  'route-disposition': ({ m, to }, value, path) => {
    const then = new Map([
      ['accept-route', 'accept'],
      ['reject-route', 'reject'],
      ['none', 'next'],
    ]).get(String(value).toLowerCase());
    if (then === undefined) m.refuse(path, `must be accept-route, reject-route or none, not ${quote(String(value))}`);
    else m.set([...to, 'then'], then, path);
  },
};

/** Maps all sets and policies; which of them are asked, neighbors say. */
export function mapPolicies(m: Mapping): void {
  const sets = mapSets(m);
  for (const direction of ['import', 'export'])
    m.take(['global', 'apply-policy', 'config', `${direction}-policy-list`]);
  list(m.look(['policy-definitions'])).forEach((policy, i) => {
    const path = ['policy-definitions', i];
    m.take(path);
    if (!isTree(policy) || typeof policy.name !== 'string') {
      m.refuse(path, 'a policy needs a name');
      return;
    }
    m.set(['policies', policy.name], [], path);
    let count = 0;
    list(policy.statements).forEach((statement, j) => {
      const to = ['policies', policy.name as string, count];
      if (isTree(statement) && mapStatement({ m, to, sets }, statement, [...path, 'statements', j])) count++;
    });
  });
}

function mapSets(m: Mapping): Translation['sets'] {
  const sets: Translation['sets'] = new Map();
  for (const [kind, { from, name: nameKey, elements, to, convert }] of Object.entries(SETS)) {
    list(m.look(split(from))).forEach((set, i) => {
      const path = [...split(from), i];
      m.take(path);
      if (!isTree(set) || typeof set[nameKey] !== 'string') {
        m.refuse(path, `a set needs a ${nameKey}`);
        return;
      }
      const name = m.at([to, set[nameKey]]) === undefined ? set[nameKey] : `${set[nameKey]}-${kind}`;
      const given = list(set[elements]);
      sets.set(`${kind} ${set[nameKey]}`, { name, empty: given.length === 0 });
      m.set([to, name], [], path);
      given.forEach((element, j) => {
        const text = convert(element);
        if (text === undefined) m.refuse([...path, elements, j], 'it has no counterpart');
        m.set([to, name, j], text, [...path, elements, j]);
      });
    });
  }
  return sets;
}

/** Returns whether there is a new statement: one without conditions and actions does nothing. */
function mapStatement(it: Translation, statement: Tree, path: Path): boolean {
  const { m, to } = it;
  m.set(to, {}, path);
  m.set([...to, 'name'], isUnset(statement.name) ? undefined : statement.name, [...path, 'name']);
  handleAll(it, CONDITIONS, statement.conditions, [...path, 'conditions'], 'bgp-conditions');
  handleAll(it, ACTIONS, statement.actions, [...path, 'actions'], 'bgp-actions');
  const made = m.at(to) as Tree;
  if (made.then === 'reject' && made.set !== undefined) {
    m.warn([...path, 'actions', 'bgp-actions'], 'ignored: the route is rejected');
    delete made.set;
  }
  if (made.set !== undefined || made.then === 'accept' || made.then === 'reject') return true;
  m.warn(path, 'left out: the statement does nothing');
  (m.at(to.slice(0, -1)) as unknown[]).pop();
  return false;
}

function handleAll(it: Translation, handlers: typeof ACTIONS, tree: unknown, path: Path, nested: string): void {
  if (!isTree(tree)) return;
  for (const [key, value] of Object.entries(tree)) {
    const at = [...path, key];
    if (isUnset(value) && value !== 0) continue;
    if (key === nested) handleAll(it, handlers, value, at, '');
    else if (handlers[key]) handlers[key](it, value, at);
    else it.m.refuse(at, `${key} is not supported yet`, 'remove it');
  }
}
