// From shares of the traffic to the weights of a multipath route, which the kernel takes from 1 to 256 (rtnh_hops + 1).

/** The greatest weight. */
const MAX = 256;
/** Weights this close to the shares are as good as exact: bandwidths are single-precision numbers. */
const TOLERANCE = 0.01;

/**
 * The smallest weights that stand to each other as the shares do, within a hundredth; where there are none, the nearest
 * with 256 for the greatest share. Shares are above 0. Equal shares have weight 1.
 */
export function weightsOf(shares: readonly number[]): number[] {
  const greatest = Math.max(...shares);
  const scaled = (most: number) => shares.map(share => (share / greatest) * most);
  for (let most = 1; most < MAX; most++) {
    const exact = scaled(most);
    if (exact.every(weight => Math.abs(Math.round(weight) - weight) <= weight * TOLERANCE))
      return exact.map(Math.round);
  }
  return scaled(MAX).map(weight => Math.max(1, Math.round(weight)));
}
