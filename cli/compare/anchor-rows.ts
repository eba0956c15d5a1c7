/** How many rows of the reference the cells of a comparison are fixed on; the counts are of all rows. */

const mostRows = 50_000;
const leastRows = 500;
/** Of all columns: 80 MB of doubles. */
const mostValues = 10e6;

/** Fewer of a wide file, so that looking at it takes no longer than counting it. */
export function anchorRows(columns: number): number {
  return Math.min(mostRows, Math.max(leastRows, Math.floor(mostValues / Math.max(1, columns))));
}
