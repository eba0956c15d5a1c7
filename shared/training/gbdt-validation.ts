/** Early stopping: follows the loss on rows that are not trained on, and says which round was best. */

import type { Columns } from '#shared/schema/columns.ts';
import { type ColumnEncoding, encodeColumns } from './column-encoding.ts';
import { initialScores, meanLoss, type RegressionLoss } from './gbdt-loss.ts';
import type { GbdtTree } from './gbdt-model.ts';
import { checkValidationData } from './training-check.ts';
import type { TrainingTarget } from './training-target.ts';
import { findLeaf } from './tree.ts';

export interface ValidationWatch {
  /** Takes the trees of one more round into account. */
  readonly add: (trees: readonly GbdtTree[]) => void;
  /** The number of rounds with the smallest loss, at least 1; of equals, the first. */
  readonly bestRounds: () => number;
  /** The last `patience` rounds brought nothing. */
  readonly isOver: () => boolean;
}

/**
 * Prepares to score validation rows round by round.
 *
 * @param validation - rows with the columns and the task of training
 * @param patience - rounds to wait for a smaller loss, at least 1
 * @throws TrainingDataError when the rows or their target do not fit the training ones
 */
export function watchValidation(
  { data, target }: { readonly data: Columns; readonly target: TrainingTarget },
  training: TrainingTarget,
  columns: readonly ColumnEncoding[],
  baseValues: Float32Array,
  patience: number,
  regressionLoss: RegressionLoss,
): ValidationWatch {
  checkValidationData(data, target, training);
  const inputs = encodeColumns(columns, data);
  const scores = initialScores(baseValues, data.rows);
  let smallestLoss = Number.POSITIVE_INFINITY;
  let rounds = 0;
  let bestRounds = 1;
  return {
    add(trees) {
      for (const tree of trees)
        for (let row = 0; row < data.rows; row++) {
          const at = tree.output * data.rows + row;
          scores[at] = scores[at]! + tree.value[findLeaf(tree, inputs, row)]!;
        }
      rounds++;
      const loss = meanLoss(target, scores, regressionLoss);
      if (loss >= smallestLoss) return;
      smallestLoss = loss;
      bestRounds = rounds;
    },
    bestRounds: () => bestRounds,
    isOver: () => rounds - bestRounds >= patience,
  };
}
