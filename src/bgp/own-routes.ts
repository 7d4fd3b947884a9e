// Routes this speaker announces by itself: those added by hand, and the kernel's that are redistributed.
//
// Each is a path like any other, from a source of its own; the decision process prefers them (RFC 4271 §9.1.2.2). What was
// added by hand is exactly what was asked for, and told to listeners, so that somebody can keep it through a restart. The
// kernel's routes go through an import policy like those of a neighbor.

import { buildRoute, type LocalRoutesChange, RefusedRoute, type RouteSpec } from './local-routes.js';
import { prefixText } from './path-view.js';
import type { PolicyChain } from './policy/definition.js';
import type { BoundPolicy, Policies } from './policy/policies.js';
import { Verdict } from './rib/paths.js';
import type { Rib } from './rib/rib.js';
import { type AppliedPolicy, importPolicy } from './rib/route-policy.js';
import { KERNEL_SOURCES, type KernelRouteSpec, LOCAL_SOURCE } from './rib/sources.js';
import { encodeCanonical } from './wire/canonical.js';
import { InputError } from './wire/input-error.js';
import type { PathAttribute } from './wire/path-attribute.js';
import { formatPrefix, type Prefix, parsePrefix } from './wire/prefix.js';

/** The own routes of a speaker. */
export class OwnRoutes {
  /** What the import policy of the kernel's routes is, as it was named … */
  kernelImport: PolicyChain = 'accept';
  /** … and as it was bound. */
  kernelPolicy: BoundPolicy = { accept: true, policy: null };
  private kernelApplied: AppliedPolicy | null = null;
  private readonly rib: Rib;
  private readonly wake: () => void;
  private readonly listeners = new Set<(change: LocalRoutesChange) => void>();

  /** `wake` is called when there is something to tell. */
  constructor(rib: Rib, wake: () => void) {
    this.rib = rib;
    this.wake = wake;
  }

  /**
   * Adds own routes, all or none: those that `replace` take the place of one with the same prefix, others are refused for it.
   * Throws RefusedRoute.
   */
  add(specs: readonly RouteSpec[], replace: boolean): void {
    const routes = specs.map((spec, index) => {
      try {
        const { prefix, block } = buildRoute(spec);
        return { prefix, block, spec: { ...spec, prefix: formatPrefix(prefix) } };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        throw new RefusedRoute(error.message, { hint: error.hint, index });
      }
    });
    if (!replace) this.demandNew(routes);
    for (const { prefix, block } of routes) this.announce(prefix, block, LOCAL_SOURCE);
    this.changed({ added: routes.map(({ spec }) => spec), removed: [] });
  }

  private demandNew(routes: readonly { prefix: Prefix; spec: RouteSpec }[]): void {
    const listed = new Set<string>();
    for (const [index, { prefix, spec }] of routes.entries()) {
      const table = this.rib.families[prefix.family];
      const id = table.prefixes.find(prefix.address, prefix.length);
      const isAnnounced = id !== 0 && table.has(id, LOCAL_SOURCE);
      if (isAnnounced || listed.has(spec.prefix)) {
        const what = isAnnounced ? 'announced already' : 'listed twice';
        throw new RefusedRoute(`${spec.prefix} is ${what}`, { index, duplicate: true });
      }
      listed.add(spec.prefix);
    }
  }

  /** Removes own routes; returns how many there were. Throws InputError. */
  delete(prefixes: string[]): number {
    const parsed = prefixes.map(parsePrefix);
    const removed = parsed.filter(prefix => this.withdraw(prefix, LOCAL_SOURCE)).map(formatPrefix);
    this.changed({ added: [], removed });
    return removed.length;
  }

  /** Removes all own routes, in slices; returns how many there were. */
  deleteAll(): number {
    const removed: string[] = [];
    for (const table of this.rib.families) {
      const { paths } = table;
      for (let path = 1; path < paths.end; path++) {
        if (paths.prefix[path] === 0 || paths.source[path] !== LOCAL_SOURCE) continue;
        removed.push(prefixText(table, paths.prefix[path]));
      }
      table.markStale(LOCAL_SOURCE);
      table.sweep(LOCAL_SOURCE);
    }
    this.wake();
    this.changed({ added: [], removed });
    return removed.length;
  }

  /** Calls `listener` after own routes changed; returns the way to stop that. */
  onChange(listener: (change: LocalRoutesChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A kernel route to be announced; null when it is gone. */
  redistribute(prefix: Prefix, route: KernelRouteSpec | null): void {
    if (route !== null) {
      const attributes: PathAttribute[] = [
        { type: 'origin', origin: 'incomplete' },
        { type: 'asPath', segments: [] },
      ];
      if (route.metric > 0) attributes.push({ type: 'med', value: route.metric });
      const verdict = this.kernelPolicy.accept ? Verdict.accepted : Verdict.importPolicy;
      const block = encodeCanonical(new Uint8Array(0), attributes);
      this.announce(prefix, block, KERNEL_SOURCES[route.source], verdict, this.kernelApplied);
    }
    // Another route of the prefix may have been the one before.
    for (const [name, source] of Object.entries(KERNEL_SOURCES)) {
      if (name !== route?.source) this.withdraw(prefix, source);
    }
  }

  /** The kernel's routes go by these policies from now on; those at hand are judged anew, in slices. Throws InputError. */
  importKernel(chain: PolicyChain, policies: Policies): void {
    const bound = policies.bind(chain, { acceptsRest: true });
    const before = this.kernelPolicy;
    this.kernelImport = chain;
    this.kernelPolicy = bound;
    const { accept, policy } = bound;
    if (accept === before.accept && policy?.id === before.policy?.id) return;
    const { sets, sources, families } = this.rib;
    this.kernelApplied = policy && importPolicy(policy, sets, sources);
    const verdict = accept ? Verdict.accepted : Verdict.importPolicy;
    for (const table of families) {
      for (const source of Object.values(KERNEL_SOURCES)) table.reimport(source, () => verdict, this.kernelApplied);
    }
    this.wake();
  }

  private announce(
    prefix: Prefix,
    block: Uint8Array,
    source: number,
    verdict: Verdict = Verdict.accepted,
    policy: AppliedPolicy | null = null,
  ): void {
    this.wake();
    const table = this.rib.families[prefix.family];
    const set = this.rib.sets.intern(block, block.length, 0);
    const id = table.prefixes.ensure(prefix.address, prefix.length);
    if (policy === null) table.announce(id, source, 0, set, verdict);
    else table.announceBy(policy, id, source, 0, set);
    this.rib.sets.release(set);
  }

  private withdraw(prefix: Prefix, source: number): boolean {
    const table = this.rib.families[prefix.family];
    const id = table.prefixes.find(prefix.address, prefix.length);
    this.wake();
    return id !== 0 && table.withdraw(id, source, 0);
  }

  private changed(change: LocalRoutesChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
