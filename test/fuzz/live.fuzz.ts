// A speaker with a neighbor that sends mutated messages over TCP, and a healthy neighbor beside it.
//
// A connection of the fuzzed neighbor sends a batch and then octets that are no header, so that the speaker has to end it
// whatever the batch has done to the framing: with a NOTIFICATION, unless it was sent one. Afterwards the speaker listens
// for the neighbor again, and the healthy session has lost nothing.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { checkHeader } from '../../src/bgp/wire/message.js';
import { announce, Bed, eventually, external, fromExternal, has, OWN } from '../conformance/bed.js';
import { cap, KEEPALIVE, octets, Type } from '../conformance/bytes.js';
import { RawPeer } from '../conformance/raw-peer.js';
import { isUnknown } from './decoder.fuzz.js';
import { mutant, Random } from './mutator.js';

const FUZZED = 2;
const HEALTHY = 3;
const BATCH = 12;
/** The longest message, and a header after it. */
const NO_HEADER = new Uint8Array(65535 + 19);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

export interface LiveReport {
  messages: number;
  connections: number;
  /** Connections that reached Established. */
  established: number;
  /** How often each NOTIFICATION of the speaker was seen, by "code/subcode". */
  notifications: Map<string, number>;
  heapGrowthBytes: number;
  maxLoopDelayMs: number;
}

/** Sends mutants of a seed until `enough`; throws where the speaker does not do as it should. */
export async function fuzzSpeaker(seed: number, enough: (connections: number) => boolean): Promise<LiveReport> {
  const bed = await Bed.start([external(FUZZED, { addPath: { receive: true, send: 0 } }), external(HEALTHY)]);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const report: LiveReport = {
    messages: 0,
    connections: 0,
    established: 0,
    notifications: new Map(),
    heapGrowthBytes: 0,
    maxLoopDelayMs: 0,
  };
  try {
    const healthy = await bed.peer(HEALTHY);
    healthy.send(announce(fromExternal(HEALTHY), '10.33.0.0/16'));
    let heapBefore = 0;
    delay.enable();
    while (!enough(report.connections)) {
      await fuzzConnection(bed, seed, report);
      healthy.send(KEEPALIVE);
      healthy.forget();
      bed.log.length = 0;
      if (healthy.closed !== null || bed.status(HEALTHY).state !== 'Established') {
        throw new Error(`the healthy session ended after ${place(seed, report)}`);
      }
      if (report.connections === WARM_UP) heapBefore = heapUsed();
    }
    delay.disable();
    report.maxLoopDelayMs = delay.max / 1e6;
    if (heapBefore > 0) report.heapGrowthBytes = heapUsed() - heapBefore;
    await stillServes(bed, healthy);
    return report;
  } finally {
    delay.disable();
    await bed.end();
  }
}

/** Connections before memory is measured for the first time. */
const WARM_UP = 20;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const place = (seed: number, { connections }: LiveReport) => `connection ${connections} of seed ${seed}`;

async function fuzzConnection(bed: Bed, seed: number, report: LiveReport): Promise<void> {
  // Not the bed's own connect: it remembers every connection, and the memory would be its own.
  const peer = await RawPeer.connect(`127.0.0.${FUZZED}`, OWN.address, bed.port);
  try {
    await fuzzPeer(bed, peer, seed, report);
  } finally {
    peer.destroy();
  }
}

async function fuzzPeer(bed: Bed, peer: RawPeer, seed: number, report: LiveReport): Promise<void> {
  const random = new Random(seed ^ Math.imul(report.connections, 0x9e3779b1));
  const sentBefore = bed.status(FUZZED).session.messages.sent.notification;
  const stream: Uint8Array[] = [];
  const send = (bytes: Uint8Array) => {
    stream.push(bytes);
    if (peer.closed === null) peer.send(bytes);
  };
  let index = report.connections * (BATCH + 1);
  if (random.once(5)) {
    send(mutant(seed, index++, Type.open));
    send(KEEPALIVE);
  } else {
    const more = [random.once(2) ? cap.addPath([1, 2], [2, 2]) : cap.enhancedRefresh];
    if (random.once(3)) more.push(cap.extendedMessage);
    if (random.once(4)) more.push(cap.gracefulRestart(1, [[1, true]]));
    await peer.nextOpen();
    send(bed.open(FUZZED, { more }));
    await peer.next(Type.keepalive);
    send(KEEPALIVE);
    await bed.established(FUZZED);
    report.established++;
  }
  for (let n = 0; n < BATCH; n++) {
    // Nothing but UPDATEs most of the time: other types end the session sooner.
    send(mutant(seed, index++, random.once(6) ? undefined : Type.update));
    report.messages++;
    if (random.once(3)) await new Promise(resolve => setImmediate(resolve));
    if (peer.closed !== null) break;
  }
  send(NO_HEADER);
  await peer.ended();
  report.connections++;
  await bed.reaches(FUZZED, 'Active');
  if (saidGoodbye(octets(...stream))) return;
  // A reset of the connection may overtake the NOTIFICATION; the speaker knows that it has sent one.
  const received = peer.messages.filter(message => message.type === Type.notification).map(({ body }) => body);
  const sent = bed.status(FUZZED).session.messages.sent.notification - sentBefore;
  if (received.length !== 1 && (received.length > 1 || sent !== 1)) {
    throw new Error(
      `${received.length} NOTIFICATIONs received, ${sent} sent (${peer.closed?.error ?? 'FIN'}) at ${place(seed, report)}`,
    );
  }
  for (const [code, subcode] of received) {
    if (isUnknown(code, subcode)) throw new Error(`NOTIFICATION ${code}/${subcode} at ${place(seed, report)}`);
    const name = `${code}/${subcode}`;
    report.notifications.set(name, (report.notifications.get(name) ?? 0) + 1);
  }
}

/** True when a NOTIFICATION was among the messages sent: the speaker closes without an answer (RFC 4271 §6.4). */
function saidGoodbye(stream: Uint8Array): boolean {
  for (let at = 0; at + 19 <= stream.length; ) {
    try {
      checkHeader(stream, at, 65535);
    } catch {
      return false;
    }
    if (stream[at + 18] === Type.notification) return true;
    at += (stream[at + 16] << 8) | stream[at + 17];
  }
  return false;
}

/** The healthy session still gets routes, of the speaker and of the neighbor that was fuzzed, and its own is kept. */
async function stillServes(bed: Bed, healthy: RawPeer): Promise<void> {
  const fuzzed = await bed.peer(FUZZED);
  fuzzed.send(announce(fromExternal(FUZZED), '10.22.0.0/16'));
  bed.speaker.addRoutes([{ prefix: '10.11.0.0/16' }]);
  for (const prefix of ['10.22.0.0/16', '10.11.0.0/16']) {
    await healthy.until(prefix, () => has(healthy, prefix));
  }
  await eventually('the route of the healthy neighbor', () => bed.status(HEALTHY).received === 1);
  if (bed.status(HEALTHY).session.established !== 1) throw new Error('the healthy session was established again');
}
