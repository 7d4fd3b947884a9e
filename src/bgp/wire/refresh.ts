// ROUTE-REFRESH messages (RFC 2918 §3) and the demarcation of a refresh (RFC 7313 §3.2).

import { pushU16, readU16 } from './bytes.js';
import { NotificationErrors, WireError } from './notification.js';

/** Message Subtype: a request, and beginning and end of the answer. Others are to be ignored (RFC 7313 §5). */
export const RefreshSubtype = { request: 0, begin: 1, end: 2 } as const;

export interface RouteRefreshMessage {
  type: 'routeRefresh';
  afi: number;
  safi: number;
  /** A RefreshSubtype, or a number this speaker does not know. */
  subtype: number;
}

/**
 * ROUTE-REFRESH body: octets [start, end) after the header, at least 3. Outbound route filters after a request (RFC 5291)
 * are passed over: this speaker never asks for them. Throws WireError when a demarcation does not have 4 octets (RFC 7313
 * §5), or a request not even those.
 */
export function decodeRefresh(buf: Uint8Array, start: number, end: number): RouteRefreshMessage {
  const subtype = buf[start + 2];
  const demarcation = subtype === RefreshSubtype.begin || subtype === RefreshSubtype.end;
  if (demarcation && end - start !== 4) {
    const message = buf.slice(start - 19, end);
    throw new WireError(NotificationErrors.routeRefreshLength, `${end - start} octets instead of 4`, message);
  }
  if (end - start < 4) {
    const length = buf.slice(start - 3, start - 1);
    throw new WireError(NotificationErrors.badMessageLength, `ROUTE-REFRESH of ${end - start + 19} octets`, length);
  }
  return { type: 'routeRefresh', afi: readU16(buf, start), safi: buf[start + 3], subtype };
}

export function encodeRefresh(message: RouteRefreshMessage, out: number[]): void {
  pushU16(out, message.afi);
  out.push(message.subtype, message.safi);
}
