// The schema of one neighbor: a mapping of the list `neighbors` in, the options of its session out.

import { z } from 'zod';
import { asPathKeys, decodeAsPath, encodeAsPath } from './as-path.js';
import { decodeGracefulRestart, encodeGracefulRestart, gracefulRestartKeys } from './graceful-restart.js';
import { distinct, key, text, whole, written } from './keys.js';
import { decodePrefixLimit, encodePrefixLimit, prefixLimitKeys } from './prefix-limit.js';
import { decodeProtection, encodeProtection, protectionKeys } from './protection.js';
import { decodeRelation, encodeRelation, relationKeys } from './relation.js';
import {
  AS_WORDS,
  formatNeighborAs,
  isIpv6,
  parseHostAddress,
  parseInterfaceName,
  parseNeighborAddress,
  parseNeighborAs,
} from './values.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
/** Families by name in the file, by number (their order here) in the program. */
const families = written(
  distinct(z.enum(FAMILIES)).min(1),
  names => names.map(name => FAMILIES.indexOf(name) as 0 | 1),
  numbers => numbers.map(number => FAMILIES[number]),
);

/** What is done with routes: a word, the name of a policy, or a list of them. */
export const policyChain = () =>
  z.union([z.string(), z.array(z.string()).min(1)], 'must be accept, reject, the name of a policy or a list of names');
export const POLICY_KIND =
  '`accept`, `reject`, the name of a policy, or a list of names, the last of which may be `accept` or `reject`';

/** The keys. */
export const neighborFields = {
  address: key(
    text(parseNeighborAddress).optional(),
    'Address of the neighbor, or a prefix: whoever connects from it becomes a neighbor.',
    {
      kind: 'IPv4 or IPv6 address, a link-local one with its interface; or a prefix',
      example: '172.18.8.102',
      defaultText: 'none, this key or `interface` is needed',
    },
  ),
  interface: key(
    text(parseInterfaceName).optional(),
    'In place of `address`: the interface that the neighbor is at the other end of. Both sides find each other by router ' +
      'advertisements, speak over their IPv6 link-local addresses, and exchange IPv4 routes with IPv6 next hops. The interface ' +
      "need not exist yet; its name is the neighbor's.",
    {
      kind: 'name of an interface',
      rfc: '4861, 8950',
      example: 'eth1',
      defaultText: 'none, this key or `address` is needed',
    },
  ),
  as: key(
    written(
      z.union(
        [z.int(), z.string(), z.array(z.union([z.int(), z.string()])).min(1)],
        'must be an AS number such as 65001 or 1.10, or a list of numbers and ranges',
      ),
      parseNeighborAs,
      formatNeighborAs,
    ),
    'AS number of the neighbor. The same as `as` above makes the neighbor internal (iBGP). `internal` is the own AS, `external` any ' +
      'other that the neighbor names; a list holds those that it may name.',
    {
      kind: 'AS number, plain or asdot; `internal` or `external`; or a list of numbers and ranges such as `65010-65020`',
      rfc: '6793',
      example: 65001,
    },
  ),
  group: key(
    z.string().optional(),
    'Name of one of `groups`: its keys hold for this neighbor, too, where it has none of its own.',
    { example: 'spines', defaultText: 'no group' },
  ),
  limit: key(whole(1, 60_000).default(100), 'Most neighbors at a time, where `address` is a prefix.', {
    unit: 'neighbors',
    example: 500,
  }),
  description: key(z.string().max(255).default(''), 'A name for people, shown by `tsbgp neighbor` and in the log.', {
    example: 'the other node',
  }),
  shutdown: key(
    z.boolean().default(false),
    'Administratively down: no session until `tsbgp neighbor ADDRESS enable`.',
    {
      rfc: '9003',
      example: true,
    },
  ),
  passive: key(z.boolean().default(false), 'Wait for the neighbor to connect; never connect to it.', {
    rfc: '4271 §8.1.1',
    example: true,
  }),
  port: key(whole(1, 65535).default(179), 'TCP port that the neighbor listens on.', { example: 1179 }),
  'local-address': key(
    text(parseHostAddress).optional(),
    'Own address of the session. Without it the kernel chooses by its routes.',
    { kind: 'address of the same family as `address`', example: '172.18.8.101', defaultText: "the kernel's choice" },
  ),
  'hold-time': key(
    whole(0, 65535)
      .refine(seconds => seconds === 0 || seconds >= 3, 'must be 0 or at least 3 seconds')
      .default(90),
    'Silence after which the neighbor counts as gone; the smaller one of both sides is used, and KEEPALIVEs go out ' +
      'three times as often. 0 switches both off.',
    { unit: 'seconds', rfc: '4271 §4.2', example: 9 },
  ),
  'connect-retry': key(
    whole(1, 65535).default(10),
    'Pause between attempts to connect, shortened at random by up to a quarter.',
    {
      unit: 'seconds',
      rfc: '4271 §8, §10',
      example: 30,
    },
  ),
  'idle-hold': key(
    whole(0, 120).default(5),
    'Rest in state Idle after an error; doubles with every further one up to 120 seconds. 0 is no rest.',
    { unit: 'seconds', rfc: '4271 §8.1.1', example: 0 },
  ),
  'delay-open': key(
    whole(0, 65535).default(0),
    'After connecting, wait this long for the neighbor to send its OPEN first. 0 sends at once.',
    { unit: 'seconds', rfc: '4271 §8.1.1', example: 5 },
  ),
  families: key(families.prefault([...FAMILIES]), 'Address families offered to the neighbor.', {
    rfc: '4760',
    example: ['ipv4-unicast'],
  }),
  'route-reflector-client': key(
    z.boolean().default(false),
    'Reflect routes of other internal neighbors to this one and its routes to them. Internal neighbors only.',
    { rfc: '4456', example: true },
  ),
  'next-hop-self': key(
    z.boolean().default(false),
    'Announce routes to this internal neighbor with the own address as next hop. Towards external neighbors this is always so.',
    { rfc: '4271 §5.1.3', example: true },
  ),
  'next-hop-unchanged': key(
    z.boolean().default(false),
    'Announce routes to this external neighbor with the next hop they came with: for route servers and multihop sessions.',
    { rfc: '4271 §5.1.3', example: true },
  ),
  ...relationKeys,
  ...asPathKeys,
  ...protectionKeys,
  ...prefixLimitKeys,
  'default-originate': key(
    z.boolean().default(false),
    'Announce a default route (`0.0.0.0/0`, `::/0`) to this neighbor, in place of any that the table has. The export policy is ' +
      'not asked.',
    { example: true },
  ),
  maintenance: key(
    z.boolean().default(false),
    'Make routes from this neighbor and those announced to it the last choice, so that traffic leaves it before work begins: ' +
      '`tsbgp neighbor ADDRESS maintenance on` from the start.',
    { rfc: '8326', example: true },
  ),
  ...gracefulRestartKeys,
  'add-path': key(
    z
      .strictObject({
        receive: key(z.boolean().default(false), 'Accept several paths for the same prefix from the neighbor.', {
          example: true,
        }),
        send: key(
          z.union([whole(0, 65535), z.literal('all')], 'must be a number of paths or all').default(0),
          'How many paths of a prefix to send to the neighbor, the best ones first. 0: the best one, without a path identifier.',
          { unit: 'paths', example: 'all' },
        ),
      })
      .prefault({}),
    'Several paths for the same prefix on one session.',
    { rfc: '7911', example: { receive: true, send: 4 } },
  ),
  import: key(policyChain().optional(), 'What becomes of routes from the neighbor.', {
    kind: POLICY_KIND,
    rfc: '8212',
    example: 'accept',
    defaultText: '`accept` from internal, `reject` from external neighbors',
  }),
  export: key(policyChain().optional(), 'Whether routes are announced to the neighbor, and how.', {
    kind: POLICY_KIND,
    rfc: '8212',
    example: 'accept',
    defaultText: '`accept` to internal, `reject` to external neighbors',
  }),
};

/** The mapping as the file has it, with the keys of its group. */
export const neighborKeys = z.strictObject(neighborFields).superRefine(
  (neighbor, context) => {
    const problem = (name: string, message: string, suggestion?: string) =>
      context.addIssue({
        code: 'custom',
        message,
        params: suggestion === undefined ? {} : { suggestion },
        path: [name],
        input: neighbor,
      });
    if (typeof neighbor === 'object' && neighbor !== null) reportInterface(neighbor, problem);
    const own = neighbor?.['local-address'];
    if (typeof own !== 'string' || typeof neighbor.address !== 'string') return;
    if (isIpv6(own) === isIpv6(neighbor.address)) return;
    const message = `${own} is not of the same family as the neighbor's address ${neighbor.address}`;
    context.addIssue({ code: 'custom', message, path: ['local-address'], input: own });
  },
  { when: () => true },
);

/** A neighbor has an address or an interface; what makes no sense on the other end of a link. The values may be anything. */
function reportInterface(
  neighbor: Record<string, unknown>,
  report: (name: string, message: string, suggestion?: string) => void,
): void {
  const { address, interface: link, multihop } = neighbor;
  if (link === undefined) {
    if (address === undefined) report('address', 'is missing', 'add "address: 172.18.8.102", or "interface: eth1"');
    return;
  }
  if (address !== undefined) report('interface', 'stands in place of an address', 'remove one of the two');
  const words = `is not for a neighbor with \`interface\``;
  if (neighbor['local-address'] !== undefined) {
    report('local-address', words, "remove it: the session runs over the link's own address");
  }
  if (typeof multihop === 'number' && multihop > 1) report('multihop', words, 'remove it: the neighbor is on the link');
}

type NeighborKeys = z.output<typeof neighborKeys>;

/** The mapping as options of the session; `internal`: the neighbor's AS is the own one, so that routes pass by default. */
export const decodeNeighbor = (n: NeighborKeys, internal: boolean) => ({
  address: n.interface ?? n.address ?? '',
  interface: n.interface,
  as: typeof n.as === 'number' ? n.as : AS_WORDS.external,
  asRanges: typeof n.as === 'number' ? undefined : n.as,
  group: n.group,
  limit: n.limit,
  description: n.description,
  shutdown: n.shutdown,
  passive: n.passive,
  port: n.port,
  localAddress: n['local-address'],
  holdTimeSeconds: n['hold-time'],
  connectRetrySeconds: n['connect-retry'],
  idleHoldSeconds: n['idle-hold'],
  delayOpenSeconds: n['delay-open'],
  families: n.families,
  routeReflectorClient: n['route-reflector-client'],
  nextHopSelf: n['next-hop-self'],
  nextHopUnchanged: n['next-hop-unchanged'],
  ...decodeRelation(n),
  asPath: decodeAsPath(n),
  ...decodeProtection(n),
  ...decodePrefixLimit(n),
  defaultOriginate: n['default-originate'],
  maintenance: n.maintenance,
  ...decodeGracefulRestart(n),
  addPath: n['add-path'],
  import: n.import ?? (internal ? 'accept' : 'reject'),
  export: n.export ?? (internal ? 'accept' : 'reject'),
  /** `import` was not in the file. */
  importDefaulted: n.import === undefined,
  exportDefaulted: n.export === undefined,
});

/** The way back: keys that were left to a default that depends on others stay out. */
export const encodeNeighbor = (n: ReturnType<typeof decodeNeighbor>): NeighborKeys => ({
  address: n.interface === undefined ? n.address : undefined,
  interface: n.interface,
  as: n.asRanges ?? n.as,
  group: n.group,
  limit: n.limit,
  description: n.description,
  shutdown: n.shutdown,
  passive: n.passive,
  port: n.port,
  'local-address': n.localAddress,
  'hold-time': n.holdTimeSeconds,
  'connect-retry': n.connectRetrySeconds,
  'idle-hold': n.idleHoldSeconds,
  'delay-open': n.delayOpenSeconds,
  families: n.families,
  'route-reflector-client': n.routeReflectorClient,
  'next-hop-self': n.nextHopSelf,
  'next-hop-unchanged': n.nextHopUnchanged,
  ...encodeRelation(n),
  ...encodeAsPath(n.asPath),
  ...encodeProtection(n),
  ...encodePrefixLimit(n),
  'default-originate': n.defaultOriginate,
  maintenance: n.maintenance,
  ...encodeGracefulRestart(n),
  'add-path': n.addPath,
  import: n.importDefaulted ? undefined : n.import,
  export: n.exportDefaulted ? undefined : n.export,
});
