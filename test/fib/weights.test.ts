import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { weightsOf } from '../../src/fib/weights.js';

describe('weights', () => {
  test.each([
    [[1], [1]],
    [
      [7, 7, 7],
      [1, 1, 1],
    ],
    [
      [1.25e9, 1.25e10],
      [1, 10],
    ],
    [
      [Math.fround(1e8), Math.fround(3e8)],
      [1, 3],
    ],
    [
      [2, 3, 5],
      [2, 3, 5],
    ],
    [
      [1, 1000],
      [1, 256],
    ],
    [
      [1e-30, 1e30],
      [1, 256],
    ],
  ])('%j become %j', (shares, weights) => {
    expect(weightsOf(shares)).toEqual(weights);
  });

  test('are from 1 to 256, in the order and near the proportion of the shares, whatever unit they are in', () => {
    const share = fc.double({ min: 1, max: 200, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 64 }), shares => {
        const weights = weightsOf(shares);
        const greatest = Math.max(...weights);
        for (const [i, weight] of weights.entries()) {
          expect(weight).toBeGreaterThanOrEqual(1);
          expect(weight).toBeLessThanOrEqual(256);
          expect(Number.isInteger(weight)).toBe(true);
          const exact = (shares[i] / Math.max(...shares)) * greatest;
          expect(Math.abs(weight - exact)).toBeLessThanOrEqual(Math.max(0.5, exact * 0.01));
          for (const [j, other] of shares.entries())
            if (other > shares[i]) expect(weights[j]).toBeGreaterThanOrEqual(weight);
        }
        expect(weightsOf(shares.map(it => it * 8))).toEqual(weights);
      }),
    );
  });
});
