/** Estimated loss: how wrong a window's answers are expected to be, from what the model said and without a label. Never an alarm. */

import { type NotComputable, notComputable } from '#shared/drift/measure.ts';
import { normalQuantile } from '#shared/drift/special-functions.ts';
import { type NumericProfile, rowsOf } from '#shared/profile/profile.ts';
import { type ExpectedLoss, type LossBin, nounOf } from './expected-loss.ts';
import { type LossSample, MIN_LABELLED_ROWS, rowsForMean } from './loss-change.ts';

/** Of a window: rows that said nothing, or what no held-out row said. With more of them there is no estimate. */
const MOST_UNKNOWN = 0.05;

const LEVEL = 0.95;

export interface MeasuredEstimate {
  readonly computable: true;
  readonly kind: ExpectedLoss['kind'];
  /** Mean loss: an error rate in [0, 1], or a mean absolute error. */
  readonly value: number;
  /** Two-sided, 95 %: of the loss that these rows turn out to have if the assumption holds. */
  readonly interval: readonly [number, number];
  readonly standardError: number;
  /** Rows of the window that it is of. */
  readonly rows: number;
  /** Share of the window's rows in [0, 0.05] that said nothing, or what no held-out row said. */
  readonly unknown: number;
  readonly heldOut: { readonly rows: number; readonly mean: number };
  readonly method: 'confidence_bins' | 'prediction_bins';
  readonly bins: number;
  readonly assumption: string;
}

export type EstimatedLoss = MeasuredEstimate | NotComputable;

/** What an estimate takes for granted, and is therefore blind to. */
const ASSUMPTIONS: Readonly<Record<ExpectedLoss['kind'], string>> = {
  error_rate:
    'Assumes that an answer is wrong as often as held-out answers of about the same confidence were: it follows a change of which rows come (covariate shift) and is blind to a change of what is true of the same rows (concept drift), and to moves among confidences that are counted together.',
  absolute_error:
    'Assumes that an answer is as far off as held-out answers of about the same number were: it follows a change of what is predicted (covariate shift), not of what else the error depends on, and is blind to a change of what is true of the same rows (concept drift), and to moves among predictions that are counted together.',
};

/**
 * Expects of every row of a window the held-out loss of the bin it is in. Needs counts only, so it is the same of a window
 * and of its parts merged. Of classes this is confidence-based performance estimation (CBPE, NannyML) of the error rate with
 * a calibration by bins; of numbers it is weaker than direct loss estimation, which would look at the features too.
 *
 * The standard error has two parts: that of the bins' means, and that of so many rows about them. A bin's variance is taken
 * together with its neighbours': alone, bins without a single error would be certain of it. 95 % intervals held the loss that
 * came in 93–99 % of simulated windows under shifts of the confidence (the upper end where errors are fewer than 2 %), and fewer where
 * rows move within a bin, which it does not see: 89 % with two bins of 50 rows, 85 % where confidences of which held-out rows are 6 % become
 * 60 % of the window, and the estimate is then too low.
 *
 * @param expected of the version the window was answered by
 * @param said the window's profile of `expected.column`
 * @param designEffect variance inflation of clustered rows, ≥ 1: both parts grow by it
 * @example
 * // held out: wrong in 40 % of 50 rows of low confidence, in 10 % of 50 of high; 75 rows of low, 25 of high
 * estimateLoss(expected, said).value // 0.75 · 0.4 + 0.25 · 0.1 = 0.325
 */
export function estimateLoss(
  expected: ExpectedLoss,
  said: NumericProfile,
  { designEffect = 1 }: { readonly designEffect?: number } = {},
): EstimatedLoss {
  const { kind } = expected;
  const bins = expected.bins.filter(({ rows }) => rows > 0);
  const all = rowsOf(said);
  const inflation = Math.max(1, designEffect);
  const independent = Math.floor(all / inflation);
  if (independent < MIN_LABELLED_ROWS)
    return notComputable(
      `${all} rows${independent === all ? '' : ` (worth ${independent})`}; ${MIN_LABELLED_ROWS} are needed`,
    );
  const heldOut = together(bins);
  const refused = refusal(kind, heldOut, inflation);
  if (refused !== undefined) return notComputable(refused);
  const { counts, rows, inside } = rowsByBin(bins, said);
  const unknown = (all - (isWithin(expected.reach, said) ? rows : inside)) / all;
  if (unknown > MOST_UNKNOWN)
    return notComputable(
      `of ${percent(unknown)} of the rows nothing is known: their ${nounOf(kind)} is missing, or further out than that of any held-out row`,
    );
  let [value, ofMeans, ofRows] = [0, 0, 0];
  for (const [at, bin] of bins.entries()) {
    const part = counts[at]! / rows;
    const variance = varianceAt(kind, bins, at);
    value += part * bin.mean;
    ofMeans += (part * part * variance) / bin.rows;
    ofRows += (part * variance) / rows;
  }
  const standardError = Math.sqrt(inflation * (ofMeans + ofRows));
  const margin = normalQuantile((1 - LEVEL) / 2) * standardError;
  const most = kind === 'error_rate' ? 1 : Number.POSITIVE_INFINITY;
  return {
    computable: true,
    kind,
    value,
    interval: [Math.max(0, value - margin), Math.min(most, value + margin)],
    standardError,
    rows,
    unknown,
    heldOut: { rows: heldOut.n, mean: heldOut.mean },
    method: kind === 'error_rate' ? 'confidence_bins' : 'prediction_bins',
    bins: bins.length,
    assumption: ASSUMPTIONS[kind],
  };
}

/** Why the held-out rows are no measure of others, if they are none. */
function refusal(kind: ExpectedLoss['kind'], heldOut: LossSample, inflation: number): string | undefined {
  if (heldOut.n === 0) return 'the version has no labelled held-out rows';
  if (kind === 'error_rate') return undefined;
  if (!(heldOut.mean > 0)) return 'the held-out loss is 0';
  const needed = rowsForMean(heldOut);
  return heldOut.n / inflation < needed
    ? `held-out losses vary so much that ${needed} rows are needed for their mean, there are ${heldOut.n}`
    : undefined;
}

/** Whether what is beyond the outermost bins is near enough for these to speak for it; of each row only counts are known. */
function isWithin([lowest, highest]: ExpectedLoss['reach'], { min, max }: NumericProfile): boolean {
  return min >= lowest && max <= highest;
}

/** What is beyond the outermost bins counts to these, and not to `inside`. */
function rowsByBin(bins: readonly LossBin[], { cells }: NumericProfile) {
  const [from, to] = [bins[0]!.from, bins.at(-1)!.to];
  const counts = new Float64Array(bins.length);
  let [rows, inside, bin] = [0, 0, 0];
  cells.forEach((count, cell) => {
    while (bin < bins.length - 1 && cell >= bins[bin]!.to) bin++;
    counts[bin]! += count;
    rows += count;
    if (cell >= from && cell < to) inside += count;
  });
  return { counts, rows, inside };
}

/** Of one row's loss, in the bin and those beside it; half an error is added to error rates. */
function varianceAt(kind: ExpectedLoss['kind'], bins: readonly LossBin[], at: number): number {
  const near = bins.slice(Math.max(0, at - 1), at + 2);
  const rows = near.reduce((sum, bin) => sum + bin.rows, 0);
  if (kind === 'absolute_error')
    return near.reduce((sum, bin) => sum + bin.rows * bin.standardDeviation ** 2, 0) / rows;
  const errors = near.reduce((sum, bin) => sum + bin.rows * bin.mean, 0);
  const rate = (errors + 0.5) / (rows + 1);
  return rate * (1 - rate);
}

/** All held-out rows as one sample. */
function together(bins: readonly LossBin[]): LossSample {
  const n = bins.reduce((sum, { rows }) => sum + rows, 0);
  if (n === 0) return { n, mean: 0, standardDeviation: 0 };
  const mean = bins.reduce((sum, bin) => sum + bin.rows * bin.mean, 0) / n;
  const squares = bins.reduce(
    (sum, bin) => sum + (bin.rows - 1) * bin.standardDeviation ** 2 + bin.rows * (bin.mean - mean) ** 2,
    0,
  );
  return { n, mean, standardDeviation: Math.sqrt(squares / (n - 1)) };
}

function percent(part: number): string {
  return `${Number((100 * part).toFixed(1))} %`;
}
