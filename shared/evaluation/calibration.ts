/** Do events said to have a probability of p happen in a share p of cases? Calibration curve and expected calibration error. */

import { type NotComputable, notComputable } from '../drift/measure.ts';
import { noRows } from './metric.ts';

export interface CalibrationBin {
  readonly rows: number;
  readonly mean_probability: number;
  /** Share of the rows in which it happened. */
  readonly observed: number;
}

export interface CalibrationCurve {
  readonly computable: true;
  /** Ascending; bins without rows are left out. */
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: mean distance |mean probability − observed| weighted by rows, in [0, 1]. */
  readonly ece: number;
  /** Largest distance of a bin. */
  readonly max_error: number;
}

export interface CalibrationOptions {
  readonly bins?: number;
  /**
   * `equal_mass`: as many rows in each, tied probabilities sharing their mean outcome so that the order of rows does not matter.
   * `equal_width`: [0, 0.1), [0.1, 0.2), …, [0.9, 1].
   */
  readonly strategy?: 'equal_mass' | 'equal_width';
}

/**
 * Equal-mass bins are the default: equal-width ones rest on few rows where probabilities are scarce. Either is biased upwards by
 * about √(p(1 − p) ∕ rows of a bin), so a figure of a few hundredths on a few hundred rows says little.
 * Source: Naeini, Cooper & Hauskrecht 2015; Nixon et al. 2019 (equal mass); `sklearn.calibration.calibration_curve`, whose bins
 * hold their upper edge instead.
 *
 * @param probabilities in [0, 1]
 * @param happened 1 or 0 by row, as long as `probabilities`
 * @throws RangeError when the lengths differ or `bins` is no positive whole number
 * @example calibrationCurve([0.2, 0.2, 0.8, 0.8], [0, 1, 1, 1], { bins: 2 }) // ece 0.25: 0.2 against 0.5, and 0.8 against 1
 */
export function calibrationCurve(
  probabilities: ArrayLike<number>,
  happened: ArrayLike<number>,
  { bins = 10, strategy = 'equal_mass' }: CalibrationOptions = {},
): CalibrationCurve | NotComputable {
  const rows = probabilities.length;
  if (happened.length !== rows)
    throw new RangeError(`${rows} probabilities need as many outcomes; got ${happened.length}`);
  if (!Number.isInteger(bins) || bins < 1)
    throw new RangeError(`bins must be a whole number of at least 1; got ${bins}`);
  if (rows === 0) return notComputable(noRows);
  for (let row = 0; row < rows; row++)
    if (!(probabilities[row]! >= 0 && probabilities[row]! <= 1))
      return notComputable(`row ${row} has the probability ${probabilities[row]}; allowed is 0 to 1`);
  const counts = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const outcomes = new Float64Array(bins);
  const add = (bin: number, probability: number, outcome: number) => {
    counts[bin]! += 1;
    sums[bin]! += probability;
    outcomes[bin]! += outcome;
  };
  if (strategy === 'equal_width')
    for (let row = 0; row < rows; row++)
      add(Math.min(bins - 1, Math.floor(probabilities[row]! * bins)), probabilities[row]!, happened[row]!);
  else addByMass(probabilities, happened, bins, add);
  return curveOf(counts, sums, outcomes, rows);
}

function addByMass(
  probabilities: ArrayLike<number>,
  happened: ArrayLike<number>,
  bins: number,
  add: (bin: number, probability: number, outcome: number) => void,
): void {
  const rows = probabilities.length;
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort(
    (one, other) => probabilities[one]! - probabilities[other]!,
  );
  // the first bins take the rows that do not divide, as numpy.array_split
  const [size, larger] = [Math.floor(rows / bins), rows % bins];
  const binOf = (rank: number) =>
    rank < larger * (size + 1)
      ? Math.floor(rank / (size + 1))
      : larger + Math.floor((rank - larger * (size + 1)) / size);
  for (let from = 0; from < rows; ) {
    const probability = probabilities[order[from]!]!;
    let [to, outcome] = [from, 0];
    for (; to < rows && probabilities[order[to]!] === probability; to++) outcome += happened[order[to]!]!;
    for (let rank = from; rank < to; rank++) add(binOf(rank), probability, outcome / (to - from));
    from = to;
  }
}

function curveOf(
  counts: Float64Array,
  sums: Float64Array,
  outcomes: Float64Array,
  rows: number,
): CalibrationCurve {
  const bins: CalibrationBin[] = [];
  let [ece, largest] = [0, 0];
  counts.forEach((count, bin) => {
    if (count === 0) return;
    const found = { rows: count, mean_probability: sums[bin]! / count, observed: outcomes[bin]! / count };
    const distance = Math.abs(found.mean_probability - found.observed);
    ece += (distance * count) / rows;
    largest = Math.max(largest, distance);
    bins.push(found);
  });
  return { computable: true, bins, ece, max_error: largest };
}
