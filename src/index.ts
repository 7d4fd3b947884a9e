// The public library: the BGP-4 codec, and a speaker to embed.
//
// `decode` and `encode` turn messages into plain objects and back (RFC 4271 and the extensions listed in README);
// `Speaker` is the whole router without kernel, configuration and API: neighbors in, routes out. See docs/library.md.

export type { AggregatesChange } from './bgp/aggregate-list.js';
export type { AggregateSpec } from './bgp/aggregate-rules.js';
export type { StartOptions } from './bgp/convergence.js';
export type { LocalRoutesChange, RouteSpec } from './bgp/local-routes.js';
export type { RouteQuery } from './bgp/route-query.js';
export { NEIGHBOR_DEFAULTS, type NeighborOptions } from './bgp/session/options.js';
export { Speaker, type SpeakerOptions } from './bgp/speaker.js';
export type {
  AggregateView,
  FamilyCounts,
  MessageCounts,
  NeighborEvent,
  NeighborStatus,
  PathView,
  RibSummary,
  RouteEvent,
  RouteView,
  SessionStatus,
} from './bgp/views.js';
export type { DecodeContext } from './bgp/wire/context.js';
export { FAMILIES, Family } from './bgp/wire/family.js';
export { InputError } from './bgp/wire/input-error.js';
export { decode, encode, type Message, MessageType } from './bgp/wire/message.js';
export { describeNotification, WireError } from './bgp/wire/notification.js';
export type { PathAttribute } from './bgp/wire/path-attribute.js';
export { formatAddress, formatPrefix, type Prefix, parseAddress, parsePrefix } from './bgp/wire/prefix.js';
