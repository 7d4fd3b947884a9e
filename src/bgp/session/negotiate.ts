// What two OPEN messages come to: a pure function of what each side said.
//
// `ourOpen` says what this speaker can do and wants with a neighbor; `negotiate` judges the neighbor's OPEN and finds
// what both have in common. What makes an OPEN bad by itself (version, hold time, identifier 0, form) the codec has
// refused already; here it is compared with the configuration and with our own OPEN.
//
// RFC 4271 §4.2 and §6.2, RFC 4724 §3, RFC 4760 §8, RFC 5492, RFC 6286 §2.2, RFC 6793 §4.1, RFC 7313 §3.1, RFC 7911 §4,
// RFC 8538 §2, RFC 8654 §4, RFC 8950 §4, RFC 9234 §4.2, RFC 9494 §4.1.

import { AS_TRANS } from '../wire/aspath.js';
import {
  type AddPathMode,
  type AfiSafi,
  type Capability,
  encodeCapability,
  ROLE_OF_NEIGHBOR,
  type Role,
} from '../wire/capabilities.js';
import { FAMILIES, Family, familyOf } from '../wire/family.js';
import { MAX_EXTENDED_MESSAGE_BYTES, MAX_MESSAGE_BYTES } from '../wire/message.js';
import { NotificationErrors, WireError } from '../wire/notification.js';
import { type OpenMessage, openMessage } from '../wire/open.js';
import { formatRouterId } from '../wire/prefix.js';
import { ANY_EXTERNAL_AS, type LocalOptions, mayBeIn, type NeighborOptions, sessionAs } from './options.js';

/** What a session may use. */
export interface Agreed {
  /** iBGP. */
  internal: boolean;
  remoteAs: number;
  remoteRouterId: number;
  /** The smaller of both; 0 = neither KEEPALIVEs nor a hold timer. */
  holdTimeSeconds: number;
  /** A third of the hold time. */
  keepaliveSeconds: number;
  families: Family[];
  /** AS numbers have 4 octets in AS_PATH and AGGREGATOR. */
  as4: boolean;
  /** The longest message we may send. */
  maxMessageLength: 4096 | 65535;
  /** The longest message the neighbor may send: what we offered, whatever it offered (RFC 8654 §4). */
  maxReceiveLength: 4096 | 65535;
  routeRefresh: boolean;
  enhancedRouteRefresh: boolean;
  /** Families whose NLRI carry path identifiers, by direction. */
  addPathReceive: Family[];
  addPathSend: Family[];
  /** IPv4 routes may have IPv6 next hops, in both directions. */
  extendedNextHop: boolean;
  /** What the neighbor said about its restarts; null when one side does without. */
  gracefulRestart: {
    restarting: boolean;
    notification: boolean;
    restartTimeSeconds: number;
    families: { family: Family; forwarding: boolean }[];
  } | null;
  /** Families of which the neighbor wants its routes kept for long (RFC 9494); null when it does not know of it. */
  longLived: { family: Family; forwarding: boolean; staleTimeSeconds: number }[] | null;
  localCapabilities: Capability[];
  remoteCapabilities: Capability[];
}

const IPV6_AFI = 2;
/** The Restart Time field has 12 bits (RFC 4724 §3). */
const MAX_RESTART_TIME_SECONDS = 4095;

/** What an OPEN depends on besides configuration. */
export interface OpenCircumstances {
  /** The neighbor refuses capabilities: there are none (RFC 5492 §3). */
  bare?: boolean;
  /** There was a session with the neighbor since our start: what it has of ours, we have forwarded all the time. */
  resumed?: boolean;
}

/** Our OPEN for a neighbor. */
export function ourOpen(
  options: NeighborOptions,
  local: LocalOptions,
  { bare = false, resumed = false }: OpenCircumstances = {},
): OpenMessage {
  const capabilities = ourCapabilities(options, local, resumed);
  const open = openMessage(sessionAs(options, local), options.holdTimeSeconds, local.routerId, capabilities);
  return bare ? { ...open, as: open.as2, capabilities: [] } : open;
}

function ourCapabilities(options: NeighborOptions, local: LocalOptions, resumed: boolean): Capability[] {
  const families = options.families.map(family => FAMILIES[family]);
  const capabilities: Capability[] = families.map(({ afi, safi }) => ({ type: 'multiprotocol', afi, safi }));
  capabilities.push({ type: 'route-refresh' }, { type: 'enhanced-route-refresh' }, { type: 'extended-message' });
  if (options.families.includes(Family.ipv4Unicast)) {
    const { afi, safi } = FAMILIES[Family.ipv4Unicast];
    capabilities.push({ type: 'extended-next-hop', families: [{ afi, safi, nextHopAfi: IPV6_AFI }] });
  }
  if (options.role) capabilities.push({ type: 'role', role: options.role.own });
  if (options.gracefulRestart) {
    capabilities.push({
      type: 'graceful-restart',
      restarting: local.restarting(resumed),
      notification: true,
      restartTimeSeconds: Math.min(MAX_RESTART_TIME_SECONDS, options.gracefulRestart.restartTimeSeconds),
      families: families.map(({ family, afi, safi }) => {
        return { afi, safi, forwarding: resumed || local.forwardingPreserved(family) };
      }),
    });
    const { longLived } = options.gracefulRestart;
    if (longLived) {
      const offered = longLived.families.filter(({ family }) => options.families.includes(family));
      capabilities.push({
        type: 'long-lived-graceful-restart',
        families: offered.map(({ family, staleTimeSeconds }) => {
          const { afi, safi } = FAMILIES[family];
          return { afi, safi, forwarding: resumed || local.forwardingPreserved(family), staleTimeSeconds };
        }),
      });
    }
  }
  const { receive, send } = options.addPath;
  if (receive || send !== 0) {
    const mode: AddPathMode = receive ? (send !== 0 ? 'both' : 'receive') : 'send';
    capabilities.push({ type: 'add-path', families: families.map(({ afi, safi }) => ({ afi, safi, mode })) });
  }
  if (local.hostname !== '') capabilities.push({ type: 'fqdn', hostname: local.hostname, domain: '' });
  return capabilities;
}

/**
 * Judges the neighbor's OPEN by the configuration and by the OPEN we sent (or are about to send). Throws WireError with
 * the NOTIFICATION for the neighbor when there can be no session.
 */
export function negotiate(received: OpenMessage, sent: OpenMessage, options: NeighborOptions): Agreed {
  if (!mayBeIn(received.as, options, sent.as)) {
    throw new WireError(
      NotificationErrors.badPeerAs,
      `the neighbor is in AS ${received.as}, the configuration says ${expectedAs(options)}`,
    );
  }
  checkContradictions(received);
  checkRole(received, options);
  const internal = options.as === sent.as;
  if (internal && received.routerId === sent.routerId) {
    throw new WireError(
      NotificationErrors.badBgpIdentifier,
      `the neighbor has our router id ${formatRouterId(sent.routerId)}; within an AS each needs its own`,
    );
  }
  const both = <K extends Capability['type']>(type: K) => has(sent, type) && has(received, type);
  const holdTimeSeconds = Math.min(sent.holdTimeSeconds, received.holdTimeSeconds);
  const families = commonFamilies(received, sent, options);
  return {
    internal,
    remoteAs: received.as,
    remoteRouterId: received.routerId,
    holdTimeSeconds,
    keepaliveSeconds: holdTimeSeconds / 3,
    families,
    as4: both('as4'),
    maxMessageLength: both('extended-message') ? MAX_EXTENDED_MESSAGE_BYTES : MAX_MESSAGE_BYTES,
    maxReceiveLength: has(sent, 'extended-message') ? MAX_EXTENDED_MESSAGE_BYTES : MAX_MESSAGE_BYTES,
    routeRefresh: both('route-refresh'),
    enhancedRouteRefresh: both('enhanced-route-refresh'),
    addPathReceive: families.filter(family => adds(sent, family, 'receive') && adds(received, family, 'send')),
    addPathSend: families.filter(family => adds(sent, family, 'send') && adds(received, family, 'receive')),
    extendedNextHop: hasIpv4ByIpv6(sent) && hasIpv4ByIpv6(received),
    gracefulRestart: has(sent, 'graceful-restart') ? gracefulRestartOf(received) : null,
    longLived: longLivedOf(received),
    localCapabilities: sent.capabilities,
    remoteCapabilities: received.capabilities,
  };
}

/** An OPEN that says two things of itself: AS numbers (RFC 6793 §4.1) or roles (RFC 9234 §4.2). */
function expectedAs({ as, asRanges }: NeighborOptions): string {
  if (as !== ANY_EXTERNAL_AS) return `AS ${as}`;
  if (asRanges === undefined) return 'external';
  return `AS ${asRanges.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(', ')}`;
}

function checkContradictions(received: OpenMessage): void {
  const { as, as2 } = received;
  const numbers = [as2 === AS_TRANS ? as : as2, ...all(received, 'as4').map(capability => capability.as)];
  if (numbers.some(number => number !== as)) {
    throw new WireError(
      NotificationErrors.badPeerAs,
      `the neighbor gives itself several AS numbers: ${numbers.join(', ')}`,
    );
  }
  const roles = all(received, 'role').map(capability => capability.role);
  if (roles.some(role => role !== roles[0])) {
    throw new WireError(
      NotificationErrors.roleMismatch,
      `the neighbor gives itself several roles: ${roles.join(', ')}`,
    );
  }
}

/** RFC 9234 §4.2: both roles must fit each other; one that the neighbor does not name fits unless we are strict. */
function checkRole(received: OpenMessage, { role }: NeighborOptions): void {
  if (role === undefined) return;
  const theirs = roleOf(received);
  const expected = ROLE_OF_NEIGHBOR[role.own];
  if (theirs === expected || (theirs === null && !role.strict)) return;
  throw new WireError(
    NotificationErrors.roleMismatch,
    `we are ${role.own} to the neighbor, so it has to be ${expected}; it ${theirs === null ? 'names no role' : `says ${theirs}`}`,
  );
}

/** The role that the sender of the OPEN gives itself. */
function roleOf(open: OpenMessage): Role | null {
  return all(open, 'role')[0]?.role ?? null;
}

type CapabilityOf<K extends Capability['type']> = Extract<Capability, { type: K }>;

function all<K extends Capability['type']>(open: OpenMessage, type: K): CapabilityOf<K>[] {
  return open.capabilities.filter((capability): capability is CapabilityOf<K> => capability.type === type);
}

function has(open: OpenMessage, type: Capability['type']): boolean {
  return open.capabilities.some(capability => capability.type === type);
}

function isFamily({ afi, safi }: AfiSafi, family: Family): boolean {
  return familyOf(afi, safi) === family;
}

/** A speaker that names no family means IPv4 unicast (RFC 4760 §8). */
function offers(open: OpenMessage, family: Family): boolean {
  const named = all(open, 'multiprotocol');
  return named.length === 0 ? family === Family.ipv4Unicast : named.some(named => isFamily(named, family));
}

function commonFamilies(received: OpenMessage, sent: OpenMessage, options: NeighborOptions): Family[] {
  const families = options.families.filter(family => offers(sent, family) && offers(received, family));
  if (families.length > 0) return families;
  // RFC 5492 §5: the data is what we miss, encoded as in an OPEN.
  const missing: number[] = [];
  for (const family of options.families) encodeCapability({ type: 'multiprotocol', ...FAMILIES[family] }, missing);
  const names = options.families.map(family => FAMILIES[family].name).join(' and ');
  throw new WireError(
    NotificationErrors.unsupportedCapability,
    `the neighbor does not exchange ${names}`,
    Uint8Array.from(missing),
  );
}

/** Whether the sender of the OPEN sends, or receives, several paths of the family (RFC 7911 §4). */
function adds(open: OpenMessage, family: Family, direction: 'send' | 'receive'): boolean {
  return all(open, 'add-path').some(({ families }) =>
    families.some(entry => isFamily(entry, family) && (entry.mode === direction || entry.mode === 'both')),
  );
}

function hasIpv4ByIpv6(open: OpenMessage): boolean {
  return all(open, 'extended-next-hop').some(({ families }) =>
    families.some(entry => isFamily(entry, Family.ipv4Unicast) && entry.nextHopAfi === IPV6_AFI),
  );
}

/** Of several instances the last one counts (RFC 4724 §3). */
function gracefulRestartOf(open: OpenMessage): Agreed['gracefulRestart'] {
  const capability = all(open, 'graceful-restart').at(-1);
  if (!capability) return null;
  const { restarting, notification, restartTimeSeconds } = capability;
  const families = FAMILIES.flatMap(({ family }) => {
    const entry = capability.families.find(entry => isFamily(entry, family));
    return entry ? [{ family, forwarding: entry.forwarding }] : [];
  });
  return { restarting, notification, restartTimeSeconds, families };
}

/** Does the neighbor want routes of any family kept when the session is lost (RFC 4724 §4.2, RFC 9494 §4)? */
export function keepsRoutes({ gracefulRestart, longLived }: Agreed): boolean {
  return gracefulRestart !== null && gracefulRestart.families.length + (longLived?.length ?? 0) > 0;
}

/** Nothing without graceful restart (RFC 9494 §4.5). */
function longLivedOf(open: OpenMessage): Agreed['longLived'] {
  const capability = all(open, 'long-lived-graceful-restart').at(-1);
  if (!capability || !has(open, 'graceful-restart')) return null;
  return FAMILIES.flatMap(({ family }) => {
    const entry = capability.families.find(entry => isFamily(entry, family));
    return entry ? [{ family, forwarding: entry.forwarding, staleTimeSeconds: entry.staleTimeSeconds }] : [];
  });
}
