/** From two profiles of one column to the coarse cells they are compared on. */

import type { Anchor } from '#shared/profile/anchors.ts';
import { MAX_CATEGORIES } from '#shared/profile/categorical-anchor.ts';
import type { NumericAnchor } from '#shared/profile/numeric-anchor.ts';
import type { CategoricalProfile, FeatureProfile, NumericProfile } from '#shared/profile/profile.ts';
import { type CoarseCell, coarseCellCount, nominalCells } from './coarse-cells.ts';

/** A numeric reference of at most this many distinct values gets one cell per value. */
const MAX_DISCRETE_VALUES = 10;

/**
 * Coarse cells of a column: right-closed quantile unions of the reference, one cell per value where the reference
 * has at most 10, one per frequent category. Missing and infinite rows are in none: they have checks of their own.
 *
 * @param limit most cells wanted; by default as many as two samples of these sizes carry
 */
export function featureCells(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
  limit = coarseCellCount(reference.count, current.count),
): CoarseCell[] {
  if (anchor.kind === 'categorical' && reference.kind === 'categorical' && current.kind === 'categorical')
    return categoryCells(anchor.categories, reference, current, limit);
  if (anchor.kind !== 'numeric' || reference.kind !== 'numeric' || current.kind !== 'numeric')
    throw new TypeError(`profiles of "${anchor.name}" are not of its kind, ${anchor.kind}`);
  const values = distinctEdges(reference);
  return values
    ? valueCells(anchor, values, reference, current, limit)
    : quantileCells(anchor, reference, current, limit);
}

function categoryCells(
  categories: readonly string[],
  reference: CategoricalProfile,
  current: CategoricalProfile,
  limit: number,
): CoarseCell[] {
  return nominalCells(
    categories.map((label, at) => ({
      label,
      reference: reference.categories[at]!,
      current: current.categories[at]!,
    })),
    { reference: reference.unseen.total, current: current.unseen.total },
    limit,
    // Beyond the cap categories were chosen by their count in the reference.
    categories.length < MAX_CATEGORIES
      ? 0
      : reference.categories.reduce((least, rows) => Math.min(least, rows)),
  );
}

/** The edges that carry the whole reference, if they are at most ten. */
export function distinctEdges(reference: NumericProfile): readonly number[] | undefined {
  const edges: number[] = [];
  for (let cell = 0; cell < reference.cells.length; cell++) {
    if (reference.cells[cell] === 0) continue;
    if (cell % 2 === 0 || edges.length === MAX_DISCRETE_VALUES) return undefined;
    edges.push((cell - 1) / 2);
  }
  return edges;
}

function valueCells(
  anchor: NumericAnchor,
  edges: readonly number[],
  reference: NumericProfile,
  current: NumericProfile,
  limit: number,
): CoarseCell[] {
  const values = edges.map((edge) => ({
    label: formatNumber(anchor.edges[edge]!),
    reference: reference.cells[2 * edge + 1]!,
    current: current.cells[2 * edge + 1]!,
  }));
  const known = values.reduce((sum, cell) => sum + cell.current, 0);
  return nominalCells(values, { reference: 0, current: current.count - known }, limit);
}

function quantileCells(
  anchor: NumericAnchor,
  reference: NumericProfile,
  current: NumericProfile,
  limit: number,
): CoarseCell[] {
  const cuts = quantileCuts(reference, limit);
  const cells: CoarseCell[] = [];
  let from = 0;
  for (let at = 0; at <= cuts.length; at++) {
    const upper = cuts[at];
    const to = upper === undefined ? reference.cells.length : 2 * upper + 2;
    let [inReference, inCurrent] = [0, 0];
    for (let cell = from; cell < to; cell++) {
      inReference += reference.cells[cell]!;
      inCurrent += current.cells[cell]!;
    }
    cells.push({
      label: intervalLabel(anchor, cuts[at - 1], upper),
      reference: inReference,
      current: inCurrent,
    });
    from = to;
  }
  return cells;
}

/**
 * Edges after which to cut: the first that holds j/K of the reference, never one that leaves nothing above it
 * (then the last below it: 95 % of the rows at the largest value must still give two cells).
 */
function quantileCuts(reference: NumericProfile, limit: number): readonly number[] {
  const cuts = new Set<number>();
  let [below, target, lastUsable] = [0, 1, -1];
  for (let edge = 0; 2 * edge + 1 < reference.cells.length && target < limit; edge++) {
    const inCells = reference.cells[2 * edge]! + reference.cells[2 * edge + 1]!;
    below += inCells;
    if (below === 0 || inCells === 0) continue;
    const isLast = below === reference.count;
    for (; target < limit && below >= (target * reference.count) / limit; target++) {
      const cut = isLast ? lastUsable : edge;
      if (cut >= 0) cuts.add(cut);
    }
    lastUsable = edge;
  }
  return [...cuts].sort((a, b) => a - b);
}

function intervalLabel(anchor: NumericAnchor, lower: number | undefined, upper: number | undefined): string {
  const bound = (edge: number) => formatNumber(anchor.edges[edge]!);
  if (upper === undefined) return lower === undefined ? 'all' : `> ${bound(lower)}`;
  return lower === undefined ? `≤ ${bound(upper)}` : `(${bound(lower)}, ${bound(upper)}]`;
}

/** Six significant digits. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}
