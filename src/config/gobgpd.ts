// gobgpd's configuration (YAML or TOML) mapped to tsbgp's, so that `tsbgp daemon --config gobgpd.yml` just works.
//
// The mapping makes a tsbgp.yml as plain values and remembers from which of gobgpd's keys each value came; the schema then
// validates it, and problems are told with gobgpd's paths. Keys without a counterpart whose loss would change what the speaker
// does (VRFs, BFD, a condition of a policy) are refused; all others give a warning each.
// gobgpd's own defaults are kept where routing depends on them: no RFC 8212, only the family of the neighbor's address, no
// graceful restart, nothing into the kernel without zebra.

import { FAMILIES, GLOBAL_KEYS, NEIGHBOR_KEYS, number, POLICY, REDISTRIBUTED, seconds, truth } from './gobgpd-keys.js';
import { isTree, isUnset, list, type Mapped, Mapping, split, type Tree } from './gobgpd-mapping.js';
import { mapPolicies } from './gobgpd-policies.js';
import type { Path } from './problems.js';
import { isIpv6, quote } from './values.js';

/** Whether the values are a configuration of gobgpd: it has `global`, which tsbgp has not. */
export function isGobgpd(value: unknown): boolean {
  return isTree(value) && isTree(value.global);
}

/** gobgpd shares the traffic over as many paths as there are. */
const MULTIPATH = 16;
const DEFAULT_HOLD_TIME = 90;

/** Maps values for which `isGobgpd` is true. */
export function mapGobgpd(file: unknown): Mapped {
  const m = new Mapping(file as Tree);
  m.copy(GLOBAL_KEYS, split, []);
  mapPort(m);
  mapMultipath(m);
  mapConfederation(m);
  mapZebra(m);
  mapPolicies(m);
  mapPeerGroups(m);
  const neighbors = m.look(['neighbors']);
  if (Array.isArray(neighbors)) {
    m.set(['neighbors'], [], ['neighbors']);
    neighbors.forEach((_, i) => {
      mapNeighbor(m, i);
    });
  } else {
    m.set(['neighbors'], m.take(['neighbors']) ?? undefined, ['neighbors']);
  }
  mapDynamicNeighbors(m);
  m.finish();
  return m;
}

function mapPort(m: Mapping): void {
  const path = ['global', 'config', 'port'];
  const port = number(m.take(path));
  if (port === -1) m.set(['listen'], [], path);
  else m.set(['port'], port === 0 ? undefined : port, path);
}

function mapMultipath(m: Mapping): void {
  const base = ['global', 'use-multiple-paths'];
  const path = [...base, 'config', 'enabled'];
  const limits = ['ebgp', 'ibgp'].map(type => ({
    type,
    limit: number(m.take([...base, type, 'config', 'maximum-paths'])),
  }));
  const relaxed = truth(m.take([...base, 'ebgp', 'config', 'allow-multiple-as']));
  const enabled = truth(m.take(path));
  if (enabled !== true) return;
  m.set(['multipath', 'paths'], MULTIPATH, path);
  for (const { type, limit } of limits) if (limit) m.set(['multipath', type], limit, path);
  m.set(['multipath', 'relax-as-path'], relaxed, path);
  if (limits.every(({ limit }) => !limit))
    m.warn(path, `tsbgp shares the traffic over at most ${MULTIPATH} paths here`);
}

function mapConfederation(m: Mapping): void {
  const base = ['global', 'confederation', 'config'];
  const enabled = truth(m.take([...base, 'enabled'])) === true;
  const identifier = number(m.take([...base, 'identifier']));
  const members = m.take([...base, 'member-as-list']);
  if (!enabled) return;
  m.set(['confederation', 'identifier'], identifier, [...base, 'identifier']);
  m.set(['confederation', 'members'], list(members).map(number), [...base, 'member-as-list']);
}

function mapZebra(m: Mapping): void {
  const enabled = truth(m.take(['zebra', 'config', 'enabled'])) === true;
  m.set(['fib', 'install'], enabled, ['zebra', 'config', 'enabled']);
  if (!enabled) {
    m.warn(
      m.look(['zebra']) ? ['zebra'] : ['global'],
      'zebra is not enabled, so no routes are installed in the kernel',
    );
  }
  const path = ['zebra', 'config', 'redistribute-route-type-list'];
  const types = list(m.take(path)).filter(() => enabled);
  const known = types.map(type => REDISTRIBUTED.get(String(type)));
  m.set(['fib', 'redistribute'], [...new Set(known.filter(type => type !== undefined))], path);
  known.forEach((type, i) => {
    if (!type) m.warn([...path, i], `ignored: ${String(types[i])} is not a kind of kernel route that tsbgp announces`);
  });
}

/** Where the mapped keys of a neighbor, or of a peer group, come from and go. */
interface Scope {
  /** A path of the file, from one inside the neighbor or group. */
  at: (path: string) => Path;
  to: Path;
  /** The mapped peer group of a neighbor: what is there needs no default of gobgpd's. */
  group: Tree;
  /** Absent for a peer group: no default is filled in there. */
  external?: boolean;
}

function mapPeerGroups(m: Mapping): void {
  const groups = m.look(['peer-groups']);
  if (!Array.isArray(groups)) return;
  groups.forEach((_, i) => {
    const from = ['peer-groups', i];
    const at = (path: string) => [...from, ...split(path)];
    const name = m.take(at('config.peer-group-name'));
    if (!isTree(m.look(from)) || typeof name !== 'string') {
      m.refuse(from, 'a peer group needs a peer-group-name');
      return;
    }
    m.set(['groups', name], {}, from);
    mapKeys(m, { at, to: ['groups', name], group: {} });
  });
}

function mapNeighbor(m: Mapping, i: number): void {
  const from = ['neighbors', i];
  const to = ['neighbors', i];
  const at = (path: string) => [...from, ...split(path)];
  m.set(to, isTree(m.look(from)) ? {} : m.take(from), from);
  if (!isTree(m.look(from))) return;
  const name = m.take(at('config.peer-group'));
  if (!isUnset(name)) m.set([...to, 'group'], name, at('config.peer-group'));
  const group = m.at(['groups', String(name)]);
  const shared = isTree(group) ? group : {};
  const as = number(m.look(at('config.peer-as'))) || shared.as;
  mapKeys(m, { at, to, group: shared, external: as !== number(m.look(['global', 'config', 'as'])) });
}

/** gobgpd has no limit for them. */
const MOST_DYNAMIC = 4_000;

function mapDynamicNeighbors(m: Mapping): void {
  const entries = m.look(['dynamic-neighbors']);
  if (!Array.isArray(entries)) return;
  const before = m.at(['neighbors']);
  const offset = Array.isArray(before) ? before.length : 0;
  entries.forEach((_, i) => {
    const from = ['dynamic-neighbors', i];
    const to = ['neighbors', offset + i];
    const at = (path: string) => [...from, ...split(path)];
    m.set(to, {}, from);
    const prefix = m.take(at('config.prefix'));
    m.set([...to, 'address'], prefix ?? undefined, at('config.prefix'));
    m.set([...to, 'limit'], MOST_DYNAMIC, from);
    const name = m.take(at('config.peer-group'));
    m.set([...to, 'group'], name ?? undefined, at('config.peer-group'));
    const group = m.at(['groups', String(name)]);
    const shared = isTree(group) ? group : {};
    if (shared.families === undefined) {
      const family = typeof prefix === 'string' && isIpv6(prefix) ? FAMILIES[1] : FAMILIES[0];
      m.set([...to, 'families'], [family], at('config.prefix'));
    }
    const external = shared.as !== number(m.look(['global', 'config', 'as']));
    if (shared['graceful-restart'] === undefined) m.set([...to, 'graceful-restart'], false, from);
    mapPolicy(m, { at, to, group: shared, external });
  });
}

function mapKeys(m: Mapping, scope: Scope): void {
  const { at, to } = scope;
  m.copy(NEIGHBOR_KEYS, at, to);
  mapAnyAs(m, scope);
  const ownAs = number(m.look(['global', 'config', 'as']));
  const localAs = number(m.take(at('config.local-as')));
  if (!isUnset(localAs) && localAs !== ownAs) {
    m.set([...to, 'local-as'], { as: localAs, 'no-prepend': true, 'replace-as': true }, at('config.local-as'));
  }
  mapMultihop(m, scope);
  mapCluster(m, scope);
  mapGracefulRestart(m, scope);
  mapFamilies(m, scope);
  mapPolicy(m, scope);
}

/** gobgpd takes whoever is at the other end of an interface without a word about its AS. */
function mapAnyAs(m: Mapping, { at, to, group }: Scope): void {
  const path = at('config.neighbor-interface');
  if (m.at([...to, 'interface']) === undefined || !isUnset(m.at([...to, 'as'])) || !isUnset(group.as)) return;
  m.set([...to, 'as'], 'external', path);
  m.warn(path, 'without peer-as any AS but the own one is taken');
}

function mapMultihop(m: Mapping, { at, to }: Scope): void {
  const ttl = number(m.take(at('ebgp-multihop.config.multihop-ttl')));
  const enabled = truth(m.take(at('ebgp-multihop.config.enabled')));
  const least = number(m.take(at('ttl-security.config.ttl-min')));
  if (typeof least === 'number' && least > 0)
    m.set([...to, 'multihop'], 256 - least, at('ttl-security.config.ttl-min'));
  if (enabled === true) m.set([...to, 'multihop'], ttl || 255, at('ebgp-multihop.config.multihop-ttl'));
}

function mapCluster(m: Mapping, { at }: Scope): void {
  const path = at('route-reflector.config.route-reflector-cluster-id');
  const id = m.take(path);
  if (isUnset(id)) return;
  const earlier = m.value['cluster-id'];
  if (earlier === undefined) m.set(['cluster-id'], id, path);
  else if (earlier !== id) m.warn(path, `ignored: tsbgp has one cluster-id, here ${String(earlier)}`);
}

function mapGracefulRestart(m: Mapping, { at, to, group, external }: Scope): void {
  const restartTime = number(m.take(at('graceful-restart.config.restart-time')));
  const switched = truth(m.take(at('graceful-restart.config.enabled')));
  const inFamilies = at('graceful-restart.config.long-lived-enabled');
  const longLived = truth(m.take(inFamilies)) === true;
  mapDeferral(m, at('graceful-restart.config.deferral-time'));
  if (switched === undefined && (external === undefined || group['graceful-restart'] !== undefined)) return;
  const enabled = switched === true;
  const holdTime = seconds(m.look(at('timers.config.hold-time'))) || group['hold-time'] || DEFAULT_HOLD_TIME;
  const asked = restartTime || Math.min(Number(holdTime), 4095);
  const path = at('graceful-restart.config.restart-time');
  m.set([...to, 'graceful-restart'], enabled && {}, at('graceful-restart.config.enabled'));
  if (enabled) m.set([...to, 'graceful-restart', 'restart-time'], asked, path);
  if (enabled && longLived) m.set([...to, 'graceful-restart', 'long-lived'], {}, inFamilies);
}

/** gobgpd has a time for each neighbor; tsbgp chooses when the last one is over. */
function mapDeferral(m: Mapping, path: Path): void {
  const time = number(m.take(path));
  if (isUnset(time)) return;
  const earlier = m.value['selection-deferral-time'];
  if (typeof earlier === 'number' && typeof time === 'number' && earlier >= time) return;
  m.set(['selection-deferral-time'], time, path);
}

/** gobgpd wants it enabled for the neighbor and for the family. */
function mapLongLived(m: Mapping, to: Path, family: string, at: Scope['at']): void {
  const path = at('long-lived-graceful-restart.config.restart-time');
  const enabled = truth(m.take(at('long-lived-graceful-restart.config.enabled'))) === true;
  const staleTime = number(m.take(path));
  const longLived = [...to, 'graceful-restart', 'long-lived'];
  if (!enabled) return;
  if (m.at(longLived) !== undefined) m.set([...longLived, family], staleTime ?? 0, path);
  else m.warn(path, 'ignored: graceful-restart beside afi-safis does not have long-lived-enabled');
}

function mapFamilies(m: Mapping, { at, to, group, external }: Scope): void {
  const entries = m.look(at('afi-safis'));
  if (!Array.isArray(entries) || entries.length === 0) {
    const address = m.look(at('config.neighbor-address'));
    m.take(at('afi-safis'));
    if (external === undefined || group.families !== undefined) return;
    if (m.at([...to, 'interface']) !== undefined) return;
    const family = typeof address === 'string' && isIpv6(address) ? FAMILIES[1] : FAMILIES[0];
    m.set([...to, 'families'], [family], at('config.neighbor-address'));
    return;
  }
  const names: unknown[] = [];
  for (const j of entries.keys()) {
    const inside = (path: string) => [...at('afi-safis'), j, ...split(path)];
    const name = m.take(inside('config.afi-safi-name')) ?? m.take(inside('afi-safi-name'));
    const disabled = truth(m.take(inside('config.enabled'))) === false;
    m.take(inside('mp-graceful-restart.config.enabled'));
    if (!FAMILIES.includes(String(name)))
      m.warn(inside('config.afi-safi-name'), `left out: ${String(name)} is not supported yet`);
    else if (!disabled) {
      names.push(name);
      mapLongLived(m, to, String(name), inside);
    }
    const receive = truth(m.take(inside('add-paths.config.receive')));
    if (!isUnset(receive)) m.set([...to, 'add-path', 'receive'], receive, inside('add-paths.config.receive'));
    const send = number(m.take(inside('add-paths.config.send-max')));
    if (!isUnset(send)) m.set([...to, 'add-path', 'send'], send, inside('add-paths.config.send-max'));
    mapPrefixLimit(m, to, inside);
  }
  m.set([...to, 'families'], names, at('afi-safis'));
}

/** gobgpd limits each family and stays down; tsbgp has one limit for the session. */
function mapPrefixLimit(m: Mapping, to: Path, at: Scope['at']): void {
  const path = at('prefix-limit.config.max-prefixes');
  const limit = number(m.take(path));
  const restart = m.take(at('prefix-limit.config.restart-timer'));
  const warning = number(m.take(at('prefix-limit.config.shutdown-threshold-pct')));
  if (isUnset(limit)) return;
  const earlier = m.at([...to, 'max-prefix', 'limit']);
  if (typeof earlier === 'number' && typeof limit === 'number') {
    m.set([...to, 'max-prefix', 'limit'], earlier + limit, path);
    m.warn(path, `tsbgp has one limit for all families: ${earlier + limit}`);
    return;
  }
  m.set([...to, 'max-prefix', 'limit'], limit, path);
  if (!isUnset(warning))
    m.set([...to, 'max-prefix', 'warning'], warning, at('prefix-limit.config.shutdown-threshold-pct'));
  m.set(
    [...to, 'max-prefix', 'restart'],
    isUnset(restart) ? 0 : seconds(restart),
    at('prefix-limit.config.restart-timer'),
  );
}

const GLOBAL_POLICY: Path = ['global', 'apply-policy', 'config'];

const POLICY_KEYS = [
  ['import', ['import', 'in']],
  ['export', ['export', 'out']],
] as const;

/** A route server client's own policies and default; any other neighbor's are the global ones, whatever it has itself. */
function mapPolicy(m: Mapping, scope: Scope): void {
  const { at, to, group, external } = scope;
  const own = truth(m.look(at('route-server.config.route-server-client')));
  const isClient = (own ?? group['route-server-client']) === true;
  if (!isClient) ignorePolicy(m, scope);
  if (!isClient && external === undefined) return;
  const base = isClient ? at('apply-policy.config') : GLOBAL_POLICY;
  const unnamed: string[] = [];
  for (const [key, words] of POLICY_KEYS) {
    const first = (paths: Path[]) => {
      const found = paths.map(path => ({ path, value: m.take(path) })).find(({ value }) => !isUnset(value));
      return found ?? { path: paths[0], value: undefined };
    };
    const named = first([[...base, `${key}-policy-list`]]);
    const fallback = first(words.map(word => [...base, `default-${word}-policy`]));
    const word = POLICY.get(String(fallback.value));
    if (fallback.value !== undefined && word === undefined)
      m.refuse(fallback.path, `must be accept-route or reject-route, not ${quote(String(fallback.value))}`);
    else if (named.value !== undefined) m.set([...to, key], [...list(named.value), word ?? 'accept'], named.path);
    else if (word !== undefined) m.set([...to, key], word, fallback.path);
    else if (external && group[key] === undefined) unnamed.push(key);
  }
  if (unnamed.length === 0) return;
  for (const key of unnamed) m.set([...to, key], 'accept', at('config.peer-as'));
  const what = `${unnamed.join(' and ')}: accept`;
  m.warn(
    at('config.peer-as'),
    `external neighbor without a policy: mapped to ${what}, as gobgpd does; RFC 8212 would reject`,
  );
}

/** Policies that gobgpd does not ask: those of a neighbor, or of a peer-group of neighbors, that are no route server clients. */
function ignorePolicy(m: Mapping, { at, to, external }: Scope): void {
  const isClientOfGroup = (path: Path) =>
    m.look([...path, 'config', 'peer-group']) === to[1] &&
    truth(m.look([...path, 'route-server', 'config', 'route-server-client'])) === true;
  const forClients =
    external === undefined && list(m.look(['neighbors'])).some((_, i) => isClientOfGroup(['neighbors', i]));
  for (const [key, words] of POLICY_KEYS) {
    for (const name of [`${key}-policy-list`, ...words.map(word => `default-${word}-policy`)]) {
      const path = [...at('apply-policy.config'), name];
      if (isUnset(m.take(path))) continue;
      if (forClients) m.refuse(path, 'only some neighbors of the group are route server clients', 'move it to those');
      else
        m.warn(
          path,
          'ignored, as by gobgpd: only route server clients have policies of their own, the others the global ones',
        );
    }
  }
}
