/** The primary test of one feature: the one p-value that decides. */

import { chiSquareContingency } from './chi-square.ts';
import type { CoarseCell } from './coarse-cells.ts';
import { type NotComputable, notComputable } from './measure.ts';
import { rankComponents } from './rank-components.ts';
import { compareShares } from './two-proportions.ts';

/** χ² is trusted from this expected count up (Cochran 1954). */
const MIN_EXPECTED = 5;

interface Counts {
  readonly reference: number;
  readonly current: number;
}

export interface PrimaryResult {
  readonly computable: true;
  /** Which test decided: by kind, never by outcome. */
  readonly test: 'rank_components_and_chi_square' | 'chi_square';
  readonly pValue: number;
}

/**
 * The primary test of numbers: rank components, which see shifts, scales and shapes best, together with χ² on the
 * coarse cells, which sees a single value gain or a grid change. One p-value of both by the Cauchy combination, which
 * holds its level whatever their dependence (Liu and Xie 2020). Chosen by measured power: decision 20.
 *
 * @param fine counts of both samples on ordered fine cells
 * @param cells the same rows on coarse cells
 * @param designEffect variance inflation of clustered rows, ≥ 1
 */
export function numericPrimaryTest(
  fine: { readonly reference: ArrayLike<number>; readonly current: ArrayLike<number> },
  cells: readonly CoarseCell[],
  designEffect = 1,
): PrimaryResult | NotComputable {
  const ranks = rankComponents(fine.reference, fine.current, designEffect);
  const counts = categoricalPrimaryTest(cells, designEffect);
  if (!ranks.computable || !counts.computable) return ranks.computable ? counts : ranks;
  return {
    computable: true,
    test: 'rank_components_and_chi_square',
    pValue: combine(ranks.pValue, counts.pValue),
  };
}

/** Below this the tangent loses its digits and the combination is the harmonic mean. */
const SMALLEST_TANGENT = 1e-8;

/** The two parts look at the same rows; at a nominal 5 % their combination then rejects 5.5 % (measured). */
const DEPENDENCE = 1.08;

/** Cauchy combination of two p-values with equal weights. */
function combine(first: number, second: number): number {
  const smallest = Math.min(first, second);
  if (smallest === 0) return 0;
  if (smallest < SMALLEST_TANGENT) return (DEPENDENCE * 2) / (1 / first + 1 / second);
  const statistic = (Math.tan((0.5 - first) * Math.PI) + Math.tan((0.5 - second) * Math.PI)) / 2;
  return Math.min(1, Math.max(0, DEPENDENCE * (0.5 - Math.atan(statistic) / Math.PI)));
}

/**
 * The primary test of categories: χ² on the cells that are expected at least five times in both samples. Sparser cells are united until they are;
 * what is left over is tested exactly against the rest (Fisher), and the smaller of the two p-values counts twice.
 * Merely pooling it would hide a category that was renamed: its rows would be pooled with those it replaced.
 *
 * @param cells coarse cells in display order
 * @param designEffect variance inflation of clustered rows, ≥ 1
 * @example categoricalPrimaryTest([{ label: 'a', reference: 990, current: 45 }, { label: 'b', reference: 10, current: 5 }]) // 0.00042
 */
export function categoricalPrimaryTest(
  cells: readonly CoarseCell[],
  designEffect = 1,
): PrimaryResult | NotComputable {
  const all = cells.reduce<Counts>(unite, { reference: 0, current: 0 });
  const isDense = (cell: Counts) =>
    ((cell.reference + cell.current) * Math.min(all.reference, all.current)) /
      (all.reference + all.current) >=
    MIN_EXPECTED;
  const dense: Counts[] = cells.filter(isDense);
  let sparse: Counts | undefined;
  for (const cell of cells) {
    if (isDense(cell) || cell.reference + cell.current === 0) continue;
    sparse = sparse ? unite(sparse, cell) : cell;
    if (!isDense(sparse)) continue;
    dense.push(sparse);
    sparse = undefined;
  }
  if (dense.length + (sparse ? 1 : 0) < 2) return notComputable('every row of both samples is in one cell');
  const exact = sparse ? exactPValue(sparse, all, designEffect) : undefined;
  if (sparse) {
    const smallest = dense.reduce((least, cell) => (sizeOf(cell) < sizeOf(least) ? cell : least));
    dense[dense.indexOf(smallest)] = unite(smallest, sparse);
  }
  const test = chiSquareContingency(
    dense.map((cell) => cell.reference),
    dense.map((cell) => cell.current),
    designEffect,
  );
  if (exact === undefined && !test.computable) return test;
  const inCells = test.computable ? test.pValue : 1;
  return {
    computable: true,
    test: 'chi_square',
    pValue:
      exact === undefined ? inCells : test.computable ? Math.min(1, 2 * Math.min(inCells, exact)) : exact,
  };
}

function exactPValue(cell: Counts, all: Counts, designEffect: number): number {
  return compareShares(
    { hits: cell.reference, rows: all.reference },
    { hits: cell.current, rows: all.current },
    designEffect,
  ).twoSided;
}

function unite(first: Counts, second: Counts): Counts {
  return { reference: first.reference + second.reference, current: first.current + second.current };
}

function sizeOf(cell: Counts): number {
  return cell.reference + cell.current;
}
