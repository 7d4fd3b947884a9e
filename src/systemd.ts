// sd_notify: tells systemd that the service is ready, reloading, stopping or alive (sd_notify(3), sd_watchdog_enabled(3)).
//
// The message is one datagram to the Unix socket named by NOTIFY_SOCKET; Node has no such sockets, so libc is called
// directly. Without NOTIFY_SOCKET nothing is loaded and nothing happens.

import { createRequire } from 'node:module';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0x80002;
const PATH_BYTES = 108;

/** Sends assignments such as `READY=1`; false when there is nobody to tell. */
export function notify(...assignments: string[]): boolean {
  const path = process.env.NOTIFY_SOCKET;
  if (path === undefined || path === '' || Buffer.byteLength(path) > PATH_BYTES) return false;
  libc ??= loadLibc();
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return false;
  // A name that begins with @ is in the abstract namespace: its first octet is 0.
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  const address = Buffer.alloc(2 + PATH_BYTES);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const message = Buffer.from(assignments.join('\n'));
  const sent = libc.sendto(fd, message, message.length, 0, address, 2 + name.length);
  libc.close(fd);
  return sent === message.length;
}

/** Tells systemd at half of its watchdog's interval that the event loop turns; returns the way to stop. */
export function keepWatchdogFed(): () => void {
  const microseconds = Number(process.env.WATCHDOG_USEC ?? 0);
  if (!(microseconds > 0)) return () => {};
  const timer = setInterval(() => notify('WATCHDOG=1'), microseconds / 2000);
  timer.unref();
  return () => clearInterval(timer);
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, length: number, flags: number, address: Buffer, addressLength: number): number;
  close(fd: number): number;
}

let libc: Libc | undefined;

function loadLibc(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load(null);
  return {
    socket: library.func('int socket(int, int, int)'),
    sendto: library.func('intptr_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)'),
    close: library.func('int close(int)'),
  } as Libc;
}
