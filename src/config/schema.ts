// The configuration as one zod schema: /etc/tsbgp/tsbgp.yml in, a typed camelCase `Config` out.
//
// Everything else about a key derives from its entry here: types, validation, defaults, the editors' JSON Schema
// (json-schema.ts), the reference page (reference.ts) and `tsbgp config show` (show.ts, through z.encode: every
// conversion here is a codec that also knows the way back). Meaning, unit and RFC are the entry's metadata. Rules between
// keys are superRefine checks that run even beside other errors, so that a person sees all problems at once.

import { z } from 'zod';
import { aggregateKeys, decodeAggregate, encodeAggregate } from './aggregate.js';
import { reportAsPath } from './as-path.js';
import { confederation, isInside, reportConfederation } from './confederation.js';
import { groupKeys, reportGroups } from './groups.js';
import { absolutePath, autonomousSystem, distinct, key, text, whole, written } from './keys.js';
import { multipath } from './multipath.js';
import { decodeNeighbor, encodeNeighbor, neighborKeys, POLICY_KIND, policyChain } from './neighbor.js';
import { decodePolicies, encodePolicies, policyKeys } from './policy.js';
import { type ChainUse, checkNames, type NameRemark } from './policy-names.js';
import { reportRelation } from './relation.js';
import {
  formatPrefixRule,
  KERNEL_PROTOCOL,
  KERNEL_TABLE,
  parseAddress,
  parsePrefixRule,
  parseRouterId,
} from './values.js';

const fibKeys = z.strictObject({
  install: key(z.boolean().default(true), 'Put best routes into the kernel. Without it tsbgp only speaks BGP.', {
    example: false,
  }),
  table: key(
    written(
      z.union([z.int(), z.string()], 'must be main, default or a number'),
      KERNEL_TABLE.parse,
      KERNEL_TABLE.format,
    ).prefault('main'),
    'Kernel routing table to install into and to redistribute from.',
    { kind: '`main`, `default` or a number from 1 to 4294967295', example: 100 },
  ),
  metric: key(whole(1, 0xffffffff).default(20), 'Metric of installed routes; the kernel prefers the smallest.', {
    example: 32,
  }),
  protocol: key(
    written(
      z.union([z.int(), z.string()], 'must be bgp or a number'),
      KERNEL_PROTOCOL.parse,
      KERNEL_PROTOCOL.format,
    ).prefault('bgp'),
    "Mark of installed routes (`proto` in `ip route`). Routes with this mark, table and metric are tsbgp's own: it takes " +
      'them over when it starts and removes what is no longer wanted.',
    { kind: '`bgp` (186) or a number from 5 to 255', example: 200 },
  ),
  redistribute: key(
    distinct(z.enum(['static', 'connected', 'kernel'])).default([]),
    'Announce routes of the kernel: `connected` are the subnets of the interfaces, `static` routes of proto static, `kernel` ' +
      'routes made by hand or by scripts (proto boot).',
    { example: ['static', 'connected'] },
  ),
  prefixes: key(
    z.array(written(z.string(), parsePrefixRule, formatPrefixRule)).prefault([]),
    'Which kernel routes may be announced: a prefix alone means exactly that one, `le N` and `ge N` widen the rule to longer prefixes inside it.',
    {
      kind: 'list of prefix rules',
      example: ['10.233.0.0/16 le 32'],
      defaultText: 'every prefix but the default routes',
    },
  ),
  import: key(
    policyChain().default('accept'),
    'What becomes of the routes that `redistribute` and `prefixes` choose. A route that no statement accepts or rejects is accepted.',
    { kind: POLICY_KIND, example: 'accept' },
  ),
});

const speakerKeys = z
  .strictObject({
    as: key(autonomousSystem(), 'Own AS number.', { kind: 'AS number, plain or asdot', rfc: '6793', example: 65001 }),
    confederation: key(
      confederation(),
      'Be a member of a confederation: several ASes that others take for one. `as` is then the AS number of the own member.',
      { rfc: '5065', example: { identifier: 64500, members: [65001, 65002] }, defaultText: 'no confederation' },
    ),
    'router-id': key(text(parseRouterId), 'Name of this speaker, different from that of every other one.', {
      kind: 'four octets like an IPv4 address',
      rfc: '6286',
      example: '172.18.8.101',
    }),
    'cluster-id': key(
      text(parseRouterId).optional(),
      'Name of the route reflection cluster; reflectors that serve the same clients may share one.',
      { kind: 'four octets like an IPv4 address', rfc: '4456 §7', example: '172.18.8.101', defaultText: '`router-id`' },
    ),
    listen: key(
      distinct(text(parseAddress)).prefault(['0.0.0.0', '::']),
      'Addresses that BGP listens on. `[]` listens nowhere: sessions come up only where this side connects.',
      { kind: 'list of addresses', example: ['172.18.8.101'] },
    ),
    port: key(whole(1, 65535).default(179), 'TCP port that BGP listens on.', { rfc: '4271 §8', example: 1179 }),
    multipath: key(
      multipath(),
      'How many equally good paths share the traffic of a prefix in the kernel; a mapping says what else counts as equal.',
      {
        unit: 'paths',
        example: { ebgp: 4, ibgp: 2, 'relax-as-path': true },
        defaultText: '1: the best path has all of it',
      },
    ),
    'selection-deferral-time': key(
      whole(1, 3600).default(60),
      'After a restart, how long to wait at most for the routes of neighbors before choosing among them. Neighbors that are not ' +
        'there, or restart too, are not waited for; own routes are announced at once.',
      { unit: 'seconds', rfc: '4724 §4.1', example: 120 },
    ),
    'state-file': key(
      z
        .union([z.literal(false), absolutePath()], 'must be an absolute path or false')
        .default('/var/lib/tsbgp/routes.json'),
      'Where what `tsbgp rib add` and `tsbgp aggregate add` announce is kept, so that it survives a restart. `false` forgets it.',
      { kind: 'absolute path or `false`', example: false },
    ),
    ...groupKeys,
    neighbors: key(z.array(neighborKeys).prefault([]), 'The neighbors, one entry each.', {
      example: [{ address: '172.18.8.102', as: 65001 }],
    }),
    ...policyKeys,
    aggregates: key(
      z.array(aggregateKeys).prefault([]),
      'Prefixes announced in place of, or beside, the more specific routes within them, one entry each.',
      { example: [{ prefix: '10.233.0.0/16', 'summary-only': true }] },
    ),
    fib: key(fibKeys.prefault({}), "The kernel's routes: what tsbgp installs, and what it announces."),
    api: key(
      z
        .strictObject({
          socket: key(
            absolutePath().max(107).default('/run/tsbgp/tsbgp.sock'),
            'Unix socket for the `tsbgp` command and other clients.',
            { kind: 'absolute path, at most 107 characters', example: '/run/tsbgp/tsbgp.sock' },
          ),
          group: key(
            z
              .string()
              .regex(/^[a-z_][\w-]{0,31}$/i, 'must be the name of a group')
              .default('tsbgp'),
            'Group whose members may use the socket, besides root.',
            { kind: 'name of a group', example: 'netops' },
          ),
        })
        .prefault({}),
      'The control socket.',
    ),
    log: key(
      z
        .strictObject({
          level: key(
            z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
            'The least important lines that are still written.',
            { example: 'debug' },
          ),
          format: key(
            z.enum(['auto', 'json', 'pretty']).default('auto'),
            "`auto` is `pretty` on a terminal, entries with fields in systemd's journal, else `json`.",
            {
              example: 'json',
            },
          ),
        })
        .prefault({}),
      'The log, on standard output.',
    ),
  })
  .superRefine(
    (speaker, context) => {
      const aggregates = Array.isArray(speaker?.aggregates) ? speaker.aggregates.map(it => it?.prefix) : [];
      aggregates.forEach((prefix, i) => {
        if (typeof prefix !== 'string' || aggregates.indexOf(prefix) === i) return;
        const message = `${prefix} is already aggregates[${aggregates.indexOf(prefix)}]`;
        context.addIssue({ code: 'custom', message, path: ['aggregates', i, 'prefix'], input: prefix });
      });
      reportConfederation(speaker ?? {}, (path, message, input) =>
        context.addIssue({ code: 'custom', message, path, input }),
      );
      if (!Array.isArray(speaker?.neighbors)) return;
      const report = (i: number, name: string, message: string, input: unknown) =>
        context.addIssue({ code: 'custom', message, path: ['neighbors', i, name], input });
      const seen = new Map<string, number>();
      speaker.neighbors.forEach((neighbor, i) => {
        const { as, interface: link, address = link } = neighbor ?? {};
        if (typeof address === 'string' && seen.has(address)) {
          report(
            i,
            link === undefined ? 'address' : 'interface',
            `${address} is already neighbors[${seen.get(address)}]`,
            address,
          );
        } else if (typeof address === 'string') {
          seen.set(address, i);
        }
        const external = typeof speaker.as === 'number' && as !== undefined && as !== speaker.as;
        if (neighbor?.['route-reflector-client'] === true && external) {
          const which = typeof as === 'number' && as > 0 ? `AS ${as}` : 'this AS';
          const message = `only an internal neighbor can be a client, and ${which} is not the own AS ${speaker.as}`;
          report(i, 'route-reflector-client', message, true);
        }
        for (const check of [reportAsPath, reportRelation]) {
          check(neighbor ?? {}, speaker, (name, message, input) => report(i, name, message, input));
        }
      });
    },
    { when: () => true },
  )
  .superRefine(
    (speaker, context) =>
      reportGroups(speaker ?? {}, (path, message, suggestion, input) =>
        context.addIssue({ code: 'custom', message, params: { suggestion }, path: [...path], input }),
      ),
    { when: () => true },
  )
  .superRefine((speaker, context) => {
    for (const { path, message, suggestion } of checkNames(decodePolicies(speaker), chainsIn(speaker)).wrong) {
      const params = suggestion === undefined ? {} : { suggestion };
      context.addIssue({ code: 'custom', message, params, path: [...path], input: speaker });
    }
  });

/** Where policies are named. */
function chainsIn(speaker: Pick<Config, 'fib'> & ChainsOfNeighbors): ChainUse[] {
  const groups = Object.entries(speaker.groups).map(([name, group]) => ({ at: ['groups', name], chains: group }));
  const neighbors = speaker.neighbors.map((neighbor, i) => ({ at: ['neighbors', i], chains: neighbor }));
  const kernel = { at: ['fib'], chains: { import: speaker.fib.import } as Chains };
  return [...groups, ...neighbors, kernel].flatMap(({ at, chains }) =>
    (['import', 'export'] as const).flatMap(direction => {
      const chain = chains[direction];
      return chain === undefined ? [] : [{ path: [...at, direction], chain, direction }];
    }),
  );
}

interface Chains {
  import?: string | string[];
  export?: string | string[];
}

interface ChainsOfNeighbors {
  groups: Record<string, Chains>;
  neighbors: readonly Chains[];
}

/** What is defined but not named anywhere, in words. */
export function unusedPolicies(config: Pick<Config, 'policies' | 'groups' | 'neighbors' | 'fib'>): NameRemark[] {
  return checkNames(config.policies, chainsIn(config)).unused;
}

type SpeakerKeys = z.output<typeof speakerKeys>;

const decodeSpeaker = (s: SpeakerKeys) => ({
  as: s.as,
  confederation: s.confederation,
  routerId: s['router-id'],
  clusterId: s['cluster-id'] ?? s['router-id'],
  listen: s.listen,
  port: s.port,
  multipath: s.multipath,
  selectionDeferralSeconds: s['selection-deferral-time'],
  stateFile: s['state-file'],
  groups: s.groups,
  neighbors: s.neighbors.map(neighbor => decodeNeighbor(neighbor, isInside(neighbor.as, s))),
  policies: decodePolicies(s),
  aggregates: s.aggregates.map(decodeAggregate),
  fib: s.fib,
  api: s.api,
  log: s.log,
});

const encodeSpeaker = (c: ReturnType<typeof decodeSpeaker>): SpeakerKeys => ({
  as: c.as,
  confederation: c.confederation,
  'router-id': c.routerId,
  'cluster-id': c.clusterId,
  listen: c.listen,
  port: c.port,
  multipath: c.multipath,
  'selection-deferral-time': c.selectionDeferralSeconds,
  'state-file': c.stateFile,
  groups: c.groups,
  neighbors: c.neighbors.map(encodeNeighbor),
  ...encodePolicies(c.policies),
  aggregates: c.aggregates.map(encodeAggregate),
  fib: c.fib,
  api: c.api,
  log: c.log,
});

/** The whole file: kebab-case keys ⇄ `Speaker` without its source. Parse with `reportInput` for problems in words. */
export const configSchema = z.codec(speakerKeys, z.custom<ReturnType<typeof decodeSpeaker>>(), {
  decode: decodeSpeaker,
  encode: encodeSpeaker,
});

/** A validated configuration with every default filled in. */
export type Config = z.output<typeof configSchema> & {
  /** Path of the file it came from. */
  source: string;
};

/** One neighbor: the session's options, and whether import and export were named in the file (RFC 8212). */
export type NeighborConfig = Config['neighbors'][number];

/** Keys that are known but not built, by the mapping they belong to: refused with these words, never ignored. */
export const NOT_SUPPORTED_YET: Record<string, readonly string[]> = {
  '': ['metrics', 'rpki'],
  'neighbors[]': ['bfd'],
};
