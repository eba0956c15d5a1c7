/** Tail counts: how many values lie beyond a bound, as far as the cells of a profile can say. */

import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import type { NumericProfile } from '#shared/profile/profile.ts';

interface TailCount {
  /** Values beyond the bound for certain: the extreme itself, and every cell that lies beyond as a whole. */
  readonly atLeast: number;
  /** With the one cell that the bound cuts. Equal to `atLeast` where the bound is an edge. */
  readonly atMost: number;
}

/** Values strictly below `bound`, compared as float32. */
export function countBelow(anchor: NumericAnchor, profile: NumericProfile, bound: number): TailCount {
  const limit = Math.fround(bound);
  if (profile.count === 0 || profile.min >= limit) return { atLeast: 0, atMost: 0 };
  const { edges } = anchor;
  let [certain, cut] = [0, 0];
  for (let cell = 0; cell < profile.cells.length; cell++) {
    const above = edges[cell >> 1] ?? Number.POSITIVE_INFINITY;
    const isBelow = cell % 2 === 1 ? above < limit : above <= limit;
    if (isBelow) certain += profile.cells[cell]!;
    else {
      if (cell % 2 === 0) cut = profile.cells[cell]!;
      break;
    }
  }
  return { atLeast: Math.max(1, certain), atMost: Math.max(1, certain + cut) };
}

/** Values strictly above `bound`, compared as float32. */
export function countAbove(anchor: NumericAnchor, profile: NumericProfile, bound: number): TailCount {
  const limit = Math.fround(bound);
  if (profile.count === 0 || profile.max <= limit) return { atLeast: 0, atMost: 0 };
  const { edges } = anchor;
  let [certain, cut] = [0, 0];
  for (let cell = profile.cells.length - 1; cell >= 0; cell--) {
    const below = cell % 2 === 1 ? edges[cell >> 1]! : (edges[(cell >> 1) - 1] ?? Number.NEGATIVE_INFINITY);
    const isAbove = cell % 2 === 1 ? below > limit : below >= limit;
    if (isAbove) certain += profile.cells[cell]!;
    else {
      if (cell % 2 === 0) cut = profile.cells[cell]!;
      break;
    }
  }
  return { atLeast: Math.max(1, certain), atMost: Math.max(1, certain + cut) };
}
