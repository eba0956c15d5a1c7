/** Two proportions: whether a share (missing, erroneous, unseen) differs between two samples. */

import gammaln from '@stdlib/math-base-special-gammaln';
import { normalSurvival } from './special-functions.ts';

export interface Share {
  /** Rows with the property. */
  readonly hits: number;
  readonly rows: number;
}

export interface ProportionTest {
  /** P(a difference at least as unlikely, either way). */
  readonly twoSided: number;
  /** P(the current share this much above the reference's, or more). */
  readonly increase: number;
}

/**
 * Pooled two-proportion z test; Fisher's exact test where an expected count is below 5 and the design effect is 1.
 * Empty samples give p = 1: nothing speaks against equality.
 *
 * @param designEffect variance inflation of clustered rows, ≥ 1
 * @example compareShares({ hits: 0, rows: 1000 }, { hits: 3, rows: 50 }).twoSided // 0.000102
 */
export function compareShares(reference: Share, current: Share, designEffect = 1): ProportionTest {
  const rows = reference.rows + current.rows;
  const hits = reference.hits + current.hits;
  if (reference.rows === 0 || current.rows === 0 || hits === 0 || hits === rows)
    return { twoSided: 1, increase: 1 };
  const leastExpected = (Math.min(reference.rows, current.rows) * Math.min(hits, rows - hits)) / rows;
  if (leastExpected < 5 && designEffect === 1) return fisherExact(reference, current);
  const pooled = hits / rows;
  const error = Math.sqrt(designEffect * pooled * (1 - pooled) * (1 / reference.rows + 1 / current.rows));
  const z = (current.hits / current.rows - reference.hits / reference.rows) / error;
  return { twoSided: Math.min(1, 2 * normalSurvival(Math.abs(z))), increase: normalSurvival(z) };
}

/** Fisher's exact test of the 2 × 2 table; two-sided as SciPy: all tables no likelier than the observed one. */
export function fisherExact(reference: Share, current: Share): ProportionTest {
  const hits = reference.hits + current.hits;
  const lowest = Math.max(0, hits - reference.rows);
  const highest = Math.min(hits, current.rows);
  const logAll = logChoose(reference.rows + current.rows, hits);
  const probability = (k: number) =>
    Math.exp(logChoose(current.rows, k) + logChoose(reference.rows, hits - k) - logAll);
  // Relative slack so that tables equally likely up to rounding count as such.
  const observed = probability(current.hits) * (1 + 1e-7);
  let [twoSided, increase] = [0, 0];
  for (let k = lowest; k <= highest; k++) {
    const p = probability(k);
    if (p <= observed) twoSided += p;
    if (k >= current.hits) increase += p;
  }
  return { twoSided: Math.min(1, twoSided), increase: Math.min(1, increase) };
}

function logChoose(n: number, k: number): number {
  return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);
}
