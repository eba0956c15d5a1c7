/** Cross-validation: which rows are held out together, and which settings the folds speak for. */
import { studentTQuantile } from '#shared/drift/special-functions.ts';

/** Row numbers; each row is in one of the three. */
export interface Fold {
  readonly training: Int32Array;
  /** Held back from the fit to decide its size, so that the judging rows decide nothing. */
  readonly stopping: Int32Array;
  /** What the fit is judged on. */
  readonly validation: Int32Array;
}

/** Of the rows that are not judged on. */
const STOPPING_SHARE = 0.15;

/**
 * Blocks of neighbouring rows: rows in order of time, where neighbours are alike and a shuffle would let the model see
 * the answer. Block sizes differ by one at most; the newest of a fold's other rows are those to stop by.
 *
 * @param rows - at least `folds`
 * @param folds - at least 2
 * @example blockFolds(4, 2)[0] // { training: [2], stopping: [3], validation: [0, 1] }
 */
export function blockFolds(rows: number, folds: number): Fold[] {
  return cut(
    Int32Array.from({ length: rows }, (_, row) => row),
    folds,
    () => true,
  );
}

/**
 * The same of rows without an order, however the file is sorted: dealt by their hashes, and rows of equal hash stay
 * together. A row that is judged on is therefore in no fit.
 *
 * @param hashes - 32 bits per row; equal rows have equal ones
 * @returns fewer folds than asked for where rows that differ are too few
 */
export function hashFolds(hashes: Uint32Array, folds: number): Fold[] {
  const order = Int32Array.from(hashes.keys()).sort(
    (one, other) => hashes[one]! - hashes[other]! || one - other,
  );
  return cut(order, folds, (before, after) => hashes[before] !== hashes[after]);
}

/** Cuts the order into blocks, each cut moved on to where its neighbours may be parted. */
function cut(order: Int32Array, folds: number, mayPart: (before: number, after: number) => boolean): Fold[] {
  if (!(folds >= 2 && folds <= order.length))
    throw new RangeError(`${folds} folds of ${order.length} rows: 2 to the number of rows is allowed`);
  const cutAt = (rows: Int32Array, wanted: number) => {
    let at = Math.floor(wanted);
    while (at > 0 && at < rows.length && !mayPart(rows[at - 1]!, rows[at]!)) at++;
    return at;
  };
  return Array.from({ length: folds }, (_, fold) => {
    const start = cutAt(order, (fold * order.length) / folds);
    const end = cutAt(order, ((fold + 1) * order.length) / folds);
    const others = new Int32Array(order.length - (end - start));
    others.set(order.subarray(0, start));
    others.set(order.subarray(end), start);
    const stop = cutAt(others, (1 - STOPPING_SHARE) * others.length);
    return {
      training: others.slice(0, stop).sort(),
      stopping: others.slice(stop).sort(),
      validation: order.slice(start, end).sort(),
    };
  }).filter((parts) => Object.values(parts).every((rows) => rows.length > 0));
}

export interface Choice {
  /** Which of the settings. */
  readonly chosen: number;
  /** Mean loss over the folds, by setting; infinite where a fold could not be fitted. */
  readonly losses: readonly number[];
  /** Standard error of the difference between the best setting and the first. */
  readonly standardError: number;
}

/** How often settings that are all alike lose the default. */
const CHANCE = 0.05;

/**
 * The setting to train with. The first, the default, stays unless another is better by more than chance: of several
 * settings one always looks best. A paired t test over the folds, its level shared among the other settings; more than
 * one standard error, the rule of Breiman et al. 1984, was cleared by one of four equal settings in 41 % of searches.
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
  const needed =
    losses.length < 2
      ? Number.POSITIVE_INFINITY
      : studentTQuantile(CHANCE / Math.max(1, settings - 1), losses.length - 1);
  const isBetter = best > 0 && mean > needed * standardError;
  return { chosen: isBetter ? best : 0, losses: means, standardError };
}
