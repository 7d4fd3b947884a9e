// RFC 4271 §6.8: both sides must keep the same connection.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CollisionRules, type Contender, resolveCollision } from '../../../src/bgp/fsm/collision.js';

const RULES: CollisionRules = {
  localRouterId: 1,
  remoteRouterId: 2,
  localAs: 65001,
  remoteAs: 65002,
  gracefulRestart: false,
  young: false,
  collisionDetectEstablishedState: false,
};
const incoming = (state: Contender['state'], sequence = 2): Contender => ({ direction: 'incoming', state, sequence });
const outgoing = (state: Contender['state'], sequence = 1): Contender => ({ direction: 'outgoing', state, sequence });

describe('resolveCollision', () => {
  it('keeps the connection made by the speaker with the greater BGP Identifier', () => {
    for (const state of ['OpenSent', 'OpenConfirm'] as const) {
      expect(resolveCollision(incoming('OpenSent'), outgoing(state), RULES)).toBe('keep-opened');
      expect(resolveCollision(outgoing('OpenSent'), incoming(state), RULES)).toBe('keep-other');
      const higher = { ...RULES, localRouterId: 3 };
      expect(resolveCollision(incoming('OpenSent'), outgoing(state), higher)).toBe('keep-other');
      expect(resolveCollision(outgoing('OpenSent'), incoming(state), higher)).toBe('keep-opened');
    }
  });

  it('compares identifiers as unsigned numbers', () => {
    const rules = { ...RULES, localRouterId: 0xc0a80001, remoteRouterId: 0x0a000001 };
    expect(resolveCollision(incoming('OpenSent'), outgoing('OpenConfirm'), rules)).toBe('keep-other');
  });

  it('compares the AS numbers of speakers with the same identifier (RFC 6286)', () => {
    const rules = { ...RULES, localRouterId: 2 };
    expect(resolveCollision(incoming('OpenSent'), outgoing('OpenConfirm'), rules)).toBe('keep-opened');
    const greater = { ...rules, localAs: 65003 };
    expect(resolveCollision(incoming('OpenSent'), outgoing('OpenConfirm'), greater)).toBe('keep-other');
  });

  it('sees no collision with a connection that is not there yet', () => {
    for (const state of ['Idle', 'Connect', 'Active'] as const) {
      expect(resolveCollision(incoming('OpenSent'), outgoing(state), RULES)).toBe('none');
    }
  });

  it('closes the new connection when the session is Established', () => {
    const higher = { ...RULES, localRouterId: 3 };
    for (const rules of [RULES, higher]) {
      expect(resolveCollision(incoming('OpenSent'), outgoing('Established'), rules)).toBe('keep-other');
      expect(resolveCollision(incoming('OpenSent'), incoming('Established', 1), rules)).toBe('keep-other');
    }
  });

  it('compares with an Established session where CollisionDetectEstablishedState says so', () => {
    const rules = { ...RULES, collisionDetectEstablishedState: true };
    expect(resolveCollision(incoming('OpenSent'), outgoing('Established'), rules)).toBe('keep-opened');
    const higher = { ...rules, localRouterId: 3 };
    expect(resolveCollision(incoming('OpenSent'), outgoing('Established'), higher)).toBe('keep-other');
  });

  it('takes the session of a neighbor that restarts gracefully for lost (RFC 4724 §4.2)', () => {
    const rules = { ...RULES, gracefulRestart: true };
    expect(resolveCollision(incoming('OpenSent'), outgoing('Established'), rules)).toBe('replace-other');
    expect(resolveCollision(incoming('OpenSent'), incoming('Established', 1), rules)).toBe('replace-other');
    expect(resolveCollision(incoming('OpenSent'), outgoing('OpenConfirm'), rules)).toBe('keep-opened');
  });

  it('but not a young session of ours for a connection that crossed it', () => {
    const rules = { ...RULES, gracefulRestart: true, young: true };
    expect(resolveCollision(incoming('OpenSent'), outgoing('Established'), rules)).toBe('keep-other');
    expect(resolveCollision(incoming('OpenSent'), incoming('Established', 1), rules)).toBe('replace-other');
  });

  it('keeps the newer of two connections the neighbor made', () => {
    expect(resolveCollision(incoming('OpenSent', 2), incoming('OpenConfirm', 1), RULES)).toBe('keep-opened');
    expect(resolveCollision(incoming('OpenSent', 1), incoming('OpenSent', 2), RULES)).toBe('keep-other');
  });

  it('decides the same on both sides, whichever OPEN comes first', () => {
    const id = fc.integer({ min: 1, max: 0xffffffff });
    fc.assert(
      fc.property(
        id,
        id,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (a, b, asA, asB, first) => {
          fc.pre(a !== b || asA !== asB);
          const atA = { ...RULES, localRouterId: a, remoteRouterId: b, localAs: asA, remoteAs: asB };
          const atB = { ...RULES, localRouterId: b, remoteRouterId: a, localAs: asB, remoteAs: asA };
          // Which of the two connections survives, as its initiator.
          const survivor = (rules: CollisionRules, me: 'A' | 'B', openedIsOutgoing: boolean) => {
            const opened = openedIsOutgoing ? outgoing('OpenSent') : incoming('OpenSent');
            const other = openedIsOutgoing ? incoming('OpenConfirm') : outgoing('OpenConfirm');
            const keptOutgoing = (resolveCollision(opened, other, rules) === 'keep-opened') === openedIsOutgoing;
            return keptOutgoing === (me === 'A') ? 'A' : 'B';
          };
          expect(survivor(atA, 'A', first)).toBe(survivor(atB, 'B', true));
          expect(survivor(atA, 'A', !first)).toBe(survivor(atB, 'B', false));
        },
      ),
    );
  });
});
