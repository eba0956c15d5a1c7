/** Coarse cells: few enough unions of fine cells for PSI, Jensen–Shannon and χ² to be honest at these sizes. */

export interface CoarseCell {
  /** `≤ 1.3`, `(1.3, 2.5]`, `> 5.1`, a value or category, several of them, or `other`. */
  readonly label: string;
  readonly reference: number;
  readonly current: number;
}

const OTHER = 'other';

/**
 * How many cells two samples carry: ⌊n_current/10⌋ between 4 and 10, fewer where the reference's own noise
 * (K − 1)/n_reference would exceed 0.03, at least 2.
 *
 * @example coarseCellCount(1000, 80) // 8
 * @example coarseCellCount(90, 500) // 3
 */
export function coarseCellCount(nReference: number, nCurrent: number): number {
  const wanted = Math.min(10, Math.max(4, Math.floor(nCurrent / 10)));
  return Math.max(2, Math.min(wanted, Math.floor(0.03 * nReference) + 1));
}

/**
 * Cells of unordered values. Values are ranked by the counts of *both samples together*, which keeps the test exact:
 * ranking by the reference alone would favour whatever it happened to over-count. Values so rare that they could have
 * been missed by the reference share `other` with those that were, or newness would look like drift; the remaining
 * ones are packed into cells of about equal mass, frequent ones alone, so that no value is out of sight.
 *
 * @param values distinct values, any order
 * @param other counts that belong to no value (unseen categories)
 * @param limit most cells wanted, ≥ 2
 * @param leastKept smallest reference count of a value, where values are only those the reference had most often: the
 *   ones near that count are there by luck, so they look more frequent than they are, and share `other` as well
 */
export function nominalCells(
  values: readonly CoarseCell[],
  other: { readonly reference: number; readonly current: number },
  limit: number,
  leastKept = 0,
): CoarseCell[] {
  const ranked = values
    .filter((cell) => pooled(cell) > 0)
    .sort((a, b) => pooled(b) - pooled(a) || (a.label < b.label ? -1 : 1));
  const nReference = sumOf(ranked, 'reference') + other.reference;
  const nCurrent = sumOf(ranked, 'current') + other.current;
  const lucky = leastKept === 0 ? 0 : leastKept + 4 * Math.sqrt(leastKept);
  const missable = Math.max(
    missableCount(nReference, nCurrent),
    lucky * (nReference === 0 ? 0 : 1 + nCurrent / nReference),
  );
  const certain = ranked.filter((cell) => pooled(cell) > missable).length;
  // Where every value is that rare, only the most frequent ones are told apart.
  const named = ranked.slice(0, certain > 0 ? certain : limit - 1);
  const rest = ranked.slice(named.length);
  if (other.reference + other.current > 0) rest.push({ label: OTHER, ...other });
  const packed = packEqually(named, rest.length > 0 ? limit - 1 : limit);
  return (rest.length > 0 ? [...packed, rest] : packed).map((group) => ({
    label: groupLabel(group),
    reference: sumOf(group, 'reference'),
    current: sumOf(group, 'current'),
  }));
}

/** The pooled count up to which a value is absent from the reference by chance more often than once in 1000. */
function missableCount(nReference: number, nCurrent: number): number {
  return Math.log(1000) / Math.log1p(nReference / nCurrent);
}

function packEqually(ranked: readonly CoarseCell[], limit: number): CoarseCell[][] {
  const groups: CoarseCell[][] = [];
  let group: CoarseCell[] = [];
  let [mass, left] = [0, ranked.reduce((sum, cell) => sum + pooled(cell), 0)];
  for (const cell of ranked) {
    group.push(cell);
    mass += pooled(cell);
    const cellsLeft = limit - groups.length;
    if (cellsLeft === 1 || mass < left / cellsLeft) continue;
    groups.push(group);
    left -= mass;
    [group, mass] = [[], 0];
  }
  return group.length > 0 ? [...groups, group] : groups;
}

function sumOf(cells: readonly CoarseCell[], side: 'reference' | 'current'): number {
  return cells.reduce((sum, cell) => sum + cell[side], 0);
}

/** `a`, `a, b`, `a, b, c and 17 more`. */
function groupLabel(group: readonly CoarseCell[]): string {
  const shown = group.slice(0, 3).map((cell) => cell.label);
  const hidden = group.length - shown.length;
  return hidden > 0 ? `${shown.join(', ')} and ${hidden} more` : shown.join(', ');
}

function pooled(cell: CoarseCell): number {
  return cell.reference + cell.current;
}
