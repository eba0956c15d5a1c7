/** Type errors: rows of a numeric column that held something that is not a number. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { rowsOf } from '#shared/profile/profile.ts';
import { percent, type QualityCheck, type Severity, SIGNIFICANCE } from './quality-check.ts';

/** A rise of the invalid share by `threshold` (absolute, in [0, 1]) up to, not including, `below`. */
function typeErrors(severity: Severity, threshold: number, below: number): QualityCheck {
  return {
    name: 'type_errors',
    severity,
    threshold,
    scope: 'column',
    run({ reference, current, designEffect }) {
      if (reference.kind !== 'numeric' || current.kind !== 'numeric') return undefined;
      const before = { hits: reference.invalid, rows: rowsOf(reference) };
      const now = { hits: current.invalid, rows: rowsOf(current) };
      if (before.rows === 0 || now.rows === 0) return undefined;
      const change = now.hits / now.rows - before.hits / before.rows;
      if (change < threshold || change >= below) return undefined;
      if (compareShares(before, now, designEffect).increase >= SIGNIFICANCE[severity]) return undefined;
      return {
        observed: change,
        message: `${percent(now.hits / now.rows)} of rows hold something that is not a number, ${percent(before.hits / before.rows)} did`,
      };
    },
  };
}

const HARD = 0.15;

export const typeErrorsSoft = typeErrors('soft', 0.01, HARD);
export const typeErrorsHard = typeErrors('hard', HARD, Number.POSITIVE_INFINITY);
