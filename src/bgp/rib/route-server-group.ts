// The update group of a route server client: it has a view of its own (RFC 7947 §2.3.2).
//
// Where the best path may not go to the client, or came from it, the next best one that may is sent: no path is hidden by
// what another client did or by what this one is refused. All else is as in every update group.

import { visitInOrder } from './decision.js';
import { UpdateGroup } from './update-group.js';

/** One update group with one member. */
export class RouteServerGroup extends UpdateGroup {
  protected override chosen(prefix: number): number {
    const { table } = this;
    const { viewOf } = this.profile.options;
    let set = 0;
    visitInOrder(table, Math.max(table.prefixes.firstPath[prefix], 0), path => {
      if (table.paths.source[path] !== viewOf && !table.deferred(path)) set = this.exported(prefix, path);
      return set === 0;
    });
    return set;
  }
}
