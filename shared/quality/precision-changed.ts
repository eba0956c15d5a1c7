/** Precision changed: a column left the grid of repeated values it used to be on. */

import { percent, type QualityCheck } from './quality-check.ts';

/** A reference value is on the grid when it occurred at least this often. */
const MIN_REPEATS = 5;
const MIN_GRID_SHARE = 0.2;

/**
 * The values the reference repeats (zeros, whole numbers, two decimals) hold less than half of the share they had:
 * a default became something else, or the rounding changed. The coarse cells do not see 0 → −1e-9.
 */
export const precisionChanged: QualityCheck = {
  name: 'precision_changed',
  severity: 'soft',
  threshold: 0.5,
  scope: 'column',
  run({ reference, current }) {
    if (reference.kind !== 'numeric' || current.kind !== 'numeric' || current.count < 30) return undefined;
    let [before, now] = [0, 0];
    for (let cell = 1; cell < reference.cells.length; cell += 2) {
      if (reference.cells[cell]! < MIN_REPEATS) continue;
      before += reference.cells[cell]! / reference.count;
      now += current.cells[cell]! / current.count;
    }
    if (before < MIN_GRID_SHARE || now >= this.threshold * before) return undefined;
    return {
      observed: now / before,
      message: `values the baseline repeats hold ${percent(now)} of rows, they held ${percent(before)}: another default or another rounding`,
    };
  },
};
