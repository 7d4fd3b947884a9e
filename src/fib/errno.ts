// The kernel's reasons for refusing a route, in words.
//
// rtnetlink answers with an errno and, on kernels that give extended acks, a sentence of its own. People see both:
// "the gateway is not reachable on any link (ENETUNREACH: Nexthop has invalid gateway)".

import { getSystemErrorName } from 'node:util';

/** Error numbers the code itself looks at. */
export const Errno = { notFound: 2, noSuchRoute: 3, exists: 17, timedOut: 110 } as const;

const WORDS: Readonly<Record<number, string>> = {
  1: 'not permitted: changing routes needs CAP_NET_ADMIN',
  2: 'the kernel has no such table',
  3: 'the kernel has no such route',
  12: 'the kernel is out of memory or its route table is full',
  13: 'the interface does not take such routes',
  17: "another program's route has the same prefix, table and metric",
  19: 'the interface is gone',
  22: 'the kernel does not accept this route',
  34: 'a gateway of this family does not fit the route',
  90: 'the message to the kernel was too long',
  95: 'this kernel does not support it',
  97: 'this kernel does not support the address family',
  100: 'the interface is down',
  101: 'the gateway is not reachable on any link',
  105: 'the kernel is short of buffers',
  110: 'no answer from the kernel',
  113: 'the gateway is not reachable on any link',
};

/** Words for a positive errno; `detail` is the kernel's own sentence, or empty. */
export function describeErrno(errno: number, detail: string): string {
  let name: string;
  try {
    name = getSystemErrorName(-errno);
  } catch {
    name = `error ${errno}`;
  }
  const words = WORDS[errno] ?? 'the kernel refused the route';
  return detail === '' ? `${words} (${name})` : `${words} (${name}: ${detail})`;
}
