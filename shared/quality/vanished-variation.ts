/** Vanished variation: a column that became constant, or left the grid of repeated values it used to be on. */

import type { FeatureProfile } from '#shared/profile/profile.ts';
import { percent, type QualityCheck } from './quality-check.ts';

/** Chance, under the reference's shares, that all rows would agree. */
const UNLIKELY = 1e-4;

/** Every current row has the same value, which the reference makes all but impossible. */
export const constantColumn: QualityCheck = {
  name: 'constant_column',
  severity: 'soft',
  threshold: 1,
  scope: 'column',
  run({ reference, current }) {
    const currentTop = topShare(current);
    const referenceTop = topShare(reference);
    if (currentTop < this.threshold || referenceTop === undefined) return undefined;
    if (referenceTop ** current.count > UNLIKELY) return undefined;
    return { observed: currentTop, message: `all ${current.count} rows have the same value` };
  },
};

/** Largest share one value holds; for numbers the point cells, or 1 when the extremes coincide. */
function topShare(profile: FeatureProfile): number {
  if (profile.count === 0) return 0;
  if (profile.kind === 'categorical') {
    const known = profile.categories.reduce((most, count) => Math.max(most, count), 0);
    return Math.max(known, ...profile.unseen.counts.values()) / profile.count;
  }
  if (profile.min === profile.max) return 1;
  let most = 0;
  for (let cell = 1; cell < profile.cells.length; cell += 2) most = Math.max(most, profile.cells[cell]!);
  return most / profile.count;
}

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
