/** Distances of cell shares that need no logarithm of a share: Hellinger, total variation, L∞, Bhattacharyya. */

import { shares } from '../measure.ts';
import { sturgesEdges } from './binning.ts';
import { cellTest } from './cell-test.ts';
import { conclude, type DriftTest } from './drift-test.ts';
import { edgeCells, sampleCells } from './sample-cells.ts';
import { groupValues } from './two-samples.ts';

/** 1 − Σ √(p·q) as ½·Σ (√p − √q)², which does not cancel for shares near each other. */
function squaredHellinger(p: Float64Array, q: Float64Array): number {
  return p.reduce((sum, share, cell) => sum + (Math.sqrt(share) - Math.sqrt(q[cell]!)) ** 2, 0) / 2;
}

function distanceTest(
  test: Pick<DriftTest, 'name' | 'summary'>,
  distance: (p: Float64Array, q: Float64Array) => number,
): DriftTest {
  return cellTest({
    ...test,
    judgedBy: 'distance',
    isSymmetric: true,
    conventions: ['tidemark'],
    compare: (reference, current) => conclude(distance(shares(reference), shares(current))),
  });
}

/**
 * √(1 − Σ √(p·q)), in [0, 1]. Numbers are binned by the convention: `evidently` by Sturges over the distinct values
 * of both samples, `nannyml` by Doane over the reference.
 *
 * @example hellinger.counts([50, 50, 0], [40, 50, 10]) // statistic 0.22975
 */
export const hellinger = cellTest({
  name: 'hellinger',
  summary: 'Bounded, symmetric distance of the square roots of cell shares.',
  judgedBy: 'distance',
  isSymmetric: true,
  conventions: ['tidemark', 'evidently', 'nannyml'],
  cellsOf: (samples, convention) =>
    convention === 'evidently'
      ? edgeCells(samples, sturgesEdges(groupValues(samples).values))
      : sampleCells(samples, convention),
  compare: (reference, current) =>
    conclude(Math.min(1, Math.sqrt(squaredHellinger(shares(reference), shares(current))))),
});

/** ½·Σ |p − q|, in [0, 1]: the share of rows that would have to move. @example totalVariation.counts([5, 5], [1, 9]) // 0.4 */
export const totalVariation = distanceTest(
  {
    name: 'total_variation',
    summary: 'Half the sum of the changes of cell shares: the share of rows that would have to move.',
  },
  (p, q) => p.reduce((sum, share, cell) => sum + Math.abs(share - q[cell]!), 0) / 2,
);

/** max |p − q|, in [0, 1]. @example lInfinity.counts([5, 5], [1, 9]) // 0.4 */
export const lInfinity = distanceTest(
  { name: 'l_infinity', summary: 'Largest change of a cell share.' },
  (p, q) => p.reduce((most, share, cell) => Math.max(most, Math.abs(share - q[cell]!)), 0),
);

/** −ln Σ √(p·q): infinite for disjoint shares. @example bhattacharyya.counts([5, 5], [1, 9]) // 0.11157 */
export const bhattacharyya = distanceTest(
  { name: 'bhattacharyya', summary: 'Negative logarithm of the overlap of cell shares; unbounded.' },
  (p, q) => -Math.log1p(-Math.min(1, squaredHellinger(p, q))) + 0,
);
