/** What a comparison could have seen: the honest companion of "no drift found". */

import gammaln from '@stdlib/math-base-special-gammaln';
import { bisect, chiSquareSurvival, normalQuantile } from './special-functions.ts';

export interface SmallestDetectable {
  /** Population PSI found with the given power. */
  readonly psi: number;
  /** The shift of a normal feature's mean, in reference standard deviations, that has this PSI. */
  readonly shift: number;
}

/** Of which test: rank components of numbers, or χ² on K cells. */
export interface DetectableOf {
  readonly kind: 'numeric' | 'categorical';
  /** K ≥ 2. */
  readonly cells: number;
  readonly nReference: number;
  readonly nCurrent: number;
  /** Variance inflation of clustered rows, ≥ 1. */
  readonly designEffect?: number;
}

/** Degrees of freedom of the rank components, and what they keep of a shift's information (3/π, as Wilcoxon's test). */
const RANKS = { degreesOfFreedom: 4, information: 3 / Math.PI };

/**
 * Smallest effect the primary test finds with the given power: the noncentrality of a χ² on K cells is about
 * PSI·nm/(n+m). The two parts of the numeric test are combined at the cost of half the level.
 *
 * @param alpha two-sided level, after any division among features
 * @param power default 0.8
 * @example smallestDetectable({ kind: 'categorical', cells: 8, nReference: 1000, nCurrent: 80 }, 0.05).shift // 0.45
 */
export function smallestDetectable(of: DetectableOf, alpha: number, power = 0.8): SmallestDetectable {
  const isNumeric = of.kind === 'numeric';
  const degreesOfFreedom = isNumeric ? RANKS.degreesOfFreedom : of.cells - 1;
  const level = isNumeric ? alpha / 2 : alpha;
  const critical = bisect((x) => chiSquareSurvival(x, degreesOfFreedom) > level);
  const noncentrality = bisect((lambda) => noncentralSurvival(critical, degreesOfFreedom, lambda) < power);
  const perRow = (of.designEffect ?? 1) * (1 / of.nReference + 1 / of.nCurrent);
  const information = isNumeric ? RANKS.information : shiftInformation(of.cells);
  const shift = Math.sqrt((noncentrality * perRow) / information);
  return { psi: shiftInformation(of.cells) * shift ** 2, shift };
}

/** P(X > x) of the noncentral chi-square: a Poisson mixture of central ones. */
function noncentralSurvival(x: number, degreesOfFreedom: number, lambda: number): number {
  const mean = lambda / 2;
  if (mean === 0) return chiSquareSurvival(x, degreesOfFreedom);
  const width = 10 * Math.sqrt(mean) + 20;
  let sum = 0;
  for (let step = Math.max(0, Math.floor(mean - width)); step < mean + width; step++) {
    const weight = Math.exp(step * Math.log(mean) - mean - gammaln(step + 1));
    sum += weight * chiSquareSurvival(x, degreesOfFreedom + 2 * step);
  }
  return sum;
}

/** PSI per squared sigma of a small shift of a normal, on K equal cells: 2/π at K = 2, 1 as K grows. */
function shiftInformation(cells: number): number {
  const density = (share: number) => {
    if (share <= 0 || share >= 1) return 0;
    const z = share === 0.5 ? 0 : normalQuantile(Math.min(share, 1 - share));
    return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  };
  let information = 0;
  for (let cell = 0; cell < cells; cell++)
    information += cells * (density((cell + 1) / cells) - density(cell / cells)) ** 2;
  return information;
}
