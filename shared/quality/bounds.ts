/** Bounds: values that a person said cannot exist (hard), and values beyond the baseline's range (soft). */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { decimal, percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';
import { countAbove, countBelow } from './tail-counts.ts';

/** Any value outside bounds marked `physical: true`. Inferred bounds never fire this: real drift must not look like bad data. */
export const physicalBounds: QualityCheck = {
  name: 'physical_bounds',
  severity: 'hard',
  threshold: 0,
  scope: 'column',
  run({ current, constraint }) {
    if (current.kind !== 'numeric' || current.count === 0 || !constraint?.physical) return undefined;
    const { min, max } = constraint;
    if (min !== undefined && current.min < Math.fround(min))
      return {
        observed: min - current.min,
        message: `value ${decimal(current.min)} is below the physical minimum ${min}`,
      };
    if (max !== undefined && current.max > Math.fround(max))
      return {
        observed: current.max - max,
        message: `value ${decimal(current.max)} is above the physical maximum ${max}`,
      };
    return undefined;
  },
};

/** Share of values beyond the inferred bounds (the baseline's own range where none are given), beyond chance. */
export const rangeExceeded: QualityCheck = {
  name: 'range_exceeded',
  severity: 'soft',
  threshold: 0.05,
  scope: 'column',
  run({ anchor, reference, current, constraint, designEffect }) {
    if (anchor.kind !== 'numeric' || current.kind !== 'numeric' || reference.kind !== 'numeric')
      return undefined;
    if (!anchor.range || current.count === 0) return undefined;
    const inferred = constraint?.physical ? undefined : constraint;
    const lowest = inferred?.min ?? anchor.range.lowest;
    const highest = inferred?.max ?? anchor.range.highest;
    if (current.min >= Math.fround(lowest) && current.max <= Math.fround(highest)) return undefined;
    const beyond = countBelow(anchor, current, lowest).atLeast + countAbove(anchor, current, highest).atLeast;
    const share = beyond / current.count;
    if (share < this.threshold) return undefined;
    // A fresh row falls beyond the extremes of n rows with probability 2/(n + 1).
    const expected = { hits: Math.min(2, reference.count), rows: reference.count };
    const observed = { hits: beyond, rows: current.count };
    if (compareShares(expected, observed, designEffect).increase >= SIGNIFICANCE.soft) return undefined;
    return {
      observed: share,
      message: `${percent(share)} of values lie outside the baseline's range ${lowest} to ${highest}`,
    };
  },
};
