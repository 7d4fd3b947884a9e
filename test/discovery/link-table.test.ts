// What is known of an interface and its other end, from the kernel's messages.

import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { parseAddress } from '../../src/bgp/wire/prefix.js';
import { LinkTable } from '../../src/discovery/link-table.js';
import { MessageType } from '../../src/fib/rtnetlink.js';
import { addressMessage, linkMessage, neighborMessage } from './kernel-messages.js';

const { newLink, delLink, newAddress, delAddress, newNeighbor, delNeighbor } = MessageType;
const STALE = 4;
const REACHABLE = 2;
const FAILED = 32;
const INCOMPLETE = 1;

let table: LinkTable;
const tell = (type: number, buf: Buffer, to = table) => to.message(buf, type, 0, buf.length);
const entry = (address: string, state: number, router: boolean, interfaceIndex = 2) =>
  neighborMessage({ interfaceIndex, address: parseAddress(address), state, router });
const up = (to = table) => {
  tell(newLink, linkMessage(2, 'eth1'), to);
  tell(newAddress, addressMessage(2, 'fe80::1'), to);
};

beforeEach(() => {
  table = new LinkTable();
});

test('what is missing until somebody is heard', () => {
  expect(table.heard('eth1')).toEqual({ index: 0, own: [], addresses: [], trouble: 'there is no interface eth1' });
  tell(newLink, linkMessage(2, 'eth1', false));
  expect(table.heard('eth1').trouble).toBe('eth1 is down');
  tell(newLink, linkMessage(2, 'eth1'));
  tell(newAddress, addressMessage(2, '2001:db8::1'));
  expect(table.heard('eth1').trouble).toBe('eth1 has no IPv6 link-local address');
  tell(newAddress, addressMessage(2, 'fe80::1', true));
  expect(table.heard('eth1').trouble).toBe('eth1 has no IPv6 link-local address');
  tell(newAddress, addressMessage(2, 'fe80::1'));
  expect(table.heard('eth1')).toMatchObject({ own: ['fe80::1%eth1'], trouble: 'no router is heard on eth1' });
  tell(newNeighbor, entry('fe80::2', STALE, true));
  expect(table.heard('eth1')).toEqual({ index: 2, own: ['fe80::1%eth1'], addresses: ['fe80::2%eth1'], trouble: '' });
  tell(delAddress, addressMessage(2, 'fe80::1'));
  expect(table.heard('eth1')).toMatchObject({ own: [], addresses: [] });
});

test('routers alone, the latest first; one that says it is none any more stays, one that is gone does not', () => {
  up();
  tell(newNeighbor, entry('fe80::9', REACHABLE, false));
  tell(newNeighbor, entry('fe80::2', STALE, true));
  tell(newNeighbor, entry('2001:db8::3', STALE, true));
  tell(newNeighbor, entry('fe80::3', STALE, true));
  tell(newNeighbor, entry('fe80::4', STALE, true, 7));
  expect(table.heard('eth1').addresses).toEqual(['fe80::3%eth1', 'fe80::2%eth1']);
  tell(newNeighbor, entry('fe80::2', REACHABLE, false));
  tell(newNeighbor, entry('fe80::2', INCOMPLETE, false));
  tell(newNeighbor, entry('fe80::2', STALE, true));
  expect(table.heard('eth1').addresses).toEqual(['fe80::3%eth1', 'fe80::2%eth1']);
  tell(newNeighbor, entry('fe80::3', FAILED, true));
  expect(table.heard('eth1').addresses).toEqual(['fe80::2%eth1']);
  tell(newNeighbor, entry('fe80::9', STALE, true));
  expect(table.heard('eth1').addresses).toEqual(['fe80::9%eth1', 'fe80::2%eth1']);
  tell(delNeighbor, entry('fe80::9', STALE, true));
  tell(delNeighbor, entry('fe80::2', STALE, true));
  expect(table.heard('eth1').trouble).toBe('no router is heard on eth1');
});

test('whoever appears is told of once', () => {
  up();
  tell(newNeighbor, entry('fe80::2', INCOMPLETE, false));
  expect(table.takeAppeared()).toEqual([]);
  tell(newNeighbor, entry('fe80::2', STALE, false));
  tell(newNeighbor, entry('fe80::2', REACHABLE, true));
  expect(table.takeAppeared()).toEqual([{ interfaceIndex: 2, address: parseAddress('fe80::2') }]);
  expect(table.takeAppeared()).toEqual([]);
});

test('an interface that is gone takes what was known of it along', () => {
  up();
  tell(newNeighbor, entry('fe80::2', STALE, true));
  tell(delLink, linkMessage(2, 'eth1'));
  expect(table.heard('eth1').trouble).toBe('there is no interface eth1');
  tell(newLink, linkMessage(2, 'eth1'));
  tell(newAddress, addressMessage(2, 'fe80::1'));
  expect(table.heard('eth1').addresses).toEqual([]);
});

test('a dump replaces what was known, but not the order in which it was heard', () => {
  up();
  for (const address of ['fe80::2', 'fe80::3', 'fe80::4']) tell(newNeighbor, entry(address, STALE, true));
  tell(newNeighbor, entry('fe80::2', REACHABLE, false));
  const fresh = new LinkTable();
  up(fresh);
  for (const [address, router] of [
    ['fe80::5', true],
    ['fe80::3', true],
    ['fe80::2', false],
  ] as const)
    tell(newNeighbor, entry(address, STALE, router), fresh);
  table.become(fresh);
  expect(table.heard('eth1').addresses).toEqual(['fe80::5%eth1', 'fe80::3%eth1', 'fe80::2%eth1']);
});

test('no message makes it fail', () => {
  const type = fc.constantFrom(newAddress, delAddress, newNeighbor, delNeighbor);
  fc.assert(
    fc.property(type, fc.uint8Array({ minLength: 8, maxLength: 60 }), (type, bytes) => {
      tell(type, Buffer.from(bytes));
      expect(table.heard('eth1').addresses).toEqual([]);
    }),
  );
});
