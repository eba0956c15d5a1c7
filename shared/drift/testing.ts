/** Comparing two columns in one call, for tests. */

import { buildAnchors } from '#shared/profile/anchors.ts';
import { featureOf } from '#shared/profile/profile.ts';
import { type categorical, type numeric, profileOf } from '#shared/profile/testing.ts';
import { compareFeature, type FeatureDrift } from './compare-feature.ts';

type TestColumn = ReturnType<typeof numeric> | ReturnType<typeof categorical>;

/** `current` against `reference`, counted on the reference's own anchors. */
export function compareColumns(
  reference: TestColumn,
  current: TestColumn,
  options: { readonly designEffect?: number; readonly evidence?: boolean } = {},
): FeatureDrift {
  const anchors = buildAnchors([reference]);
  const anchor = anchors.anchors[0]!;
  return compareFeature(
    anchor,
    featureOf(profileOf([reference], anchors), anchor.name),
    featureOf(profileOf([current], anchors), anchor.name),
    options,
  );
}
