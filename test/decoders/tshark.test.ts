// Messages tsbgp encodes, read by tshark: the same values field by field, and nothing it calls an error.
//
// Left out is what tshark, not the RFCs, reads otherwise: attributes and capabilities it gives a meaning that random
// octets do not have, and default routes, which it takes for ADD-PATH (it guesses from the octets; so the identifiers of
// the ADD-PATH test are such that the guess is right).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExtendedCommunity } from '../../src/bgp/wire/communities.js';
import type { DecodeContext } from '../../src/bgp/wire/context.js';
import { Family } from '../../src/bgp/wire/family.js';
import { encode, type Message } from '../../src/bgp/wire/message.js';
import type { Nlri } from '../../src/bgp/wire/nlri.js';
import type { PathAttribute } from '../../src/bgp/wire/path-attribute.js';
import { parseAddress, parsePrefix } from '../../src/bgp/wire/prefix.js';
import type { UpdateMessage } from '../../src/bgp/wire/update.js';
import { bytes, open, u8, u16, update } from '../bgp/wire/arbitraries.js';
import { attributeFields, capabilityFields, type Expected, messageFields, texts } from './expected.js';
import { dissect, errors, fields, prefixes, type Tree } from './tshark.js';

const SEED = 4271;
/** From here on neither attributes nor capabilities mean anything to tshark 4.0, but for 241 to 243. */
const FIRST_FREE_CODE = 200;
/** The field of the subcode, by NOTIFICATION code. */
const SUBCODE_FIELDS: Record<number, string> = {
  1: 'bgp.notify.minor_error',
  2: 'bgp.notify.minor_error_open',
  3: 'bgp.notify.minor_error_update',
  4: 'bgp.notify.minor_error_expired',
  5: 'bgp.notify.minor_error_state',
  6: 'bgp.notify.minor_error_cease',
};

/** Compares the named fields alone, as text. */
function expectFields(tree: Tree | undefined, expected: Expected): void {
  const names = Object.keys(expected);
  const said = Object.fromEntries(names.map(name => [name, fields(tree, name).map(String)]));
  expect(said).toEqual(Object.fromEntries(names.map(name => [name, expected[name].map(String)])));
}

function expectUpdate(tree: Tree, message: UpdateMessage, asnOctets: 2 | 4): void {
  const attributes = fields(tree, 'bgp.update.path_attribute');
  expect(attributes).toHaveLength(message.attributes.length);
  message.attributes.forEach((attribute, i) => {
    expectFields(attributes[i], attributeFields(attribute, asnOctets));
    if (attribute.type === 'mpReach') expect(prefixes(attributes[i])).toEqual(texts(attribute.nlri));
    if (attribute.type === 'mpUnreach') expect(prefixes(attributes[i])).toEqual(texts(attribute.withdrawn));
  });
  expect(prefixes(fields(tree, 'bgp.update.withdrawn_routes'))).toEqual(texts(message.withdrawn));
  expect(prefixes(fields(tree, 'bgp.update.nlri'))).toEqual(texts(message.nlri));
}

async function expectAgreement(messages: readonly Message[], ctx: DecodeContext): Promise<void> {
  const asnOctets = ctx.as4 ? 4 : 2;
  const encoded = messages.map(message => encode(message, ctx));
  const trees = await dissect(encoded, asnOctets);
  expect(trees).toHaveLength(messages.length);
  messages.forEach((message, i) => {
    const tree = trees[i];
    expect(errors(tree), `packet ${i + 1}: ${Buffer.from(encoded[i]).toString('hex')}`).toEqual([]);
    expectFields(tree, messageFields(message, encoded[i].length));
    if (message.type === 'update') expectUpdate(tree, message, asnOctets);
    if (message.type === 'open') {
      const capabilities = fields(tree, 'bgp.cap');
      expect(capabilities).toHaveLength(message.capabilities.length);
      for (const [c, capability] of message.capabilities.entries()) {
        expectFields(capabilities[c], capabilityFields(capability));
      }
    }
    if (message.type === 'notification') {
      expectFields(tree, { [SUBCODE_FIELDS[message.code]]: [message.subcode] });
    }
  });
}

const specific = (list: readonly Nlri[]) => list.filter(({ prefix }) => prefix.length > 0);
const free = (code: number) => code >= FIRST_FREE_CODE && (code < 241 || code > 243);

function readable(attribute: PathAttribute): PathAttribute[] {
  if (attribute.type === 'unknown') return free(attribute.code) ? [attribute] : [];
  if (attribute.type === 'mpReach') return [{ ...attribute, nlri: specific(attribute.nlri) }];
  if (attribute.type === 'mpUnreach') return [{ ...attribute, withdrawn: specific(attribute.withdrawn) }];
  return [attribute];
}

function updates(as4: boolean): UpdateMessage[] {
  const ctx = { as4, addPath: [], extendedMessage: false };
  return fc.sample(update(ctx), { seed: SEED, numRuns: 300 }).map(message => ({
    ...message,
    withdrawn: specific(message.withdrawn),
    nlri: specific(message.nlri),
    attributes: message.attributes.flatMap(readable),
  }));
}

describe('tshark reads what tsbgp encodes', () => {
  for (const as4 of [true, false]) {
    it(`UPDATE messages with AS numbers of ${as4 ? 4 : 2} octets`, async () => {
      await expectAgreement(updates(as4), { as4, addPath: [], extendedMessage: false });
    });
  }

  it('UPDATE messages with path identifiers (RFC 7911)', async () => {
    const path = (prefix: string, pathId: number): Nlri => ({ prefix: parsePrefix(prefix), pathId });
    const four = [
      path('10.233.1.0/24', 0xfffffffe),
      path('10.233.1.0/24', 0xff000001),
      path('10.9.8.7/32', 0xf0000000),
    ];
    const six = [path('2001:db8:1::/64', 0xfffffffe), path('2001:db8:1::/64', 0xff000001)];
    const attributes: PathAttribute[] = [
      { type: 'mpReach', family: Family.ipv6Unicast, nextHop: parseAddress('2001:db8::9'), nlri: six },
      { type: 'origin', origin: 'igp' },
      { type: 'asPath', segments: [{ type: 'sequence', asns: [4200000001, 65001] }] },
      { type: 'nextHop', address: Uint8Array.of(10, 0, 0, 1) },
    ];
    const messages: UpdateMessage[] = [
      { type: 'update', withdrawn: four, attributes, nlri: four.slice(1) },
      {
        type: 'update',
        withdrawn: [],
        attributes: [{ type: 'mpUnreach', family: Family.ipv6Unicast, withdrawn: six }],
        nlri: [],
      },
    ];
    const addPath = [Family.ipv4Unicast, Family.ipv6Unicast];
    await expectAgreement(messages, { as4: true, addPath, extendedMessage: false });
  });

  it('extended communities of the kinds with fields of their own (RFC 4360, RFC 5668)', async () => {
    const communities = ['rt:65001:4000000007', 'soo:10.1.2.3:513', 'rt:4200000001:514'].map(parseExtendedCommunity);
    const message: UpdateMessage = {
      type: 'update',
      withdrawn: [],
      attributes: [{ type: 'extendedCommunities', communities }],
      nlri: [],
    };
    const [tree] = await dissect([encode(message)], 4);
    expect(errors(tree)).toEqual([]);
    expectFields(tree, {
      'bgp.ext_com.type': ['0x00', '0x01', '0x02'],
      'bgp.ext_com.stype_tr_as2': ['0x02'],
      'bgp.ext_com.stype_tr_IP4': ['0x03'],
      'bgp.ext_com.stype_tr_as4': ['0x02'],
      'bgp.ext_com.value_as2': [65001],
      'bgp.ext_com.value_an4': [4000000007],
      'bgp.ext_com.value_IP4': ['10.1.2.3'],
      'bgp.ext_com.value_as4': [4200000001],
      'bgp.ext_com.value_an2': [513, 514],
    });
  });

  it('OPEN messages with all capabilities', async () => {
    const messages = fc.sample(open, { seed: SEED, numRuns: 300 }).map(message => ({
      ...message,
      capabilities: message.capabilities.filter(c => c.type !== 'unknown' || free(c.code)),
    }));
    expect(new Set(messages.flatMap(m => m.capabilities.map(c => c.type))).size).toBe(12);
    await expectAgreement(messages, { as4: true, addPath: [], extendedMessage: false });
  });

  it('NOTIFICATION, ROUTE-REFRESH and KEEPALIVE messages', async () => {
    const notification = fc.record({
      type: fc.constant('notification' as const),
      code: fc.integer({ min: 1, max: 6 }),
      subcode: fc.integer({ min: 0, max: 10 }),
      data: bytes(0),
    });
    const refresh = fc.record({ type: fc.constant('routeRefresh' as const), afi: u16, safi: u8, subtype: u8 });
    const others = fc.oneof<fc.Arbitrary<Message>[]>(notification, refresh, fc.constant({ type: 'keepalive' }));
    await expectAgreement(fc.sample(others, { seed: SEED, numRuns: 200 }), {
      as4: true,
      addPath: [],
      extendedMessage: false,
    });
  });
});
