// What two OPENs come to, without a connection.

import { describe, expect, it } from 'vitest';
import { negotiate, ourOpen } from '../../../src/bgp/session/negotiate.js';
import type { LocalOptions, NeighborOptions } from '../../../src/bgp/session/options.js';
import type { Capability } from '../../../src/bgp/wire/capabilities.js';
import { Family } from '../../../src/bgp/wire/family.js';
import { WireError } from '../../../src/bgp/wire/notification.js';
import type { OpenMessage } from '../../../src/bgp/wire/open.js';
import { LOCAL, NEIGHBOR } from './lab.js';

const REMOTE: LocalOptions = { ...LOCAL, as: 65002, routerId: 0x0a000002, hostname: 'bgp-2' };

/** What we agree on with a neighbor whose configuration, or OPEN, is given. */
function agree(
  ours: Partial<NeighborOptions>,
  theirs: Partial<NeighborOptions>,
  open: (open: OpenMessage) => OpenMessage = open => open,
  local: Partial<LocalOptions> = {},
) {
  const options = { ...NEIGHBOR, ...ours };
  const sent = ourOpen(options, { ...LOCAL, ...local });
  return negotiate(open(ourOpen({ ...NEIGHBOR, ...theirs }, REMOTE)), sent, options);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return `${error.code}/${error.subcode} [${error.data}] ${error.reason}`;
    throw error;
  }
  return 'accepted';
}

const without =
  (...types: Capability['type'][]) =>
  (open: OpenMessage): OpenMessage => ({
    ...open,
    capabilities: open.capabilities.filter(capability => !types.includes(capability.type)),
  });

const BOTH = [Family.ipv4Unicast, Family.ipv6Unicast];

describe('ourOpen', () => {
  it('says what the configuration wants', () => {
    const options: NeighborOptions = {
      ...NEIGHBOR,
      families: BOTH,
      gracefulRestart: { restartTimeSeconds: 120 },
      addPath: { receive: true, send: 4 },
    };
    const local = { ...LOCAL, restarting: () => true, forwardingPreserved: (family: Family) => family === 0 };
    expect(ourOpen(options, local)).toEqual({
      type: 'open',
      version: 4,
      as: 65001,
      as2: 65001,
      holdTimeSeconds: 90,
      routerId: 0x0a000001,
      capabilities: [
        { type: 'multiprotocol', afi: 1, safi: 1 },
        { type: 'multiprotocol', afi: 2, safi: 1 },
        { type: 'route-refresh' },
        { type: 'enhanced-route-refresh' },
        { type: 'extended-message' },
        { type: 'extended-next-hop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
        {
          type: 'graceful-restart',
          restarting: true,
          notification: true,
          restartTimeSeconds: 120,
          families: [
            { afi: 1, safi: 1, forwarding: true },
            { afi: 2, safi: 1, forwarding: false },
          ],
        },
        {
          type: 'add-path',
          families: [
            { afi: 1, safi: 1, mode: 'both' },
            { afi: 2, safi: 1, mode: 'both' },
          ],
        },
        { type: 'fqdn', hostname: 'bgp-1', domain: '' },
        { type: 'as4', as: 65001 },
      ],
    });
  });

  it('leaves out what is off', () => {
    expect(ourOpen(NEIGHBOR, { ...LOCAL, hostname: '' }).capabilities.map(capability => capability.type)).toEqual([
      'multiprotocol',
      'route-refresh',
      'enhanced-route-refresh',
      'extended-message',
      'extended-next-hop',
      'as4',
    ]);
  });

  it('offers IPv4 routes by IPv6 next hops on sessions of both kinds', () => {
    const offered = (options: Partial<NeighborOptions>) =>
      ourOpen({ ...NEIGHBOR, ...options }, LOCAL).capabilities.find(({ type }) => type === 'extended-next-hop');
    expect(offered({ address: 'fe80::1%eth1', families: BOTH })).toEqual({
      type: 'extended-next-hop',
      families: [{ afi: 1, safi: 1, nextHopAfi: 2 }],
    });
    expect(offered({ address: 'fe80::1%eth1', families: [Family.ipv6Unicast] })).toBeUndefined();
    expect(offered({ address: '10.0.0.1', families: BOTH })).toBeDefined();
  });

  it('says what a neighbor without capabilities can understand', () => {
    const open = ourOpen(NEIGHBOR, { ...LOCAL, as: 4_200_000_000 }, { bare: true });
    expect(open).toMatchObject({ as: 23456, as2: 23456, capabilities: [] });
  });

  it('never offers a longer restart time than the field holds', () => {
    const { capabilities } = ourOpen({ ...NEIGHBOR, gracefulRestart: { restartTimeSeconds: 10_000 } }, LOCAL);
    expect(capabilities).toContainEqual(
      expect.objectContaining({ type: 'graceful-restart', restartTimeSeconds: 4095 }),
    );
  });
});

describe('negotiate', () => {
  it('finds what both have', () => {
    expect(agree({ families: BOTH }, { families: BOTH })).toMatchObject({
      internal: false,
      remoteAs: 65002,
      remoteRouterId: 0x0a000002,
      holdTimeSeconds: 90,
      keepaliveSeconds: 30,
      families: BOTH,
      as4: true,
      maxMessageLength: 65535,
      maxReceiveLength: 65535,
      routeRefresh: true,
      enhancedRouteRefresh: true,
      addPathReceive: [],
      addPathSend: [],
      extendedNextHop: true,
      gracefulRestart: null,
    });
  });

  it('takes the smaller hold time, 0 too', () => {
    const hold = (ours: number, theirs: number) =>
      agree({ holdTimeSeconds: ours }, { holdTimeSeconds: theirs }).holdTimeSeconds;
    expect([hold(90, 30), hold(3, 90), hold(0, 90), hold(90, 0)]).toEqual([30, 3, 0, 0]);
  });

  it('uses a capability only when both have it', () => {
    const lacking = agree({}, {}, without('as4', 'route-refresh', 'enhanced-route-refresh', 'extended-message'));
    expect(lacking).toMatchObject({
      as4: false,
      routeRefresh: false,
      enhancedRouteRefresh: false,
      maxMessageLength: 4096,
      // We offered it, so the neighbor may send them (RFC 8654).
      maxReceiveLength: 65535,
    });
  });

  it('ignores capabilities it does not know', () => {
    const strange: Capability = { type: 'unknown', code: 200, value: Uint8Array.of(1) };
    const agreed = agree({}, {}, open => ({ ...open, capabilities: [strange, ...open.capabilities] }));
    expect(agreed.remoteCapabilities[0]).toEqual(strange);
  });

  it('exchanges the families both name', () => {
    expect(agree({ families: BOTH }, { families: [Family.ipv6Unicast] }).families).toEqual([Family.ipv6Unicast]);
    expect(agree({ families: BOTH }, {}, without('multiprotocol')).families).toEqual([Family.ipv4Unicast]);
  });

  it('refuses a neighbor without a common family, naming those it misses (RFC 5492)', () => {
    expect(refusal(() => agree({ families: [Family.ipv6Unicast] }, {}))).toBe(
      '2/7 [1,4,0,2,0,1] the neighbor does not exchange ipv6-unicast',
    );
    expect(refusal(() => agree({ families: [Family.ipv6Unicast] }, {}, without('multiprotocol')))).toMatch('2/7');
    expect(refusal(() => agree({}, { families: [Family.ipv6Unicast] }))).toMatch('2/7 [1,4,0,1,0,1]');
  });

  it('refuses another AS than the configured one', () => {
    expect(refusal(() => agree({ as: 65009 }, {}))).toBe(
      '2/2 [] the neighbor is in AS 65002, the configuration says AS 65009',
    );
  });

  it('takes an AS of a list, and of a list that has the own one any other', () => {
    const ranges = (...asRanges: [from: number, to: number][]) => ({
      as: 0,
      asRanges: asRanges.map(([from, to]) => ({ from, to })),
    });
    expect(agree(ranges([1, 2], [65002, 65002]), {}).remoteAs).toBe(65002);
    expect(agree(ranges([65000, 65002]), {}).internal).toBe(false);
    expect(refusal(() => agree(ranges([65000, 65001], [65003, 65003]), {}))).toBe(
      '2/2 [] the neighbor is in AS 65002, the configuration says AS 65000-65001, 65003',
    );
    const inside = (open: OpenMessage): OpenMessage => ({ ...without('as4')(open), as: 65001, as2: 65001 });
    expect(refusal(() => agree(ranges([65000, 65002]), {}, inside))).toMatch('2/2');
  });

  it('compares 4-octet AS numbers whole', () => {
    const as = 4_200_000_000;
    const open = (open: OpenMessage): OpenMessage => ({
      ...without('as4')(open),
      as,
      as2: 23456,
    });
    expect(agree({ as }, {}, open).remoteAs).toBe(as);
    expect(refusal(() => agree({ as: 23456 }, {}, open))).toMatch('2/2');
  });

  it('wants another router id within an AS, but not between two', () => {
    const same = (open: OpenMessage): OpenMessage => ({ ...open, routerId: LOCAL.routerId });
    expect(agree({}, {}, same).remoteRouterId).toBe(LOCAL.routerId);
    expect(refusal(() => agree({}, {}, same, { as: 65002 }))).toBe(
      '2/3 [] the neighbor has our router id 10.0.0.1; within an AS each needs its own',
    );
    expect(agree({}, {}, undefined, { as: 65002 }).internal).toBe(true);
  });

  it('matches who sends several paths with who receives them (RFC 7911)', () => {
    const [off, receives, sends, does] = [
      { receive: false, send: 0 },
      { receive: true, send: 0 },
      { receive: false, send: 2 },
      { receive: true, send: 2 },
    ];
    const paths = (ours: NeighborOptions['addPath'], theirs: NeighborOptions['addPath']) => {
      const { addPathReceive, addPathSend } = agree({ addPath: ours }, { addPath: theirs });
      return [addPathReceive.length, addPathSend.length];
    };
    expect(paths(off, does)).toEqual([0, 0]);
    expect(paths(receives, does)).toEqual([1, 0]);
    expect(paths(receives, receives)).toEqual([0, 0]);
    expect(paths(sends, receives)).toEqual([0, 1]);
    expect(paths(sends, sends)).toEqual([0, 0]);
    expect(paths(does, does)).toEqual([1, 1]);
  });

  it('does so for common families only', () => {
    const addPath = { receive: true, send: 2 };
    const agreed = agree({ families: BOTH, addPath }, { families: [Family.ipv6Unicast], addPath });
    expect(agreed.addPathSend).toEqual([Family.ipv6Unicast]);
  });

  it('allows IPv6 next hops for IPv4 when both do', () => {
    expect(agree({}, {}).extendedNextHop).toBe(true);
    const bare = without('extended-next-hop');
    expect(agree({}, {}, bare).extendedNextHop).toBe(false);
    const wrong: Capability = { type: 'extended-next-hop', families: [{ afi: 1, safi: 128, nextHopAfi: 2 }] };
    const agreed = agree({}, {}, open => ({ ...open, capabilities: [wrong, ...bare(open).capabilities] }));
    expect(agreed.extendedNextHop).toBe(false);
  });

  it('keeps what the neighbor says about its restarts, the last capability of several', () => {
    const gracefulRestart = { restartTimeSeconds: 120 };
    const capability = (restartTimeSeconds: number): Capability => ({
      type: 'graceful-restart',
      restarting: true,
      notification: true,
      restartTimeSeconds,
      families: [
        { afi: 1, safi: 1, forwarding: true },
        { afi: 25, safi: 70, forwarding: true },
      ],
    });
    const twice = (open: OpenMessage): OpenMessage => ({
      ...open,
      capabilities: [capability(1), ...open.capabilities, capability(77)],
    });
    expect(agree({ gracefulRestart }, {}, twice).gracefulRestart).toEqual({
      restarting: true,
      notification: true,
      restartTimeSeconds: 77,
      families: [{ family: Family.ipv4Unicast, forwarding: true }],
    });
    expect(agree({ gracefulRestart: false }, {}, twice).gracefulRestart).toBeNull();
    expect(agree({ gracefulRestart }, {}).gracefulRestart).toBeNull();
  });
});
