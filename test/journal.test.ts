// The entries for systemd's journal, octet by octet; test/machines reads them back from a real one.

import { expect, test } from 'vitest';
import { journalEntry } from '../src/journal.js';

test('an event becomes fields', () => {
  const entry = journalEntry({
    level: 'warn',
    time: 'now',
    msg: 'hello',
    neighbor: '192.0.2.1',
    routerId: '192.0.2.2',
  });
  expect(entry.toString()).toBe(
    'MESSAGE=hello\nPRIORITY=4\nSYSLOG_IDENTIFIER=tsbgp\nNEIGHBOR=192.0.2.1\nROUTER_ID=192.0.2.2\n',
  );
});

test('a value of several lines has its length before it', () => {
  const entry = journalEntry({ level: 'info', msg: 'two\nlinés' });
  const length = Buffer.from([10, 0, 0, 0, 0, 0, 0, 0]);
  const head = Buffer.concat([Buffer.from('MESSAGE\n'), length, Buffer.from('two\nlinés\n')]);
  expect(entry.subarray(0, head.length)).toEqual(head);
});

test('errors are their stack, other objects JSON, names what the journal takes', () => {
  const entry = journalEntry({
    level: 'error',
    msg: '',
    err: { stack: 'Error: x' },
    changes: ['a', 'b'],
    '_hold-time': 3,
  });
  expect(entry.toString()).toContain(
    'PRIORITY=3\nSYSLOG_IDENTIFIER=tsbgp\nERR=Error: x\nCHANGES=["a","b"]\nHOLD_TIME=3\n',
  );
});
