// The table of sources against a plain map of addresses.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AGGREGATE_SOURCE, SourceKind, Sources } from '../../../src/bgp/rib/sources.js';

const addresses = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4, max: 3 }),
    fc.uint8Array({ minLength: 16, maxLength: 16, min: 254 }),
  )
  .map(bytes => Buffer.from(bytes).toString('hex'));

test('neighbors come and go, found by address and ranked in the order of their addresses', () => {
  fc.assert(
    fc.property(fc.array(addresses, { maxLength: 60 }), operations => {
      const sources = new Sources();
      const model = new Map<string, number>();
      for (const text of operations) {
        const address = Buffer.from(text, 'hex');
        const known = model.get(text);
        expect(sources.at(address)).toBe(known);
        if (known === undefined) {
          model.set(text, sources.add(text, address, SourceKind.internal, false));
        } else {
          sources.remove(known);
          model.delete(text);
        }
        const inOrder = [...model].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)).map(([, id]) => id);
        expect(inOrder.map(id => sources.rank[id])).toEqual(inOrder.map((_, i) => i + 1));
        expect(inOrder.every(id => id > AGGREGATE_SOURCE)).toBe(true);
      }
    }),
  );
});
