/** PCA reconstruction error of raw rows in NannyML's convention: for comparing with other tools, and for embeddings. */

import { symmetricEigen } from '#shared/linear-algebra.ts';
import { type NotComputable, notComputable } from '../measure.ts';

type Rows = readonly ArrayLike<number>[];

export interface ReconstructionError {
  readonly computable: true;
  /** Components kept. */
  readonly k: number;
  /** Share of the reference's variance that each kept component explains. */
  readonly explainedVarianceRatio: readonly number[];
  /** Mean and sample standard deviation (n − 1) of the reference rows' errors. */
  readonly reference: { readonly mean: number; readonly standardDeviation: number };
  readonly current: { readonly mean: number; readonly errors: readonly number[] };
}

/**
 * Standardises by the reference (population standard deviation; a constant column only loses its mean), keeps the
 * fewest principal components that explain more than a share of its variance, and takes the Euclidean distance of each
 * row from its reconstruction. Missing values take the reference's mean. Source: NannyML's
 * `DataReconstructionDriftCalculator` and scikit-learn's `PCA(n_components=0.65)`.
 *
 * @param reference rows of equal length, at least 2; `NaN` is missing
 * @param current rows of the same length, at least 1
 * @param options.components share of explained variance, in (0, 1). @default 0.65
 * @throws RangeError when rows differ in length, or the share is not in (0, 1)
 * @example pcaReconstructionError([[-1, -1], [0, 0], [1, 1]], [[1, -1]]) // k 1, the row's error √3
 */
export function pcaReconstructionError(
  reference: Rows,
  current: Rows,
  options: { readonly components?: number } = {},
): ReconstructionError | NotComputable {
  const share = options.components ?? 0.65;
  if (!(share > 0 && share < 1)) throw new RangeError(`components is ${share}, must be above 0 and below 1`);
  if (reference.length < 2 || current.length < 1)
    return notComputable(`${reference.length} reference and ${current.length} current rows; 2 and 1 needed`);
  const columns = reference[0]!.length;
  for (const row of [...reference, ...current])
    if (row.length !== columns) throw new RangeError(`a row has ${row.length} values, must have ${columns}`);
  const scalers = Array.from({ length: columns }, (_, column) => scalerOf(reference, column));
  const standardise = (rows: Rows) =>
    rows.map((row) => scalers.map((scaler, column) => scaler(row[column]!)));
  const before = standardise(reference);
  const { values, vectors } = symmetricEigen(
    scalers.map((_, i) => scalers.map((_, j) => before.reduce((sum, row) => sum + row[i]! * row[j]!, 0))),
  );
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return notComputable('no column varies in the reference');
  const ratios = values.map((value) => value / total);
  let [k, explained] = [0, 0];
  while (k < columns && explained <= share) explained += ratios[k++]!;
  const components = vectors.slice(0, k);
  const errors = before.map((row) => distanceFromPlane(row, components));
  const currentErrors = standardise(current).map((row) => distanceFromPlane(row, components));
  const mean = meanOf(errors);
  const squares = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0);
  return {
    computable: true,
    k,
    explainedVarianceRatio: ratios.slice(0, k),
    reference: { mean, standardDeviation: Math.sqrt(squares / (errors.length - 1)) },
    current: { mean: meanOf(currentErrors), errors: currentErrors },
  };
}

/** Standardises values of one column; what is missing becomes the mean, 0. */
function scalerOf(rows: Rows, column: number): (value: number) => number {
  const present = rows.map((row) => row[column]!).filter(Number.isFinite);
  const mean = present.length === 0 ? 0 : meanOf(present);
  const deviation = Math.sqrt(present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows.length);
  // Rounding leaves a constant column a deviation of some ulps.
  const scale = deviation > 10 * Number.EPSILON * Math.abs(mean) ? deviation : 1;
  return (value) => (Number.isFinite(value) ? (value - mean) / scale : 0);
}

function distanceFromPlane(row: readonly number[], components: readonly (readonly number[])[]): number {
  const rest = [...row];
  for (const component of components) {
    const along = component.reduce((sum, entry, at) => sum + entry * row[at]!, 0);
    component.forEach((entry, at) => {
      rest[at]! -= along * entry;
    });
  }
  return Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
