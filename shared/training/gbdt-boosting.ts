/** The boosting loop: tree after tree on the gradients that the trees before it leave. */

import { seededRandom } from '#shared/random.ts';
import type { BinnedColumn } from './binning.ts';
import { initialScores, type Loss } from './gbdt-loss.ts';
import type { GbdtTree } from './gbdt-model.ts';
import { sampleColumns, sampleRows, shareOf } from './row-sampling.ts';
import { createGrower, type GrowExtras, type GrowOptions } from './tree-growing.ts';

interface BoostingOptions extends Omit<GrowOptions, 'maxStep'> {
  /** Share of the rows that each round is grown from. */
  readonly rowShare: number;
  /** Share of the columns that each tree may split. */
  readonly columnShare: number;
  readonly seed: number;
}

export interface Boosting {
  /** Grows one tree per output and returns them. */
  readonly addRound: () => GbdtTree[];
}

/**
 * Prepares boosting on binned columns; each call of `addRound` goes one round further.
 *
 * @param columns - binned training columns
 * @param rows - how many each of them has
 * @param baseValues - the scores to start from, one per output
 */
export function startBoosting(
  columns: readonly BinnedColumn[],
  rows: number,
  loss: Loss,
  baseValues: Float32Array,
  options: BoostingOptions,
): Boosting {
  const { rowShare, columnShare, learningRate } = options;
  const grower = createGrower(columns, rows, { ...options, maxStep: loss.maxStep });
  const random = seededRandom(options.seed);
  const scores = initialScores(baseValues, rows);
  const gradients = new Float32Array(scores.length);
  const hessians = new Float32Array(loss.hasUnitHessians ? 0 : scores.length);

  /** What differs from plain boosting in one tree; the rows are those of its round. */
  function extrasOf(sample: Int32Array | undefined, treeScores: Float64Array): GrowExtras {
    const { bestStep } = loss;
    const mask =
      columnShare < 1
        ? sampleColumns(columns.length, shareOf(columnShare, columns.length), random)
        : undefined;
    return {
      ...(sample && { rows: sample }),
      ...(mask && { allowedColumns: () => mask }),
      ...(bestStep && {
        leafValue: (_: number, rows: Int32Array) => learningRate * bestStep(rows, treeScores),
      }),
    };
  }

  return {
    addRound() {
      loss.differentiate(scores, gradients, hessians);
      const sample = rowShare < 1 ? sampleRows(rows, shareOf(rowShare, rows), random) : undefined;
      return Array.from(baseValues, (_, output) => {
        const [start, end] = [output * rows, (output + 1) * rows];
        const treeScores = scores.subarray(start, end);
        return grower.grow(
          gradients.subarray(start, end),
          loss.hasUnitHessians ? undefined : hessians.subarray(start, end),
          output,
          treeScores,
          extrasOf(sample, treeScores),
        );
      });
    },
  };
}
