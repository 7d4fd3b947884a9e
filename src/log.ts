// The log: pino, one JSON object a line for machines, coloured lines on a terminal.

import { destination, type Logger, pino } from 'pino';

export interface LogOptions {
  level: string;
  /** 'auto': pretty on a terminal, else json. */
  format: 'auto' | 'json' | 'pretty';
}

/** The daemon's logger; it writes to standard output, synchronously, so that a crash loses no line. */
export async function createLogger(options: LogOptions): Promise<Logger> {
  const format = options.format === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : options.format;
  const settings = { level: options.level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` };
  if (format === 'json') {
    const formatters = { level: (label: string) => ({ level: label }) };
    return pino({ ...settings, formatters }, destination({ fd: 1, sync: true }));
  }
  const { default: pretty } = await import('pino-pretty');
  return pino(settings, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', colorize: process.stdout.isTTY }));
}
