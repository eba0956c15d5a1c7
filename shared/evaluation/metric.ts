/** What every evaluation metric is: a figure of a model's held-out rows, each counted as often as its weight says. */

import type { NotComputable } from '../drift/measure.ts';

/** A finite number, or why there is none. */
export type Figure = number | NotComputable;

/**
 * A metric is a value of this type and a line in its task's registry (`classification-metrics.ts`, `regression-metrics.ts`).
 * Weights are how a bootstrap resample is described: how often each row was drawn.
 */
export interface Metric<Scored, Weighted> {
  readonly name: string;
  /** Whether the resamples are evaluated for it. */
  readonly hasInterval: boolean;
  /** Does once what does not depend on the weights (sorting, losses by row); the answer is called once for each resample. */
  readonly of: (scored: Scored) => (weighted: Weighted) => Figure;
}

/** All that evaluating one kind of task needs. */
export interface EvaluationTask<Scored extends { readonly rows: number }, Weighted> {
  readonly metrics: readonly Metric<Scored, Weighted>[];
  /** The given rows only. */
  readonly take: (scored: Scored, rows: Uint32Array) => Scored;
  readonly weigh: (scored: Scored, weights: Float64Array) => Weighted;
  /** Numbers that scoring or sorting one row touches: 1, or the classes with a probability. */
  readonly width: (scored: Scored) => number;
}

/** Every row counted once. */
export function equalWeights(rows: number): Float64Array {
  return new Float64Array(rows).fill(1);
}

/** Σ weight·value. */
export function weightedSum(values: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += weights[row]! * values[row]!;
  return sum;
}

export function isComputable(figure: Figure): figure is number {
  return typeof figure === 'number';
}

/** What stands where there are no rows at all. */
export const noRows = 'there are no rows';
