// sd_notify: tells systemd that the service is ready, reloading, stopping or alive (sd_notify(3), sd_watchdog_enabled(3)).
//
// The message is one datagram to the Unix socket named by NOTIFY_SOCKET. Without it nothing is loaded and nothing happens.

import { UnixDatagrams } from './unix-datagram.js';

let manager: UnixDatagrams | undefined;

/** Sends assignments such as `READY=1`; false when there is nobody to tell. */
export function notify(...assignments: string[]): boolean {
  const path = process.env.NOTIFY_SOCKET;
  if (path === undefined || path === '') return false;
  manager ??= new UnixDatagrams(path);
  return manager.send(Buffer.from(assignments.join('\n')));
}

/** Tells systemd at half of its watchdog's interval that the event loop turns; returns the way to stop. */
export function keepWatchdogFed(): () => void {
  const microseconds = Number(process.env.WATCHDOG_USEC ?? 0);
  if (!(microseconds > 0)) return () => {};
  const timer = setInterval(() => notify('WATCHDOG=1'), microseconds / 2000);
  timer.unref();
  return () => clearInterval(timer);
}
