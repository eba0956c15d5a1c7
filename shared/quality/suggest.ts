/** Suggested constraints: from a profile of good data to a file a person reviews; `check-constraints.ts` applies it. */

import { regularizedBeta } from '#shared/drift/special-functions.ts';
import type { CategoricalAnchor } from '#shared/profile/categorical-anchor.ts';
import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import {
  type CategoricalProfile,
  featureOf,
  type NumericProfile,
  type Profile,
  rowsOf,
} from '#shared/profile/profile.ts';
import type { CategoricalConstraints, ConstraintsFile, NumericConstraints } from './constraints-file.ts';
import { decimal } from './quality-check.ts';

/** One-sided: a clean share lies above its suggested limit in 1 of 100 suggestions. */
const CONFIDENCE = 0.99;

/**
 * Suggests what each column may hold. Shares are upper confidence bounds, and a range is widened by the length of its
 * last percent on that side, never through zero. Nothing suggested is `physical`: that is a person's word.
 * Labels and losses are left out.
 *
 * @param profile of rows that are taken for good; 1000 or more say something about shares below 1 %
 * @example suggestConstraints(profile).columns['carat'] // { kind: 'numeric', min: 0.19, max: 5.6, physical: false, … }
 */
export function suggestConstraints(profile: Profile): ConstraintsFile {
  const columns: ConstraintsFile['columns'] = {};
  let rows = 0;
  for (const anchor of profile.anchors.anchors) {
    if (anchor.channel === 'label' || anchor.channel === 'loss') continue;
    const feature = featureOf(profile, anchor.name);
    rows = Math.max(rows, rowsOf(feature));
    if (anchor.kind === 'numeric' && feature.kind === 'numeric')
      columns[anchor.name] = numericColumn(anchor, feature);
    else if (anchor.kind === 'categorical' && feature.kind === 'categorical')
      columns[anchor.name] = categoricalColumn(anchor, feature);
  }
  return { format: 1, rows, columns };
}

function numericColumn(anchor: NumericAnchor, profile: NumericProfile): NumericConstraints {
  const rows = rowsOf(profile);
  const shares = {
    max_missing: upperShare(profile.missing, rows),
    max_invalid: upperShare(profile.invalid, rows),
  };
  if (profile.count === 0)
    return { kind: 'numeric', physical: false, ...shares, note: 'no values were seen, so no range' };
  const { min, max } = profile;
  const low = outward(min, quantile(anchor, profile, 0.01) - min, -1);
  const high = outward(max, max - quantile(anchor, profile, 0.99), 1);
  return {
    kind: 'numeric',
    min: min >= 0 ? Math.max(0, low) : low,
    max: max <= 0 ? Math.min(0, high) : high,
    physical: false,
    ...(isWhole(anchor, profile) ? { integer: true } : {}),
    ...(min >= 0 ? { non_negative: true } : {}),
    ...shares,
    note: `seen: ${decimal(min)} to ${decimal(max)} in ${profile.count} values`,
  };
}

function categoricalColumn(anchor: CategoricalAnchor, profile: CategoricalProfile): CategoricalConstraints {
  const unseen = profile.unseen.total + Math.round(anchor.expectedUnseenShare * profile.count);
  return {
    kind: 'categorical',
    values: anchor.categories.filter((_, at) => profile.categories[at]! > 0),
    max_missing: upperShare(profile.missing, rowsOf(profile)),
    max_unseen: upperShare(Math.min(profile.count, unseen), profile.count),
  };
}

/**
 * Clopper–Pearson upper bound of a share at one-sided 99 %, rounded up to four decimals. Nothing seen in no rows is 1.
 *
 * @example upperShare(0, 1000) // 0.0046
 */
function upperShare(hits: number, rows: number): number {
  if (hits >= rows) return 1;
  let [low, high] = [hits / rows, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (regularizedBeta(middle, hits + 1, rows - hits) < CONFIDENCE) low = middle;
    else high = middle;
  }
  return Math.ceil(high * 1e4) / 1e4;
}

/** The quantile's edge: at most one cell too far in, and so the margin at most one cell too wide. */
function quantile({ edges }: NumericAnchor, profile: NumericProfile, share: number): number {
  let below = 0;
  for (let cell = 0; cell < profile.cells.length; cell++) {
    below += profile.cells[cell]!;
    if (below >= share * profile.count)
      return Math.max(profile.min, Math.min(profile.max, edges[cell >> 1] ?? profile.max));
  }
  return profile.max;
}

/** `value` moved outward by at least `margin`, to a round number; without a margin, the value's shortest decimal. */
function outward(value: number, margin: number, direction: 1 | -1): number {
  if (!(margin > 0)) return decimal(value);
  const step = 10 ** Math.floor(Math.log10(margin));
  const steps = (value + direction * margin) / step;
  const round = direction > 0 ? Math.ceil(steps) : Math.floor(steps);
  return Number((round * step).toPrecision(12));
}

/** Whole for certain: every value is an edge, and every such edge is whole. More than 1024 distinct values cannot be told. */
function isWhole({ edges }: NumericAnchor, { cells }: NumericProfile): boolean {
  return cells.every((rows, cell) => rows === 0 || (cell % 2 === 1 && Number.isInteger(edges[cell >> 1])));
}
