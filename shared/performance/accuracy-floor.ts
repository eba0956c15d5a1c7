/** Whether a model is right less often than it must be, by more than chance. Pure. */
import { regularizedBeta } from '#shared/drift/special-functions.ts';
import { type LossSample, MIN_LABELLED_ROWS } from './loss-change.ts';

/** How often a model that is exactly as good as the floor is said to be below it. */
const LEVEL = 0.01;

export interface FloorVerdict {
  readonly below: boolean;
  readonly accuracy: number;
  /** Labelled rows. */
  readonly rows: number;
  readonly reason: string;
}

/**
 * The exact binomial test of "right at least as often as `floor`" at 1 %: of 50 rows 10 errors are below 90 %, 9 are not.
 *
 * @param losses of single rows, 0 or 1
 * @param minRows labelled rows that are needed, at least 20 in any case
 * @param designEffect variance inflation of clustered rows, ≥ 1
 * @returns undefined where there are too few rows to say
 * @example belowFloor({ n: 500, mean: 0.2, standardDeviation: 0.4 }, 0.9, { minRows: 50 })?.below // true
 */
export function belowFloor(
  { n, mean }: LossSample,
  floor: number,
  { minRows, designEffect = 1 }: { readonly minRows: number; readonly designEffect?: number },
): FloorVerdict | undefined {
  const rows = Math.floor(n / Math.max(1, designEffect));
  if (rows < Math.max(minRows, MIN_LABELLED_ROWS) || !Number.isFinite(mean)) return undefined;
  const errors = Math.round(rows * mean);
  const pValue = errors === 0 ? 1 : regularizedBeta(1 - floor, errors, rows - errors + 1);
  const below = 1 - mean < floor && pValue < LEVEL;
  const accuracy = 1 - mean;
  const shown = (value: number) => `${Number((100 * value).toFixed(1))} %`;
  return {
    below,
    accuracy,
    rows: n,
    reason: `accuracy ${shown(accuracy)} of ${n} labelled rows, ${below ? 'below' : 'not proven below'} the floor of ${shown(floor)}`,
  };
}
