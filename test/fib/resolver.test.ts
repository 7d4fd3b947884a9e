// By which links next hops are reached (src/fib/resolver.ts), without a kernel.

import { expect, test } from 'vitest';
import { Family } from '../../src/bgp/wire/family.js';
import { parseAddress } from '../../src/bgp/wire/prefix.js';
import { Kernel } from '../../src/fib/kernel.js';
import type { Link } from '../../src/fib/link-message.js';
import { resolve } from '../../src/fib/resolver.js';
import { encodeBody, RouteBatch } from '../../src/fib/route-batch.js';
import { forEachMessage, MessageType, RouteMessage, RouteType } from '../../src/fib/rtnetlink.js';

const identity = { table: 254, metric: 0, protocol: 2 };

/** A machine with one link and the subnets 10.0.0.0/24 and 2001:db8::/64 on it. */
function machine(link: Pick<Link, 'up' | 'running'>): Kernel {
  const kernel = new Kernel({ ...identity, metric: 20, protocol: 186 });
  kernel.addLink({ ...ETH1, ...link });
  for (const subnet of ['10.0.0.0', '2001:db8::']) {
    const address = parseAddress(subnet);
    const [family, length] = address.length === 4 ? [Family.ipv4Unicast, 24] : [Family.ipv6Unicast, 64];
    const leg = { interfaceIndex: 1, gateway: null, onlink: false, weight: 1 };
    const batch = new RouteBatch();
    const body = encodeBody(family, identity, RouteType.unicast, [leg]);
    batch.add(MessageType.newRoute, 0, family, address, 0, length, body, 0, 0);
    const message = new RouteMessage();
    forEachMessage(batch.datagram, (_type, _flags, _sequence, start, end) => message.scan(batch.datagram, start, end));
    kernel.changeRoute(message, true, false);
  }
  return kernel;
}

const ETH1 = { index: 1, name: 'eth1', loopback: false, enabled: true, master: 0, linkLayerAddress: new Uint8Array(6) };

test.each([
  ['up and running', { up: true, running: true }, [true, true, true]],
  ['up, not running yet', { up: true, running: false }, [true, false, false]],
  ['down', { up: false, running: false }, [false, false, false]],
])('a link that is %s leads to IPv4, IPv6, link-local next hops: %o %o', (_, link, reached) => {
  const kernel = machine(link);
  const hops = [['10.0.0.9'], ['2001:db8::9'], ['fe80::9', 1]] as const;
  expect(hops.map(([hop, index = 0]) => resolve(kernel, parseAddress(hop), index) !== null)).toEqual(reached);
});

test('a link that is running now has changed: what IPv6 waited for has come', () => {
  const kernel = machine({ up: true, running: false });
  expect(kernel.addLink({ ...ETH1, up: true, running: true }).changed).toBe(true);
  expect(kernel.addLink({ ...ETH1, up: true, running: true }).changed).toBe(false);
});
