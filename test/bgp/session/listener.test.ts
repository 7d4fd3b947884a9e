import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Listener } from '../../../src/bgp/session/listener.js';
import { cleanUp, freshAddress, type LogLine, logInto, manage, Node, onCleanUp, RawConnection } from './lab.js';

afterEach(cleanUp);

function listener(addresses: string[], port: number, find: (address: string) => Node | undefined = () => undefined) {
  const lines: LogLine[] = [];
  const listener = new Listener(addresses, port, address => find(address)?.session, logInto(lines));
  onCleanUp(() => listener.close());
  return { listener, lines };
}

describe('Listener', () => {
  it('refuses strangers, and says so once in the log', async () => {
    const address = freshAddress();
    const { listener: listening, lines } = listener([address], 0);
    await listening.listen();
    for (let i = 0; i < 2; i++) {
      const localAddress = '127.0.0.1';
      const stranger = new RawConnection(net.connect({ host: address, port: listening.port, localAddress }));
      expect(await stranger.isTold()).toBe('6/5');
      await stranger.ends();
    }
    expect(lines).toMatchObject([
      { level: 40, remote: '127.0.0.1', msg: 'connection from 127.0.0.1 refused: it is not a neighbor' },
      { level: 20 },
    ]);
  });

  it('listens on 0.0.0.0 and :: side by side, IPv4 neighbors are IPv4 on both', async () => {
    const seen: string[] = [];
    const { listener: first } = listener(['0.0.0.0'], 0);
    await first.listen();
    const { port } = first;
    await first.close();
    const { listener: both } = listener(['0.0.0.0', '::'], port, address => {
      seen.push(address);
      return undefined;
    });
    await both.listen();
    for (const host of ['127.0.0.1', '::1']) {
      const connection = new RawConnection(net.connect({ host, port }));
      await connection.isTold();
    }
    expect(seen).toEqual(['127.0.0.1', '::1']);
  });

  it('says why it cannot listen, and then listens nowhere', async () => {
    const [free, taken] = [freshAddress(), freshAddress()];
    const server = net.createServer().listen({ host: taken, port: 0 });
    await once(server, 'listening');
    onCleanUp(() => {
      server.close();
    });
    const { port } = server.address() as net.AddressInfo;
    const { listener: listening } = listener([free, taken], port);
    await expect(listening.listen()).rejects.toThrow(
      `cannot listen on ${taken} port ${port}: another program listens there`,
    );
    await expect(once(net.connect({ host: free, port }), 'connect')).rejects.toThrow('ECONNREFUSED');
    const { listener: elsewhere } = listener(['192.0.2.1'], port);
    await expect(elsewhere.listen()).rejects.toThrow('this machine does not have the address');
  });

  it('closes without ending sessions, and the port can be taken again', async () => {
    const [address, remote] = [freshAddress(), freshAddress()];
    const node = manage(new Node({ address: remote, localAddress: address, passive: true }));
    const { listener: listening } = listener([address], 0, () => node);
    await listening.listen();
    const { port } = listening;
    node.session.start();
    const connection = new RawConnection(net.connect({ host: address, port, localAddress: remote }));
    await connection.hears('open');
    await listening.close();
    expect(node.session.state).toBe('OpenSent');
    const { listener: again } = listener([address], port);
    await again.listen();
  });
});

describe('a session over IPv6', () => {
  it('comes up', async () => {
    const nodes: Node[] = [];
    const { listener: listening } = listener(['::1'], 0, () => nodes[0]);
    await listening.listen();
    const options = { address: '::1', port: listening.port };
    // Both ends have the one address there is: each dials or listens.
    nodes.push(
      manage(new Node({ ...options, passive: true })),
      manage(new Node({ ...options, as: 65001 }, { as: 65002, routerId: 0x0a000002 })),
    );
    for (const { session } of nodes) session.start();
    await Promise.all(nodes.map(node => node.reaches('Established')));
    expect(nodes[1].ups[0]).toMatchObject({
      localAddress: '::1',
      remoteAddress: '::1',
      extendedNextHop: true,
      nextHopSelf: { ipv4: Uint8Array.of(127, 0, 0, 1) },
    });
  });
});
