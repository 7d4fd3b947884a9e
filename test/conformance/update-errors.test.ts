// Malformed UPDATEs as a whole: what is missing, what is there twice, several errors, none to withdraw. RFC 7606.

import { describe, expect } from 'vitest';
import {
  AS,
  BYSTANDER,
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
import {
  announce,
  Bed,
  conforms,
  external,
  fromExternal,
  fromInternal,
  has,
  internal,
  replace,
  routeAt,
} from './bed.js';
import { attr, attribute, nlri, octets, update } from './bytes.js';

describe('missing attributes', () => {
  for (const [code, name] of [
    [1, 'ORIGIN'],
    [2, 'AS_PATH'],
    [3, 'NEXT_HOP'],
  ] as const) {
    for (const from of ['external', 'internal'] as const) {
      conforms('7606 §3.d', `no ${name} from an ${from} neighbor: treat-as-withdraw`, () =>
        treatAsWithdraw(from, victim(from, code, null)),
      );
    }
  }
  conforms('4271 §5.1.5', 'no LOCAL_PREF from an internal neighbor: treat-as-withdraw', () =>
    treatAsWithdraw('internal', victim('internal', 5, null)),
  );
  conforms('7606 §3.d', 'no attributes at all: treat-as-withdraw', () =>
    treatAsWithdraw('external', announce([], VICTIM)),
  );
  conforms('4271 §6.3', 'attributes without any NLRI: a valid UPDATE', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(update({ attributes: plain('external') }), update({ attributes: [attr.origin()] }));
    await bed.settle(observer);
    expect(sender.notifications).toEqual([]);
    expect(news(observer)).toEqual([]);
  });
  conforms('4271 §4.3', 'withdrawn routes without attributes: a valid UPDATE', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(update({ withdrawn: [nlri(VICTIM)] }));
    await bed.settle(observer);
    expect(sender.notifications).toEqual([]);
    expect(news(observer)).toEqual([`-${VICTIM}`]);
  });
});

describe('the same attribute twice', () => {
  /** A second value, well-formed too. */
  const OTHER: Record<number, string> = {
    1: '02',
    2: '0201000000ff',
    3: '7f000003',
    4: '00000009',
    6: '',
    7: '000000090a000009',
    8: 'fc14ffff',
    16: '0002fde8000000ff',
    25: '0002ff',
    32: '0000000100000001000000ff',
    35: '000000ff',
  };
  for (const [code, name, , value, from] of GOOD) {
    if (from === 'internal') continue;
    conforms('7606 §3.g', `${name}: the first one counts, the others are discarded`, async () => {
      const { bed, sender, observer } = await scene('external');
      const [first, second] = [attribute(code, value), attribute(code, OTHER[code])];
      sender.send(announce([...replace(plain('external'), code, null), first, second, second], VICTIM));
      await bed.settle(observer);
      expect(sender.notifications).toEqual([]);
      const route = routeAt(observer, VICTIM);
      expect(route.codes.filter(c => c === code).length).toBeLessThanOrEqual(1);
      if (![2, 3, 4].includes(code)) expect(route.hex(code)).toBe(value.toString('hex'));
      if (code === 2) expect(route.path()).toBe(`65001 ${AS}`);
      expect(bed.status(2).errors.treatAsWithdraw).toBe(0);
    });
  }
  conforms('7606 §3.g', 'an unknown attribute: the first one counts, the others are discarded', async () => {
    const observer = await scene('external').then(async ({ bed, sender, observer }) => {
      sender.send(announce([...plain('external'), attribute(200, '01'), attribute(200, '02')], VICTIM));
      await bed.settle(observer);
      return observer;
    });
    expect(
      routeAt(observer, VICTIM)
        .attributes.filter(a => a.code === 200)
        .map(a => a.value.toString('hex')),
    ).toEqual(['01']);
  });
  conforms('7606 §3.g', 'a malformed second ORIGIN does no harm', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(announce([...plain('external'), attr.origin(9), MARK], VICTIM));
    await bed.settle(observer);
    expect(news(observer)).toEqual([`+${VICTIM}`]);
    expect(routeAt(observer, VICTIM).hex(1)).toBe('00');
  });
  conforms('7606 §3.g', 'a good second ORIGIN does not help a malformed first', () =>
    treatAsWithdraw('external', announce([attr.origin(9), ...plain('external')], VICTIM)),
  );
});

describe('several errors', () => {
  const badAggregator = attribute(7, '0102');
  conforms('7606 §3.h', 'discard and treat-as-withdraw: treat-as-withdraw', () =>
    treatAsWithdraw('external', announce([...replace(plain('external'), 1, attr.origin(7)), badAggregator], VICTIM)),
  );
  conforms('7606 §3.h', 'treat-as-withdraw twice: treat-as-withdraw', () =>
    treatAsWithdraw('external', announce([attr.origin(7), attribute(2, '0500'), attr.nextHop('127.0.0.2')], VICTIM)),
  );
  conforms('7606 §3.h', 'treat-as-withdraw and an unrecognized well-known attribute: session reset', () => {
    const unknown = attribute(200, '01', { flags: 0x40 });
    return sessionReset('external', announce([attr.origin(7), unknown], VICTIM), '3/2', unknown.toString('hex'));
  });
  conforms('7606 §3.h', 'treat-as-withdraw and NLRI that cannot be read: session reset', () =>
    sessionReset(
      'external',
      update({ attributes: replace(plain('external'), 1, attr.origin(7)), nlri: [octets(33, 1, 2, 3, 4, 5)] }),
      '3/10',
      '',
    ),
  );
  conforms('7606 §3.h', 'discard twice: both discarded', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(announce([...plain('external'), attribute(6, '00'), badAggregator, MARK], VICTIM));
    await bed.settle(observer);
    expect(news(observer)).toEqual([`+${VICTIM}`]);
    expect(routeAt(observer, VICTIM).codes).toEqual([1, 2, 3, 8]);
  });
  conforms('7606 §2', 'withdrawn routes of the same message are withdrawn too', async () => {
    const { bed, sender, observer } = await scene('external');
    const attributes = replace(plain('external'), 1, attr.origin(7));
    sender.send(update({ withdrawn: [nlri(BYSTANDER)], attributes, nlri: [nlri(VICTIM)] }));
    await bed.settle(observer);
    expect(sender.notifications).toEqual([]);
    expect(news(observer).sort()).toEqual([`-${BYSTANDER}`, `-${VICTIM}`]);
  });
  conforms('7606 §2', 'treat-as-withdraw of prefixes that are not known is not told', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(announce(replace(plain('external'), 1, attr.origin(7)), '10.7.0.0/24', '10.8.0.0/24'));
    await bed.settle(observer);
    expect(sender.notifications).toEqual([]);
    expect(news(observer)).toEqual([]);
  });
  conforms('7606 §2', 'a correct announcement after treat-as-withdraw is announced again', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(announce(replace(plain('external'), 1, attr.origin(7)), VICTIM));
    await bed.settle(observer);
    sender.send(announce(plain('external'), VICTIM));
    await bed.settle(observer);
    expect(news(observer)).toEqual([`-${VICTIM}`, `+${VICTIM}`]);
  });
  conforms(
    '7606 §2',
    'treat-as-withdraw goes to every neighbor that had the route; the next best path takes its place',
    async () => {
      const bed = await Bed.start([external(2), external(3), internal(4), internal(5)]);
      const [a, b, c, d] = [await bed.peer(2), await bed.peer(3), await bed.peer(4), await bed.peer(5)];
      d.send(announce(fromInternal(5), VICTIM));
      a.send(announce([...fromExternal(2), attr.med(1)], BYSTANDER), announce(fromExternal(2), '10.2.0.0/24'));
      await bed.settle();
      a.send(announce(replace(fromExternal(2), 1, attr.origin(7)), BYSTANDER, '10.2.0.0/24'));
      await bed.settle();
      expect([b, c, d].map(p => [has(p, BYSTANDER), has(p, '10.2.0.0/24')])).toEqual(new Array(3).fill([false, false]));
      expect([has(b, VICTIM), has(a, VICTIM)]).toEqual([true, true]);
    },
  );
});

describe('errors without NLRI', () => {
  for (const [name, bad, error] of [
    ['ORIGIN 7', attr.origin(7), '3/6'],
    ['ORIGIN of 2 octets', attribute(1, '0000'), '3/5'],
    ['NEXT_HOP of 3 octets', attribute(3, '7f0000'), '3/5'],
    ['MULTI_EXIT_DISC of 3 octets', attribute(4, '000000'), '3/5'],
    ['COMMUNITIES of 3 octets', attribute(8, 'fde800'), '3/5'],
    ['ORIGIN with wrong flags', attribute(1, '00', { flags: 0xc0 }), '3/4'],
  ] as const) {
    conforms(
      '7606 §5.2',
      `${name} and no reachable NLRI: session reset, ${error} with the attribute as data`,
      async () => {
        const { sender } = await scene('external');
        sender.send(update({ attributes: [...replace(plain('external'), bad[1], null), bad] }));
        const got = await sender.notification();
        // RFC 4271 §6.3 has two subcodes for a malformed optional attribute.
        expect(bad[1] === 4 || bad[1] === 8 ? [error, '3/9'] : [error]).toContain(got.error);
        expect(got.data).toBe(bad.toString('hex'));
      },
    );
  }
  conforms('7606 §5.2', 'a malformed AS_PATH and no reachable NLRI: session reset, 3/11', async () => {
    const { sender } = await scene('external');
    sender.send(update({ attributes: replace(plain('external'), 2, attribute(2, '0200')) }));
    expect((await sender.notification()).error).toBe('3/11');
  });
  conforms('7606 §5.2', 'a malformed ORIGIN beside withdrawn routes alone: session reset', async () => {
    const { sender } = await scene('external');
    sender.send(update({ withdrawn: [nlri(VICTIM)], attributes: [attr.origin(7)] }));
    expect((await sender.notification()).error).toBe('3/6');
  });
  conforms('7606 §5.2', 'an attribute to be discarded and no reachable NLRI: the session stays', async () => {
    const { bed, sender, observer } = await scene('external');
    sender.send(update({ withdrawn: [nlri(VICTIM)], attributes: [attribute(6, '00'), attribute(7, '01')] }));
    await bed.settle(observer);
    expect(sender.notifications).toEqual([]);
    expect(news(observer)).toEqual([`-${VICTIM}`]);
  });
});

describe('lengths of the whole', () => {
  for (const [name, bytes] of [
    ['Withdrawn Routes Length beyond the message', update({ withdrawnLength: 1, attributes: [] })],
    [
      'Withdrawn Routes Length 65535',
      update({ withdrawnLength: 65535, attributes: plain('external'), nlri: [nlri(VICTIM)] }),
    ],
    [
      'Withdrawn Routes Length that leaves no room for Total Attribute Length',
      update({ withdrawn: [nlri(VICTIM)], withdrawnLength: 5 }),
    ],
    [
      'Total Attribute Length beyond the message by one',
      update({ attributes: plain('external'), attributesLength: octets(...plain('external')).length + 1 }),
    ],
    ['Total Attribute Length 65535', update({ attributes: plain('external'), attributesLength: 65535 })],
  ] as const) {
    conforms('7606 §3.b', `${name}: 3/1`, () => sessionReset('external', bytes, '3/1', ''));
  }
});

describe('diagnosis', () => {
  conforms('7606 §6', 'the malformed UPDATE is logged as a whole, with the prefixes', async () => {
    const { bed, sender, observer } = await scene('external');
    const bytes = victim('external', 1, attr.origin(7));
    bed.log.length = 0;
    sender.send(bytes);
    await bed.settle(observer);
    const log = bed.log.join('').toLowerCase();
    expect(log).toContain(bytes.toString('hex', 19));
    expect(log).toContain(VICTIM);
    expect(log).toContain('origin');
  });
  conforms('7606 §6', 'a discarded attribute is logged with its bytes', async () => {
    const { bed, sender, observer } = await scene('external');
    bed.log.length = 0;
    sender.send(victim('external', 7, attribute(7, '0badc0de')));
    await bed.settle(observer);
    expect(bed.log.join('').toLowerCase()).toContain('0badc0de');
  });
});
