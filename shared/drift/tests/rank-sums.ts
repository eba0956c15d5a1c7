/** Rank sums over groups of rows: what Cramér–von Mises and Mann–Whitney are made of. */

import { total } from '../measure.ts';
import type { Groups } from './two-samples.ts';

export interface RankSums {
  /** Reference and current rows. */
  readonly n: number;
  readonly m: number;
  /** Σ of the reference's mid-ranks among all rows. */
  readonly referenceRankSum: number;
  /** n·Σ(rᵢ − i)² + m·Σ(sⱼ − j)²: Anderson's U of the Cramér–von Mises statistic. */
  readonly squaredRankDistance: number;
  /** Σ (t³ − t) over tied groups of t rows. */
  readonly tieTerm: number;
  /** Σ a·b / 2 over groups whose order is unknown: how far the rank sum may be off. */
  readonly rankSumSlack: number;
}

/**
 * One pass over the groups, O(groups). In an open cell, whose order was not kept, every squared distance enters with
 * its mean over all orders of the cell's rows; tied rows get their mid-rank.
 */
export function rankSums(groups: Groups): RankSums {
  const [n, m] = [total(groups.reference), total(groups.current)];
  let [a0, b0, referenceRankSum, tieTerm, rankSumSlack] = [0, 0, 0, 0, 0];
  const squares = { reference: 0, current: 0 };
  for (let group = 0; group < groups.reference.length; group++) {
    const [a, b] = [groups.reference[group]!, groups.current[group]!];
    if (a + b === 0) continue;
    const isTied = groups.isTied(group);
    const distance = isTied ? tiedDistance : meanDistance;
    squares.reference += distance(a, b, b0);
    squares.current += distance(b, a, a0);
    referenceRankSum += a * (a0 + b0 + (a + b + 1) / 2);
    if (isTied) tieTerm += (a + b) ** 3 - (a + b);
    else rankSumSlack += (a * b) / 2;
    a0 += a;
    b0 += b;
  }
  const squaredRankDistance = n * squares.reference + m * squares.current;
  return { n, m, referenceRankSum, squaredRankDistance, tieTerm, rankSumSlack };
}

/** Σ (rank − place)² of `own` rows that share one value with `other` rows, `before` others being smaller. */
function tiedDistance(own: number, other: number, before: number): number {
  return own * (before + other / 2) ** 2 + (own * (own * own - 1)) / 12;
}

/** The mean of Σ (rank − place)² over all orders of `own` and `other` distinct rows. */
function meanDistance(own: number, other: number, before: number): number {
  const squaredMean =
    own * before * before + own * before * other + (other * other * own * (2 * own + 1)) / (6 * (own + 1));
  return squaredMean + (own * other * (own + other + 1)) / (6 * (own + 1));
}
