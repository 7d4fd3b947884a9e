// gobgpd's keys beside tsbgp's: which have a counterpart, which are refused, which are not needed.
//
// The tables drive the mapping in gobgpd.ts and the list in the reference page.

/** A number; gobgpd reads it from text, too. */
export const number = (value: unknown) =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;

/** Whole seconds, rounded up; gobgpd's timers are decimals. */
export const seconds = (value: unknown) => {
  const n = number(value);
  return typeof n === 'number' ? Math.ceil(n) : n;
};

/** True or false; gobgpd reads it from text, too. */
export const truth = (value: unknown) => (value === 'true' ? true : value === 'false' ? false : value);
const localAddress = (value: unknown) => (value === '0.0.0.0' || value === '::' ? undefined : value);
const privateAs = (value: unknown) => (value === '' || value === 'none' ? undefined : value);
const password = (value: unknown) => (value === '' ? undefined : value);
const same = (value: unknown) => value;

/** gobgpd's key (under its neighbor, for NEIGHBOR_KEYS), tsbgp's, and the conversion between their values. */
export type Row = readonly [from: string, to: string, convert: (value: unknown) => unknown];

/** Keys with a plain counterpart. The reference page lists them, too. */
export const GLOBAL_KEYS: readonly Row[] = [
  ['global.config.as', 'as', same],
  ['global.config.router-id', 'router-id', same],
  ['global.config.local-address-list', 'listen', same],
];
/** The same for the keys of a neighbor. */
export const NEIGHBOR_KEYS: readonly Row[] = [
  ['config.neighbor-address', 'address', same],
  ['config.neighbor-interface', 'interface', value => (value === '' ? undefined : value)],
  ['config.peer-as', 'as', same],
  ['config.description', 'description', same],
  ['config.admin-down', 'shutdown', truth],
  ['timers.config.hold-time', 'hold-time', seconds],
  ['timers.config.connect-retry', 'connect-retry', seconds],
  ['timers.config.idle-hold-time-after-reset', 'idle-hold', seconds],
  ['config.auth-password', 'password', password],
  ['ttl-security.config.enabled', 'ttl-security', truth],
  ['transport.config.passive-mode', 'passive', truth],
  ['transport.config.local-address', 'local-address', localAddress],
  ['transport.config.remote-port', 'port', number],
  ['transport.config.ttl', 'multihop', number],
  ['config.remove-private-as', 'remove-private-as', privateAs],
  ['as-path-options.config.allow-own-as', 'allow-own-as', number],
  ['as-path-options.config.replace-peer-as', 'as-override', truth],
  ['route-reflector.config.route-reflector-client', 'route-reflector-client', truth],
  ['route-server.config.route-server-client', 'route-server-client', truth],
  ['add-paths.config.receive', 'add-path.receive', truth],
  ['add-paths.config.send-max', 'add-path.send', number],
];

/** What gobgpd.ts maps with more than a conversion: gobgpd's key and, in words, what becomes of it. For the reference page. */
export const MAPPED_IN_WORDS: readonly (readonly [from: string, to: string])[] = [
  ['global.config.port', '`port`; -1 is `listen: []`'],
  ['global.use-multiple-paths', '`multipath`: `maximum-paths`, or 16; `allow-multiple-as` is `relax-as-path`'],
  ['global.confederation', '`confederation`'],
  ['zebra.config.enabled', '`fib.install`; without zebra nothing is installed'],
  ['zebra.config.redistribute-route-type-list', '`fib.redistribute`; `connect` is `connected`'],
  ['dynamic-neighbors', '`neighbors` whose `address` is a prefix'],
  ['peer-groups', '`groups`, with the keys of neighbors'],
  ['neighbors[].config.peer-group', '`group`'],
  ['neighbors[].ebgp-multihop', '`multihop`: `multihop-ttl`, or 255'],
  ['neighbors[].ttl-security.config.ttl-min', '`multihop`: 255 is 1 hop, 254 are 2'],
  ['neighbors[].route-reflector.config.route-reflector-cluster-id', '`cluster-id`'],
  [
    'neighbors[].graceful-restart',
    '`graceful-restart`; off unless enabled; the restart time is the hold time unless given',
  ],
  ['neighbors[].graceful-restart.config.deferral-time', '`selection-deferral-time`, the longest one'],
  [
    'neighbors[].afi-safis[].long-lived-graceful-restart',
    '`graceful-restart.long-lived`; off unless `graceful-restart.config.long-lived-enabled`',
  ],
  ['neighbors[].config.local-as', '`local-as` with `no-prepend` and `replace-as`'],
  ['neighbors[].afi-safis', "`families`; without it the family of the neighbor's address, both with `interface`"],
  ['neighbors[].afi-safis[].add-paths', '`add-path`'],
  [
    'neighbors[].afi-safis[].prefix-limit',
    '`max-prefix`, the sum over the families; without `restart-timer` the session stays down',
  ],
  ['defined-sets', '`prefix-sets`, `neighbor-sets`, `as-path-sets`, `community-sets`'],
  ['policy-definitions', '`policies`; conditions and actions without counterpart are refused'],
  [
    'neighbors[].apply-policy, global.apply-policy',
    "`import` and `export`: a route server client's own policies, any other neighbor's the global ones, and then the default, which is `accept`",
  ],
];

/** Keys that would change what the speaker does, unless they are unset, off or empty. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ['vrfs', 'VRFs are'],
  ['neighbors[].config.vrf', 'VRFs are'],
  ['neighbors[].apply-policy.config.in-policy-list', "gobgpd's policies are"],
  ['neighbors[].bfd.config.enabled', 'BFD is'],
]);

/** Why a key without counterpart is not needed. */
export const NO_COUNTERPART: ReadonlyMap<string, string> = new Map([
  ['zebra.config.url', 'tsbgp talks to the kernel itself, there is no zebra'],
  ['zebra.config.version', 'tsbgp talks to the kernel itself, there is no zebra'],
  ['zebra.config.software-name', 'tsbgp talks to the kernel itself, there is no zebra'],
  ['zebra.config.nexthop-trigger-enable', 'next hops are always followed in the kernel'],
  ['zebra.config.nexthop-trigger-delay', 'next hops are followed without delay'],
  ['rpki-servers', 'route origin validation is not supported yet'],
  ['bmp-servers', 'BMP is not supported'],
  ['mrt-dump', 'MRT dumps are not supported'],
  ['neighbors[].timers.config.keepalive-interval', 'KEEPALIVEs are sent three times in a hold time'],
  ['neighbors[].timers.config.minimum-advertisement-interval', 'changes are sent at once'],
  ['neighbors[].error-handling.config.treat-as-withdraw', 'malformed UPDATEs are always treated by RFC 7606'],
]);

/** zebra's route types by tsbgp's names for them. */
export const REDISTRIBUTED: ReadonlyMap<string, string> = new Map([
  ['connect', 'connected'],
  ['connected', 'connected'],
  ['directly-connected', 'connected'],
  ['static', 'static'],
  ['kernel', 'kernel'],
]);

/** Families that both know; the names are the same. */
export const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'];
/** Default policies. */
export const POLICY: ReadonlyMap<string, string> = new Map([
  ['accept-route', 'accept'],
  ['reject-route', 'reject'],
]);
