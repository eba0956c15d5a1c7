/** Missing rate: more missing rows than the baseline had, or far fewer, for certain and by enough to matter. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { rowsOf } from '#shared/profile/profile.ts';
import { percent, type QualityCheck, type Severity, SIGNIFICANCE } from './quality-check.ts';

/** Standard errors by which a rise may fall short of its threshold by chance: a true 5 % is found 19 times in 20, not every other time. */
const SLACK = 2;

/**
 * A rise of the missing share that is certain and, as far as its sample can tell, of `threshold` (absolute, in [0, 1])
 * or more, up to, not including, `below`.
 * Missing rows are no PSI cell: 0 → 5 % gave a PSI of 0.23 or 0.47 depending on the reference's size.
 */
function missingRateJump(severity: Severity, threshold: number, below: number): QualityCheck {
  return {
    name: 'missing_rate_jump',
    severity,
    threshold,
    scope: 'column',
    run({ reference, current, designEffect }) {
      const before = { hits: reference.missing, rows: rowsOf(reference) };
      const now = { hits: current.missing, rows: rowsOf(current) };
      if (before.rows === 0 || now.rows === 0) return undefined;
      const change = now.hits / now.rows - before.hits / before.rows;
      const error = Math.sqrt((designEffect * (now.hits / now.rows) * (1 - now.hits / now.rows)) / now.rows);
      const slack = severity === 'soft' ? SLACK * error : 0;
      if (change + slack < threshold || change >= below) return undefined;
      if (compareShares(before, now, designEffect).increase >= SIGNIFICANCE[severity]) return undefined;
      return {
        observed: change,
        message: `missing rose from ${percent(before.hits / before.rows)} to ${percent(now.hits / now.rows)} of rows`,
      };
    },
  };
}

const HARD = 0.15;

export const missingRateSoft = missingRateJump('soft', 0.05, HARD);
export const missingRateHard = missingRateJump('hard', HARD, Number.POSITIVE_INFINITY);

/** Completeness came back, or a placeholder stands where nothing stood: the baseline's missing rows are no longer missing. */
export const missingRateFell: QualityCheck = {
  name: 'missing_rate_fell',
  severity: 'soft',
  threshold: 0.15,
  scope: 'column',
  run({ reference, current, designEffect }) {
    const before = { hits: reference.missing, rows: rowsOf(reference) };
    const now = { hits: current.missing, rows: rowsOf(current) };
    if (before.rows === 0 || now.rows === 0) return undefined;
    const fall = before.hits / before.rows - now.hits / now.rows;
    if (fall < this.threshold) return undefined;
    if (compareShares(now, before, designEffect).increase >= SIGNIFICANCE.soft) return undefined;
    return {
      observed: fall,
      message: `missing fell from ${percent(before.hits / before.rows)} to ${percent(now.hits / now.rows)} of rows: repaired, or filled with a default`,
    };
  },
};
