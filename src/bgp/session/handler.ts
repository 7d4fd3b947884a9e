// What a neighbor session says to the speaker, and the speaker to it.

import type { RouteRefreshMessage } from '../wire/refresh.js';
import type { Agreed } from './negotiate.js';

/** What is agreed on an Established session, and where it runs. */
export interface Negotiated extends Agreed {
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  /** Our addresses on the session's interface; the session's own address comes first in its family. */
  nextHopSelf: { ipv4: Uint8Array | null; ipv6: Uint8Array | null; linkLocal: Uint8Array | null };
  /** This machine's subnets as address/length when the neighbor is on one of them, of its family; else empty. */
  subnets: string[];
  /** Empty when no interface has the session's address. */
  interfaceName: string;
  /** 0 when not known. */
  interfaceIndex: number;
}

/** Why a session is over. */
export interface SessionDown {
  kind: 'tcp-lost' | 'notification-sent' | 'notification-received' | 'stopped';
  /** Of the NOTIFICATION. */
  code?: number;
  subcode?: number;
  /** In words, for log and people. */
  text: string;
}

/** Who hears of the session. Any of the session's methods may be called from within. */
export interface SessionHandler {
  established(negotiated: Negotiated): void;
  /**
   * One UPDATE body, octets [start, end) of a buffer that is only lent. A WireError thrown here is sent as
   * NOTIFICATION and resets the session.
   */
  update(buf: Uint8Array, start: number, end: number): void;
  refresh(message: RouteRefreshMessage): void;
  /** The socket has taken everything after `write` left too much in its buffer. */
  drained(): void;
  /** The session that was Established is over; `negotiated` can still be read. */
  down(down: SessionDown): void;
  /** `state` has changed. */
  changed(): void;
}

/** A Cease to send: RFC 4486 subcode, and for shutdown and reset a message of at most 255 octets (RFC 9003). */
export interface Cease {
  subcode: number;
  message?: string;
}
