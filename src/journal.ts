// The log in systemd's journal: each entry with the fields of its event, so that `journalctl NEIGHBOR=172.18.8.102` finds it.
//
// The journal's native protocol: one datagram an entry, lines FIELD=value; a value of several lines is its length in 8
// octets and then itself (systemd.io/JOURNAL_NATIVE_PROTOCOL). What the socket does not take goes to standard output, which
// is the journal, too, or wherever the unit sends it: no line is lost and nothing waits.

import { fstatSync, writeSync } from 'node:fs';
import { UnixDatagrams } from './unix-datagram.js';

const SOCKET = '/run/systemd/journal/socket';

/** syslog's priorities by pino's levels. */
const PRIORITIES: Record<string, number> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 };

/** Does standard output go to the journal (JOURNAL_STREAM, systemd.exec(5))? */
export function isJournal(): boolean {
  const stream = process.env.JOURNAL_STREAM;
  if (!stream) return false;
  try {
    const { dev, ino } = fstatSync(1, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** A destination for pino: takes lines of JSON. */
export function journal(socket = SOCKET): { write(line: string): void } {
  const datagrams = new UnixDatagrams(socket);
  return {
    write(line) {
      let sent = false;
      try {
        sent = datagrams.send(journalEntry(JSON.parse(line)));
      } catch {
        // No libc to call: standard output is left.
      }
      if (!sent) writeSync(1, line);
    },
  };
}

/** The datagram of an event: msg and level by the journal's names, every other key in upper case. */
export function journalEntry({ msg, level, time: _time, ...fields }: Record<string, unknown>): Buffer {
  const parts = [
    field('MESSAGE', String(msg ?? '')),
    field('PRIORITY', String(PRIORITIES[String(level)] ?? 6)),
    field('SYSLOG_IDENTIFIER', 'tsbgp'),
  ];
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) parts.push(field(fieldName(key), fieldValue(value)));
  }
  return Buffer.concat(parts);
}

/** routerId → ROUTER_ID; the journal takes upper case letters, digits and _, and keeps names that begin with _ to itself. */
const fieldName = (key: string) =>
  key
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_')
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^[_0-9]+/, '');

function fieldValue(value: unknown): string {
  if (typeof value !== 'object') return String(value);
  const { stack } = value as { stack?: unknown };
  return typeof stack === 'string' ? stack : JSON.stringify(value);
}

function field(name: string, value: string): Buffer {
  if (!value.includes('\n')) return Buffer.from(`${name}=${value}\n`);
  const octets = Buffer.from(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(octets.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, octets, Buffer.from('\n')]);
}
