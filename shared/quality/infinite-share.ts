/** Infinite values: numbers no model was trained on, usually a division by zero upstream. */

import { rowsOf } from '#shared/profile/profile.ts';
import { percent, type QualityCheck, type Severity } from './quality-check.ts';

/** ±Infinity in at least `threshold` more of the rows than in the reference, up to, not including, `below`. */
function infiniteShare(severity: Severity, threshold: number, below: number): QualityCheck {
  return {
    name: 'infinite_share',
    severity,
    threshold,
    scope: 'column',
    run({ reference, current }) {
      if (reference.kind !== 'numeric' || current.kind !== 'numeric' || rowsOf(current) === 0)
        return undefined;
      const share = (profile: typeof current) =>
        (profile.positiveInfinite + profile.negativeInfinite) / Math.max(1, rowsOf(profile));
      const rise = share(current) - share(reference);
      if (rise < threshold || rise >= below) return undefined;
      return { observed: rise, message: `${percent(share(current))} of rows are infinite` };
    },
  };
}

const HARD = 0.15;

export const infiniteShareSoft = infiniteShare('soft', 0.001, HARD);
export const infiniteShareHard = infiniteShare('hard', HARD, Number.POSITIVE_INFINITY);
