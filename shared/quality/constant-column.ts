/** Constant columns: one value took (almost) all rows, where the baseline varied. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import type { Anchor } from '#shared/profile/anchors.ts';
import type { FeatureProfile } from '#shared/profile/profile.ts';
import { type Observation, percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

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
    if (currentTop < this.threshold || topShare(reference) ** current.count > UNLIKELY) return undefined;
    return { observed: currentTop, message: `all ${current.count} rows have the same value` };
  },
};

/** One value holds 99 % of the rows and not all (that is `constant_column`). */
export const almostConstant: QualityCheck = {
  name: 'almost_constant',
  severity: 'soft',
  threshold: 0.99,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (isClassPrediction(anchor)) return undefined;
    const found = concentration(reference, current, this.threshold, designEffect);
    return found && found.observed < 1 ? found : undefined;
  },
};

/** The model answers (almost) always the same class. */
export const predictionImbalance: QualityCheck = {
  name: 'prediction_imbalance',
  severity: 'soft',
  threshold: 0.99,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (!isClassPrediction(anchor)) return undefined;
    return concentration(reference, current, this.threshold, designEffect);
  },
};

function isClassPrediction({ channel, kind }: Anchor): boolean {
  return channel === 'prediction' && kind === 'categorical';
}

/** Above this share the baseline itself was almost constant. */
const REFERENCE_VARIES_BELOW = 0.9;

function concentration(
  reference: FeatureProfile,
  current: FeatureProfile,
  threshold: number,
  designEffect: number,
): Observation | undefined {
  const now = topShare(current);
  if (reference.count === 0 || now < threshold) return undefined;
  const before = topShare(reference);
  if (before >= REFERENCE_VARIES_BELOW) return undefined;
  const expected = { hits: Math.round(before * reference.count), rows: reference.count };
  const observed = { hits: Math.round(now * current.count), rows: current.count };
  if (compareShares(expected, observed, designEffect).increase >= SIGNIFICANCE.soft) return undefined;
  return {
    observed: now,
    message: `one value holds ${percent(now)} of rows, in the baseline none held more than ${percent(before)}`,
  };
}

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
