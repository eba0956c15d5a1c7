/** The primary test of one feature: the one p-value that decides. */

import { cauchyCombination } from './cauchy-combination.ts';
import { chiSquareContingency } from './chi-square.ts';
import type { CoarseCell } from './coarse-cells.ts';
import { type NotComputable, notComputable } from './measure.ts';
import { rankComponents } from './rank-components.ts';
import { compareShares } from './two-proportions.ts';

/** χ² is trusted from this expected count up (Cochran 1954); of clustered rows, from as many independent ones. */
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
  // What hardly varies has no ranks to speak of, and is tested by its cells alone.
  if (!ranks.computable || !counts.computable) return counts;
  return {
    computable: true,
    test: 'rank_components_and_chi_square',
    pValue: Math.min(1, DEPENDENCE * cauchyCombination(ranks.pValue, counts.pValue)),
  };
}

/** The two parts look at the same rows; at a nominal 5 % their combination then rejects 5.5 % (measured). */
const DEPENDENCE = 1.08;

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
  if (Math.min(all.reference, all.current) === 0)
    return notComputable('a sample without rows cannot be tested');
  const filled = cells.filter((cell) => sizeOf(cell) > 0);
  if (filled.length < 2) return notComputable('every row of both samples is in one cell');
  const isDense = (cell: Counts) =>
    ((cell.reference + cell.current) * Math.min(all.reference, all.current)) /
      (all.reference + all.current) >=
    MIN_EXPECTED * designEffect;
  const dense: Counts[] = filled.filter(isDense);
  let sparse: Counts | undefined;
  for (const cell of filled) {
    if (isDense(cell)) continue;
    sparse = sparse ? unite(sparse, cell) : cell;
    if (!isDense(sparse)) continue;
    dense.push(sparse);
    sparse = undefined;
  }
  if (dense.length + (sparse ? 1 : 0) < 2) {
    // So few clusters that no two cells are dense: the largest is left to test, against all others.
    const largest = filled.reduce((most, cell) => (sizeOf(cell) > sizeOf(most) ? cell : most));
    return { computable: true, test: 'chi_square', pValue: exactPValue(largest, all, designEffect) };
  }
  const exact = sparse ? exactPValue(sparse, all, designEffect) : undefined;
  if (sparse) {
    const smallest = dense.reduce((least, cell) => (isSmaller(cell, least) ? cell : least));
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

/** Fisher's test of one cell against the rest. */
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

/** Equals differ in nothing that counts, so that the order of cells does not either. */
function isSmaller(cell: Counts, than: Counts): boolean {
  return (
    sizeOf(cell) - sizeOf(than) < 0 || (sizeOf(cell) === sizeOf(than) && cell.reference < than.reference)
  );
}

function sizeOf(cell: Counts): number {
  return cell.reference + cell.current;
}
