// What import or export policies do to one route, and which statement did it: for `tsbgp policy test`.
//
// The route is one of the table, or one made up of attributes in words. Nothing is counted or changed.

import { buildRoute, type RouteSpec } from './local-routes.js';
import { attributesView } from './path-view.js';
import type { BoundPolicy } from './policy/policies.js';
import { PrefixTable } from './rib/prefix-table.js';
import type { Rib } from './rib/rib.js';
import { KERNEL_SOURCES, type KernelSource, LOCAL_SOURCE } from './rib/sources.js';
import type { PolicyTestView } from './views.js';
import { InputError } from './wire/input-error.js';
import { formatPrefix, isInterfaceName, parsePrefix } from './wire/prefix.js';

/** Which route to ask about. */
export interface PolicyTestSpec {
  prefix: string;
  /** Address of the neighbor, or `connected`, `static` or `kernel` for redistributed routes. */
  neighbor: string;
  direction: 'import' | 'export';
  /** Attributes of a route that need not exist. */
  route?: Omit<RouteSpec, 'prefix'>;
}

/** The neighbor that is asked about. */
export interface TestedNeighbor {
  address: string;
  source: number;
  external: boolean;
  /** 0: not known yet. */
  as: number;
  bound: BoundPolicy;
}

/** Does the word stand for redistributed routes? */
export const isKernelSource = (word: string): word is KernelSource => Object.hasOwn(KERNEL_SOURCES, word);

/** The kernel in place of a neighbor. Throws InputError for export. */
export function kernelTested(spec: PolicyTestSpec, bound: BoundPolicy): TestedNeighbor {
  if (spec.direction === 'export')
    throw new InputError('no routes are exported to the kernel by policies', 'ask about import');
  return {
    address: spec.neighbor,
    source: KERNEL_SOURCES[spec.neighbor as KernelSource],
    external: false,
    as: 0,
    bound,
  };
}

/** Throws InputError when there is neither a route nor attributes of one. */
export function testPolicy(rib: Rib, spec: PolicyTestSpec, neighbor: TestedNeighbor): PolicyTestView {
  const prefix = parsePrefix(spec.prefix);
  const { block, source } = spec.route === undefined ? known(rib, spec, neighbor) : madeUp(spec, spec.route, neighbor);
  const prefixes = new PrefixTable(prefix.family);
  const id = prefixes.ensure(prefix.address, prefix.length);
  const before = attributesView(block, prefix.family);
  const view = {
    prefix: formatPrefix(prefix),
    neighbor: neighbor.address,
    direction: spec.direction,
    source: rib.sources.name(source),
    before,
  };
  const { accept, policy } = neighbor.bound;
  if (policy === null) return { ...view, accepted: accept, matched: [], after: accept ? before : undefined };
  const outcome = policy.judge(block, 0, block.length, policy.classOf(prefixes, id), source, rib.sources);
  const edited = policy.length > 0 ? policy.block.slice(0, policy.length) : block;
  const accepted = policy.accepts(outcome);
  const matched = policy.matched(outcome).map(({ policy: name, index, definition }) => ({
    policy: name,
    statement: index + 1,
    name: definition.name,
    action: definition.then ?? 'next',
  }));
  return { ...view, accepted, matched, after: accepted ? attributesView(edited, prefix.family) : undefined };
}

/** The path that the neighbor sent, or the best one for export. */
function known(rib: Rib, { prefix: text, direction }: PolicyTestSpec, neighbor: TestedNeighbor) {
  const { family, address, length } = parsePrefix(text);
  const { prefixes, paths, sets } = rib.families[family];
  const id = prefixes.find(address, length);
  let path = id === 0 ? 0 : direction === 'export' ? prefixes.best[id] : prefixes.firstPath[id];
  if (direction === 'import') while (path !== 0 && paths.source[path] !== neighbor.source) path = paths.next[path];
  if (path !== 0) {
    const set = direction === 'import' ? paths.received[path] : paths.attributes[path];
    return { block: sets.block(set), source: paths.source[path] };
  }
  const where =
    direction === 'export'
      ? `there is no best path for ${text}`
      : isKernelSource(neighbor.address)
        ? `${text} is not redistributed as ${neighbor.address}`
        : `${neighbor.address} has not sent ${text}`;
  throw new InputError(where, 'give attributes to ask about a route that is not there: as-path, community, …');
}

function madeUp(
  spec: PolicyTestSpec,
  route: Omit<RouteSpec, 'prefix'>,
  { address, source, external, as }: TestedNeighbor,
) {
  const received = spec.direction === 'import';
  const redistributed = isKernelSource(address);
  // One that is named by an interface has no address to speak of, nor has the kernel.
  const sender = isInterfaceName(address) ? undefined : address.split('%')[0];
  const sameFamily = sender?.includes(':') === spec.prefix.includes(':');
  const { block } = buildRoute({
    prefix: spec.prefix,
    asPath: received && external && as !== 0 ? String(as) : undefined,
    nextHop: received && sameFamily ? sender : undefined,
    origin: redistributed ? 'incomplete' : 'igp',
    ...route,
  });
  return { block, source: received ? source : LOCAL_SOURCE };
}
