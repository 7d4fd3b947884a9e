// Address families: the <AFI, SAFI> pairs this speaker exchanges routes for (RFC 4760 §3).
//
// A family is a small number that indexes arrays and bit masks (bit `1 << family`); the table says everything else.

/** A family's number: index of FAMILIES and bit number of family masks. */
export const Family = { ipv4Unicast: 0, ipv6Unicast: 1 } as const;
export type Family = (typeof Family)[keyof typeof Family];

export interface FamilyRow {
  readonly family: Family;
  /** IANA Address Family Identifier. */
  readonly afi: number;
  /** IANA Subsequent Address Family Identifier. */
  readonly safi: number;
  readonly name: 'ipv4-unicast' | 'ipv6-unicast';
  /** The longest prefix. */
  readonly bits: 32 | 128;
  readonly addressBytes: 4 | 16;
}

/** The families, indexed by their number. */
export const FAMILIES: readonly FamilyRow[] = [
  { family: Family.ipv4Unicast, afi: 1, safi: 1, name: 'ipv4-unicast', bits: 32, addressBytes: 4 },
  { family: Family.ipv6Unicast, afi: 2, safi: 1, name: 'ipv6-unicast', bits: 128, addressBytes: 16 },
];

/** The family of an <AFI, SAFI> pair, or -1 when this speaker does not know it. */
export function familyOf(afi: number, safi: number): Family | -1 {
  if (safi !== 1) return -1;
  return afi === 1 ? Family.ipv4Unicast : afi === 2 ? Family.ipv6Unicast : -1;
}

/** Words for an <AFI, SAFI> pair, known or not: 'ipv4-unicast', 'AFI 25 SAFI 65'. */
export function formatFamily(afi: number, safi: number): string {
  const family = familyOf(afi, safi);
  return family === -1 ? `AFI ${afi} SAFI ${safi}` : FAMILIES[family].name;
}
