/** Columns that alone almost give the target away: usually a leak, sometimes the answer under another name. */
import { rocAuc } from '../drift/tests/auc.ts';
import type { Column, Columns } from '../schema/columns.ts';
import { spearman } from './spearman.ts';

export interface LeakSuspect {
  readonly column: string;
  /** Held-out R², or squared rank correlation (regression), or the mean one-against-rest AUC (classification) of this column alone. */
  readonly score: number;
}

const threshold = 0.99;
const maxBins = 256;

/**
 * Predicts the target from each column alone, by the mean of the target in its quantile bins or categories, and scores that on held-out
 * rows; of numbers also by whether they are in the target's order.
 *
 * @param labels one per row: numbers, or class names
 */
export function leakSuspects(
  train: Columns,
  trainLabels: readonly (number | string)[],
  held: Columns,
  heldLabels: readonly (number | string)[],
  classes: readonly string[] | undefined,
): readonly LeakSuspect[] {
  return train.columns.flatMap((column, at) => {
    const bins = binning(column);
    const inTrain = bins(column);
    const inHeld = bins(held.columns[at]!);
    const score = classes
      ? meanAuc(classes, inTrain, trainLabels, inHeld, heldLabels)
      : Math.max(
          rSquared(meansByBin(inTrain, trainLabels.map(Number)), inHeld, heldLabels.map(Number)),
          monotony(held.columns[at]!, heldLabels.map(Number)),
        );
    return score > threshold ? [{ column: column.name, score: Number(score.toFixed(4)) }] : [];
  });
}

/** The squared rank correlation: the target under another name, in another unit, has 1 however few rows there are. */
function monotony(column: Column, targets: readonly number[]): number {
  if (column.kind === 'categorical') return 0;
  const known = targets.map((_, row) => row).filter((row) => !Number.isNaN(column.values[row]));
  // what is mostly missing explains few rows, however well
  if (known.length < targets.length / 2) return 0;
  const found = spearman(
    known.map((row) => column.values[row]!),
    known.map((row) => targets[row]!),
  );
  return found.computable ? found.correlation ** 2 : 0;
}

/** Quantile bins for numbers, one bin per value for categories; learnt from the training column. */
function binning(column: Column): (column: Column) => readonly number[] {
  if (column.kind === 'categorical') {
    const codes = new Map<string | null, number>();
    for (const value of column.values) if (!codes.has(value)) codes.set(value, codes.size);
    return (other) => (other.values as readonly (string | null)[]).map((value) => codes.get(value) ?? -1);
  }
  const sorted = Array.from(column.values)
    .filter((value) => !Number.isNaN(value))
    .sort((one, other) => one - other);
  const edges = Array.from(
    { length: maxBins - 1 },
    (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / maxBins)] ?? 0,
  );
  const distinct = [...new Set(edges)];
  return (other) =>
    Array.from(other.values as ArrayLike<number>, (value) =>
      Number.isNaN(value) ? -1 : lowerBound(distinct, value),
    );
}

function lowerBound(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function meansByBin(bins: readonly number[], targets: readonly number[]): (bin: number) => number {
  const sums = new Map<number, { sum: number; count: number }>();
  let total = 0;
  bins.forEach((bin, row) => {
    const entry = sums.get(bin) ?? { sum: 0, count: 0 };
    entry.sum += targets[row]!;
    entry.count += 1;
    total += targets[row]!;
    sums.set(bin, entry);
  });
  const overall = total / Math.max(1, bins.length);
  return (bin) => {
    const entry = sums.get(bin);
    return entry ? entry.sum / entry.count : overall;
  };
}

function rSquared(
  predict: (bin: number) => number,
  bins: readonly number[],
  targets: readonly number[],
): number {
  const mean = targets.reduce((sum, value) => sum + value, 0) / targets.length;
  let residual = 0;
  let total = 0;
  targets.forEach((target, row) => {
    residual += (target - predict(bins[row]!)) ** 2;
    total += (target - mean) ** 2;
  });
  return total === 0 ? 0 : 1 - residual / total;
}

function meanAuc(
  classes: readonly string[],
  trainBins: readonly number[],
  trainLabels: readonly (number | string)[],
  heldBins: readonly number[],
  heldLabels: readonly (number | string)[],
): number {
  const areas = classes.flatMap((label) => {
    const share = meansByBin(
      trainBins,
      trainLabels.map((one) => (String(one) === label ? 1 : 0)),
    );
    const area = rocAuc(
      heldBins.map(share),
      heldLabels.map((one) => (String(one) === label ? 1 : 0)),
    );
    return area === undefined ? [] : [area];
  });
  return areas.length === 0 ? 0 : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}
