/** Two raw samples made ready: sorted without missing values, pooled into groups of equal values. */

import { type NotComputable, notComputable } from '../measure.ts';
import type { NumericPair } from './drift-test.ts';

/** Rows of both samples in ascending groups, all a rank test needs to know. */
export interface Groups {
  /** Reference rows per group. */
  readonly reference: ArrayLike<number>;
  /** Current rows per group. */
  readonly current: ArrayLike<number>;
  /** False where the rows of a group differ in an order that was not kept: the open cells of a profile. */
  readonly isTied: (group: number) => boolean;
}

/** Groups of equal values, with the values. */
export interface ValueGroups extends Groups {
  readonly values: Float64Array;
}

export interface TwoSamples {
  /** Ascending, without missing values. */
  readonly reference: Float64Array;
  readonly current: Float64Array;
}

/**
 * Drops missing values and sorts, O(n log n).
 *
 * @param minimum rows needed on either side
 * @param infinities `refuse` where ±Infinity has no distance to anything
 */
export function twoSamples(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { minimum = 1, infinities = 'refuse' as 'refuse' | 'rank' } = {},
): ({ readonly computable: true } & TwoSamples) | NotComputable {
  const samples = { reference: sorted(reference), current: sorted(current) };
  for (const [name, values] of Object.entries(samples)) {
    if (values.length < minimum)
      return notComputable(`the ${name} sample has ${values.length} values; ${minimum} are needed`);
    if (infinities === 'refuse' && !(Number.isFinite(values[0]) && Number.isFinite(values.at(-1))))
      return notComputable(`the ${name} sample holds infinite values`);
  }
  return { computable: true, ...samples };
}

function sorted(values: ArrayLike<number>): Float64Array {
  // 0 is added because -0 sorts below 0 and equals it.
  return Float64Array.from(values, (value) => value + 0)
    .filter((value) => !Number.isNaN(value))
    .sort();
}

/** Merges two sorted samples into their distinct values with counts. */
export function groupValues({ reference, current }: TwoSamples): ValueGroups {
  const length = reference.length + current.length;
  const values = new Float64Array(length);
  const counts = { reference: new Float64Array(length), current: new Float64Array(length) };
  let [i, j, groups] = [0, 0, 0];
  while (i < reference.length || j < current.length) {
    const value =
      j === current.length || (i < reference.length && reference[i]! <= current[j]!)
        ? reference[i]!
        : current[j]!;
    const [fromI, fromJ] = [i, j];
    while (i < reference.length && reference[i] === value) i++;
    while (j < current.length && current[j] === value) j++;
    values[groups] = value;
    counts.reference[groups] = i - fromI;
    counts.current[groups] = j - fromJ;
    groups++;
  }
  return {
    values: values.subarray(0, groups),
    reference: counts.reference.subarray(0, groups),
    current: counts.current.subarray(0, groups),
    isTied: () => true,
  };
}

/** The cells of two profiles as groups, infinite rows at either end: point cells are ties, open ones are not. */
export function groupCells({ reference, current }: NumericPair): Groups {
  const withInfinities = ({ cells, negativeInfinite, positiveInfinite }: NumericPair['reference']) => {
    const all = new Float64Array(cells.length + 4);
    all[1] = negativeInfinite;
    all.set(cells, 2);
    all[cells.length + 2] = positiveInfinite;
    return all;
  };
  const areFinite = [reference, current].every((side) => side.negativeInfinite + side.positiveInfinite === 0);
  return {
    reference: areFinite ? reference.cells : withInfinities(reference),
    current: areFinite ? current.cells : withInfinities(current),
    isTied: (cell) => cell % 2 === 1,
  };
}
