// NOTIFICATIONs a session sends by itself, and events in words for log, status and handler.

import { EVENTS, type FsmEvent, type Notification } from '../fsm/events.js';
import { encode } from '../wire/message.js';
import { describeNotification, encodeShutdownCommunication, NotificationErrors } from '../wire/notification.js';
import type { Cease, SessionDown } from './handler.js';

const { administrativeShutdown, administrativeReset, cease, connectionRejected } = NotificationErrors;
const CAN_HAVE_MESSAGE: readonly number[] = [administrativeShutdown.subcode, administrativeReset.subcode];
/** Ceases an operator causes: the session may come back at once. */
const ADMINISTRATIVE: readonly number[] = [
  administrativeShutdown.subcode,
  NotificationErrors.peerDeconfigured.subcode,
  administrativeReset.subcode,
  NotificationErrors.otherConfigurationChange.subcode,
  NotificationErrors.hardReset.subcode,
];

/** Whether an operator is behind the Cease, so that the session may come back at once. */
export function isAdministrative({ subcode }: Cease): boolean {
  return ADMINISTRATIVE.includes(subcode);
}

/** The NOTIFICATION of a Cease. Throws InputError when its message is longer than 255 octets (RFC 9003). */
export function ceaseNotification({ subcode, message }: Cease): Notification {
  const said = message !== undefined && CAN_HAVE_MESSAGE.includes(subcode);
  return { code: cease.code, subcode, data: said ? encodeShutdownCommunication(message) : new Uint8Array(0) };
}

/** Ceases after which nobody is to wait for the session, as RFC 8538 §5.1 suggests. */
const FINAL: readonly number[] = [
  NotificationErrors.maximumPrefixesReached.subcode,
  administrativeShutdown.subcode,
  NotificationErrors.peerDeconfigured.subcode,
];

/** The Cease inside a Hard Reset if it is final (RFC 8538 §3), else itself. */
export function hardReset(notification: Notification | null): Notification | null {
  if (notification === null || !FINAL.includes(notification.subcode)) return notification;
  const { code, subcode } = NotificationErrors.hardReset;
  return { code, subcode, data: Uint8Array.of(notification.code, notification.subcode, ...notification.data) };
}

/** Cease/Connection Rejected as a whole message, for connections that are not wanted (RFC 4486). */
export const CONNECTION_REJECTED = encode({
  type: 'notification',
  code: connectionRejected.code,
  subcode: connectionRejected.subcode,
  data: new Uint8Array(0),
});

/** Whether a NOTIFICATION is of an error's kind. */
export function is(notification: Notification | undefined, error: { code: number; subcode: number }): boolean {
  return notification?.code === error.code && notification.subcode === error.subcode;
}

const DOWN_KINDS: { readonly [T in FsmEvent['type']]?: SessionDown['kind'] } = {
  ManualStop: 'stopped',
  TcpConnectionFails: 'tcp-lost',
  NotifMsg: 'notification-received',
  NotifMsgVerErr: 'notification-received',
};

/** An event in words, and the NOTIFICATION that was sent or received with it. */
export function describe(
  event: FsmEvent,
  sent: Notification | undefined,
): { text: string; notification?: Notification } {
  const { words } = EVENTS[event.type];
  if (event.type === 'TcpConnectionFails') return { text: event.reason };
  if (event.type === 'NotifMsg' || event.type === 'NotifMsgVerErr') {
    const { code, subcode, data } = event.notification;
    return { text: `received ${describeNotification(code, subcode, data)}`, notification: event.notification };
  }
  if (!sent) return { text: words };
  const said = `sent ${describeNotification(sent.code, sent.subcode, sent.data)}`;
  // A Cease speaks for itself.
  const text = sent.reason ? `${said} (${sent.reason})` : sent.code === cease.code ? said : `${words}: ${said}`;
  return { text, notification: sent };
}

/** Who reported the error that the event is, null when it is none. */
export function errorDirection(event: FsmEvent, sent: Notification | undefined): 'sent' | 'received' | 'local' | null {
  if (event.type === 'NotifMsg' || event.type === 'NotifMsgVerErr') return 'received';
  if (sent) return 'sent';
  return event.type === 'TcpConnectionFails' ? 'local' : null;
}

/** Why the session is over, for the handler. */
export function downBy(event: FsmEvent, sent: Notification | undefined): SessionDown {
  const { text, notification } = describe(event, sent);
  const kind = DOWN_KINDS[event.type] ?? 'notification-sent';
  return { kind, code: notification?.code, subcode: notification?.subcode, text };
}
