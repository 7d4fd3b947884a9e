// What is told of a neighbor's malformed UPDATEs (RFC 7606 §6): each error, the message as a whole, and the prefixes in it.

import type { Logger } from 'pino';
import { toHex } from './wire/bytes.js';
import { Family } from './wire/family.js';
import { decodeNlri } from './wire/nlri.js';
import { formatPrefix } from './wire/prefix.js';
import type { UpdateScan } from './wire/update-scan.js';

/** Prefixes listed at most. */
const LISTED = 100;

/** Octets of an attribute shown at most. */
const SHOWN_OCTETS = 256;

/** The errors of one neighbor: counted, and told in the log. */
export class MalformedUpdates {
  readonly counts = { attributeDiscard: 0, treatAsWithdraw: 0, sessionReset: 0 };
  private readonly address: string;
  private readonly log: Logger;

  constructor(address: string, log: Logger) {
    this.address = address;
    this.log = log;
  }

  /** The UPDATE body in octets [start, end) of `buf`, just scanned. `addPath`: families with path identifiers. */
  note(scan: UpdateScan, buf: Uint8Array, start: number, end: number, addPath: readonly Family[]): void {
    const { address, log } = this;
    for (const { class: errorClass, code, reason, bytes } of scan.errors) {
      this.counts[errorClass === 'treat-as-withdraw' ? 'treatAsWithdraw' : 'attributeDiscard']++;
      log.warn(
        { neighbor: address, attribute: code, handling: errorClass, bytes: toHex(bytes.subarray(0, SHOWN_OCTETS)) },
        `malformed UPDATE from ${address}: ${reason}; ${errorClass}`,
      );
    }
    const list = (family: Family | -1, from: number, to: number) =>
      family === -1 ? [] : decodeNlri(buf, from, to, family, addPath.includes(family));
    const nlri = [
      ...list(Family.ipv4Unicast, scan.nlriStart, scan.nlriEnd),
      ...list(scan.reachFamily, scan.reachStart, scan.reachEnd),
      ...list(Family.ipv4Unicast, scan.withdrawnStart, scan.withdrawnEnd),
      ...list(scan.unreachFamily, scan.unreachStart, scan.unreachEnd),
    ];
    const prefixes = nlri.slice(0, LISTED).map(({ prefix }) => formatPrefix(prefix));
    const update = Buffer.from(buf.subarray(start, end)).toString('hex');
    log.warn({ neighbor: address, prefixes, update }, `the whole malformed UPDATE from ${address}`);
  }
}
