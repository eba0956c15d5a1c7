/** Dependence of the baseline's numeric features: what later co-moments are tested against. Part of the anchors. */

import { symmetricEigen } from '#shared/linear-algebra.ts';
import { MAX_DEPENDENT_COLUMNS } from './co-moments.ts';

/** Fewer baseline rows say too little about fourth moments. */
const MIN_ROWS = 50;
/** Share of the variance that the kept components explain (NannyML's default). */
const EXPLAINED_VARIANCE = 0.65;
/** Scores lie in −80 … 80. */
const LARGEST_SCORE = 80;
const LEVELS = 2 * LARGEST_SCORE + 1;
/** Kurtosis of the influence of a normal row on a correlation, whatever the correlation. */
const NORMAL_KURTOSIS = 9;
/** With ten rows per unit of kurtosis the rows seen speak for themselves; with fewer, so many per unit are imagined. */
const ENOUGH_ROWS = 10;
const IMAGINED_ROWS = 4;

export interface Dependence {
  /** Numeric feature columns that vary, in the baseline's order; co-moments are kept of exactly these. */
  readonly columns: readonly string[];
  /** Baseline rows. */
  readonly rows: number;
  /**
   * n·Var(r), one entry per pair i < j, row by row: the variance of the influence z_i·z_j − r/2·(z_i² + z_j²) of a
   * row, so that dependence which is not normal (y = x²) does not pass for a change.
   */
  readonly correlationVariance: readonly number[];
  /** Skewness of that influence, per pair. */
  readonly correlationSkewness: readonly number[];
  /** Kurtosis of that influence beyond the 9 of normal data, per pair: large where few rows carry a correlation. */
  readonly correlationKurtosis: readonly number[];
  readonly reconstruction: Reconstruction;
}

export interface Reconstruction {
  /** Principal components of the correlation matrix of every other baseline row; at least one, not all. */
  readonly components: readonly (readonly number[])[];
  /** Mean and standard deviation of each column's scores, by which they are standardised. */
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  /** Mean squared reconstruction error of the rows that the components were not fitted to. */
  readonly meanError: number;
  readonly errorVariance: number;
  readonly errorSkewness: number;
  /** How much smaller the error of all baseline rows is, because half of them were fitted to. */
  readonly optimism: number;
}

interface ScoreColumn {
  readonly name: string;
  /** One normal score per row, −80 to 80; 0 is missing. */
  readonly scores: Int8Array;
}

/**
 * Measures how the scores of baseline columns depend on one another: how much each correlation varies from window to
 * window, and how well a few principal components reconstruct a row. The same to the last bit in any order of rows.
 *
 * Components are fitted to one half of the rows and judged on the other: with 30 independent columns and 5000 rows the
 * error of the fitted rows is 10 % too small, which a window of 200 rows already shows.
 *
 * @param columns scores from −80 to 80, of equal length; columns that do not vary and those beyond 32 are left out
 * @returns null with fewer than 2 columns that vary, or fewer than 50 rows
 * @throws RangeError when columns differ in length
 * @example
 * measureDependence([{ name: 'x', scores: ramp }, { name: 'y', scores: ramp }])?.columns // ['x', 'y']
 */
export function measureDependence(columns: readonly ScoreColumn[]): Dependence | null {
  const rows = columns[0]?.scores.length ?? 0;
  const odd = columns.find(({ scores }) => scores.length !== rows);
  if (odd) throw new RangeError(`column "${odd.name}" has ${odd.scores.length} scores, must have ${rows}`);
  const varying = columns
    .filter(({ scores }) => scores.some((score) => score !== scores[0]))
    .slice(0, MAX_DEPENDENT_COLUMNS);
  if (varying.length < 2 || rows < MIN_ROWS) return null;
  const scores = varying.map((column) => column.scores);
  const levels = scores.map(levelsOf);
  const counts = new Uint32Array(LEVELS * LEVELS);
  const shapes = levels.flatMap((first, at) =>
    levels.slice(at + 1).map((second) => influence(first, second, counts)),
  );
  return {
    columns: varying.map(({ name }) => name),
    rows,
    correlationVariance: shapes.map(({ variance }) => rounded(variance, 9)),
    correlationSkewness: shapes.map(({ skewness }) => rounded(skewness, 4)),
    correlationKurtosis: shapes.map(({ kurtosis }) => rounded(kurtosis - NORMAL_KURTOSIS, 4)),
    reconstruction: measureReconstruction(scores),
  };
}

/**
 * Moments of a row's influence on the correlation of two columns. Counted per pair of levels, so that the order of rows
 * cannot matter.
 *
 * What has not been seen yet is imagined. One row contradicts the correlation: without it two equal columns would have
 * no variance. And two flags that are each set in 1 % of 5000 rows may never be set together, by chance: without the
 * rows that independence expects, the first such row would be a z of hundreds.
 */
function influence(first: Levels, second: Levels, counts: Uint32Array): RowShape {
  const rows = first.codes.length;
  const width = second.values.length;
  const cells = first.values.length * width;
  counts.fill(0, 0, cells);
  let products = 0;
  for (let row = 0; row < rows; row++) counts[first.codes[row]! * width + second.codes[row]!]!++;
  for (let cell = 0, i = 0; i < first.values.length; i++)
    for (let j = 0; j < width; j++, cell++) products += counts[cell]! * first.values[i]! * second.values[j]!;
  const correlation = products / rows;
  const contradiction = -2 * correlation;
  const kurtosis = first.kurtosis * second.kurtosis;
  const imagined = IMAGINED_ROWS * kurtosis * Math.min(1, (ENOUGH_ROWS * kurtosis) / rows);
  let squares = contradiction ** 2 + imagined;
  let cubes = contradiction ** 3 + imagined * first.skewness * second.skewness;
  let fourths = contradiction ** 4 + imagined * kurtosis;
  for (let cell = 0, i = 0; i < first.values.length; i++)
    for (let j = 0; j < width; j++, cell++) {
      const count = counts[cell]!;
      if (count === 0) continue;
      const [one, other] = [first.values[i]!, second.values[j]!];
      const value = one * other - (correlation / 2) * (one * one + other * other);
      const square = value * value;
      squares += count * square;
      cubes += count * square * value;
      fourths += count * square * square;
    }
  const weight = rows + 1 + imagined;
  const variance = squares / weight;
  return {
    variance,
    skewness: cubes / weight / (variance * Math.sqrt(variance)),
    kurtosis: fourths / weight / (variance * variance),
  };
}

interface RowShape {
  readonly variance: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

/** One column as codes of its occupied levels, and the standardised value of each. */
interface Levels {
  readonly codes: Uint8Array;
  readonly values: Float64Array;
  readonly skewness: number;
  readonly kurtosis: number;
}

function levelsOf(scores: Int8Array): Levels {
  const { mean, scale } = momentsOf(scores);
  const counts = new Uint32Array(LEVELS);
  for (const score of scores) counts[score + LARGEST_SCORE]!++;
  const occupied = Array.from(counts.keys()).filter((level) => counts[level]! > 0);
  const codeOf = new Uint8Array(LEVELS);
  occupied.forEach((level, code) => {
    codeOf[level] = code;
  });
  const values = Float64Array.from(occupied, (level) => (level - LARGEST_SCORE - mean) / scale);
  let [cubes, fourths] = [0, 0];
  values.forEach((value, code) => {
    cubes += counts[occupied[code]!]! * value ** 3;
    fourths += counts[occupied[code]!]! * value ** 4;
  });
  return {
    codes: Uint8Array.from(scores, (score) => codeOf[score + LARGEST_SCORE]!),
    values,
    skewness: cubes / scores.length,
    kurtosis: fourths / scores.length,
  };
}

function momentsOf(scores: Int8Array): { readonly mean: number; readonly scale: number } {
  let [sum, squares] = [0, 0];
  for (const score of scores) {
    sum += score;
    squares += score * score;
  }
  const rows = scores.length;
  return { mean: sum / rows, scale: Math.sqrt((rows * squares - sum * sum) / (rows * rows)) };
}

function measureReconstruction(scores: readonly Int8Array[]): Reconstruction {
  const moments = scores.map(momentsOf);
  const mean = moments.map((column) => rounded(column.mean, 9));
  const scale = moments.map((column) => rounded(column.scale, 9));
  const order = orderByContent(scores);
  const fitted = order.filter((_, at) => at % 2 === 0);
  const heldOut = order.filter((_, at) => at % 2 === 1);
  const components = principalComponents(scores, fitted);
  const errors = (rows: Uint32Array) =>
    Float64Array.from(rows, (row) => {
      const values = scores.map((column, at) => (column[row]! - mean[at]!) / scale[at]!);
      return squaredError(values, components);
    }).sort();
  const judged = describeErrors(errors(heldOut));
  return {
    components,
    mean,
    scale,
    meanError: rounded(judged.mean, 9),
    errorVariance: rounded(judged.variance, 9),
    errorSkewness: rounded(judged.skewness, 4),
    optimism: rounded((judged.mean - describeErrors(errors(fitted)).mean) / 2, 9),
  };
}

/** Rows by a hash of their scores: equal rows become neighbours, others come as if drawn by lot. */
function orderByContent(scores: readonly Int8Array[]): Uint32Array {
  const hashes = Uint32Array.from(scores[0]!, (_, row) => {
    let hash = 0x811c9dc5;
    for (const column of scores) hash = Math.imul(hash ^ (column[row]! & 0xff), 0x01000193);
    return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  });
  const compareRows = (one: number, other: number) => {
    for (const column of scores) if (column[one] !== column[other]) return column[one]! - column[other]!;
    return 0;
  };
  return Uint32Array.from(hashes.keys()).sort(
    (one, other) => hashes[one]! - hashes[other]! || compareRows(one, other),
  );
}

function principalComponents(scores: readonly Int8Array[], rows: Uint32Array): number[][] {
  const sums = scores.map((column) => rows.reduce((sum, row) => sum + column[row]!, 0));
  const taken = scores.map((column) => Float64Array.from(rows, (row) => column[row]!));
  const covariance = taken.map((first, i) =>
    taken.map((second, j) => {
      let products = 0;
      // Below the diagonal nothing is read.
      for (let row = 0; j >= i && row < first.length; row++) products += first[row]! * second[row]!;
      return products - (sums[i]! * sums[j]!) / rows.length;
    }),
  );
  const correlation = covariance.map((row, i) =>
    row.map((value, j) => {
      const size = Math.sqrt(covariance[i]![i]! * covariance[j]![j]!);
      return size > 0 ? value / size : 0;
    }),
  );
  const { values, vectors } = symmetricEigen(correlation);
  const needed = EXPLAINED_VARIANCE * values.reduce((sum, value) => sum + value, 0);
  let [kept, explained] = [0, 0];
  while (kept < values.length - 1 && (kept === 0 || explained < needed)) explained += values[kept++]!;
  return vectors.slice(0, kept).map((vector) => vector.map((entry) => rounded(entry, 9)));
}

function squaredError(values: readonly number[], components: readonly (readonly number[])[]): number {
  let error = 0;
  for (const value of values) error += value * value;
  for (const component of components) {
    let along = 0;
    for (let at = 0; at < values.length; at++) along += component[at]! * values[at]!;
    error -= along * along;
  }
  return error;
}

/** Moments of ascending values. */
function describeErrors(errors: Float64Array) {
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  let [squares, cubes] = [0, 0];
  for (const error of errors) {
    squares += (error - mean) ** 2;
    cubes += (error - mean) ** 3;
  }
  const variance = squares / errors.length;
  return {
    mean,
    variance,
    skewness: variance > 0 ? cubes / errors.length / (variance * Math.sqrt(variance)) : 0,
  };
}

/** To so many significant digits: short in JSON, and the same on every machine. */
function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits)) + 0;
}
