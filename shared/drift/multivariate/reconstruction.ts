/** Reconstruction drift: do the baseline's principal components still explain the rows? From co-moments, no rows needed. */

import type { CoMoments } from '#shared/profile/co-moments.ts';
import type { Dependence, Reconstruction } from '#shared/profile/dependence.ts';
import { type NotComputable, notComputable } from '../measure.ts';
import { entryOf, whyNotComparable } from './co-moment-matrix.ts';
import { meanDifferencePValue } from './mean-difference.ts';

export interface ReconstructionDrift {
  readonly computable: true;
  /** Two-sided: rows that are reconstructed better than the baseline's have drifted too. */
  readonly pValue: number;
  /** Change of the mean squared error in standard errors. */
  readonly statistic: number;
  /** Mean squared reconstruction error of standardised normal scores: expected without drift, and found. */
  readonly before: number;
  readonly now: number;
  /** Principal components kept. */
  readonly components: number;
}

/**
 * Compares the mean squared reconstruction error of a window with the baseline's, as NannyML's data reconstruction
 * does with raw rows (`reconstruction-error.ts`); its ±3 σ band holds for one chunk size only, a p-value for all.
 * The error of a row is a quadratic form, so its mean follows from co-moments.
 *
 * @param dependence of the anchors; null where the baseline had too little to measure
 * @param reference co-moments of the baseline or of a part of it (rows the components were partly fitted to)
 * @param current of the same columns
 * @param options.designEffect variance inflation of clustered rows, ≥ 1
 * @throws RangeError when co-moments are not of the columns of `dependence`
 * @example pcaReconstructionDrift(dependence, reference, current) // { computable: true, pValue: 2e-9, statistic: 6, … }
 */
export function pcaReconstructionDrift(
  dependence: Dependence | null,
  reference: CoMoments,
  current: CoMoments,
  options: { readonly designEffect?: number } = {},
): ReconstructionDrift | NotComputable {
  const obstacle = whyNotComparable(dependence, reference, current);
  if (obstacle || dependence === null) return obstacle ?? notComputable('no dependence was measured');
  const { reconstruction, rows } = dependence;
  if (!(reconstruction.errorVariance > 0))
    return notComputable('every baseline row has the same reconstruction error');
  const designEffect = Math.max(1, options.designEffect ?? 1);
  const before = meanSquaredError(reconstruction, reference) + reconstruction.optimism;
  const now = meanSquaredError(reconstruction, current);
  // The optimism is itself known from the baseline's rows only.
  const n = 1 / (1 / reference.rows + 1 / rows) / designEffect;
  const m = current.rows / designEffect;
  const z = (now - before) / Math.sqrt(reconstruction.errorVariance * (1 / n + 1 / m));
  const shape = { skewness: reconstruction.errorSkewness, excessKurtosis: 0 };
  return {
    computable: true,
    pValue: meanDifferencePValue(z, shape, n, m),
    statistic: z,
    before,
    now,
    components: reconstruction.components.length,
  };
}

/** Mean of s'(I − W'W)s over rows, s being standardised scores and W the components. */
function meanSquaredError({ components, mean, scale }: Reconstruction, moments: CoMoments): number {
  const { rows, sums, products } = moments;
  const columns = sums.length;
  let error = 0;
  for (let i = 0; i < columns; i++)
    for (let j = i; j < columns; j++) {
      let weight = i === j ? 1 : 0;
      for (const component of components) weight -= component[i]! * component[j]!;
      const centred =
        products[entryOf(i, j, columns)]! / rows -
        (mean[i]! * sums[j]! + mean[j]! * sums[i]!) / rows +
        mean[i]! * mean[j]!;
      error += ((i === j ? 1 : 2) * weight * centred) / (scale[i]! * scale[j]!);
    }
  return error;
}
