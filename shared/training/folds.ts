/** Cross-validation: which rows are held out together, and which settings the folds speak for. */
import { shuffledIndices } from '#shared/random.ts';

export interface Fold {
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Blocks of neighbouring rows: rows in order of time, where neighbours are alike and a shuffle would let the model see
 * the answer. Block sizes differ by one at most.
 *
 * @param rows - at least `folds`
 * @param folds - at least 2
 * @example blockFolds(4, 2)[0] // { training: [2, 3], validation: [0, 1] }
 */
export function blockFolds(rows: number, folds: number): Fold[] {
  return cut(
    Int32Array.from({ length: rows }, (_, row) => row),
    folds,
  );
}

/** The same of rows without an order, dealt at random. */
export function shuffledFolds(rows: number, folds: number, random: () => number): Fold[] {
  return cut(Int32Array.from(shuffledIndices(rows, random)), folds);
}

function cut(order: Int32Array, folds: number): Fold[] {
  if (!(folds >= 2 && folds <= order.length))
    throw new RangeError(`${folds} folds of ${order.length} rows: 2 to the number of rows is allowed`);
  return Array.from({ length: folds }, (_, fold) => {
    const start = Math.floor((fold * order.length) / folds);
    const end = Math.floor(((fold + 1) * order.length) / folds);
    const training = new Int32Array(order.length - (end - start));
    training.set(order.subarray(0, start));
    training.set(order.subarray(end), start);
    return { training: training.sort(), validation: order.slice(start, end).sort() };
  });
}

export interface Choice {
  /** Which of the settings. */
  readonly chosen: number;
  /** Mean loss over the folds, by setting; infinite where a fold could not be fitted. */
  readonly losses: readonly number[];
  /** Standard error of the difference between the best setting and the first. */
  readonly standardError: number;
}

/**
 * The setting to train with. The first, the default, stays unless another is better by more than one standard error of
 * the paired difference: of several settings one always looks best, and mostly by luck (the rule of Breiman et al. 1984,
 * on differences within folds).
 *
 * @param losses - by fold, then by setting: mean loss on the fold's validation rows; smaller is better
 * @example chooseSetting([[1, 0.5], [1.1, 0.6]]).chosen // 1: better by 0.5 in both folds
 */
export function chooseSetting(losses: readonly (readonly number[])[]): Choice {
  const settings = losses[0]?.length ?? 0;
  if (settings === 0)
    throw new RangeError('no losses to choose by: at least one fold and one setting are needed');
  const means = Array.from(
    { length: settings },
    (_, setting) => losses.reduce((sum, fold) => sum + fold[setting]!, 0) / losses.length,
  );
  let best = 0;
  for (let at = 1; at < settings; at++) if (means[at]! < means[best]!) best = at;
  if (means[0] === Number.POSITIVE_INFINITY) return { chosen: best, losses: means, standardError: 0 };
  const gains = losses.map((fold) => fold[0]! - fold[best]!);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, gains.length - 1);
  const standardError = Math.sqrt(variance / gains.length);
  return { chosen: mean > standardError ? best : 0, losses: means, standardError };
}
