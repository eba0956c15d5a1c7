/** Integrals of the gap between two distribution functions, from profiles: what Wasserstein and energy need. */

import { type NotComputable, notComputable } from '../measure.ts';
import type { NumericPair } from './drift-test.ts';

interface GapIntegral {
  readonly computable: true;
  /** Rows spread within each open cell with a density that runs straight between those of its neighbours. */
  readonly estimate: number;
  /** The raw rows' integral lies in [lo, hi]. */
  readonly lo: number;
  readonly hi: number;
  /** Σ of the estimated signed gaps: where the means are known, so is what this should have been. */
  readonly signed: number;
  /** How an error of `signed` enters `estimate`, −1 to 1: the cells' signs, weighted by how uncertain each is. */
  readonly lean: number;
}

/**
 * ∫ |F − G|^power dx over the cells, in one pass. At the edges both functions are known; between two of them F lies
 * between its ends and so does G, wherever the rows sit, which bounds the gap from both sides. The open ends reach to
 * the smallest and largest value of either sample.
 */
export function gapIntegral(
  { anchor, reference, current }: NumericPair,
  power: 1 | 2,
): GapIntegral | NotComputable {
  if (reference.count === 0 || current.count === 0)
    return notComputable('a sample without rows has no distribution');
  for (const { positiveInfinite, negativeInfinite } of [reference, current])
    if (positiveInfinite + negativeInfinite > 0) return notComputable('a sample holds infinite values');
  const lowest = Math.min(reference.min, current.min);
  const highest = Math.max(reference.max, current.max);
  const widths = openWidths(anchor.edges, lowest, highest);
  const [n, m] = [reference.count, current.count];
  let [f, g, estimate, lo, hi, signed, uncertainty, leaning] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let open = 0; open < widths.length; open++) {
    const width = widths[open]!;
    const [fromF, fromG] = [f, g];
    const [inF, inG] = [reference.cells[2 * open]!, current.cells[2 * open]!];
    f += inF / n;
    g += inG / m;
    if (width > 0) {
      const [from, to] = [fromF - fromG, f - g];
      const least = width * raise(Math.max(0, fromF - g, fromG - f), power);
      const most = width * raise(Math.max(0, f - fromG, g - fromF), power);
      lo += least;
      hi += most;
      if (inF + inG === 0) {
        estimate += most;
        signed += width * from;
      } else {
        const bend =
          (bendOf(reference.cells, widths, open) * inF) / n - (bendOf(current.cells, widths, open) * inG) / m;
        const gap = (from + to) / 2 - bend / 6;
        const variance = width * width * (inF / n / n + inG / m / m);
        estimate += width * meanGap(from, to, bend, power);
        signed += width * gap;
        uncertainty += variance;
        if (from * to >= 0) leaning += variance * Math.sign(gap);
      }
    }
    if (2 * open + 1 < reference.cells.length) {
      f += reference.cells[2 * open + 1]! / n;
      g += current.cells[2 * open + 1]! / m;
    }
  }
  const lean = uncertainty > 0 ? leaning / uncertainty : 0;
  return { computable: true, estimate: Math.min(hi, Math.max(lo, estimate)), lo, hi, signed, lean };
}

/** Widths of the open cells, the outer ones reaching to the lowest and highest value. */
function openWidths(edges: readonly number[], lowest: number, highest: number): Float64Array {
  const widths = new Float64Array(edges.length + 1);
  let left = lowest;
  for (let open = 0; open < widths.length; open++) {
    const right = open < edges.length ? Math.min(highest, edges[open]!) : highest;
    widths[open] = Math.max(0, right - left);
    left = Math.max(left, right);
  }
  return widths;
}

function raise(gap: number, power: 1 | 2): number {
  return power === 1 ? gap : gap * gap;
}

/**
 * How far an open cell's density leans to its right end, from −1 to 1: its ends taken on straight lines to the middles
 * of the neighbouring open cells. In the wide cells of a tail rows crowd at the inner end; even spreading would
 * overstate distances by some per cent.
 */
function bendOf(cells: Float64Array, widths: Float64Array, open: number): number {
  const rows = cells[2 * open]!;
  if (rows === 0) return 0;
  const density = rows / widths[open]!;
  const left = densityTowards(cells, widths, open, open - 1, density);
  const right = densityTowards(cells, widths, open, open + 1, density);
  return (right - left) / (left + right);
}

/** The density where an open cell meets its neighbour; half its own at either end of the data. */
function densityTowards(
  cells: Float64Array,
  widths: Float64Array,
  open: number,
  neighbour: number,
  density: number,
): number {
  const [width, other] = [
    widths[open]!,
    neighbour >= 0 && neighbour < widths.length ? widths[neighbour]! : 0,
  ];
  if (!(other > 0)) return density / 2;
  return (width * (cells[2 * neighbour]! / other) + other * density) / (width + other);
}

/** Mean over t in [0, 1] of |from + (to − from)·t + bend·(t² − t)|^power; straight where the gap changes sign. */
function meanGap(from: number, to: number, bend: number, power: 1 | 2): number {
  if (power === 2)
    return (from * from + from * to + to * to) / 3 - (bend * (from + to)) / 6 + (bend * bend) / 30;
  if (from * to >= 0) return Math.abs((from + to) / 2 - bend / 6);
  return (from * from + to * to) / (2 * (Math.abs(from) + Math.abs(to)));
}
