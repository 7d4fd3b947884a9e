import { once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { applyTo, createSocket } from '../../../src/bgp/session/socket-options.js';
import { socketNeeds } from '../../../src/bgp/session/tcp.js';
import { LOCAL, NEIGHBOR } from './lab.js';

const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
const getsockopt = koffi.load('libc.so.6').func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)');

/** TTL or hop limit of a socket, as the kernel has it. */
function ttlOf(socket: net.Socket, family: 'ipv4' | 'ipv6'): number {
  const { fd } = (socket as net.Socket & { _handle: { fd: number } })._handle;
  const value = Buffer.alloc(4);
  const [level, option] = family === 'ipv4' ? [0, 2] : [41, 16];
  expect(getsockopt(fd, level, option, value, [4])).toBe(0);
  return value.readInt32LE();
}

describe('socket options', () => {
  for (const [family, host] of [
    ['ipv4', '127.0.0.1'],
    ['ipv6', '::1'],
  ] as const) {
    it(`set the TTL on both ends over ${family}`, async () => {
      const server = net.createServer().listen({ host, port: 0 });
      await once(server, 'listening');
      const { port } = server.address() as net.AddressInfo;
      const socket = createSocket(family, { ttl: 7 });
      expect(ttlOf(socket, family)).toBe(7);
      const accepting = once(server, 'connection');
      socket.connect({ host, port });
      await once(socket, 'connect');
      const [accepted] = (await accepting) as [net.Socket];
      applyTo(accepted, { ttl: 3 });
      expect(ttlOf(accepted, family)).toBe(3);
      accepted.write('through');
      expect(String((await once(socket, 'data'))[0])).toBe('through');
      socket.destroy();
      accepted.destroy();
      server.close();
    });
  }

  it('that the kernel refuses are an error in words', () => {
    expect(() => createSocket('ipv4', { ttl: 1_000 })).toThrow('cannot set the socket option TTL: EINVAL');
  });

  it('leave sockets alone that need none', () => {
    const socket = createSocket('ipv4', {});
    expect((socket as net.Socket & { _handle: unknown })._handle).toBeNull();
    expect(() => applyTo(socket, {})).not.toThrow();
  });

  it('cannot be set on a closed connection', () => {
    expect(() => applyTo(new net.Socket(), { ttl: 1 })).toThrow('the connection is closed already');
  });
});

describe('socketNeeds', () => {
  it('keeps an external neighbor on the link unless multihop says otherwise', () => {
    expect(socketNeeds({ ...NEIGHBOR, as: 65002 }, LOCAL)).toEqual({ ttl: 1 });
    expect(socketNeeds({ ...NEIGHBOR, as: 65002, multihop: 5 }, LOCAL)).toEqual({ ttl: 5 });
    expect(socketNeeds({ ...NEIGHBOR, as: 65001, multihop: 5 }, LOCAL)).toEqual({});
  });
});
