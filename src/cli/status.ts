// `tsbgp status`, `version` and `shutdown`: the daemon as a whole.

import { ConnectionError } from '../api/client.js';
import { VERSION } from '../version.js';
import { clientOf, type Invocation } from './invocation.js';
import { formatDuration, formatTime, print, printJson } from './output.js';

/** `status`. */
export async function status(invocation: Invocation): Promise<void> {
  const answer = await clientOf(invocation).call('status');
  if (invocation.options.json) return printJson(answer);
  const { version: running, node, pid, startedAt, as, routerId, hostname, config } = answer;
  const lines = [
    `tsbgp ${running} on ${hostname}: AS ${as}, router id ${routerId}`,
    `  running since ${formatTime(startedAt)} (${formatDuration(Date.now() - startedAt)}), process ${pid}, Node.js ${node}`,
    `  configuration ${config}`,
  ];
  await print(`${lines.join('\n')}\n`);
}

/** `version`: works without a daemon, too. */
export async function version(invocation: Invocation): Promise<void> {
  let running: string | undefined;
  try {
    running = (await clientOf(invocation).call('status')).version;
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
  }
  if (invocation.options.json) return printJson({ tsbgp: VERSION, daemon: running ?? null });
  await print(`tsbgp ${VERSION}\n`);
  if (running !== undefined && running !== VERSION) await print(`daemon ${running}: restart it to use ${VERSION}\n`);
}

/** `shutdown [MESSAGE...]`. */
export async function shutdown(invocation: Invocation): Promise<void> {
  const message = invocation.rest.length > 0 ? invocation.rest.join(' ') : undefined;
  const answer = await clientOf(invocation).call('shutdown', { body: { message } });
  if (invocation.options.json) return printJson(answer);
  await print('tsbgp stops: the neighbors were told, its kernel routes are removed\n');
}
