// Who is at the other end of an interface: how a session with a neighbor that is named by its interface learns the address.

/** What is known of an interface and its other end; addresses are link-local and name the interface: fe80::1%eth1. */
export interface Heard {
  /** The kernel's number of the interface; 0: there is none. */
  index: number;
  /** Addresses of this machine on it that can be used; none, too, while it is down. */
  own: readonly string[];
  /** Who has advertised itself there, the latest first. */
  addresses: readonly string[];
  /** Why there are no addresses; empty when there are. */
  trouble: string;
}

/** Nobody has looked yet. */
export const NOTHING_HEARD: Heard = { index: 0, own: [], addresses: [], trouble: 'nobody has listened there yet' };
