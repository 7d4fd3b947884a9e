// Sessions with a neighbor that an interface names: where it is comes and goes. Loopback addresses stand for link-local ones.

import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../../src/bgp/session/listener.js';
import { ourOpen } from '../../../src/bgp/session/negotiate.js';
import type { NeighborOptions } from '../../../src/bgp/session/options.js';
import { cleanUp, freshAddress, LOCAL, listenFor, manage, NEIGHBOR, Node, RawConnection, until } from './lab.js';

let own: string;
let theirs: string;
let node: Node;
let other: Node;
let listener: Listener;

const there = (...addresses: string[]) => ({ index: 2, own: [own], addresses, trouble: '' });
const down = { index: 2, own: [], addresses: [], trouble: 'eth1 is down' };

async function create(options: Partial<NeighborOptions> = {}): Promise<void> {
  [own, theirs] = [freshAddress(), freshAddress()];
  listener = await listenFor(own, () => node);
  const { port } = await listenFor(theirs, () => other);
  const named = { address: 'eth1', interface: 'eth1', connectRetrySeconds: 1, idleHoldSeconds: 0 };
  node = manage(new Node({ ...named, localAddress: own, port, ...options }));
  other = manage(
    new Node({ address: own, localAddress: theirs, as: 65001, passive: true }, { as: 65002, routerId: 0x0a000002 }),
  );
  other.session.start();
}

/** A connection from an address, on which this OPEN and a KEEPALIVE are sent. */
async function connectFrom(address: string, routerId: number): Promise<RawConnection> {
  const socket = net.connect({ host: own, port: listener.port, localAddress: address });
  const connection = new RawConnection(socket);
  await once(socket, 'connect');
  connection.say(ourOpen({ ...NEIGHBOR, as: 65001 }, { ...LOCAL, as: 65002, routerId }), { type: 'keepalive' });
  return connection;
}

beforeEach(() => create());
afterEach(cleanUp);

describe('a neighbor that an interface names', () => {
  it('is connected to when it is heard, and not before', async () => {
    node.session.start();
    expect(node.session.state).toBe('Active');
    node.session.hear(down);
    expect(node.session.state).toBe('Active');
    node.session.hear(there(theirs));
    await node.reaches('Established');
    expect(node.ups[0]).toMatchObject({ remoteAddress: theirs, localAddress: own });
    expect(node.lines.every(line => line.neighbor === 'eth1')).toBe(true);
  });

  it('is lost with the interface, and found again with it', async () => {
    node.session.hear(there(theirs));
    node.session.start();
    await node.reaches('Established');
    node.session.hear(down);
    expect(node.session.state).toBe('Active');
    expect(node.downs).toMatchObject([{ kind: 'tcp-lost', text: 'eth1 is down' }]);
    await other.reaches('Active');
    node.session.hear(there(theirs));
    await node.reaches('Established');
    expect(node.ups).toHaveLength(2);
  });

  it.each([
    ['another own address', { own: ['192.0.2.1'] }, 'not an address of this machine any more'],
    ['another interface of the same name', { index: 3 }, 'the interface is another now'],
  ])('is lost with %s', async (_what, change, why) => {
    node.session.hear(there(theirs));
    node.session.start();
    await node.reaches('Established');
    node.session.hear({ ...there(theirs), ...change });
    expect(node.downs).toMatchObject([{ kind: 'tcp-lost', text: expect.stringContaining(why) }]);
  });

  it('stays where it is when somebody else is heard, or nobody any more', async () => {
    node.session.hear(there(theirs));
    node.session.start();
    await node.reaches('Established');
    node.session.hear(there('192.0.2.1', theirs));
    node.session.hear({ ...there(), trouble: 'no router is heard on eth1' });
    expect(node.session.state).toBe('Established');
    expect(node.downs).toEqual([]);
  });

  it('is tried at one address after the other', async () => {
    node.session.hear(there(freshAddress(), freshAddress(), theirs));
    node.session.start();
    await node.reaches('Established');
    expect(node.ups[0].remoteAddress).toBe(theirs);
  });

  it('is waited for when it is passive', async () => {
    await cleanUp();
    await create({ passive: true });
    node.session.start();
    node.session.hear(there(theirs));
    expect(node.session.state).toBe('Active');
    const connection = await connectFrom(freshAddress(), 0x0a000002);
    await until(() => node.ups.length > 0);
    expect(connection.closed).toBe(false);
  });
});

describe('a connection from another address than that of the session', () => {
  const established = async () => {
    node.session.start();
    const first = await connectFrom(freshAddress(), 0x0a000002);
    await until(() => node.ups.length > 0);
    await first.hears('keepalive');
    return first;
  };

  it('is the neighbor with a new address when the router id is the same', async () => {
    const first = await established();
    const address = freshAddress();
    await connectFrom(address, 0x0a000002);
    await until(() => node.ups.length > 1);
    expect(node.ups[1].remoteAddress).toBe(address);
    await first.ends();
    expect(first.messages.some(({ type }) => type === 'notification')).toBe(false);
  });

  it('is a stranger when it is not', async () => {
    const first = await established();
    const address = freshAddress();
    const second = await connectFrom(address, 0x0a000003);
    expect(await second.isTold()).toBe('6/7');
    expect(node.session.state).toBe('Established');
    expect(first.closed).toBe(false);
    expect(node.lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        msg: `eth1: ${address}, router id 10.0.0.3, is refused: the session is with another`,
      }),
    );
  });
});
