// Connection collision resolution (RFC 4271 §6.8) as a pure function.
//
// Both speakers may connect to each other at the same time; one of the two connections has to go, and both sides must
// choose the same one. Decided when a valid OPEN arrives on one connection while another one with the same neighbor
// exists. Connections in OpenSent are examined too (§6.8 MAY): the OPEN that just arrived tells the neighbor's BGP
// Identifier, and both connections are with the same configured neighbor; so the two sides agree one message earlier.

import type { StateName } from './events.js';

/** One of the two connections. */
export interface Contender {
  /** Who opened the TCP connection: 'outgoing' = this speaker. */
  direction: 'incoming' | 'outgoing';
  state: StateName;
  /** Order in which the connections of this neighbor were made; the later the greater. */
  sequence: number;
}

/** What the decision depends on beside the connections. */
export interface CollisionRules {
  localRouterId: number;
  remoteRouterId: number;
  localAs: number;
  remoteAs: number;
  /** The Graceful Restart capability was received on the Established session (RFC 4724 §4.2). */
  gracefulRestart: boolean;
  /** The session is so young that the neighbor may have made the other connection before it knew of it. */
  young: boolean;
  /** CollisionDetectEstablishedState (RFC 4271 §8.1.1): an Established connection takes part in the comparison. */
  collisionDetectEstablishedState: boolean;
}

/**
 * What to do with the two connections: 'none' is no collision; 'keep-opened' and 'keep-other' close the loser with
 * Cease/Connection Collision Resolution (RFC 4486); 'replace-other' takes the other, Established, connection for lost
 * and closes it without a NOTIFICATION.
 */
export type CollisionVerdict = 'none' | 'keep-opened' | 'keep-other' | 'replace-other';

/** Decides between `opened`, on which a valid OPEN has just arrived, and `other` (RFC 4271 §6.8, 6286 §2.3, 4724 §4.2). */
export function resolveCollision(opened: Contender, other: Contender, rules: CollisionRules): CollisionVerdict {
  if (other.state === 'Idle' || other.state === 'Connect' || other.state === 'Active') return 'none';
  if (other.state === 'Established') {
    // RFC 4724 takes the new connection for that of a restarted neighbor. Two that crossed are none: each side would give up
    // the other's, and both sessions would be lost.
    const crossed = rules.young && other.direction === 'outgoing';
    if (rules.gracefulRestart && opened.direction === 'incoming' && !crossed) return 'replace-other';
    if (!rules.collisionDetectEstablishedState) return 'keep-other';
  }
  if (opened.direction === other.direction) {
    // A neighbor gives its connection up before it makes another: the older one is a leftover.
    return opened.sequence > other.sequence ? 'keep-opened' : 'keep-other';
  }
  return opened.direction === winner(rules) ? 'keep-opened' : 'keep-other';
}

/** The connection made by the speaker with the greater BGP Identifier stays; equal ones compare the AS (RFC 6286 §2.3). */
function winner(rules: CollisionRules): Contender['direction'] {
  const localWins =
    rules.localRouterId === rules.remoteRouterId
      ? rules.localAs > rules.remoteAs
      : rules.localRouterId > rules.remoteRouterId;
  return localWins ? 'outgoing' : 'incoming';
}
