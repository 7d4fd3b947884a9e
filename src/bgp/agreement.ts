// What the two ends agreed on, as the tables need it: how this neighbor's UPDATEs are read, and what it is told.

import { DefaultRoute } from './default-routes.js';
import type { Retention } from './graceful-restart.js';
import type { BoundRule, ImportRule } from './neighbor-policies.js';
import type { AsPathEdits } from './rib/as-path-edits.js';
import type { ExportOptions } from './rib/export.js';
import type { ImportContext } from './rib/ingest.js';
import type { NextHopRule } from './rib/next-hop-rule.js';
import { LINK_LOCAL_FIRST } from './rib/next-hops.js';
import { OTC_RULES } from './rib/only-to-customer.js';
import { type LocalOptions, type NeighborOptions, publicAs, relationTo } from './session/options.js';
import type { Negotiated } from './session/session.js';
import { Family } from './wire/family.js';
import { parseAddress } from './wire/prefix.js';

/** What the tables need of what was negotiated. */
export type Terms = Pick<
  Negotiated,
  | 'as4'
  | 'families'
  | 'addPathReceive'
  | 'addPathSend'
  | 'extendedNextHop'
  | 'maxMessageLength'
  | 'longLived'
  | 'remoteAs'
  | 'nextHopSelf'
  | 'subnets'
  | 'interfaceIndex'
>;

/** How the neighbor's UPDATEs are read and judged. */
export function importContext(
  source: number,
  options: NeighborOptions,
  local: LocalOptions,
  clusterId: number,
  negotiated: Terms,
  rule: ImportRule,
): ImportContext {
  const relation = relationTo(options.as, local);
  const internal = relation !== 'external';
  return {
    source,
    scan: {
      as4: negotiated.as4,
      addPath: maskOf(negotiated.addPathReceive),
      internal,
      families: maskOf(negotiated.families),
      rejectAsSets: true,
      localPrefRequired: relation === 'internal',
      ipv4NextHopsOnly: !negotiated.extendedNextHop,
    },
    link: linkOf(options, negotiated),
    internal,
    routeServerClient: options.routeServerClient,
    member: relation === 'confederation',
    localAs: publicAs(local),
    memberAs: local.as,
    sessionAs: options.asPath.local?.as ?? publicAs(local),
    prepended: options.asPath.local?.noPrepend === false ? options.asPath.local.as : 0,
    allowOwnAs: options.asPath.allowOwn,
    enforceFirstAs: options.asPath.enforceFirst,
    otc: options.role === undefined ? null : OTC_RULES[options.role.own],
    remoteAs: negotiated.remoteAs,
    routerId: local.routerId,
    clusterId,
    nextHops: nextHopRule(options, internal, negotiated),
    accept: rule.accept,
    policy: rule.policy,
  };
}

/**
 * The link of link-local next hops; with a neighbor that is named by its interface they count even beside global ones, which
 * need not be on a subnet of ours.
 */
export function linkOf(options: NeighborOptions, { interfaceIndex }: Terms): number {
  return options.interface === undefined ? interfaceIndex : interfaceIndex | LINK_LOCAL_FIRST;
}

/** What the neighbor is told in a family, and in which form. */
export function exportOptions(
  family: Family,
  source: number,
  options: NeighborOptions,
  local: LocalOptions,
  clusterId: number,
  negotiated: Terms,
  { accept, policy }: BoundRule,
  maintenance: boolean,
): ExportOptions {
  const relation = relationTo(options.as, local);
  return {
    family,
    internal: relation === 'internal',
    member: relation === 'confederation',
    localAs: publicAs(local),
    routerId: local.routerId,
    clusterId,
    client: options.routeReflectorClient,
    nextHopSelf: options.nextHopSelf,
    nextHopUnchanged: options.nextHopUnchanged,
    asPath: asPathEdits(options, local, negotiated.remoteAs),
    role: options.role?.own,
    viewOf: options.routeServerClient ? source : undefined,
    ownNextHop: ownNextHop(family, options, relation !== 'external', negotiated),
    accept,
    policy,
    longLived: negotiated.longLived !== null,
    originated: options.defaultOriginate ? DefaultRoute[maintenance ? 'maintenance' : 'plain'] : undefined,
    as4: negotiated.as4,
    maxMessageLength: negotiated.maxMessageLength,
    extendedNextHop: negotiated.extendedNextHop,
    addPath: negotiated.addPathSend.includes(family) ? options.addPath.send : undefined,
  };
}

// RFC 4271 §6.3: what is off the subnets in common is ignored from external neighbors one hop away.
function nextHopRule(options: NeighborOptions, internal: boolean, negotiated: Terms): NextHopRule {
  const { ipv4, ipv6, linkLocal } = negotiated.nextHopSelf;
  const own = [ipv4, ipv6, linkLocal].filter(address => address !== null);
  const subnets = negotiated.subnets.map(cidr => {
    const [address, length] = cidr.split('/');
    return { address: parseAddress(address), length: Number(length) };
  });
  return { own, subnets: internal || options.multihop > 1 || subnets.length === 0 ? null : subnets };
}

/** How the neighbor's routes are kept when the session is lost; null: not at all. */
export function retention({ gracefulRestart }: NeighborOptions, negotiated: Negotiated | null): Retention | null {
  if (gracefulRestart === false || !negotiated?.gracefulRestart) return null;
  const { staleTimeSeconds = STALE_TIME_SECONDS } = gracefulRestart;
  const { families = [], limitSeconds = Number.POSITIVE_INFINITY } = gracefulRestart.longLived ?? {};
  const longLived = (negotiated.longLived ?? [])
    .filter(({ family }) => families.some(own => own.family === family))
    .map(entry => ({ ...entry, staleTimeSeconds: Math.min(entry.staleTimeSeconds, limitSeconds) }));
  return { ...negotiated.gracefulRestart, longLived, staleTimeSeconds };
}

/** Null where the own AS in front is all there is to it. */
function asPathEdits({ as, asPath }: NeighborOptions, local: LocalOptions, remoteAs: number): AsPathEdits | null {
  const relation = relationTo(as, local);
  if (relation === 'internal') return null;
  if (relation === 'confederation') {
    return { prepend: [local.as], ownAs: local.as, remoteAs, override: false, removePrivate: false, member: true };
  }
  const { local: other, override, removePrivate } = asPath;
  if (other === undefined && !override && removePrivate === false && local.confederation === undefined) return null;
  const ownAs = other?.as ?? publicAs(local);
  const prepend = other === undefined || other.replaceAs ? [ownAs] : [ownAs, publicAs(local)];
  return { prepend, ownAs, remoteAs, override, removePrivate, member: false };
}

// RFC 2545 §3: a neighbor on the same link is given the link-local address beside the global one. One that is named by its
// interface need not have IPv4 there, nor our subnets.
function ownNextHop(family: Family, options: NeighborOptions, internal: boolean, negotiated: Terms): Uint8Array {
  const { ipv4, ipv6, linkLocal } = negotiated.nextHopSelf;
  const named = options.interface !== undefined;
  if (family === Family.ipv4Unicast && ((ipv4 !== null && !named) || !negotiated.extendedNextHop)) return ipv4 ?? NONE;
  if (ipv6 === null || linkLocal === null || (internal && !named) || options.multihop > 1)
    return ipv6 ?? linkLocal ?? NONE;
  const both = new Uint8Array(32);
  both.set(ipv6);
  both.set(linkLocal, 16);
  return both;
}

/** RFC 4724 §4.2 leaves it to the speaker, RFC 8538 suggests half of it; BIRD may take 240 s before it tells anything. */
const STALE_TIME_SECONDS = 360;
const NONE = new Uint8Array(0);

function maskOf(families: readonly Family[]): number {
  return families.reduce<number>((mask, family) => mask | (1 << family), 0);
}
