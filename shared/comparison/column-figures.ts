/** The figures of one column on one side, as a report shows them beside its distribution. */

import type { Anchor } from '../profile/anchors.ts';
import { meanOf, standardDeviationOf } from '../profile/moments.ts';
import { type FeatureProfile, rowsOf } from '../profile/profile.ts';
import type { ColumnFigures } from './comparison.ts';

/**
 * Mean, spread and range of numbers, how many categories were met; rows that could not be used.
 *
 * @returns no figure that the counts cannot give: of a column without rows, none
 * @example figuresOf(anchor, profile) // { mean: 5.02, min: 1.9, max: 8.1, standard_deviation: 1.01, invalid: 0, infinite: 0 }
 */
export function figuresOf(anchor: Anchor, profile: FeatureProfile): ColumnFigures {
  if (profile.kind === 'categorical')
    return {
      categories: profile.categories.reduce((met, rows) => met + (rows > 0 ? 1 : 0), 0),
      unseen: profile.unseen.total,
    };
  if (anchor.kind !== 'numeric' || rowsOf(profile) === 0) return {};
  const mean = meanOf(anchor, profile);
  const deviation = standardDeviationOf(anchor, profile);
  return {
    ...(mean === undefined ? {} : { mean, min: profile.min, max: profile.max }),
    ...(deviation === undefined ? {} : { standard_deviation: deviation }),
    invalid: profile.invalid,
    infinite: profile.positiveInfinite + profile.negativeInfinite,
  };
}
