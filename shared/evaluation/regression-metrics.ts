/** The menu of regression metrics: adding one is a value and a line here. */

import { notComputable } from '../drift/measure.ts';
import { type EvaluationTask, type Figure, type Metric, noRows, weightedSum } from './metric.ts';
import {
  type QuantileInput,
  type ScoredNumbers,
  scoreNumbers,
  takeScoredNumbers,
  type WeightedNumbers,
  weighNumbers,
} from './scored-numbers.ts';

type RegressionMetric = Metric<ScoredNumbers, WeightedNumbers>;

/** Root of the mean squared error (`sklearn.metrics.root_mean_squared_error`), in the unit of the target. */
export const rmse = meanError(
  'rmse',
  true,
  (error) => error * error,
  (mean) => Math.sqrt(mean),
);

/** Mean absolute error (`mean_absolute_error`), in the unit of the target. */
const mae = meanError('mae', true, Math.abs);

/** Mean of |error| ∕ |truth| as a ratio (`mean_absolute_percentage_error`). Not computable when a true value is 0. */
const mape: RegressionMetric = {
  name: 'mape',
  hasInterval: false,
  of: (scored) => {
    const zeros = scored.truth.filter((value) => value === 0).length;
    if (scored.fault === undefined && zeros > 0)
      return () => notComputable(`${zeros} of ${scored.rows} true values are 0`);
    return meanError('mape', false, (error, truth) => Math.abs(error / truth)).of(scored);
  },
};

/** Share of the truth's variance that is explained (`r2_score`). Not computable when the truth is constant. */
const r2: RegressionMetric = {
  name: 'r2',
  hasInterval: true,
  of: (scored) => {
    const { truth, predicted, fault } = scored;
    if (fault !== undefined) return () => notComputable(fault);
    const mean = truth.reduce((sum, value) => sum + value / truth.length, 0);
    // near every resample's mean, so that its sum of squares is not lost in rounding
    const centred = truth.map((value) => value - mean);
    const squares = centred.map((value) => value * value);
    const residuals = truth.map((value, row) => (value - predicted[row]!) ** 2);
    return ({ weights, total }) => {
      if (isConstant(truth, weights)) return notComputable('the true values are all the same');
      const spread = weightedSum(squares, weights) - weightedSum(centred, weights) ** 2 / total;
      return spread > 0
        ? finite(1 - weightedSum(residuals, weights) / spread)
        : notComputable('the true values differ by less than their rounding');
    };
  },
};

/** Middle of the absolute errors, of an even count the mean of the middle two (`median_absolute_error`). */
const medianAbsoluteError: RegressionMetric = {
  name: 'median_absolute_error',
  hasInterval: false,
  of: ({ truth, predicted, fault }) => {
    if (fault !== undefined) return () => notComputable(fault);
    const errors = truth.map((value, row) => Math.abs(value - predicted[row]!));
    const order = Uint32Array.from(errors, (_, row) => row).sort(
      (one, other) => errors[one]! - errors[other]!,
    );
    return ({ weights, total }) => {
      let below = 0;
      for (let rank = 0; rank < order.length; rank++) {
        below += weights[order[rank]!]!;
        if (below * 2 < total) continue;
        const error = errors[order[rank]!]!;
        if (below * 2 > total) return error;
        const next = order.subarray(rank + 1).find((row) => weights[row]! > 0);
        return next === undefined ? error : (error + errors[next]!) / 2;
      }
      return notComputable(noRows);
    };
  },
};

export const regression: EvaluationTask<ScoredNumbers, WeightedNumbers> = {
  metrics: [rmse, mae, r2, mape, medianAbsoluteError],
  take: takeScoredNumbers,
  weigh: weighNumbers,
  width: () => 1,
};

/**
 * Mean pinball loss of one quantile's predictions (`sklearn.metrics.mean_pinball_loss`): an error below the truth costs `level`, above
 * it 1 − `level`, for each unit. At 0.5 half the mean absolute error.
 *
 * @throws RangeError when the level is not above 0 and below 1, or the lengths differ
 * @example pinballLoss(Float64Array.of(1, 2, 3), { level: 0.1, predicted: [0, 2, 3] }) // 0.0333…
 */
export function pinballLoss(truth: Float64Array, { level, predicted }: QuantileInput): Figure {
  if (!(level > 0 && level < 1))
    throw new RangeError(`a quantile level must be above 0 and below 1; got ${level}`);
  const { rows, fault } = scoreNumbers(truth, predicted);
  if (fault !== undefined) return notComputable(fault);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const error = truth[row]! - predicted[row]!;
    sum += error >= 0 ? level * error : (level - 1) * error;
  }
  return finite(sum / rows);
}

function meanError(
  name: string,
  hasInterval: boolean,
  loss: (error: number, truth: number) => number,
  ofMean: (mean: number) => number = (mean) => mean,
): RegressionMetric {
  return {
    name,
    hasInterval,
    of: ({ truth, predicted, fault }) => {
      if (fault !== undefined) return () => notComputable(fault);
      const losses = truth.map((value, row) => loss(predicted[row]! - value, value));
      return ({ weights, total }) =>
        total > 0 ? finite(ofMean(weightedSum(losses, weights) / total)) : notComputable(noRows);
    },
  };
}

/** Of the rows that count. */
function isConstant(values: Float64Array, weights: Float64Array): boolean {
  let first: number | undefined;
  for (let row = 0; row < values.length; row++) {
    if (weights[row] === 0) continue;
    first ??= values[row]!;
    if (values[row] !== first) return false;
  }
  return true;
}

function finite(value: number): Figure {
  return Number.isFinite(value) ? value : notComputable('the errors are too large to be added up');
}
