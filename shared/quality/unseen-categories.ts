/** Unseen categories: more new values than the baseline itself would lead one to expect. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { MIN_NAMED_ROWS } from '#shared/profile/privacy.ts';
import { percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/** Unseen share less the share expected of fresh baseline-like rows (leave-one-out when the baseline was built). */
export const unseenCategories: QualityCheck = {
  name: 'unseen_categories',
  severity: 'soft',
  threshold: 0.05,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (anchor.kind !== 'categorical' || current.kind !== 'categorical' || current.count === 0)
      return undefined;
    const { total, counts, truncated } = current.unseen;
    const excess = total / current.count - anchor.expectedUnseenShare;
    if (excess < this.threshold) return undefined;
    const expected = {
      hits: Math.round(anchor.expectedUnseenShare * reference.count),
      rows: reference.count,
    };
    if (
      compareShares(expected, { hits: total, rows: current.count }, designEffect).increase >=
      SIGNIFICANCE.soft
    )
      return undefined;
    // tokens stand for people's values: how many are new may be told, which ones never
    const named = anchor.channel === 'token' ? [] : [...counts];
    const examples = named
      .filter(([, rows]) => rows >= MIN_NAMED_ROWS)
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([value]) => JSON.stringify(value))
      .slice(0, 3);
    const isAll = examples.length === counts.size && !truncated;
    const listed = examples.length > 0 ? ` (${examples.join(', ')}${isAll ? '' : ', …'})` : '';
    return {
      observed: excess,
      message: `${percent(total / current.count)} of rows are in categories the baseline does not have${listed}; ${percent(anchor.expectedUnseenShare)} were expected`,
    };
  },
};

/** A predicted class the accepted model never predicted. */
export const predictionClassUnseen: QualityCheck = {
  name: 'prediction_class_unseen',
  severity: 'soft',
  threshold: 0,
  scope: 'column',
  run({ anchor, current }) {
    if (anchor.channel !== 'prediction' || current.kind !== 'categorical') return undefined;
    const { total, counts } = current.unseen;
    if (total <= this.threshold) return undefined;
    const [example] = [...counts.keys()].sort();
    return {
      observed: total,
      message: `${total} predictions of a class the baseline never had ("${example}")`,
    };
  },
};
