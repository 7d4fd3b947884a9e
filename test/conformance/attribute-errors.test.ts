// Malformed path attributes: flags, lengths, contents. RFC 7606, and what the attributes' own RFCs say of their errors.

import { describe, expect } from 'vitest';
import {
  AS,
  accepted,
  attributeDiscard,
  GOOD,
  MARK,
  news,
  plain,
  scene,
  sessionReset,
  treatAsWithdraw,
  VICTIM,
  victim,
} from './attribute-scene.js';
import { announce, conforms, replace, routeAt } from './bed.js';
import { attr, attribute, CONFED_SEQUENCE, CONFED_SET, octets, SEQUENCE, SET, segment, u16, u32 } from './bytes.js';

describe('attribute flags', () => {
  for (const [code, name, flags, value, from] of GOOD) {
    for (const [what, flip] of [
      ['Optional', 0x80],
      ['Transitive', 0x40],
      ['Optional and Transitive', 0xc0],
    ] as const) {
      conforms('7606 §3.c', `${name} with ${what} wrong: treat-as-withdraw`, () =>
        treatAsWithdraw(from, victim(from, code, attribute(code, value, { flags: flags ^ flip }))),
      );
    }
    conforms('4271 §4.3', `${name} with the unused low flag bits set: accepted`, async () => {
      const observer = await accepted(from, victim(from, code, attribute(code, value, { flags: flags | 0x0f })));
      for (const a of routeAt(observer, VICTIM).attributes) expect(a.flags & 0x0f).toBe(0);
    });
    conforms('4271 §4.3', `${name} with Extended Length although it is short: accepted`, async () => {
      await accepted(from, victim(from, code, octets(flags | 0x10, code, u16(value.length), value)));
    });
  }
});

/** Lengths that are wrong, by attribute, and what follows. */
const LENGTHS: [code: number, lengths: number[], how: 'withdraw' | 'discard'][] = [
  [1, [0, 2, 256], 'withdraw'],
  [3, [0, 3, 5, 16], 'withdraw'],
  [4, [0, 3, 5], 'withdraw'],
  [5, [0, 3, 5, 8], 'withdraw'],
  [6, [1, 4], 'discard'],
  [7, [0, 4, 6, 7, 9, 12], 'discard'],
  [8, [0, 1, 3, 5, 6], 'withdraw'],
  [9, [0, 3, 5, 8], 'withdraw'],
  [10, [0, 3, 5, 6], 'withdraw'],
  [16, [0, 4, 7, 9, 12], 'withdraw'],
  [25, [0, 8, 19, 21], 'withdraw'],
  [32, [0, 4, 8, 11, 13], 'withdraw'],
  [35, [0, 3, 5, 8], 'withdraw'],
];

describe('attribute length', () => {
  for (const [code, lengths, how] of LENGTHS) {
    const [, name, , , from, rfc] = GOOD.find(([c]) => c === code) as (typeof GOOD)[number];
    for (const length of lengths) {
      const bytes = victim(from, code, attribute(code, '01'.repeat(length)));
      conforms(
        rfc,
        `${name} of ${length} octets: ${how === 'withdraw' ? 'treat-as-withdraw' : 'attribute discard'}`,
        () => (how === 'withdraw' ? treatAsWithdraw(from, bytes) : attributeDiscard(from, bytes, code)),
      );
    }
  }

  for (const [code, name, flags, value, from] of GOOD) {
    conforms(
      '7606 §4',
      `${name} that overruns the attributes: treat-as-withdraw, NLRI found by Total Attribute Length`,
      () => {
        const rest = [...replace(plain(from), code, null), MARK];
        return treatAsWithdraw(from, announce([...rest, octets(flags, code, value.length + 5, value)], VICTIM));
      },
    );
  }

  for (const [name, trailing] of [
    ['one octet', '40'],
    ['two octets', 'c020'],
    ['three octets with Extended Length', 'd02000'],
  ] as const) {
    conforms('7606 §4', `${name} left where an attribute should begin: treat-as-withdraw`, () =>
      treatAsWithdraw('external', announce([...plain('external'), octets(trailing)], VICTIM)),
    );
  }

  conforms('7606 §4', 'an unknown attribute that overruns the attributes: treat-as-withdraw', () =>
    treatAsWithdraw('external', announce([...plain('external'), octets(0xc0, 200, 9, 1)], VICTIM)),
  );

  conforms('7606 §4', 'an attribute with an extended length that overruns the attributes: treat-as-withdraw', () =>
    treatAsWithdraw('external', announce([...plain('external'), octets(0xd0, 8, u16(0xffff), 1, 2, 3, 4)], VICTIM)),
  );
});

const PATHS: [rfc: string, text: string, value: Buffer][] = [
  ['7606 §7.2', 'segment type 0', segment(0, [AS])],
  ['7606 §7.2', 'segment type 5', octets(segment(SEQUENCE, [AS]), segment(5, [1]))],
  ['7606 §7.2', 'segment type 255', segment(255, [AS])],
  ['7606 §7.2', 'a segment of no AS numbers', octets(segment(SEQUENCE, [AS]), 2, 0)],
  ['7606 §7.2', 'nothing but a segment of no AS numbers', octets(2, 0)],
  ['7606 §7.2', 'a segment that overruns the attribute by one AS number', octets(2, 2, u32(AS))],
  ['7606 §7.2', 'a segment that overruns the attribute by one octet', octets(2, 2, u32(AS), 0, 0, 1)],
  ['7606 §7.2', 'a second segment that overruns the attribute', octets(segment(SEQUENCE, [AS]), 2, 1, 0, 0)],
  ['7606 §7.2', 'one octet left behind the last segment', octets(segment(SEQUENCE, [AS]), 2)],
  ['7606 §7.2', 'AS numbers of 2 octets from a speaker of 4', segment(SEQUENCE, [AS], 2)],
  ['7607 §2', 'AS 0', segment(SEQUENCE, [AS, 0, 64999])],
  ['9774 §3', 'an AS_SET', octets(segment(SEQUENCE, [AS]), segment(SET, [1, 2]))],
  ['9774 §3', 'an AS_SET of one AS number', octets(segment(SEQUENCE, [AS]), segment(SET, [1]))],
  ['9774 §3', 'nothing but an AS_SET', segment(SET, [AS])],
  ['5065 §5', 'AS_CONFED_SEQUENCE from outside', octets(segment(CONFED_SEQUENCE, [65100]), segment(SEQUENCE, [AS]))],
  ['5065 §5', 'AS_CONFED_SEQUENCE at the end', octets(segment(SEQUENCE, [AS]), segment(CONFED_SEQUENCE, [65100]))],
  ['5065 §5', 'AS_CONFED_SET from outside', octets(segment(CONFED_SET, [65100]), segment(SEQUENCE, [AS]))],
];

describe('contents', () => {
  for (const [rfc, text, value] of PATHS) {
    conforms(rfc, `AS_PATH: ${text}: treat-as-withdraw`, () =>
      treatAsWithdraw('external', victim('external', 2, attribute(2, value))),
    );
  }
  for (const [text, path] of [
    ['the first AS number is not that of the neighbor', attr.asPath(64999, AS)],
    ['empty from an external neighbor', attr.asPath()],
  ] as const) {
    // Kept in Adj-RIB-In with the reason, so not counted among the malformed.
    conforms('7606 §7.2', `AS_PATH: ${text}: treat-as-withdraw`, () =>
      treatAsWithdraw('external', victim('external', 2, path), false),
    );
  }
  for (const value of [3, 4, 255]) {
    conforms('7606 §7.1', `ORIGIN ${value}: treat-as-withdraw`, () =>
      treatAsWithdraw('external', victim('external', 1, attr.origin(value))),
    );
  }
  for (const hop of ['0.0.0.0', '224.0.0.1', '239.255.255.255', '255.255.255.255']) {
    conforms('7606 §3.e', `NEXT_HOP ${hop}, no address of a host: the route is withdrawn`, async () => {
      const { bed, sender, observer } = await scene('external');
      sender.send(victim('external', 3, attr.nextHop(hop)));
      await bed.settle(observer);
      expect(sender.notifications).toEqual([]);
      expect(news(observer)).toEqual([`-${VICTIM}`]);
    });
  }
  conforms('7607 §2', 'AGGREGATOR of AS 0: attribute discard', () =>
    attributeDiscard('external', victim('external', 7, attr.aggregator(0, '10.0.0.2')), 7),
  );
  for (const [code, name, value] of [
    [5, 'LOCAL_PREF', '00000064'],
    [5, 'LOCAL_PREF of 3 octets', '000000'],
    [9, 'ORIGINATOR_ID', '0a000009'],
    [9, 'ORIGINATOR_ID of 5 octets', '0a00000900'],
    [9, "ORIGINATOR_ID of the speaker's own", '0a000001'],
    [10, 'CLUSTER_LIST', '0a000009'],
    [10, 'CLUSTER_LIST of 3 octets', '0a0000'],
    [10, "CLUSTER_LIST with the speaker's own cluster", '0a000001'],
  ] as const) {
    const section = { 5: '7.5', 9: '7.9', 10: '7.10' }[code];
    conforms(`7606 §${section}`, `${name} from an external neighbor: attribute discard`, () =>
      attributeDiscard('external', victim('external', code, attribute(code, value)), code),
    );
  }
  for (const [name, value] of [
    ['unknown types and subtypes', 'ffff000000000000'],
    ['a non-transitive type', '4002fde800000064'],
  ] as const) {
    conforms('7606 §7.14', `EXTENDED COMMUNITIES with ${name}: no error`, () =>
      accepted('external', victim('external', 16, attribute(16, value))),
    );
  }
  conforms('7606 §7.15', 'IPv6 ADDRESS SPECIFIC EXTENDED COMMUNITY of unknown type: no error', () =>
    accepted('external', victim('external', 25, attribute(25, `ffff${'00'.repeat(18)}`))),
  );
  conforms('8092 §6', 'LARGE_COMMUNITY of reserved AS numbers: no error', () =>
    accepted('external', victim('external', 32, attr.large([0, 1, 2], [65535, 1, 2], [0xffffffff, 1, 2]))),
  );
  conforms('8092 §3', 'LARGE_COMMUNITY with the same value twice: no error, sent once', async () => {
    const observer = await accepted('external', victim('external', 32, attr.large([1, 2, 3], [4, 5, 6], [1, 2, 3])));
    const sent = routeAt(observer, VICTIM).hex(32) ?? '';
    expect(sent.match(/.{24}/g)?.sort()).toEqual(['000000010000000200000003', '000000040000000500000006']);
  });
  conforms('4271 §4.3', 'attributes in descending order: accepted', () =>
    accepted('external', announce([MARK, ...plain('external').toReversed()], VICTIM)),
  );
  conforms('4271 §5', 'Partial set on a well-known attribute: no treat-as-withdraw', () =>
    accepted('external', victim('external', 1, attribute(1, octets(0), { flags: 0x60 }))),
  );
});

describe('unrecognized well-known attributes', () => {
  for (const flags of [0x40, 0x00, 0x60]) {
    const bad = attribute(200, '0102', { flags });
    conforms(
      '4271 §6.3',
      `attribute 200 with flags 0x${flags.toString(16).padStart(2, '0')}: 3/2 with the attribute as data`,
      () => sessionReset('external', announce([...plain('external'), bad], VICTIM), '3/2', bad.toString('hex')),
    );
  }
  for (const flags of [0x80, 0xc0, 0xe0]) {
    conforms('4271 §5', `attribute 200 with flags 0x${flags.toString(16)} (optional): accepted`, () =>
      accepted('external', announce([...plain('external'), MARK, attribute(200, '0102', { flags })], VICTIM)).then(
        () => undefined,
      ),
    );
  }
});
