/** Mean confidence: the model became unsure of its answers, which needs no labels to see. */

import { normalSurvival } from '#shared/drift/special-functions.ts';
import { meanOf, standardDeviationOf } from '#shared/profile/moments.ts';
import { type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/** Below the threshold, and below the baseline's mean by more than chance: a model of ten classes may always be there. */
export const meanConfidenceLow: QualityCheck = {
  name: 'mean_confidence_low',
  severity: 'soft',
  threshold: 0.55,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (anchor.channel !== 'confidence' || anchor.kind !== 'numeric') return undefined;
    if (reference.kind !== 'numeric' || current.kind !== 'numeric') return undefined;
    const [before, now] = [meanOf(anchor, reference), meanOf(anchor, current)];
    if (before === undefined || now === undefined || now >= this.threshold) return undefined;
    const variance = [reference, current].reduce(
      (sum, profile) => sum + (standardDeviationOf(anchor, profile) ?? 0) ** 2 / profile.count,
      0,
    );
    const fall = before - now;
    if (fall <= 0) return undefined;
    const error = Math.sqrt(designEffect * variance);
    if (error > 0 && normalSurvival(fall / error) >= SIGNIFICANCE.soft) return undefined;
    return {
      observed: now,
      message: `the mean confidence is ${now.toFixed(3)}, it was ${before.toFixed(3)}`,
    };
  },
};
