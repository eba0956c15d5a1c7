/** Normalised discounted cumulative gain: whether the features that mattered most still rank first. */

import { type NotComputable, notComputable } from '#shared/drift/measure.ts';

interface Ndcg {
  readonly computable: true;
  /** In (0, 1]; 1 is the baseline's own order. */
  readonly ndcg: number;
}

/**
 * nDCG = Σ gain / log₂(1 + rank by `current`) over the same sum in the best order (Järvelin and Kekäläinen 2002;
 * `sklearn.metrics.ndcg_score`; SageMaker Clarify, which alarms below 0.90). Features that tie share their ranks' mean
 * discount. It hardly sees the middle of the order: of gains 0.5, 0.3, 0.1, 0.05, 0.04 the first two may swap (0.905), and
 * magnitudes may change at will; judge it beside `attributionDrift`'s other figures.
 *
 * @param gains - each feature's baseline importance, ≥ 0
 * @param current - each feature's importance now, in the same order of features
 * @returns not computable for no features, or where no gain is above 0
 * @example normalizedDiscountedGain([0.5, 0.3, 0.1, 0.05, 0.04], [0.3, 0.5, 0.1, 0.05, 0.04]) // ndcg 0.9049
 */
export function normalizedDiscountedGain(
  gains: ArrayLike<number>,
  current: ArrayLike<number>,
): Ndcg | NotComputable {
  const best = discountedGain(gains, gains);
  if (best <= 0) return notComputable('no feature has an importance in the baseline');
  return { computable: true, ndcg: discountedGain(gains, current) / best };
}

function discountedGain(gains: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = Array.from({ length: gains.length }, (_, at) => at).sort((a, b) => scores[b]! - scores[a]!);
  let sum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let discounts = 0;
    let tied = 0;
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      discounts += 1 / Math.log2(end + 2);
      tied += gains[order[end]!]!;
    }
    sum += (tied * discounts) / (end - start);
    start = end;
  }
  return sum;
}
