/** A few rows of both tables for the tests that need values, not counts. */

import { type NotComputable, notComputable } from '../drift/measure.ts';
import { shuffledIndices } from '../random.ts';
import type { Columns } from '../schema/columns.ts';

/** Rows drawn of either side. */
export const MOST_ROWS = 4000;

/** Values of one numeric column; NaN is missing. */
export interface SampledValues {
  readonly computable: true;
  readonly reference: ArrayLike<number>;
  readonly current: ArrayLike<number>;
  /** Uniform on [0, 1). */
  readonly random: () => number;
}

/**
 * Draws at most 4000 rows of either side, the same for every column.
 *
 * @param random draws the rows, and is handed on to the tests that permute
 * @returns the numbers of a column by its name, or why there are none
 * @example sampledRows(reference, current, seededRandom(1))('carat') // { computable: true, reference: [0.7, …], … }
 */
export function sampledRows(
  reference: Columns,
  current: Columns,
  random: () => number,
): (name: string) => SampledValues | NotComputable {
  const sides = [reference, current].map((side) => ({
    columns: new Map(side.columns.map((column) => [column.name, column])),
    drawn:
      side.rows > MOST_ROWS
        ? shuffledIndices(side.rows, random).subarray(0, MOST_ROWS)
        : Int32Array.from({ length: side.rows }, (_, at) => at),
  }));
  return (name) => {
    const [before, now] = sides.map(({ columns, drawn }) => {
      const column = columns.get(name);
      return column?.kind === 'numeric' ? Float64Array.from(drawn, (row) => column.values[row]!) : undefined;
    });
    return before && now
      ? { computable: true, reference: before, current: now, random }
      : notComputable('needs rows, which are kept of numeric features only');
  };
}
