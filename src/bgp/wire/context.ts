// What two neighbors negotiated that changes how octets read: the context of decoding and encoding.

import type { Family } from './family.js';

/** Context of a message in object form. */
export interface DecodeContext {
  /** AS numbers have 4 octets in AS_PATH and AGGREGATOR (RFC 6793 §4.1). */
  as4: boolean;
  /** The families whose NLRI carry a path identifier (RFC 7911 §3). */
  addPath: readonly Family[];
  /** UPDATE, NOTIFICATION and ROUTE-REFRESH may have up to 65,535 octets (RFC 8654). */
  extendedMessage: boolean;
}

/** Two speakers of today without optional extensions. */
export const DEFAULT_CONTEXT: DecodeContext = { as4: true, addPath: [], extendedMessage: false };

/** Context of the hot path's scan: families as bit masks (`1 << family`). */
export interface ScanContext {
  as4: boolean;
  /** The families whose NLRI carry a path identifier. */
  addPath: number;
  /** The neighbor is in our AS (iBGP). */
  internal: boolean;
  /** The families negotiated (RFC 4760 §8). */
  families: number;
  /** AS_SET and AS_CONFED_SET are treat-as-withdraw, as RFC 9774 asks; they are accepted otherwise. */
  rejectAsSets?: boolean;
  /** LOCAL_PREF must be there: RFC 4271 §5 requires it in iBGP. */
  localPrefRequired?: boolean;
  /** IPv4 destinations have IPv4 next hops alone: the capability of RFC 8950 was not exchanged. */
  ipv4NextHopsOnly?: boolean;
}
