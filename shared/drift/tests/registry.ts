/** The menu of drift tests: adding one is a file and a line here. */

import { andersonDarling } from './anderson-darling.ts';
import { chiSquare } from './chi-square.ts';
import { cramerVonMises } from './cramer-von-mises.ts';
import type { DriftTest } from './drift-test.ts';
import { energy } from './energy.ts';
import { eppsSingleton } from './epps-singleton.ts';
import { gTest } from './g-test.ts';
import { jensenShannon } from './jensen-shannon.ts';
import { klDivergence } from './kl-divergence.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { mannWhitney } from './mann-whitney.ts';
import { mmd } from './mmd.ts';
import { psi } from './psi.ts';
import { bhattacharyya, hellinger, lInfinity, totalVariation } from './share-distances.ts';
import { tTest, welchTTest } from './student-t.ts';
import { fisherExact, zTest } from './two-categories.ts';
import { wasserstein } from './wasserstein.ts';

/** Every drift test by which a column can be judged. */
export const driftTests: readonly DriftTest[] = [
  kolmogorovSmirnov,
  cramerVonMises,
  andersonDarling,
  eppsSingleton,
  mannWhitney,
  tTest,
  welchTTest,
  mmd,
  wasserstein,
  energy,
  chiSquare,
  gTest,
  zTest,
  fisherExact,
  psi,
  jensenShannon,
  klDivergence,
  hellinger,
  totalVariation,
  lInfinity,
  bhattacharyya,
];

/** A drift test by its name does not exist. */
export class UnknownDriftTestError extends Error {
  override readonly name = 'UnknownDriftTestError';
}

/**
 * @throws UnknownDriftTestError listing the known names
 * @example driftTest('psi').counts?.([10, 20, 30], [30, 20, 10]) // { computable: true, statistic: 0.69356 }
 */
export function driftTest(name: string): DriftTest {
  const test = driftTests.find((candidate) => candidate.name === name);
  if (test) return test;
  throw new UnknownDriftTestError(
    `unknown drift test "${name}"; known: ${driftTests.map((known) => known.name).join(', ')}`,
  );
}
