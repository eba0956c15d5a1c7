/** Maximum mean discrepancy: the distance of two samples as a Gaussian kernel sees them. */

import { type NotComputable, total } from '../measure.ts';
import { conclude, type DriftTest, type SampleOptions, type TestResult } from './drift-test.ts';
import { hypergeometric, logFactorials } from './hypergeometric.ts';
import { groupValues, twoSamples, type ValueGroups } from './two-samples.ts';

/** Distinct values beyond this are joined with their neighbours: the kernel is quadratic in them. */
const MAX_POINTS = 512;
const PERMUTATIONS = 200;
/** Points that the permutations compare: any statistic gives a valid p-value, and this one is nearly the whole's. */
const MAX_PERMUTED_POINTS = 64;

/**
 * The unbiased MMD² with kernel exp(−d² / 2σ²) and σ² half the median squared distance of the reference's pairs, a row
 * with itself included, or ½ where that is 0 (Gretton et al. 2012; Evidently's bandwidth). Below 0 where the samples
 * are nearer than chance. Above 512 distinct values, neighbours in rank are taken together, so time is O(n log n).
 *
 * @param options.random draws 200 permutations of the labels for a p-value (k + 1) / 201; without it there is none
 * @example mmd.samples([0, 1], [0, 1]) // statistic −0.3161, pValue absent
 */
function mmdSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { random }: SampleOptions = {},
): TestResult | NotComputable {
  const samples = twoSamples(reference, current, { minimum: 2 });
  if (!samples.computable) return samples;
  const groups = groupValues(samples);
  const points = joinNeighbours(groups, MAX_POINTS);
  const width = Math.max(Math.abs(points.values[0]!), Math.abs(points.values.at(-1)!)) || 1;
  // In units of the largest value squares cannot overflow; the median's own unit cancels.
  const scaled = points.values.map((value) => value / width);
  const median = medianSquaredDistance(scaled, points.reference);
  const squaredWidth = median > 0 ? median : 1 / width / width;
  const statistic = discrepancy(kernelOf(scaled, squaredWidth), points.reference, points.current);
  if (!random) return conclude(statistic);
  const fewer = joinNeighbours(groups, MAX_PERMUTED_POINTS);
  const kernel = kernelOf(
    fewer.values.map((value) => value / width),
    squaredWidth,
  );
  return conclude(statistic, permutationPValue(kernel, fewer, random));
}

/** exp(−(x − y)² / squaredWidth) of all pairs. */
function kernelOf(values: Float64Array, squaredWidth: number): Float64Array {
  const size = values.length;
  const kernel = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) {
      const near = Math.exp(-((values[i]! - values[j]!) ** 2) / squaredWidth);
      kernel[i * size + j] = near;
      kernel[j * size + i] = near;
    }
  return kernel;
}

/** Points of about equally many rows at their mean value, where there are too many. */
function joinNeighbours(
  groups: ValueGroups,
  most: number,
): {
  values: Float64Array;
  reference: Float64Array;
  current: Float64Array;
} {
  const { values, reference, current } = groups;
  const rows = total(reference) + total(current);
  const size = Math.min(values.length, most);
  const joined = {
    values: new Float64Array(size),
    reference: new Float64Array(size),
    current: new Float64Array(size),
  };
  let before = 0;
  for (let at = 0; at < values.length; at++) {
    const here = reference[at]! + current[at]!;
    const point =
      size === values.length ? at : Math.min(size - 1, Math.floor(((before + here / 2) * size) / rows));
    joined.values[point]! += values[at]! * here;
    joined.reference[point]! += reference[at]!;
    joined.current[point]! += current[at]!;
    before += here;
  }
  const filled = joined.values
    .map((_, point) => point)
    .filter((point) => joined.reference[point]! + joined.current[point]! > 0);
  return {
    values: filled.map(
      (point) => joined.values[point]! / (joined.reference[point]! + joined.current[point]!),
    ),
    reference: filled.map((point) => joined.reference[point]!),
    current: filled.map((point) => joined.current[point]!),
  };
}

/** Median of (x − y)² over all n² pairs of weighted points, ascending; of an even number the upper one. */
function medianSquaredDistance(values: Float64Array, weights: Float64Array): number {
  const half = total(weights) ** 2 / 2;
  if (weightWithin(0, values, weights) > half) return 0;
  let [below, above] = [0, (values.at(-1)! - values[0]!) ** 2];
  // Halved down to neighbouring doubles, the upper one is the distance of a pair.
  for (;;) {
    const middle = below + (above - below) / 2;
    if (middle <= below || middle >= above) return above;
    if (weightWithin(middle, values, weights) > half) above = middle;
    else below = middle;
  }
}

/** Weight of the pairs no further apart than this. */
function weightWithin(squared: number, values: Float64Array, weights: Float64Array): number {
  let [sum, window, from] = [0, 0, 0];
  for (let at = 0; at < values.length; at++) {
    while ((values[at]! - values[from]!) ** 2 > squared) window -= weights[from++]!;
    sum += weights[at]! * (2 * window + weights[at]!);
    window += weights[at]!;
  }
  return sum;
}

/** Unbiased MMD² of weighted points: no row is compared with itself. */
function discrepancy(kernel: Float64Array, reference: Float64Array, current: Float64Array): number {
  const [n, m, size] = [total(reference), total(current), reference.length];
  let [within, withinCurrent, across] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    let [toReference, toCurrent] = [0, 0];
    for (let j = 0; j < size; j++) {
      toReference += kernel[i * size + j]! * reference[j]!;
      toCurrent += kernel[i * size + j]! * current[j]!;
    }
    within += reference[i]! * toReference;
    withinCurrent += current[i]! * toCurrent;
    across += reference[i]! * toCurrent;
  }
  return (within - n) / (n * (n - 1)) + (withinCurrent - m) / (m * (m - 1)) - (2 * across) / (n * m);
}

function permutationPValue(
  kernel: Float64Array,
  { reference, current }: { readonly reference: Float64Array; readonly current: Float64Array },
  random: () => number,
): number {
  const [n, m] = [total(reference), total(current)];
  const statistic = discrepancy(kernel, reference, current);
  const logFactorial = logFactorials(n + m);
  let atLeast = 0;
  for (let permutation = 0; permutation < PERMUTATIONS; permutation++) {
    let [rows, toDraw] = [n + m, n];
    const drawn = reference.map((before, point) => {
      const here = before + current[point]!;
      const taken = hypergeometric(here, rows, toDraw, random(), logFactorial);
      rows -= here;
      toDraw -= taken;
      return taken;
    });
    const rest = drawn.map((taken, point) => reference[point]! + current[point]! - taken);
    if (discrepancy(kernel, drawn, rest) >= statistic) atLeast++;
  }
  return (atLeast + 1) / (PERMUTATIONS + 1);
}

export const mmd: DriftTest = {
  name: 'mmd',
  summary: 'Maximum mean discrepancy under a Gaussian kernel of the reference’s median distance.',
  judgedBy: 'p_value',
  isSymmetric: false,
  conventions: ['evidently'],
  samples: mmdSamples,
};
