/** Co-moments: how numeric features go together, as exact integer sums over rows, so that a lost correlation is seen. */

import erfc from '@stdlib/math-base-special-erfc';

/** Features whose dependence is counted; pairs grow with the square. */
export const MAX_DEPENDENT_COLUMNS = 32;
/** A score is a standard normal quantile in steps of 1/24. */
const SCORE_SCALE = 24;
/** ±3.3 sigma: one outlier, however far out, weighs no more. */
const MAX_SCORE = 80;

export interface CoMoments {
  /** Rows counted: all of them, as a missing value scores 0. */
  rows: number;
  /** Σ of the scores, one per dependent column. */
  readonly sums: Float64Array;
  /** Σ of the products of two scores: the upper triangle row by row, diagonal included. */
  readonly products: Float64Array;
}

/** Co-moments of no rows. */
export function emptyCoMoments(columns: number): CoMoments {
  return {
    rows: 0,
    sums: new Float64Array(columns),
    products: new Float64Array((columns * (columns + 1)) / 2),
  };
}

/** Adds `from` into `into`: integers below 2^53, so in any order to the last bit. */
export function mergeCoMoments(into: CoMoments, from: CoMoments): void {
  into.rows += from.rows;
  for (let at = 0; at < from.sums.length; at++) into.sums[at]! += from.sums[at]!;
  for (let at = 0; at < from.products.length; at++) into.products[at]! += from.products[at]!;
}

/**
 * Where the normal score of a column rises: entry `s` is the first cell of score `s − 79`, for the mid-rank of each
 * cell in the baseline (van der Waerden 1952, in steps). Ranks make the score the same for any monotone unit.
 *
 * @param counts baseline counts per cell
 * @returns 160 non-decreasing cell numbers; `counts.length` where no cell scores that high
 */
export function scoreSteps(counts: Float64Array): number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const steps: number[] = [];
  let below = 0;
  for (let cell = 0; cell < counts.length && steps.length < 2 * MAX_SCORE; cell++) {
    const midRank = (below + counts[cell]! / 2) / rows;
    while (steps.length < 2 * MAX_SCORE && midRank >= normalShare(steps.length - MAX_SCORE + 0.5))
      steps.push(cell);
    below += counts[cell]!;
  }
  while (steps.length < 2 * MAX_SCORE) steps.push(counts.length);
  return steps;
}

/** Φ(score / 24). */
function normalShare(score: number): number {
  return 0.5 * erfc(-score / SCORE_SCALE / Math.SQRT2);
}

/** The score of every cell, from its steps. */
export function scoresOfCells(steps: readonly number[], cells: number): Int8Array {
  const scores = new Int8Array(cells);
  let reached = 0;
  for (let cell = 0; cell < cells; cell++) {
    while (reached < steps.length && steps[reached]! <= cell) reached++;
    scores[cell] = reached - MAX_SCORE;
  }
  return scores;
}

/** Rows whose products are summed at once: 1024 · 80² stays below 2^25. */
const BLOCK = 1024;
/** Two sums share one double, the second 2^25 higher: half the multiplications, all of them exact. */
const LANE = 2 ** 25;

/**
 * Counts rows of scores.
 *
 * @param scores one array per dependent column, all with at least `rows` entries
 */
export function addScores(into: CoMoments, scores: readonly Int8Array[], rows: number): void {
  into.rows += rows;
  const columns = scores.length;
  // Padded so that the kernel may always take two columns and four lanes.
  const packed = new Float64Array((Math.ceil(columns / 2) + 3) * BLOCK);
  const pair = [new Float64Array(BLOCK), new Float64Array(BLOCK)] as const;
  for (let from = 0; from < rows; from += BLOCK) {
    const size = Math.min(BLOCK, rows - from);
    packLanes(packed, scores, from, size);
    for (let first = 0; first < columns; first += 2) {
      for (const at of [0, 1] as const) {
        const own = scores[first + at];
        if (own) into.sums[first + at]! += copyScores(pair[at], own, from, size);
      }
      addProducts(into.products, { packed, pair, size, first, columns });
    }
  }
}

/** Copies a block of scores as doubles and returns their sum. */
function copyScores(to: Float64Array, scores: Int8Array, from: number, size: number): number {
  let sum = 0;
  for (let row = 0; row < size; row++) {
    const score = scores[from + row]!;
    to[row] = score;
    sum += score;
  }
  return sum;
}

function packLanes(packed: Float64Array, scores: readonly Int8Array[], from: number, size: number): void {
  for (let column = 0; column < scores.length; column += 2) {
    const low = scores[column]!;
    const high = scores[column + 1];
    const at = (column / 2) * BLOCK;
    for (let row = 0; row < size; row++)
      packed[at + row] = low[from + row]! + (high ? high[from + row]! : 0) * LANE;
  }
}

interface Block {
  readonly packed: Float64Array;
  /** Scores of the columns `first` and `first + 1`. */
  readonly pair: readonly [Float64Array, Float64Array];
  readonly size: number;
  /** Even. */
  readonly first: number;
  readonly columns: number;
}

/** Products of two columns with all from the first of them on: eight sums a pass, as many as registers hold. */
function addProducts(products: Float64Array, block: Block): void {
  const { packed, size, first, columns } = block;
  const [upper, lower] = block.pair;
  for (let lane = first >> 1; 2 * lane < columns; lane += 4) {
    const at = lane * BLOCK;
    let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let row = 0; row < size; row++) {
      const one = upper[row]!;
      const two = lower[row]!;
      const lane0 = packed[at + row]!;
      const lane1 = packed[at + BLOCK + row]!;
      const lane2 = packed[at + 2 * BLOCK + row]!;
      const lane3 = packed[at + 3 * BLOCK + row]!;
      a0 += one * lane0;
      a1 += one * lane1;
      a2 += one * lane2;
      a3 += one * lane3;
      b0 += two * lane0;
      b1 += two * lane1;
      b2 += two * lane2;
      b3 += two * lane3;
    }
    unpack(products, [a0, a1, a2, a3], 2 * lane, first, columns);
    if (first + 1 < columns) unpack(products, [b0, b1, b2, b3], 2 * lane, first + 1, columns);
  }
}

/** Takes the two sums of each lane apart and adds those at or right of the diagonal in row `first`. */
function unpack(
  products: Float64Array,
  sums: readonly number[],
  column: number,
  first: number,
  columns: number,
): void {
  // Entry (first, j) of the triangle is at rowStart + j.
  const rowStart = first * columns - (first * (first + 1)) / 2;
  sums.forEach((sum, lane) => {
    const high = Math.round(sum / LANE);
    const [left, right] = [column + 2 * lane, column + 2 * lane + 1];
    if (left >= first && left < columns) products[rowStart + left]! += sum - high * LANE;
    if (right >= first && right < columns) products[rowStart + right]! += high;
  });
}
