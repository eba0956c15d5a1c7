/** Label ratio: labels stopped coming for predictions that are old enough to have one. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/** Labelled share of the matured rows, as a part of the reference's. */
export const labelRatio: QualityCheck = {
  name: 'label_ratio',
  severity: 'soft',
  threshold: 0.5,
  scope: 'window',
  run({ labelled, designEffect }) {
    if (!labelled || labelled.reference.hits === 0 || labelled.current.rows === 0) return undefined;
    const { reference, current } = labelled;
    const [before, now] = [reference.hits / reference.rows, current.hits / current.rows];
    if (now / before >= this.threshold) return undefined;
    if (compareShares(current, reference, designEffect).increase >= SIGNIFICANCE.soft) return undefined;
    return { observed: now / before, message: `${percent(now)} of rows got a label, ${percent(before)} did` };
  },
};
