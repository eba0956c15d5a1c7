/** The primary test of one feature: one p-value from its coarse cells, sparse ones included. */

import { chiSquareContingency } from './chi-square.ts';
import type { CoarseCell } from './coarse-cells.ts';
import { type NotComputable, notComputable } from './measure.ts';
import { compareShares } from './two-proportions.ts';

/** χ² is trusted from this expected count up (Cochran 1954). */
const MIN_EXPECTED = 5;

interface Counts {
  readonly reference: number;
  readonly current: number;
}

/**
 * χ² on the cells that are expected at least five times in both samples. Sparser cells are united until they are;
 * what is left over is tested exactly against the rest (Fisher), and the smaller of the two p-values counts twice.
 * Merely pooling it would hide a category that was renamed: its rows would be pooled with those it replaced.
 *
 * @param cells coarse cells in display order
 * @param designEffect variance inflation of clustered rows, ≥ 1
 * @example primaryTest([{ label: 'a', reference: 990, current: 45 }, { label: 'b', reference: 10, current: 5 }]) // 0.00042
 */
export function primaryTest(
  cells: readonly CoarseCell[],
  designEffect = 1,
): { readonly computable: true; readonly pValue: number } | NotComputable {
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
  if (exact === undefined) return test;
  return {
    computable: true,
    pValue: test.computable ? Math.min(1, 2 * Math.min(test.pValue, exact)) : exact,
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
