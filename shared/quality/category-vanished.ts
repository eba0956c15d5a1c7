/** Vanished categories: a common category of the baseline that no row has any more. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/** Rows the category should have had: fewer than these may be absent by chance. */
const MIN_EXPECTED_ROWS = 20;

export const categoryVanished: QualityCheck = {
  name: 'category_vanished',
  severity: 'soft',
  threshold: 0.05,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (anchor.kind !== 'categorical' || reference.kind !== 'categorical' || current.kind !== 'categorical')
      return undefined;
    const vanished = anchor.categories
      .map((category, at) => ({ category, before: reference.categories[at]!, now: current.categories[at]! }))
      .filter(({ before, now }) => {
        const share = before / Math.max(1, reference.count);
        if (now > 0 || share < this.threshold) return false;
        if (share * current.count < MIN_EXPECTED_ROWS * designEffect) return false;
        const expected = { hits: before, rows: reference.count };
        const observed = { hits: now, rows: current.count };
        return compareShares(observed, expected, designEffect).increase < SIGNIFICANCE.soft;
      });
    if (vanished.length === 0) return undefined;
    const share = vanished.reduce((sum, { before }) => sum + before, 0) / reference.count;
    const listed = vanished.slice(0, 3).map(({ category }) => JSON.stringify(category));
    return {
      observed: share,
      message: `no row has ${listed.join(', ')}${vanished.length > 3 ? ', …' : ''}: ${percent(share)} of the baseline`,
    };
  },
};
