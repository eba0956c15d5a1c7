/** Area under the ROC curve: how well a score tells two samples apart. */

/**
 * P(a current row scores higher) + ½·P(equal scores), by mid-ranks: `sklearn.metrics.roc_auc_score`. 0.5 means
 * indistinguishable.
 *
 * @param scores any order; higher should mean current
 * @param isCurrent 1 for current rows, 0 for reference rows, as long as `scores`
 * @returns in [0, 1]; undefined unless both samples have rows and every score is a number
 * @example rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // 0.75
 */
export function rocAuc(scores: ArrayLike<number>, isCurrent: ArrayLike<number>): number | undefined {
  const order = Uint32Array.from(scores, (_, at) => at).sort((i, j) => scores[i]! - scores[j]!);
  let [current, rankSum] = [0, 0];
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from]!]!;
    if (Number.isNaN(score)) return undefined;
    let [to, inGroup] = [from, 0];
    for (; to < order.length && scores[order[to]!] === score; to++) inGroup += isCurrent[order[to]!] ? 1 : 0;
    rankSum += inGroup * ((from + 1 + to) / 2);
    current += inGroup;
    from = to;
  }
  const reference = order.length - current;
  if (current === 0 || reference === 0) return undefined;
  return (rankSum - (current * (current + 1)) / 2) / (current * reference);
}
