/** Reading one column of a profile: the figures a report or a manifest shows. */

import { meanOf, standardDeviationOf } from './moments.ts';
import { featureOf, type Profile } from './profile.ts';

export interface ColumnSummary {
  readonly kind: 'numeric' | 'categorical';
  /** Rows with a usable value: finite, or not null. */
  readonly count: number;
  readonly missing: number;
  /** Numeric only: rows that were ±Infinity. */
  readonly infinite?: number;
  readonly mean?: number;
  /** Sample standard deviation, n − 1. */
  readonly standardDeviation?: number;
  readonly min?: number;
  readonly max?: number;
  /** Values so far out (2047 scales) that mean and standard deviation hold them clipped. */
  readonly clipped?: number;
  /** Categorical only: most frequent baseline categories, most frequent first. */
  readonly top?: readonly { readonly value: string; readonly count: number }[];
  /** Categorical only: rows of categories the baseline does not have. */
  readonly unseen?: number;
  readonly unseenTop?: readonly { readonly value: string; readonly count: number }[];
  /** False when `unseenTop` was drawn from a sample of the unseen strings rather than all of them. */
  readonly unseenComplete?: boolean;
}

/**
 * Figures of one column.
 *
 * @param limit entries in `top` and `unseenTop`, default 10
 * @throws ProfileColumnError when the profile has no such column
 * @example summarize(profile, 'carat') // { kind: 'numeric', count: 2, missing: 0, mean: 0.35, … }
 */
export function summarize(profile: Profile, name: string, limit = 10): ColumnSummary {
  const feature = featureOf(profile, name);
  const anchor = profile.anchors.anchors.find((candidate) => candidate.name === name);
  const { kind, count, missing } = feature;
  if (feature.kind === 'categorical' && anchor?.kind === 'categorical') {
    const { unseen } = feature;
    return {
      kind,
      count,
      missing,
      top: topOf(
        anchor.categories.map((value, at) => [value, feature.categories[at]!]),
        limit,
      ),
      unseen: unseen.total,
      unseenTop: topOf([...unseen.counts], limit),
      unseenComplete: !unseen.truncated,
    };
  }
  if (feature.kind !== 'numeric' || anchor?.kind !== 'numeric' || count === 0)
    return { kind, count, missing };
  const standardDeviation = standardDeviationOf(anchor, feature);
  return {
    kind,
    count,
    missing,
    infinite: feature.positiveInfinite + feature.negativeInfinite,
    mean: meanOf(anchor, feature)!,
    ...(standardDeviation === undefined ? {} : { standardDeviation }),
    min: feature.min,
    max: feature.max,
    clipped: feature.clipped,
  };
}

function topOf(
  counts: readonly (readonly [string, number])[],
  limit: number,
): { value: string; count: number }[] {
  return counts
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, limit)
    .map(([value, count]) => ({ value, count }));
}
