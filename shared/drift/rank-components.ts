/** Rank components: whether a numeric column moved, widened or changed shape, seen by its ranks. */

import { type NotComputable, notComputable, total } from './measure.ts';
import { chiSquareSurvival } from './special-functions.ts';

export interface RankComponents {
  readonly computable: true;
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  /**
   * Standard normal without drift, one per degree: location (above 0: the current values are higher), scale (above 0:
   * wider), skewness, tails.
   */
  readonly components: readonly number[];
}

/** Location, scale, skewness, tails: a fifth and sixth found no more and cost power (see the decision on the primary test). */
const MAX_COMPONENTS = 4;

/**
 * Neyman's smooth test for two samples: means of the first orthogonal polynomials of the pooled mid-rank over the
 * current rows, each with its exact permutation variance (Neyman 1937; Eubank, LaRiccia and Rosenstein 1987 for ranks).
 * The polynomials are orthonormal on the pooled cells themselves, so ties and rounded data need no correction; two
 * distinct values leave one component, which is the χ² of the 2 × 2 table less (N − 1)/N.
 *
 * @param reference counts on ordered cells
 * @param current counts on the same cells
 * @param designEffect variance inflation of clustered rows, ≥ 1
 * @example rankComponents([10, 10, 10, 10], [0, 0, 20, 20]).components[0] // 4.8: the current values are higher
 */
export function rankComponents(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  designEffect = 1,
): RankComponents | NotComputable {
  const n = total(reference);
  const m = total(current);
  if (n === 0 || m === 0) return notComputable('a sample without rows has no ranks');
  const cells = pooledCells(reference, current, n + m);
  const degrees = Math.min(MAX_COMPONENTS, cells.share.length - 1);
  if (degrees === 0) return notComputable('every row of both samples is in one cell');
  const perMean = Math.sqrt((m * (n + m - 1)) / n / designEffect);
  const components = orthonormalMeans(cells, degrees).map((mean) => mean * perMean);
  const statistic = components.reduce((sum, component) => sum + component ** 2, 0);
  return {
    computable: true,
    statistic,
    degreesOfFreedom: degrees,
    pValue: chiSquareSurvival(statistic, degrees),
    components,
  };
}

interface PooledCells {
  /** Share of all rows, > 0. */
  readonly share: readonly number[];
  /** Share of the current rows. */
  readonly current: readonly number[];
  /** Mid-rank from −½ to ½. */
  readonly rank: readonly number[];
}

function pooledCells(reference: ArrayLike<number>, current: ArrayLike<number>, rows: number): PooledCells {
  const cells = { share: [] as number[], current: [] as number[], rank: [] as number[] };
  const currentRows = total(current);
  let below = 0;
  for (let cell = 0; cell < reference.length; cell++) {
    const both = reference[cell]! + current[cell]!;
    if (both === 0) continue;
    cells.share.push(both / rows);
    cells.current.push(current[cell]! / currentRows);
    cells.rank.push((below + both / 2) / rows - 0.5);
    below += both;
  }
  return cells;
}

/** Means over the current rows of the polynomials of degree 1 to `degrees`, by the three-term recurrence. */
function orthonormalMeans({ share, current, rank }: PooledCells, degrees: number): number[] {
  const size = share.length;
  let before = new Float64Array(size);
  let now = new Float64Array(size).fill(1);
  const means: number[] = [];
  let norm = 0;
  for (let degree = 1; degree <= degrees; degree++) {
    let centre = 0;
    for (let cell = 0; cell < size; cell++) centre += share[cell]! * rank[cell]! * now[cell]! ** 2;
    const next = before;
    let square = 0;
    for (let cell = 0; cell < size; cell++) {
      const value = (rank[cell]! - centre) * now[cell]! - norm * before[cell]!;
      next[cell] = value;
      square += share[cell]! * value * value;
    }
    norm = Math.sqrt(square);
    let mean = 0;
    for (let cell = 0; cell < size; cell++) {
      next[cell]! /= norm;
      mean += current[cell]! * next[cell]!;
    }
    means.push(mean);
    [before, now] = [now, next];
  }
  return means;
}
