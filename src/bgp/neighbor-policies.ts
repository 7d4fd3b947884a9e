// A neighbor's import and export as the tables ask them, bound anew whenever options or policies change.

import { MaintenancePolicy } from './policy/maintenance.js';
import type { BoundPolicy, Policies } from './policy/policies.js';
import type { Rib } from './rib/rib.js';
import { type AppliedPolicy, importPolicy, type RoutePolicy } from './rib/route-policy.js';
import { addressOf } from './session/addresses.js';
import type { NeighborOptions } from './session/options.js';

/** How routes from the neighbor are judged, beyond what the RFCs demand. */
export interface ImportRule {
  accept: boolean;
  policy: AppliedPolicy | null;
}

/** What a policy means for routes in one direction. */
export interface BoundRule {
  accept: boolean;
  policy: RoutePolicy | null;
}

const maintained = ({ accept, policy }: BoundRule, direction: 'import' | 'export'): BoundRule => ({
  accept,
  policy: accept ? new MaintenancePolicy(policy, direction) : policy,
});

/** Throws InputError where options name a policy that is not there. */
export class NeighborPolicies {
  import: ImportRule = { accept: false, policy: null };
  /** The same as it was bound, for questions that are not counted. */
  importAsBound: BoundPolicy = { accept: false, policy: null };
  export: BoundRule = { accept: false, policy: null };
  exportAsBound: BoundPolicy = { accept: false, policy: null };
  private readonly policies: Policies;
  private readonly rib: Rib;

  constructor(policies: Policies, rib: Rib, options: NeighborOptions, internal: boolean) {
    this.policies = policies;
    this.rib = rib;
    this.bind(options, internal, options.maintenance);
  }

  /** Returns whether import is another now; `maintenance` comes after what the policies say. */
  bind(options: NeighborOptions, internal: boolean, maintenance: boolean): boolean {
    const { sets, sources } = this.rib;
    const user = { neighbor: { address: addressOf(options), name: options.address }, acceptsRest: internal };
    this.importAsBound = this.policies.bind(options.import, user);
    this.exportAsBound = this.policies.bind(options.export, user);
    this.export = maintenance ? maintained(this.exportAsBound, 'export') : this.exportAsBound;
    const imports: BoundRule = maintenance ? maintained(this.importAsBound, 'import') : this.importAsBound;
    const before = this.import;
    if (imports.accept === before.accept && imports.policy?.id === before.policy?.policy.id) return false;
    this.import = { accept: imports.accept, policy: imports.policy && importPolicy(imports.policy, sets, sources) };
    return true;
  }
}
