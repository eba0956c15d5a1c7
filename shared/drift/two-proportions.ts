/** Two proportions: whether a share (missing, erroneous, unseen) differs between two samples. */

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
 * Pooled two-proportion z test; Fisher's exact test where an expected count is below 5. Clustered rows count as the
 * independent ones they are worth: a normal approximation would take the ten rows of one user for p = 0. Empty samples
 * give p = 1: nothing speaks against equality.
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
  if (leastExpected < 5 * designEffect)
    return fisherExact(independent(reference, designEffect), independent(current, designEffect));
  const z = pooledZ(reference, current) / Math.sqrt(designEffect);
  return { twoSided: Math.min(1, 2 * normalSurvival(Math.abs(z))), increase: normalSurvival(z) };
}

function independent({ hits, rows }: Share, designEffect: number): Share {
  return { hits: Math.round(hits / designEffect), rows: Math.round(rows / designEffect) };
}

/**
 * The z of a difference of two proportions with pooled variance; hits and misses must both occur.
 *
 * @example pooledZ({ hits: 5, rows: 10 }, { hits: 9, rows: 10 }) // 1.9518
 */
export function pooledZ(reference: Share, current: Share): number {
  const pooled = (reference.hits + current.hits) / (reference.rows + current.rows);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / reference.rows + 1 / current.rows));
  return (current.hits / current.rows - reference.hits / reference.rows) / error;
}

/** Fisher's exact test of the 2 × 2 table; two-sided as SciPy: all tables no likelier than the observed one. */
export function fisherExact(reference: Share, current: Share): ProportionTest {
  const hits = reference.hits + current.hits;
  const lowest = Math.max(0, hits - reference.rows);
  const highest = Math.min(hits, current.rows);
  // Hypergeometric weights relative to the likeliest table's, by the ratio of neighbours: no factorials to cancel.
  const ratioUp = (k: number) =>
    ((hits - k) * (current.rows - k)) / ((k + 1) * (reference.rows - hits + k + 1));
  const mode = Math.floor(((hits + 1) * (current.rows + 1)) / (reference.rows + current.rows + 2));
  const weights = new Float64Array(highest - lowest + 1);
  weights[mode - lowest] = 1;
  for (let k = mode; k < highest; k++) weights[k + 1 - lowest] = weights[k - lowest]! * ratioUp(k);
  for (let k = mode; k > lowest; k--) weights[k - 1 - lowest] = weights[k - lowest]! / ratioUp(k - 1);
  // Relative slack so that tables equally likely up to rounding count as such.
  const observed = weights[current.hits - lowest]! * (1 + 1e-7);
  let [all, twoSided, increase] = [0, 0, 0];
  weights.forEach((weight, at) => {
    all += weight;
    if (weight <= observed) twoSided += weight;
    if (lowest + at >= current.hits) increase += weight;
  });
  return { twoSided: Math.min(1, twoSided / all), increase: Math.min(1, increase / all) };
}
