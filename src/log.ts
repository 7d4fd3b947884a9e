// The log: pino; coloured lines on a terminal, entries with fields in systemd's journal, one JSON object a line elsewhere.

import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { isJournal, journal } from './journal.js';

export interface LogOptions {
  level: string;
  /** 'auto': pretty on a terminal, the journal's own form in the journal, else json. */
  format: 'auto' | 'json' | 'pretty';
}

/** The daemon's logger; it writes to standard output, synchronously, so that a crash loses no line. */
export async function createLogger(options: LogOptions): Promise<Logger> {
  const format = options.format === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : options.format;
  const settings = { level: options.level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` };
  if (format === 'json') {
    const formatters = { level: (label: string) => ({ level: label }) };
    const inJournal = options.format === 'auto' && isJournal();
    const lines: DestinationStream = inJournal ? journal() : destination({ fd: 1, sync: true });
    return pino({ ...settings, formatters }, lines);
  }
  const { default: pretty } = await import('pino-pretty');
  return pino(settings, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', colorize: process.stdout.isTTY }));
}
