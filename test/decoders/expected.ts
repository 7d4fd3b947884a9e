// What tshark should say about a message: field names of Wireshark with the texts they have, per attribute type and
// capability, written from the RFCs and not from tsbgp's encoder.
//
// tshark 4.0 has no fields for IPV6_EXT_COMMUNITIES (25), ONLY_TO_CUSTOMER (35) and types without a name: flags, type and
// length are all there is of them. It gives the octets of the capabilities it does not know, of which role and long-lived
// graceful restart are two.

import type { Capability } from '../../src/bgp/wire/capabilities.js';
import { Family } from '../../src/bgp/wire/family.js';
import type { Message } from '../../src/bgp/wire/message.js';
import type { Nlri } from '../../src/bgp/wire/nlri.js';
import type { PathAttribute } from '../../src/bgp/wire/path-attribute.js';
import { formatAddress } from '../../src/bgp/wire/prefix.js';

/** Field name → its texts in order; a number stands for its decimal text. */
export type Expected = Record<string, (string | number)[]>;

const A = 'bgp.update.path_attribute.';
const SEGMENT_TYPES = { set: 1, sequence: 2, confedSequence: 3, confedSet: 4 };
const TYPE = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 };
const ORIGIN = { igp: 0, egp: 1, incomplete: 2 };
const ROLE = { provider: 0, rs: 1, 'rs-client': 2, customer: 3, peer: 4 };
const ADD_PATH = { receive: 1, send: 2, both: 3 };
const AFI = { [Family.ipv4Unicast]: 1, [Family.ipv6Unicast]: 2 };
const UNICAST = 1;
const OPTIONAL = 0x80;
const TRANSITIVE = 0x40;
const PARTIAL = 0x20;

/** A router ID, cluster ID and the like, as a dotted quad. */
const quad = (id: number) => [24, 16, 8, 0].map(shift => (id >>> shift) & 0xff).join('.');
const reserved = (community: number) => [0, 0xffff].includes(community >>> 16);
const colons = (octets: Iterable<number>) => Array.from(octets, o => o.toString(16).padStart(2, '0')).join(':');
const hex = (octets: Iterable<number>) => Array.from(octets, o => o.toString(16).padStart(2, '0')).join('');

/** NLRI as `prefixes` of tshark.ts has them. */
export function texts(list: readonly Nlri[]): string[] {
  return list
    .map(({ prefix, pathId }) => {
      const path = pathId === undefined ? '' : ` ${pathId}`;
      return `${formatAddress(prefix.address)}/${prefix.length}${path}`;
    })
    .sort();
}

function path(segments: Extract<PathAttribute, { type: 'asPath' }>['segments'], octets: 2 | 4): Expected {
  return {
    [`${A}as_path_segment.type`]: segments.map(s => SEGMENT_TYPES[s.type]),
    [`${A}as_path_segment.length`]: segments.map(s => s.asns.length),
    [`${A}as_path_segment.as${octets}`]: segments.flatMap(s => s.asns),
  };
}

const aggregator = (a: { as: number; routerId: number }): Expected => ({
  [`${A}aggregator_as`]: [a.as],
  [`${A}aggregator_origin`]: [quad(a.routerId)],
});

type Row<T> = { code: number; flags: number; fields(value: T, asnOctets: 2 | 4): Expected };
const ATTRIBUTES: { [K in Exclude<PathAttribute['type'], 'unknown'>]: Row<Extract<PathAttribute, { type: K }>> } = {
  origin: { code: 1, flags: TRANSITIVE, fields: a => ({ [`${A}origin`]: [ORIGIN[a.origin]] }) },
  asPath: { code: 2, flags: TRANSITIVE, fields: (a, octets) => path(a.segments, octets) },
  nextHop: { code: 3, flags: TRANSITIVE, fields: a => ({ [`${A}next_hop`]: [a.address.join('.')] }) },
  med: { code: 4, flags: OPTIONAL, fields: a => ({ [`${A}multi_exit_disc`]: [a.value] }) },
  localPref: { code: 5, flags: TRANSITIVE, fields: a => ({ [`${A}local_pref`]: [a.value] }) },
  atomicAggregate: { code: 6, flags: TRANSITIVE, fields: () => ({ [`${A}length`]: [0] }) },
  aggregator: { code: 7, flags: OPTIONAL | TRANSITIVE, fields: aggregator },
  communities: {
    code: 8,
    flags: OPTIONAL | TRANSITIVE,
    // tshark has a field of its own for the ranges reserved in RFC 1997.
    fields: a => ({
      [`${A}community_as`]: a.communities.filter(c => !reserved(c)).map(c => c >>> 16),
      [`${A}community_value`]: a.communities.filter(c => !reserved(c)).map(c => c & 0xffff),
      [`${A}community_wellknown`]: a.communities.filter(reserved).map(c => `0x${c.toString(16).padStart(8, '0')}`),
    }),
  },
  originatorId: { code: 9, flags: OPTIONAL, fields: a => ({ [`${A}originator_id`]: [quad(a.routerId)] }) },
  clusterList: {
    code: 10,
    flags: OPTIONAL,
    fields: a => ({ 'bgp.path_attribute.cluster_id': a.clusterIds.map(quad) }),
  },
  mpReach: {
    code: 14,
    flags: OPTIONAL,
    fields: ({ family, nextHop }) => {
      const six = nextHop.length > 4;
      return {
        [`${A}mp_reach_nlri.afi`]: [AFI[family]],
        [`${A}mp_reach_nlri.safi`]: [UNICAST],
        [`${A}mp_reach_nlri.next_hop.ipv4`]: six ? [] : [nextHop.join('.')],
        [`${A}mp_reach_nlri.next_hop.ipv6`]: six ? [formatAddress(nextHop.slice(0, 16))] : [],
        [`${A}mp_reach_nlri.next_hop.ipv6.link_local`]: nextHop.length > 16 ? [formatAddress(nextHop.slice(16))] : [],
      };
    },
  },
  mpUnreach: {
    code: 15,
    flags: OPTIONAL,
    fields: a => ({
      [`${A}mp_unreach_nlri.afi`]: [AFI[a.family]],
      [`${A}mp_unreach_nlri.safi`]: [UNICAST],
    }),
  },
  extendedCommunities: {
    code: 16,
    flags: OPTIONAL | TRANSITIVE,
    fields: a => ({ 'bgp.ext_com.type': a.communities.map(c => `0x${hex(c.slice(0, 1))}`) }),
  },
  as4Path: { code: 17, flags: OPTIONAL | TRANSITIVE, fields: a => path(a.segments, 4) },
  as4Aggregator: { code: 18, flags: OPTIONAL | TRANSITIVE, fields: aggregator },
  ipv6ExtendedCommunities: {
    code: 25,
    flags: OPTIONAL | TRANSITIVE,
    fields: a => ({ [`${A}length`]: [20 * a.communities.length] }),
  },
  largeCommunities: {
    code: 32,
    flags: OPTIONAL | TRANSITIVE,
    fields: a => ({
      'bgp.large_communities.ga': a.communities.map(c => c[0]),
      'bgp.large_communities.ldp1': a.communities.map(c => c[1]),
      'bgp.large_communities.ldp2': a.communities.map(c => c[2]),
    }),
  },
  onlyToCustomer: { code: 35, flags: OPTIONAL | TRANSITIVE, fields: () => ({ [`${A}length`]: [4] }) },
};

/** The fields of one attribute, its header included. */
export function attributeFields(attribute: PathAttribute, asnOctets: 2 | 4): Expected {
  const unknown = attribute.type === 'unknown';
  const row = unknown ? undefined : (ATTRIBUTES[attribute.type] as Row<PathAttribute>);
  const set = 'partial' in attribute && attribute.partial ? PARTIAL : 0;
  const flags = row ? row.flags | set : (attribute as { flags: number }).flags;
  return {
    [`${A}type_code`]: [row ? row.code : (attribute as { code: number }).code],
    [`${A}flags.optional`]: [flags & OPTIONAL ? 1 : 0],
    [`${A}flags.transitive`]: [flags & TRANSITIVE ? 1 : 0],
    [`${A}flags.partial`]: [flags & PARTIAL ? 1 : 0],
    [`${A}flags.unused`]: ['0x00'],
    ...(unknown ? { [`${A}length`]: [attribute.value.length] } : row?.fields(attribute, asnOctets)),
  };
}

const u16 = (value: number) => [value >>> 8, value & 0xff];
type CapabilityFields<T> = (capability: T) => Expected & { 'bgp.cap.type': [number] };
const CAPABILITIES: { [K in Capability['type']]: CapabilityFields<Extract<Capability, { type: K }>> } = {
  multiprotocol: c => ({ 'bgp.cap.type': [1], 'bgp.cap.mp.afi': [c.afi], 'bgp.cap.mp.safi': [c.safi] }),
  'route-refresh': () => ({ 'bgp.cap.type': [2], 'bgp.cap.length': [0] }),
  'extended-next-hop': c => ({
    'bgp.cap.type': [5],
    'bgp.cap.enh.afi': c.families.map(f => f.afi),
    'bgp.cap.enh.safi': c.families.map(f => f.safi),
    'bgp.cap.enh.nhafi': c.families.map(f => f.nextHopAfi),
  }),
  'extended-message': () => ({ 'bgp.cap.type': [6], 'bgp.cap.length': [0] }),
  role: c => ({ 'bgp.cap.type': [9], 'bgp.cap.unknown': [colons([ROLE[c.role]])] }),
  'graceful-restart': c => ({
    'bgp.cap.type': [64],
    'bgp.cap.gr.timers.restart_flag': [c.restarting ? 1 : 0],
    'bgp.cap.gr.timers.notification_flag': [c.notification ? 1 : 0],
    'bgp.cap.gr.timers.restart_time': [c.restartTimeSeconds],
    'bgp.cap.gr.afi': c.families.map(f => f.afi),
    'bgp.cap.gr.safi': c.families.map(f => f.safi),
    'bgp.cap.gr.flag.pfs': c.families.map(f => (f.forwarding ? 1 : 0)),
  }),
  as4: c => ({ 'bgp.cap.type': [65], 'bgp.cap.4as': [c.as] }),
  'add-path': c => ({
    'bgp.cap.type': [69],
    'bgp.cap.ap.afi': c.families.map(f => f.afi),
    'bgp.cap.ap.safi': c.families.map(f => f.safi),
    'bgp.cap.ap.sendreceive': c.families.map(f => ADD_PATH[f.mode]),
  }),
  'enhanced-route-refresh': () => ({ 'bgp.cap.type': [70], 'bgp.cap.length': [0] }),
  'long-lived-graceful-restart': ({ families }) => {
    const octets = families.flatMap(({ afi, safi, forwarding, staleTimeSeconds: stale }) => {
      return [...u16(afi), safi, forwarding ? 0x80 : 0, stale >>> 16, ...u16(stale & 0xffff)];
    });
    return { 'bgp.cap.type': [71], 'bgp.cap.unknown': octets.length === 0 ? [] : [colons(octets)] };
  },
  fqdn: c => ({
    'bgp.cap.type': [73],
    'bgp.cap.orf.fqdn.hostname.len': [c.hostname.length],
    'bgp.cap.orf.fqdn.hostname': [c.hostname],
    'bgp.cap.orf.fqdn.domain_name.len': [c.domain.length],
    'bgp.cap.orf.fqdn.domain_name': [c.domain],
  }),
  unknown: c => ({
    'bgp.cap.type': [c.code],
    'bgp.cap.unknown': c.value.length === 0 ? [] : [colons(c.value)],
  }),
};

/** The fields of one capability. */
export function capabilityFields(capability: Capability): Expected {
  return (CAPABILITIES[capability.type] as CapabilityFields<Capability>)(capability);
}

/** The fields of a message outside its attributes and capabilities; `length` is what was encoded. */
export function messageFields(message: Message, length: number): Expected {
  const header = { 'bgp.length': [length], 'bgp.type': [TYPE[message.type]] };
  switch (message.type) {
    case 'open':
      return {
        ...header,
        'bgp.open.version': [message.version],
        'bgp.open.myas': [message.as2],
        'bgp.open.holdtime': [message.holdTimeSeconds],
        'bgp.open.identifier': [quad(message.routerId)],
      };
    case 'notification':
      return { ...header, 'bgp.notify.major_error': [message.code] };
    case 'routeRefresh':
      return {
        ...header,
        'bgp.route_refresh.afi': [message.afi],
        'bgp.route_refresh.subtype': [message.subtype],
        'bgp.route_refresh.safi': [message.safi],
      };
    default:
      return header;
  }
}
