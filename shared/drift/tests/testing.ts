/** Two profiles of raw samples in one call, for tests. */

import { buildAnchors } from '#shared/profile/anchors.ts';
import { featureOf } from '#shared/profile/profile.ts';
import { numeric, profileOf } from '#shared/profile/testing.ts';
import type { NumericPair } from './drift-test.ts';

/** Both samples counted on the reference's own anchors. */
export function numericPair(reference: ArrayLike<number>, current: ArrayLike<number>): NumericPair {
  const anchors = buildAnchors([numeric('x', reference)]);
  const [anchor] = anchors.anchors;
  const count = (values: ArrayLike<number>) => featureOf(profileOf([numeric('x', values)], anchors), 'x');
  const [before, now] = [count(reference), count(current)];
  if (anchor?.kind !== 'numeric' || before.kind !== 'numeric' || now.kind !== 'numeric')
    throw new TypeError('the column must be numeric');
  return { anchor, reference: before, current: now };
}
