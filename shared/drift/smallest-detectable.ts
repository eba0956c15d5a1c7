/** What a comparison could have seen: the honest companion of "no drift found". */

import { bisect, chiSquareSurvival, normalQuantile } from './special-functions.ts';

export interface SmallestDetectable {
  /** Population PSI found with the given power. */
  readonly psi: number;
  /** The shift of a normal feature's mean, in reference standard deviations, that has this PSI. */
  readonly shift: number;
}

/**
 * Smallest effect the χ² test on K cells finds with the given power: its noncentrality is about PSI·nm/(n+m).
 *
 * @param cells K ≥ 2
 * @param alpha two-sided level, after any division among features
 * @param power default 0.8
 * @example smallestDetectable(8, 1000, 80, 0.05).shift // 0.45
 */
export function smallestDetectable(
  cells: number,
  nReference: number,
  nCurrent: number,
  alpha: number,
  power = 0.8,
): SmallestDetectable {
  const degreesOfFreedom = cells - 1;
  const critical = bisect((x) => chiSquareSurvival(x, degreesOfFreedom) > alpha);
  const noncentrality = bisect((lambda) => noncentralSurvival(critical, degreesOfFreedom, lambda) < power);
  const psi = noncentrality * (1 / nReference + 1 / nCurrent);
  return { psi, shift: Math.sqrt(psi / shiftInformation(cells)) };
}

/** P(X > x) of the noncentral chi-square: a Poisson mixture of central ones. */
function noncentralSurvival(x: number, degreesOfFreedom: number, lambda: number): number {
  const mean = lambda / 2;
  let weight = Math.exp(-mean);
  let sum = 0;
  for (let step = 0; step < mean + 10 * Math.sqrt(mean) + 20; step++) {
    sum += weight * chiSquareSurvival(x, degreesOfFreedom + 2 * step);
    weight *= mean / (step + 1);
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
