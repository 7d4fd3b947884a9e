// A neighbor in full, in blocks for people.

import type { MessageCounts, NeighborStatus } from '../bgp/views.js';
import { formatDuration, formatTable, formatTime } from './output.js';

/** The text of `neighbor NEIGHBOR`; `now` in epoch milliseconds. */
export function formatNeighbor(neighbor: NeighborStatus, now: number): string {
  const blocks = [
    head(neighbor, now),
    routes(neighbor),
    capabilities(neighbor),
    timers(neighbor),
    messages(neighbor),
    trouble(neighbor, now),
  ];
  return blocks.filter(block => block !== '').join('\n');
}

const indent = (text: string) => text.replace(/^(?=.)/gm, '  ');
const yes = (flag: boolean) => (flag ? 'yes' : '-');

function head(neighbor: NeighborStatus, now: number): string {
  const { session, description, address, as, type } = neighbor;
  const { localAddress, localPort, remoteAddress, remotePort, remoteRouterId } = session;
  const lines = [
    `Neighbor ${address}${description === '' ? '' : ` (${description})`}`,
    `  AS ${as === 0 ? 'unknown' : as}, ${type}${neighbor.range === undefined ? '' : `, dynamic, from ${neighbor.range}`}${neighbor.group === undefined ? '' : `, group ${neighbor.group}`}${neighbor.routeReflectorClient ? ', route reflector client' : ''}${neighbor.routeServerClient ? ', route server client' : ''}${remoteRouterId ? `, router id ${remoteRouterId}` : ''}`,
    ...roleLines(neighbor),
    `  ${stateLine(neighbor, now)}`,
    `  import ${neighbor.import}, export ${neighbor.export}${neighbor.defaultOriginate ? ', default route announced' : ''}`,
    ...(neighbor.protection.length > 0 ? [`  protected by ${neighbor.protection.join(' and ')}`] : []),
    ...limitLines(neighbor),
    ...(neighbor.maintenance ? ['  maintenance: routes from it and to it are the last choice'] : []),
  ];
  if (neighbor.heard !== undefined)
    lines.push(`  ${neighbor.heard.trouble || `heard: ${neighbor.heard.addresses.join(', ')}`}`);
  if (localAddress !== undefined)
    lines.push(
      `  connection ${localAddress} port ${localPort ?? '?'} to ${remoteAddress ?? address} port ${remotePort ?? '?'}`,
    );
  if (neighbor.restartingUntil !== undefined) {
    lines.push(`  restarting: its routes are kept for ${formatDuration(neighbor.restartingUntil - now)} more`);
  }
  for (const { family, longLivedUntil } of neighbor.families) {
    if (longLivedUntil === undefined) continue;
    const left = formatDuration(longLivedUntil - now);
    lines.push(`  its stale routes of ${family} are the last choice and kept for ${left} more`);
  }
  return `${lines.join('\n')}\n`;
}

function roleLines({ role, state }: NeighborStatus): string[] {
  if (role === undefined) return [];
  const theirs = role.remote ?? (state === 'Established' ? 'it names no role' : undefined);
  return [
    `  role ${role.own}${role.strict ? ' (strict)' : ''}${theirs === undefined ? '' : `, the neighbor's: ${theirs}`}`,
  ];
}

function limitLines({ maxPrefix, received }: NeighborStatus): string[] {
  if (maxPrefix === undefined) return [];
  const { limit, warning, action } = maxPrefix;
  const past = action === 'warn' ? 'more are taken, too' : 'more end the session';
  return [`  ${received} of ${limit} prefixes, warning from ${warning} on; ${past}`];
}

function stateLine(
  { state, since, shutdown, shutdownMessage, session: { established } }: NeighborStatus,
  now: number,
): string {
  const times = `established ${established} ${established === 1 ? 'time' : 'times'}`;
  if (shutdown) return `administratively down${shutdownMessage ? `: ${shutdownMessage}` : ''}; ${times}`;
  if (established === 0) return `${state}, never established`;
  return `${state}, ${state === 'Established' ? 'up' : 'down'} for ${formatDuration(now - since)}; ${times}`;
}

function routes({ families }: NeighborStatus): string {
  if (families.length === 0) return '';
  const columns = [
    { title: 'Routes' },
    ...['received', 'accepted', 'advertised', 'stale'].map(title => ({ title, right: true })),
    { title: 'End-of-RIB' },
  ];
  const rows = families.map(it => [
    it.family,
    ...[it.received, it.accepted, it.advertised, it.stale].map(String),
    it.endOfRib ? 'received' : '-',
  ]);
  return indent(formatTable(columns, rows));
}

function capabilities({ session }: NeighborStatus): string {
  if (session.capabilities.length === 0) return '';
  const columns = [{ title: 'Capabilities' }, { title: 'sent' }, { title: 'received' }, { title: '' }];
  const rows = session.capabilities.map(({ name, local, remote, detail }) => [name, yes(local), yes(remote), detail]);
  return indent(formatTable(columns, rows));
}

function timers({ session }: NeighborStatus): string {
  const { holdTimeSeconds, keepaliveSeconds, timers: running } = session;
  const { configured, negotiated } = holdTimeSeconds;
  const rows = [['hold time', negotiated === undefined ? '-' : `${negotiated} s`, `configured ${configured} s`]];
  if (keepaliveSeconds !== undefined) rows.push(['keepalive interval', `${keepaliveSeconds} s`, '']);
  for (const [name, ms] of Object.entries(running)) rows.push([`${name} timer`, `${(ms / 1000).toFixed(1)} s`, 'left']);
  return indent(formatTable([{ title: 'Timers' }, { title: '', right: true }, { title: '' }], rows));
}

const MESSAGES: Record<keyof MessageCounts, string> = {
  open: 'OPEN',
  update: 'UPDATE',
  notification: 'NOTIFICATION',
  keepalive: 'KEEPALIVE',
  routeRefresh: 'ROUTE-REFRESH',
};

function messages({ session: { messages: counts } }: NeighborStatus): string {
  const names = Object.keys(MESSAGES) as (keyof MessageCounts)[];
  const rows = names.map(name => [MESSAGES[name], String(counts.received[name]), String(counts.sent[name])]);
  return indent(
    formatTable([{ title: 'Messages' }, { title: 'received', right: true }, { title: 'sent', right: true }], rows),
  );
}

const DIRECTIONS = { sent: 'sent by us', received: 'received', local: 'here' };

function trouble({ errors, session: { lastError } }: NeighborStatus, now: number): string {
  const { attributeDiscard, treatAsWithdraw, sessionReset } = errors;
  const lines: string[] = [];
  if (attributeDiscard + treatAsWithdraw + sessionReset > 0) {
    lines.push(
      'Malformed attributes (RFC 7606)',
      `  ${attributeDiscard} discarded, ${treatAsWithdraw} UPDATEs treated as withdrawals, ${sessionReset} session resets`,
    );
  }
  if (lastError) {
    const { at, text, direction } = lastError;
    lines.push(
      `Last error, ${DIRECTIONS[direction]}`,
      `  ${text}`,
      `  ${formatTime(at)}, ${formatDuration(now - at)} ago`,
    );
  }
  return lines.length > 0 ? `${indent(lines.join('\n'))}\n` : '';
}
