/** The boosting loop: tree after tree on the gradients that the trees before it leave. */

import type { BinnedColumn } from './binning.ts';
import { initialScores, lossFor } from './gbdt-loss.ts';
import type { GbdtTree } from './gbdt-model.ts';
import type { TrainingTarget } from './training-target.ts';
import { createGrower, type GrowOptions } from './tree-growing.ts';

export interface Boosting {
  /** Grows one tree per output and returns them. */
  readonly addRound: () => GbdtTree[];
  /** Negative gradients of the loss at the present scores, output by output. */
  readonly residuals: () => Float32Array;
}

/**
 * Prepares boosting on binned columns; each call of `addRound` goes one round further.
 *
 * @param columns - binned training columns; none makes every tree a single leaf
 * @param weights - with a mean of 1, or `undefined` for equal ones
 * @param baseValues - the scores to start from, one per output
 */
export function startBoosting(
  columns: readonly BinnedColumn[],
  target: TrainingTarget,
  weights: Float32Array | undefined,
  baseValues: Float32Array,
  options: GrowOptions,
): Boosting {
  const rows = target.task === 'regression' ? target.values.length : target.labels.length;
  const grower = createGrower(columns, rows, options);
  const loss = lossFor(target, weights);
  const scores = initialScores(baseValues, rows);
  const gradients = new Float32Array(scores.length);
  const hessians = new Float32Array(loss.hasUnitHessians ? 0 : scores.length);
  return {
    addRound() {
      loss.differentiate(scores, gradients, hessians);
      return Array.from(baseValues, (_, output) => {
        const [start, end] = [output * rows, (output + 1) * rows];
        return grower.grow(
          gradients.subarray(start, end),
          loss.hasUnitHessians ? undefined : hessians.subarray(start, end),
          output,
          scores.subarray(start, end),
        );
      });
    },
    residuals() {
      loss.differentiate(scores, gradients, hessians);
      return gradients.map((gradient) => -gradient);
    },
  };
}
