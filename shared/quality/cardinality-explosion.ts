/** Cardinality explosion: a category column fills with ever new strings, as when an id or a time got into it. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { MAX_UNSEEN_VALUES } from '#shared/profile/unseen.ts';
import { percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/** More distinct unseen strings than a profile lists, in this much more of the rows than the baseline leads one to expect. */
export const cardinalityExplosion: QualityCheck = {
  name: 'cardinality_explosion',
  severity: 'soft',
  threshold: 0.2,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (anchor.kind !== 'categorical' || current.kind !== 'categorical' || !current.unseen.truncated)
      return undefined;
    const excess = current.unseen.total / current.count - anchor.expectedUnseenShare;
    if (excess < this.threshold) return undefined;
    const expected = {
      hits: Math.round(anchor.expectedUnseenShare * reference.count),
      rows: reference.count,
    };
    const observed = { hits: current.unseen.total, rows: current.count };
    if (compareShares(expected, observed, designEffect).increase >= SIGNIFICANCE.soft) return undefined;
    return {
      observed: excess,
      message: `more than ${MAX_UNSEEN_VALUES} new categories in ${percent(current.unseen.total / current.count)} of rows; the baseline has ${anchor.categories.length}`,
    };
  },
};
