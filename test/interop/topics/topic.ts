// What a topic of the interop matrix is: one test that is run with each vendor.
//
// By convention tsbgp runs on machine 1 and announces prefixes that begin with 10.1 or 2001:db8:1; the vendor's daemon runs
// on machine 2 and announces 10.2 and 2001:db8:2.

import type { Node } from '../../lab/node.mjs';
import { startTsbgp, type Tsbgp } from '../tsbgp.js';
import type { NeighborSetup, Setup, Speaker, Vendor } from '../vendors/vendor.js';

/** One row of the matrix. */
export interface Topic {
  /** What holds between tsbgp and the vendor, as a heading of the page: 'communities of all kinds'. */
  name: string;
  /** RFC numbers. */
  rfcs: number[];
  /** One test for each vendor that does not lack it. Rejects when something else is the case. */
  test: (vendor: Vendor, machines: Node[]) => Promise<void>;
  /** 2 unless it needs a third one. */
  machines?: 3;
}

/** Both sides of the session between machines 1 and 2. */
export interface Session {
  /** Whether both are in one AS. */
  internal?: boolean;
  /** AS numbers of tsbgp and the vendor, if unlike the usual. */
  as?: [number, number];
  /** What the session runs over; its routes are of the same family unless both sides say otherwise. */
  family?: 'ipv4' | 'ipv6';
  /** More keys of the neighbor in tsbgp's configuration. */
  tsbgp?: string;
  vendor?: Partial<NeighborSetup>;
  /** The vendor's own routes. */
  routes?: Setup['routes'];
  longLivedSeconds?: Setup['longLivedSeconds'];
}

/** AS numbers of the two sides of an external session. */
export const [TSBGP_AS, VENDOR_AS] = [65001, 65002];

/** Addresses of the two machines. */
export const ADDRESS = {
  ipv4: { tsbgp: '10.0.0.1', vendor: '10.0.0.2' },
  ipv6: { tsbgp: '2001:db8::1', vendor: '2001:db8::2' },
};

/** Starts both daemons. */
export async function startBoth(
  vendor: Vendor,
  [one, two]: readonly Node[],
  { internal = false, as, family = 'ipv4', tsbgp, vendor: options = {}, routes = [], longLivedSeconds }: Session,
): Promise<[Tsbgp, Speaker]> {
  const [ownAs, vendorAs] = as ?? [TSBGP_AS, internal ? TSBGP_AS : VENDOR_AS];
  const policy = internal ? '' : ', import: accept, export: accept';
  const families = `families: [${family}-unicast]`;
  const tsbgpStarts = startTsbgp(
    one,
    `
      as: ${ownAs}
      router-id: 10.0.0.1
      neighbors:
        - { address: '${ADDRESS[family].vendor}', as: ${vendorAs}, connect-retry: 1, idle-hold: 0${policy}, ${tsbgp ?? families} }`,
  );
  // Who waits has to be there first.
  if (tsbgp?.includes('passive')) await tsbgpStarts;
  const vendorStarts = vendor.start(two, {
    as: vendorAs,
    routerId: '10.0.0.2',
    neighbors: [{ address: ADDRESS[family].tsbgp, as: ownAs, ...options }],
    routes,
    longLivedSeconds,
  });
  return Promise.all([tsbgpStarts, vendorStarts]);
}
