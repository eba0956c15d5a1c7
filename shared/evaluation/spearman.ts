/** Spearman's rank correlation of two lists of numbers. */

import { type NotComputable, notComputable } from '#shared/drift/measure.ts';

interface RankCorrelation {
  readonly computable: true;
  /** In [−1, 1]. */
  readonly correlation: number;
}

/**
 * The correlation of ranks, tied values sharing their mean rank: `scipy.stats.spearmanr`. Every value counts alike in it,
 * however small it is.
 *
 * @param second as long as `first`
 * @returns not computable for fewer than two values, or where all values of a list are the same
 * @example spearman([0.5, 0.3, 0.1], [0.3, 0.5, 0.1]) // correlation 0.5
 */
export function spearman(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): RankCorrelation | NotComputable {
  if (first.length < 2) return notComputable(`${first.length} values have no order: at least 2 are needed`);
  const [one, other] = [centredRanks(first), centredRanks(second)];
  const scale = Math.sqrt(dot(one, one) * dot(other, other));
  if (scale === 0) return notComputable('all values of a list are the same');
  return { computable: true, correlation: dot(one, other) / scale };
}

function centredRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + end - 1) / 2 - (order.length - 1) / 2;
    start = end;
  }
  return ranks;
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, at) => sum + value * other[at]!, 0);
}
