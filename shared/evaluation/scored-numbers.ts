/** True and predicted numbers of the evaluated rows, checked once. */

import { noRows } from './metric.ts';

/** Answers of a quantile model: the level it aims at and one value per row. */
export interface QuantileInput {
  /** Above 0 and below 1. */
  readonly level: number;
  readonly predicted: ArrayLike<number>;
}

export interface RegressionInput {
  readonly task: 'regression';
  readonly truth: Float64Array;
  /** One value per row, in the unit of `truth`. */
  readonly predicted: ArrayLike<number>;
  readonly quantiles?: readonly QuantileInput[];
}

export interface ScoredNumbers {
  readonly rows: number;
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  /** Why the rows have no figures at all: none of them, or one that is no finite number. */
  readonly fault?: string;
}

/** @throws RangeError when lengths do not agree */
export function scoreNumbers(truth: Float64Array, predicted: ArrayLike<number>): ScoredNumbers {
  const rows = truth.length;
  if (predicted.length !== rows)
    throw new RangeError(`${rows} true values need as many predictions; got ${predicted.length}`);
  const scored = { rows, truth, predicted: Float64Array.from(predicted) };
  const fault = faultOf(scored);
  return fault === undefined ? scored : { ...scored, fault };
}

function faultOf({ rows, truth, predicted }: ScoredNumbers): string | undefined {
  if (rows === 0) return noRows;
  for (let row = 0; row < rows; row++) {
    if (!Number.isFinite(truth[row]!)) return `row ${row} has the true value ${truth[row]}`;
    if (!Number.isFinite(predicted[row]!)) return `row ${row} has the prediction ${predicted[row]}`;
  }
  return undefined;
}

/** The given rows, in the given order. */
export function takeScoredNumbers(scored: ScoredNumbers, rows: Uint32Array): ScoredNumbers {
  return scoreNumbers(
    Float64Array.from(rows, (row) => scored.truth[row]!),
    Float64Array.from(rows, (row) => scored.predicted[row]!),
  );
}

export interface WeightedNumbers {
  readonly weights: Float64Array;
  readonly total: number;
}

export function weighNumbers(_scored: ScoredNumbers, weights: Float64Array): WeightedNumbers {
  let total = 0;
  for (const weight of weights) total += weight;
  return { weights, total };
}
