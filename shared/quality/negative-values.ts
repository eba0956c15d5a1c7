/** Negative values in a column whose baseline has none; a bound that a person confirmed is `physical_bounds`. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { decimal, percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';
import { countBelow } from './tail-counts.ts';

export const negativeValues: QualityCheck = {
  name: 'negative_values',
  severity: 'soft',
  threshold: 0.01,
  scope: 'column',
  run({ anchor, reference, current, constraint, designEffect }) {
    if (anchor.kind !== 'numeric' || reference.kind !== 'numeric' || current.kind !== 'numeric')
      return undefined;
    if (reference.count === 0 || reference.min < 0 || current.count === 0 || current.min >= 0)
      return undefined;
    if (constraint?.physical && (constraint.min ?? Number.NEGATIVE_INFINITY) >= 0) return undefined;
    const negative = countBelow(anchor, current, 0).atMost;
    const share = negative / current.count;
    if (share < this.threshold) return undefined;
    // A fresh row falls below the smallest of n rows with probability 1/(n + 1).
    const expected = { hits: Math.min(1, reference.count), rows: reference.count };
    const observed = { hits: negative, rows: current.count };
    if (compareShares(expected, observed, designEffect).increase >= SIGNIFICANCE.soft) return undefined;
    return {
      observed: share,
      message: `up to ${percent(share)} of values are negative (smallest ${decimal(current.min)}), the baseline has none`,
    };
  },
};
