// The document as data (transcript.ts).

import { expect, it } from 'vitest';
import { isAlike, missingLine, stepsOf, withOutputs } from './transcript.js';

const DOCUMENT = `# Title

Text.

    $ vagrant up
    …

## 1. First

    vagrant@bgp-1:~$ ping x
    PING x

    --- statistics ---

    vagrant@bgp-2:~$ true
    vagrant@bgp-2:~$ date
    today

More text.
`;

it('steps are commands with their outputs, blank lines in them too', () => {
  expect(stepsOf(DOCUMENT).map(({ section, machine, command, output }) => [section, machine, command, output])).toEqual(
    [
      ['Title', undefined, 'vagrant up', '…'],
      ['1. First', 'bgp-1', 'ping x', 'PING x\n\n--- statistics ---'],
      ['1. First', 'bgp-2', 'true', ''],
      ['1. First', 'bgp-2', 'date', 'today'],
    ],
  );
});

it('outputs are put in their places, and the same outputs change nothing', () => {
  const steps = stepsOf(DOCUMENT);
  expect(withOutputs(DOCUMENT, new Map(steps.map(step => [step, step.output])))).toBe(DOCUMENT);
  const [, ping, nothing, date] = steps;
  const other = new Map([
    [ping, 'PING y'],
    [nothing, 'an error'],
    [date, ''],
  ]);
  expect(withOutputs(DOCUMENT, other)).toContain(
    '$ ping x\n    PING y\n\n    vagrant@bgp-2:~$ true\n    an error\n    vagrant@bgp-2:~$ date\n\nMore',
  );
});

it('outputs are alike but for what differs from run to run', () => {
  const line = (age: string, state: string) => `172.18.8.102 65001 ${age} ${state}  |   1`;
  expect(isAlike(line('00:04:40', 'Establ'), line('01:00:01', 'Establ'))).toBe(true);
  expect(isAlike(line('00:04:40', 'Establ'), line('00:04:40', 'Idle'))).toBe(false);
  expect(isAlike('294 packets transmitted, 294 received', '290 packets transmitted, 290 received')).toBe(true);
  expect(isAlike('294 packets transmitted, 294 received', '294 packets transmitted, 293 received')).toBe(false);
  expect(isAlike('src 192.168.121.8 ', 'src 192.168.121.243')).toBe(true);
  expect(isAlike('via 192.168.121.1', 'via 192.168.121.12')).toBe(false);
  expect(isAlike('1 packets transmitted, 1 received', '1 packets transmitted, 0 received')).toBe(false);
});

it('an excerpt has its lines in order', () => {
  expect(missingLine('a\n…\nc', 'a\nb\n  c\n')).toBeUndefined();
  expect(missingLine('c\n…\na', 'a\nb\nc')).toBe('a');
  expect(missingLine('d', 'a')).toBe('d');
});
