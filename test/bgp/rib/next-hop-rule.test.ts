import { describe, expect, it } from 'vitest';
import { judgeNextHop, type NextHopRule } from '../../../src/bgp/rib/next-hop-rule.js';
import { Verdict } from '../../../src/bgp/rib/paths.js';
import { parseAddress } from '../../../src/bgp/wire/prefix.js';

const subnet = (address: string, length: number) => ({ address: parseAddress(address), length });
const IPV4: NextHopRule = {
  own: [parseAddress('10.0.0.1'), parseAddress('2001:db8::1')],
  subnets: [subnet('10.0.0.1', 24), subnet('192.0.2.129', 25), subnet('198.51.100.1', 31)],
};
const IPV6: NextHopRule = { own: IPV4.own, subnets: [subnet('2001:db8::1', 64), subnet('2001:db8:1::', 47)] };
const judge = (rule: NextHopRule, ...addresses: string[]) => {
  const bytes = Uint8Array.from([0xff, ...addresses.flatMap(address => [...parseAddress(address)])]);
  return judgeNextHop(rule, bytes, 1, bytes.length - 1);
};

describe('next hops a neighbor names', () => {
  it('are never this speaker (RFC 4271 §5.1.3)', () => {
    for (const rule of [IPV4, IPV6, { own: IPV4.own, subnets: null }]) {
      expect(judge(rule, '10.0.0.1')).toBe(Verdict.ownNextHop);
      expect(judge(rule, '2001:db8::1')).toBe(Verdict.ownNextHop);
      expect(judge(rule, '2001:db8::1', 'fe80::1')).toBe(Verdict.ownNextHop);
    }
  });

  it.each([
    ['10.0.0.2', Verdict.accepted],
    ['10.0.0.255', Verdict.accepted],
    ['10.0.1.1', Verdict.offLinkNextHop],
    ['192.0.2.254', Verdict.accepted],
    ['192.0.2.127', Verdict.offLinkNextHop],
    ['198.51.100.0', Verdict.accepted],
    ['198.51.100.2', Verdict.offLinkNextHop],
  ])('are on a common subnet one hop away (RFC 4271 §6.3): %s', (address, verdict) => {
    expect(judge(IPV4, address)).toBe(verdict);
    expect(judge({ ...IPV4, subnets: null }, address)).toBe(Verdict.accepted);
  });

  it('of IPv6 too, unless they bring the link-local address along', () => {
    expect(judge(IPV6, '2001:db8::2')).toBe(Verdict.accepted);
    expect(judge(IPV6, '2001:db8:1:ffff::9')).toBe(Verdict.accepted);
    expect(judge(IPV6, '2001:db8:2::9')).toBe(Verdict.offLinkNextHop);
    expect(judge(IPV6, '2001:db8:2::9', 'fe80::2')).toBe(Verdict.accepted);
    expect(judge(IPV6, 'fe80::2')).toBe(Verdict.accepted);
  });

  it('of the other family are not judged by these subnets', () => {
    expect(judge(IPV4, '2001:db8:2::9')).toBe(Verdict.accepted);
    expect(judge(IPV6, '203.0.113.1')).toBe(Verdict.accepted);
  });
});
