// A neighbor's import and export as the tables ask them, bound anew whenever options or policies change.

import type { BoundPolicy, Policies } from './policy/policies.js';
import type { Rib } from './rib/rib.js';
import { type AppliedPolicy, importPolicy } from './rib/route-policy.js';
import type { NeighborOptions } from './session/options.js';
import { parseAddress } from './wire/prefix.js';

/** How routes from the neighbor are judged, beyond what the RFCs demand. */
export interface ImportRule {
  accept: boolean;
  policy: AppliedPolicy | null;
}

/** Throws InputError where options name a policy that is not there. */
export class NeighborPolicies {
  import: ImportRule = { accept: false, policy: null };
  /** The same as it was bound, for questions that are not counted. */
  importAsBound: BoundPolicy = { accept: false, policy: null };
  export: BoundPolicy = { accept: false, policy: null };
  private readonly policies: Policies;
  private readonly rib: Rib;

  constructor(policies: Policies, rib: Rib, options: NeighborOptions, internal: boolean) {
    this.policies = policies;
    this.rib = rib;
    this.bind(options, internal);
  }

  /** Returns whether import is another now. */
  bind(options: NeighborOptions, internal: boolean): boolean {
    const { sets, sources } = this.rib;
    const user = { address: parseAddress(options.address.split('%')[0]), acceptsRest: internal };
    const imports = this.policies.bind(options.import, user);
    this.export = this.policies.bind(options.export, user);
    this.importAsBound = imports;
    const before = this.import;
    if (imports.accept === before.accept && imports.policy === (before.policy?.policy ?? null)) return false;
    this.import = { accept: imports.accept, policy: imports.policy && importPolicy(imports.policy, sets, sources) };
    return true;
  }
}
