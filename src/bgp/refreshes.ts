// Route refresh with one neighbor: what it is sent again, and what it sends again.
//
// A request that comes while the first routes are still on their way waits for their End-of-RIB: BoRR must not come
// before it (RFC 7313 §4). For the same reason the neighbor's BoRR does not count before its End-of-RIB, and its EoRR
// not without a BoRR: neither may sweep what a graceful restart keeps. RFC 2918, RFC 7313, RFC 4724 §2.

import { FAMILIES, Family } from './wire/family.js';
import { encode } from './wire/message.js';
import type { PathAttribute } from './wire/path-attribute.js';
import { RefreshSubtype } from './wire/refresh.js';

/** RFC 4724 §2: an UPDATE that announces and withdraws nothing; by Family. */
export const END_OF_RIB: readonly Uint8Array[] = FAMILIES.map(({ family }) => {
  const unreach: PathAttribute = { type: 'mpUnreach', family, withdrawn: [] };
  const attributes = family === Family.ipv4Unicast ? [] : [unreach];
  return encode({ type: 'update', withdrawn: [], attributes, nlri: [] });
});

/** What a refresh makes happen. */
export interface RefreshActions {
  /** Sends ROUTE-REFRESH with a RefreshSubtype. */
  send(family: Family, subtype: number): void;
  /** Has everything sent again; `sentAll` is to be called when it is done. */
  resend(family: Family): void;
  endOfRib(family: Family): void;
  /** Everything received is stale from now on. */
  markStale(family: Family): void;
  /** Removes what is still stale. */
  sweep(family: Family): void;
}

/** The refreshes of one session. */
export class Refreshes {
  private readonly actions: RefreshActions;
  /** Both sides demarcate refreshes (RFC 7313). */
  private readonly enhanced: boolean;
  /** Families whose first routes are on their way. */
  private readonly initial: Set<Family>;
  /** Asked for meanwhile. */
  private readonly waiting = new Set<Family>();
  /** BoRR was sent, EoRR is due. */
  private readonly sending = new Set<Family>();
  /** BoRR was received. */
  private readonly receiving = new Set<Family>();

  constructor(families: readonly Family[], enhanced: boolean, actions: RefreshActions) {
    this.initial = new Set(families);
    this.enhanced = enhanced;
    this.actions = actions;
  }

  /** Sends everything of a family again, on request of the neighbor (RFC 2918 §4) or our own. */
  start(family: Family): void {
    if (this.initial.has(family)) {
      this.waiting.add(family);
      return;
    }
    if (this.enhanced && !this.sending.has(family)) {
      this.sending.add(family);
      this.actions.send(family, RefreshSubtype.begin);
    }
    this.actions.resend(family);
  }

  /** Everything of a family has been sent: for the first time, or again. */
  sentAll(family: Family): void {
    if (this.initial.delete(family)) {
      this.actions.endOfRib(family);
      if (this.waiting.delete(family)) this.start(family);
    } else if (this.sending.delete(family)) {
      this.actions.send(family, RefreshSubtype.end);
    }
  }

  /**
   * A ROUTE-REFRESH of a negotiated family; `complete`: the neighbor's End-of-RIB was received or none is to come. Its
   * subtype is a reserved octet where refreshes are not demarcated (RFC 2918 §3). False when it is ignored.
   */
  received(family: Family, subtype: number, complete: boolean): boolean {
    if (!this.enhanced || subtype === RefreshSubtype.request) {
      this.start(family);
      return true;
    }
    if (subtype === RefreshSubtype.begin && complete) {
      this.receiving.add(family);
      this.actions.markStale(family);
      return true;
    }
    if (subtype !== RefreshSubtype.end || !this.receiving.delete(family)) return false;
    this.actions.sweep(family);
    return true;
  }
}
