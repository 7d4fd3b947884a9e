// OPEN received: what is refused, how, and what is accepted. RFC 4271 §4.2 and §6.2, RFC 5492, 6286, 6793, 7607, 9072.

import { describe, expect } from 'vitest';
import { announce, Bed, conforms, external, fromExternal, fromInternal, has, internal, OWN } from './bed.js';
import { cap, capability, extendedParameters, octets, open, parameters, u16 } from './bytes.js';

const AS = 64502;
const AS4 = cap.as4(AS);

/** Sends an OPEN to a new speaker and returns its NOTIFICATION. */
async function refusal(bytes: Uint8Array, neighbor = external(2)): Promise<{ error: string; data: string }> {
  const bed = await Bed.start([neighbor]);
  const peer = await bed.connect(2);
  await peer.nextOpen();
  peer.send(bytes);
  return peer.notification();
}

/** Sends an OPEN to a new speaker and goes on to Established. */
async function acceptance(bytes: Uint8Array, neighbor = external(2)): Promise<Bed> {
  const bed = await Bed.start([neighbor]);
  const peer = await bed.connect(2);
  await peer.establish(bytes);
  await bed.established(2);
  return bed;
}

const withRest = (rest: Uint8Array): Buffer => open({ as: AS, rest });

const REFUSED: [rfc: string, text: string, bytes: Uint8Array, error: string, data: string][] = [
  ['4271 §6.2', 'version 3', open({ version: 3, as: AS, capabilities: [AS4] }), '2/1', '0004'],
  ['4271 §6.2', 'version 5', open({ version: 5, as: AS, capabilities: [AS4] }), '2/1', '0004'],
  ['4271 §6.2', 'version 0', open({ version: 0, as: AS, capabilities: [AS4] }), '2/1', '0004'],
  ['4271 §6.2', 'version 255', open({ version: 255, as: AS, capabilities: [AS4] }), '2/1', '0004'],
  ['4271 §6.2', 'another AS number, 2 octets only', open({ as: 64999 }), '2/2', ''],
  ['4271 §6.2', "the speaker's own AS number from an external neighbor", open({ as: OWN.as }), '2/2', ''],
  [
    '6793 §3',
    'another AS number in the capability and in the header',
    open({ as: 64999, capabilities: [cap.as4(64999)] }),
    '2/2',
    '',
  ],
  ['6793 §3', 'another AS number in the capability alone', open({ as: AS, capabilities: [cap.as4(64999)] }), '2/2', ''],
  [
    '6793 §3',
    'AS_TRANS with another AS number in the capability',
    open({ as: 23456, capabilities: [cap.as4(4200000009)] }),
    '2/2',
    '',
  ],
  ['6793 §3', 'AS_TRANS without the capability', open({ as: 23456 }), '2/2', ''],
  ['6793 §4.1', 'AS numbers in header and capability that differ', open({ as: 1234, capabilities: [AS4] }), '2/2', ''],
  ['6793 §4.1', 'two AS numbers in capabilities', open({ as: AS, capabilities: [AS4, cap.as4(9)] }), '2/2', ''],
  [
    '6793 §4.1',
    'two AS numbers in capabilities, the right one last',
    open({ as: AS, capabilities: [cap.as4(9), AS4] }),
    '2/2',
    '',
  ],
  ['7607 §2', 'AS 0 in the header beside the right capability', open({ as: 0, capabilities: [AS4] }), '2/2', ''],
  ['9234 §4.2', 'two different roles', open({ as: AS, capabilities: [AS4, cap.role(0), cap.role(3)] }), '2/11', ''],
  [
    '2918 §2',
    'route refresh capability of 1 octet',
    open({ as: AS, capabilities: [AS4, capability(2, '00')] }),
    '2/0',
    '',
  ],
  [
    '8654 §3',
    'extended message capability of 1 octet',
    open({ as: AS, capabilities: [AS4, capability(6, '00')] }),
    '2/0',
    '',
  ],
  [
    '7911 §4',
    'add-path capability of 3 octets',
    open({ as: AS, capabilities: [AS4, capability(69, '000101')] }),
    '2/0',
    '',
  ],
  [
    '4724 §3',
    'graceful restart capability of 1 octet',
    open({ as: AS, capabilities: [AS4, capability(64, '00')] }),
    '2/0',
    '',
  ],
  [
    '8950 §4',
    'extended next hop capability of 5 octets',
    open({ as: AS, capabilities: [AS4, capability(5, '0001000100')] }),
    '2/0',
    '',
  ],
  ['7607 §2', 'AS 0 in the header', open({ as: 0 }), '2/2', ''],
  ['7607 §2', 'AS 0 in the header and the capability', open({ as: 0, capabilities: [cap.as4(0)] }), '2/2', ''],
  ['7607 §2', 'AS 0 in the capability alone', open({ as: AS, capabilities: [cap.as4(0)] }), '2/2', ''],
  ['6286 §2.2', 'BGP Identifier 0', open({ as: AS, id: '0.0.0.0', capabilities: [AS4] }), '2/3', ''],
  ['4271 §6.2', 'Hold Time 1', open({ as: AS, holdTime: 1, capabilities: [AS4] }), '2/6', ''],
  ['4271 §6.2', 'Hold Time 2', open({ as: AS, holdTime: 2, capabilities: [AS4] }), '2/6', ''],
  ['4271 §6.2', 'optional parameter 1 (Authentication, deprecated)', withRest(parameters([1, '00'])), '2/4', ''],
  ['4271 §6.2', 'optional parameter 3', withRest(parameters([3, ''])), '2/4', ''],
  ['4271 §6.2', 'optional parameter 254 after capabilities', withRest(parameters([2, AS4], [254, '0102'])), '2/4', ''],
  ['4271 §6.2', 'Opt Parm Len larger than what follows', withRest(octets(9, 2, 6, AS4)), '2/0', ''],
  ['4271 §6.2', 'Opt Parm Len smaller than what follows', withRest(octets(4, 2, 6, AS4)), '2/0', ''],
  ['4271 §6.2', 'Opt Parm Len 0 with octets behind it', withRest(octets(0, 2, 6, AS4)), '2/0', ''],
  ['4271 §6.2', 'an optional parameter that overruns the parameters', withRest(octets(8, 2, 7, AS4)), '2/0', ''],
  ['4271 §6.2', 'a single octet as optional parameters', withRest(octets(1, 2)), '2/0', ''],
  ['5492 §4', 'a capability that overruns its parameter', withRest(parameters([2, octets(65, 4, '0000')])), '2/0', ''],
  ['5492 §4', 'a capability without length', withRest(parameters([2, octets(AS4, 2)])), '2/0', ''],
  [
    '5492 §4',
    'an unknown capability that overruns its parameter',
    withRest(parameters([2, octets(AS4, 200, 9, '00')])),
    '2/0',
    '',
  ],
  [
    '4760 §8',
    'multiprotocol capability of 3 octets',
    withRest(parameters([2, octets(AS4, capability(1, '000100'))])),
    '2/0',
    '',
  ],
  [
    '4760 §8',
    'multiprotocol capability of 5 octets',
    withRest(parameters([2, octets(AS4, capability(1, '0001000100'))])),
    '2/0',
    '',
  ],
  ['6793 §3', '4-octet AS capability of 2 octets', withRest(parameters([2, capability(65, u16(AS))])), '2/0', ''],
  [
    '6793 §3',
    '4-octet AS capability of 5 octets',
    withRest(parameters([2, capability(65, octets(0, 0, u16(AS), 0))])),
    '2/0',
    '',
  ],
  [
    '9072 §2',
    'extended parameters that overrun the message',
    withRest(octets(255, 255, u16(20), 2, u16(6), AS4)),
    '2/0',
    '',
  ],
  [
    '9072 §2',
    'extended parameters shorter than the message',
    withRest(octets(255, 255, u16(4), 2, u16(6), AS4)),
    '2/0',
    '',
  ],
  [
    '9072 §2',
    'an extended parameter that overruns the parameters',
    withRest(octets(255, 255, u16(9), 2, u16(7), AS4)),
    '2/0',
    '',
  ],
  ['9072 §2', 'extended encoding cut before its length', withRest(octets(255, 255, 0)), '2/0', ''],
  ['9072 §2', 'a parameter cut in its extended length', withRest(octets(255, 255, u16(2), 2, 0)), '2/0', ''],
  ['9072 §3', 'parameter type 255 as the second one', withRest(parameters([2, AS4], [255, '0000'])), '2/4', ''],
  [
    '9072 §3',
    'parameter type 255 within the extended encoding',
    withRest(
      extendedParameters([
        [2, AS4],
        [255, ''],
      ]),
    ),
    '2/4',
    '',
  ],
  ['9072 §2', 'an unknown parameter in the extended encoding', withRest(extendedParameters([[3, '00']])), '2/4', ''],
  [
    '9072 §2',
    'a capability that overruns its extended parameter',
    withRest(extendedParameters([[2, octets(65, 4, '0000')]])),
    '2/0',
    '',
  ],
];

const ACCEPTED: [rfc: string, text: string, bytes: Uint8Array][] = [
  ['4271 §4.2', 'no optional parameters', open({ as: AS })],
  ['4271 §4.2', 'Hold Time 0', open({ as: AS, holdTime: 0, capabilities: [AS4] })],
  ['4271 §4.2', 'Hold Time 3', open({ as: AS, holdTime: 3, capabilities: [AS4] })],
  ['4271 §4.2', 'Hold Time 65535', open({ as: AS, holdTime: 65535, capabilities: [AS4] })],
  ['6286 §2.1', 'a BGP Identifier that is a multicast address', open({ as: AS, id: '224.0.0.1', capabilities: [AS4] })],
  ['6286 §2.1', 'BGP Identifier 255.255.255.255', open({ as: AS, id: '255.255.255.255', capabilities: [AS4] })],
  ['6286 §2.1', 'BGP Identifier 0.0.0.1', open({ as: AS, id: '0.0.0.1', capabilities: [AS4] })],
  [
    '6286 §2.1',
    "the speaker's own BGP Identifier from an external neighbor",
    open({ as: AS, id: OWN.id, capabilities: [AS4] }),
  ],
  ['6793 §3', 'AS_TRANS with the right AS number in the capability', open({ as: 23456, capabilities: [AS4] })],
  [
    '5492 §3',
    'unknown capabilities',
    open({ as: AS, capabilities: [AS4, capability(200, '010203'), capability(128), capability(0)] }),
  ],
  [
    '5492 §4',
    'the same capabilities twice',
    open({ as: AS, capabilities: [AS4, cap.ipv4, cap.routeRefresh, AS4, cap.ipv4, cap.routeRefresh] }),
  ],
  ['5492 §4', 'a parameter for each capability', withRest(parameters([2, cap.ipv4], [2, cap.routeRefresh], [2, AS4]))],
  [
    '4760 §8',
    'families that are not known',
    open({ as: AS, capabilities: [AS4, cap.ipv4, cap.multiprotocol(25, 70), cap.multiprotocol(1, 128)] }),
  ],
  [
    '4760 §8',
    'the reserved octet of the multiprotocol capability set',
    open({ as: AS, capabilities: [AS4, capability(1, '0001ff01')] }),
  ],
  [
    '7911 §4',
    'add-path capability with Send/Receive 0 and 4',
    open({ as: AS, capabilities: [AS4, cap.ipv4, cap.addPath([1, 0], [2, 4])] }),
  ],
  ['9072 §2', 'extended parameters', withRest(extendedParameters([[2, octets(cap.ipv4, AS4)]]))],
  [
    '9072 §2',
    'extended parameters behind a Non-Ext OP Len of 1',
    withRest(extendedParameters([[2, octets(cap.ipv4, AS4)]], 1)),
  ],
  ['9072 §2', 'extended parameters, none', withRest(extendedParameters([]))],
  [
    '9072 §2',
    'extended parameters of more than 255 octets',
    withRest(
      extendedParameters([[2, octets(cap.ipv4, AS4, ...new Array<Buffer>(20).fill(capability(201, '00'.repeat(40))))]]),
    ),
  ],
  ['9234 §4.2', 'the same role twice', open({ as: AS, capabilities: [AS4, cap.ipv4, cap.role(3), cap.role(3)] })],
  ['5492 §4', 'an empty Capabilities parameter', withRest(parameters([2, '']))],
  ['9234 §4.2', 'a role, none configured here', open({ as: AS, capabilities: [AS4, cap.ipv4, cap.role(0)] })],
];

describe('OPEN received', () => {
  for (const [rfc, text, bytes, error, data] of REFUSED) {
    conforms(rfc, `${text}: ${error}`, async () => {
      expect(await refusal(bytes)).toEqual({ error, data });
    });
  }

  for (const [rfc, text, bytes] of ACCEPTED) {
    conforms(rfc, `${text}: accepted`, async () => {
      await acceptance(bytes);
    });
  }

  conforms('6286 §2.2', "the speaker's own BGP Identifier from an internal neighbor: 2/3", async () => {
    const bytes = open({ as: OWN.as, id: OWN.id, capabilities: [cap.as4(OWN.as)] });
    expect(await refusal(bytes, internal(2))).toEqual({ error: '2/3', data: '' });
  });

  conforms('4271 §6.2', 'an external AS number from an internal neighbor: 2/2', async () => {
    expect(await refusal(open({ as: AS }), internal(2))).toEqual({ error: '2/2', data: '' });
  });

  conforms('6793 §4.2.1', 'a neighbor of a 4-octet AS that does not speak 4 octets: 2/2', async () => {
    expect(await refusal(open({ as: 23456 }), external(2, { as: 4200000002 }))).toEqual({ error: '2/2', data: '' });
  });

  conforms('6793 §4.1', 'a neighbor of a 4-octet AS with AS_TRANS: accepted', async () => {
    await acceptance(open({ as: 23456, capabilities: [cap.as4(4200000002)] }), external(2, { as: 4200000002 }));
  });

  conforms('4724 §3', 'several graceful restart capabilities: the last one counts', async () => {
    const [none, ipv4] = [cap.gracefulRestart(120, []), cap.gracefulRestart(120, [[1, true]])];
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2, { more: [none, ipv4] }), await bed.peer(3)];
    a.send(announce(fromExternal(2), '10.0.0.0/24'));
    await bed.settle(b);
    await a.end();
    await bed.reaches(2, 'Active');
    await bed.settle(b);
    expect(has(b, '10.0.0.0/24')).toBe(true);
  });

  conforms('4760 §8', 'without a multiprotocol capability IPv4 unicast is spoken', async () => {
    const bed = await Bed.start([external(2), external(3)]);
    const [a, b] = [await bed.peer(2, { capabilities: [] }), await bed.peer(3)];
    b.send(announce(fromExternal(3), '10.0.0.0/24'));
    await bed.settle();
    expect(has(a, '10.0.0.0/24')).toBe(true);
  });

  conforms('9072 §2', 'capabilities in the extended encoding count', async () => {
    const bed = await Bed.start([internal(2), external(3)]);
    const a = await bed.peer(2, {
      rest: extendedParameters([
        [2, octets(cap.ipv4)],
        [2, octets(cap.as4(OWN.as))],
      ]),
    });
    const b = await bed.peer(3);
    a.send(announce([...fromInternal(2)], '10.0.0.0/24'));
    await bed.settle(b);
    expect(b.table.get('10.0.0.0/24')?.path()).toBe('65001');
    expect(bed.status(2).families.map(f => f.family)).toContain('ipv4-unicast');
  });

  conforms('4271 §6.2', 'version and AS wrong: the version counts', async () => {
    expect(await refusal(open({ version: 3, as: 1, holdTime: 1 }))).toEqual({ error: '2/1', data: '0004' });
  });
});
