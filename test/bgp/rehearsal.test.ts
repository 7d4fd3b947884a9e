// The rehearsal: its routes come and go, in each round anew.

import { expect, it } from 'vitest';
import { rehearse } from '../../src/bgp/rehearsal.js';
import { Family } from '../../src/bgp/wire/family.js';

const UPDATE = 19 + 4;
const ORIGIN = 4;
/** Of four and of three ASes: the own one is in front. */
const AS_PATHS = 3 + 2 + 4 * 4 + (3 + 2 + 3 * 4);
const NEXT_HOP = 7;
const MP_REACH = 4 + 5 + 16;
const MP_UNREACH = 4 + 3;

it.each([
  ['IPv4', Family.ipv4Unicast, 3 * UPDATE + 2 * ORIGIN + AS_PATHS + 2 * NEXT_HOP + 28 * 5],
  ['IPv6', Family.ipv6Unicast, 3 * UPDATE + 2 * ORIGIN + AS_PATHS + 2 * MP_REACH + MP_UNREACH + 28 * 7],
])(
  'has a neighbor told of 14 %s routes in two UPDATEs, and of their end in another, ten times',
  (_name, family, octets) => {
    expect(rehearse(family)).toBe(10 * octets);
  },
);
