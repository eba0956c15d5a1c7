/** Sentinel values: one number (−999, 0, 9999) that stands for "not known" and suddenly holds a share of the rows. */

import { compareShares } from '#shared/drift/two-proportions.ts';
import { cellOf, cellSearch } from '#shared/profile/cell-search.ts';
import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import type { NumericProfile } from '#shared/profile/profile.ts';
import { percent, type QualityCheck, SIGNIFICANCE } from './quality-check.ts';

/** Its neighbours must hold less than this part of what it holds: a whole grid that moves is drift. */
const ISOLATED = 0.5;
/** The baseline had less than this part of the share. */
const NEW = 0.1;
/** What people and machines write for "nothing", as float32: zero, one, nines (from 99999999 on a power of ten), the limits of whole numbers. */
const CUSTOMARY = /^(0|-1|-?9{2,7}|-?10{8,10}|-?2147483648|4294967296|-?32768|32767|65535)$/;

/**
 * A point mass that the baseline did not have. Profiles see two kinds: a value that is an edge (any baseline order
 * statistic, so also a rare 0 that became common), and a customary sentinel that is the smallest or largest value and
 * lies apart, more than a scale beyond the baseline's range. A new value between two edges is no point mass to them.
 */
export const sentinelValues: QualityCheck = {
  name: 'sentinel_values',
  severity: 'soft',
  threshold: 0.01,
  scope: 'column',
  run({ anchor, reference, current, designEffect }) {
    if (anchor.channel !== 'feature' || anchor.kind !== 'numeric' || !anchor.range) return undefined;
    if (reference.kind !== 'numeric' || current.kind !== 'numeric' || current.count === 0) return undefined;
    const suspects = [
      ...crowdedEdges(anchor, reference, current, this.threshold * current.count),
      ...outlyingExtremes(anchor, current),
    ];
    const [found] = suspects
      .filter(({ before, now, looks }) => {
        if (now / current.count < this.threshold) return false;
        if (before / reference.count > (NEW * now) / current.count) return false;
        const expected = { hits: before, rows: reference.count };
        const observed = { hits: now, rows: current.count };
        const { increase } = compareShares(expected, observed, designEffect);
        return increase < SIGNIFICANCE.soft / looks;
      })
      .sort((a, b) => b.now - a.now);
    if (!found) return undefined;
    const share = found.now / current.count;
    return {
      observed: share,
      message: `${percent(share)} of values are ${found.value}, ${percent(found.before / reference.count)} were: a placeholder?`,
    };
  },
};

interface Suspect {
  readonly value: number;
  readonly before: number;
  readonly now: number;
  /** Values that had the same chance to be suspected. */
  readonly looks: number;
}

/** Edges that hold enough rows, and far more than the cells and edges beside them. */
function crowdedEdges(
  anchor: NumericAnchor,
  reference: NumericProfile,
  current: NumericProfile,
  least: number,
): Suspect[] {
  const { cells } = current;
  const suspects: Suspect[] = [];
  for (let cell = 1; cell < cells.length; cell += 2) {
    const now = cells[cell]!;
    if (now < least) continue;
    const beside = Math.max(...[-2, -1, 1, 2].map((step) => cells[cell + step] ?? 0));
    if (beside >= ISOLATED * now) continue;
    const value = anchor.edges[cell >> 1]!;
    suspects.push({ value, before: reference.cells[cell]!, now, looks: anchor.edges.length });
  }
  return suspects;
}

/** The smallest or largest value, where it is a customary sentinel and alone beyond the baseline's range. */
function outlyingExtremes(anchor: NumericAnchor, current: NumericProfile): Suspect[] {
  const { lowest, highest } = anchor.range!;
  const search = cellSearch(anchor);
  return [current.min, current.max].flatMap((value) => {
    const distance = Math.max(lowest - value, value - highest);
    if (!CUSTOMARY.test(String(value)) || distance <= anchor.scale) return [];
    const own = cellOf(search, value);
    const inward = cellOf(search, value < lowest ? lowest : highest);
    let between = 0;
    for (let cell = Math.min(own, inward) + 1; cell < Math.max(own, inward); cell++)
      between += current.cells[cell]!;
    const now = current.cells[own]!;
    return between < ISOLATED * now ? [{ value, before: 0, now, looks: 2 }] : [];
  });
}
