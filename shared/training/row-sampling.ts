/** Seeded samples of rows and columns, which make the trees of an ensemble differ. */

import { shuffledIndices } from '#shared/random.ts';

/**
 * So many of the row numbers `0 … rows - 1`, each set of them equally likely, in ascending order (Knuth's selection
 * sampling, The Art of Computer Programming 3.4.2, algorithm S).
 *
 * @example
 * sampleRows(3, 3, random); // [0, 1, 2]
 */
export function sampleRows(rows: number, count: number, random: () => number): Int32Array {
  const chosen = new Int32Array(count);
  let at = 0;
  for (let row = 0; at < count; row++) if (random() * (rows - row) < count - at) chosen[at++] = row;
  return chosen;
}

/**
 * How often each row is in a bootstrap sample: as many draws with replacement as there are rows to draw.
 *
 * @param isDrawn - rows that can be drawn; at least one
 */
export function bootstrapCounts(
  rows: number,
  random: () => number,
  isDrawn: (row: number) => boolean = () => true,
): Uint32Array {
  const drawable = Int32Array.from({ length: rows }, (_, row) => row).filter(isDrawn);
  const counts = new Uint32Array(rows);
  for (let draw = 0; draw < drawable.length; draw++) {
    const row = drawable[Math.floor(random() * drawable.length)]!;
    counts[row] = counts[row]! + 1;
  }
  return counts;
}

/** So many of the columns, each set of them equally likely: by column, 1 where it is among them. */
export function sampleColumns(columns: number, count: number, random: () => number): Uint8Array {
  const mask = new Uint8Array(columns);
  for (const column of shuffledIndices(columns, random).subarray(0, count)) mask[column] = 1;
  return mask;
}

/** A share of a whole number, rounded, at least 1. */
export function shareOf(share: number, count: number): number {
  return Math.max(1, Math.round(share * count));
}
