/** The chi-square test: whether cells are filled in the same proportions. */

import { chiSquareContingency } from '../chi-square.ts';
import { type NotComputable, notComputable, total } from '../measure.ts';
import { chiSquareSurvival } from '../special-functions.ts';
import { cellTest } from './cell-test.ts';
import { conclude, type TestResult } from './drift-test.ts';
import { sampleCells, valueCells } from './sample-cells.ts';

/** What SentinelML adds to every observed and expected count. */
const SENTINELML_EPSILON = 1e-8;

/**
 * Contingency χ² of both samples (`tidemark`, `scipy`; `nannyml` with Yates' correction on 2 × 2), or the goodness of
 * fit of the current counts to the reference taken for the truth (`evidently`, `sentinelml`). The latter rejects 28 %
 * of equal-sized null pairs at 5 %, and makes a single row of a new category infinitely significant.
 *
 * @example chiSquare.counts([10, 20, 30], [30, 20, 10]) // statistic 20, pValue 4.54e-5
 * @example chiSquare.counts([10, 20, 30], [30, 20, 10], { convention: 'evidently' }) // statistic 53.3, pValue 2.6e-12
 */
export const chiSquare = cellTest({
  name: 'chi_square',
  summary: 'Whether categories, or reference quantile cells, are filled in the same proportions.',
  judgedBy: 'p_value',
  isSymmetric: true,
  conventions: ['tidemark', 'scipy', 'evidently', 'nannyml', 'sentinelml'],
  cellsOf: (samples, convention) =>
    convention === 'tidemark' || convention === 'scipy'
      ? sampleCells(samples, convention)
      : valueCells(samples),
  compare: (reference, current, convention) => {
    if (convention === 'evidently') return goodnessOfFit(reference, current, 0);
    if (convention === 'sentinelml') return goodnessOfFit(reference, current, SENTINELML_EPSILON);
    const test = chiSquareContingency(reference, current, 1, convention === 'nannyml');
    return test.computable ? conclude(test.statistic, test.pValue) : test;
  },
});

/** Σ (O − E)²/E with E from the reference's shares (`scipy.stats.chisquare`). */
function goodnessOfFit(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  epsilon: number,
): TestResult | NotComputable {
  const scale = total(current) / total(reference);
  let [statistic, filled] = [0, 0];
  for (let cell = 0; cell < reference.length; cell++) {
    if (reference[cell]! + current[cell]! === 0) continue;
    filled++;
    const expected = reference[cell]! * scale + epsilon;
    statistic += (current[cell]! + epsilon - expected) ** 2 / expected;
  }
  if (filled < 2) return notComputable('every row is in one cell');
  return conclude(statistic, Number.isFinite(statistic) ? chiSquareSurvival(statistic, filled - 1) : 0);
}
