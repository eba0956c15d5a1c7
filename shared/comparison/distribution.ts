/** Distributions for display: few bins of both samples, made of the counts alone. */

import { coarseCellCount } from '../drift/coarse-cells.ts';
import { distinctEdges, featureCells, formatNumber } from '../drift/feature-cells.ts';
import type { Anchor } from '../profile/anchors.ts';
import type { NumericAnchor } from '../profile/numeric-anchor.ts';
import type { CategoricalProfile, FeatureProfile, NumericProfile } from '../profile/profile.ts';
import type { DistributionBin } from './comparison.ts';

const BINS = 20;
const CATEGORIES = 12;
/** The bins span this part of the reference; the rest is in the open ends. */
const CORE = [0.005, 0.995] as const;

/**
 * Shares of both samples: 20 equal bins over the reference's core with open ends, one bin per value where it has few,
 * the twelve most frequent categories and `other`. Cells that straddle two bins are split by length.
 */
export function distributionOf(
  anchor: Anchor,
  reference: FeatureProfile,
  current: FeatureProfile,
): readonly DistributionBin[] {
  if (reference.count + current.count === 0) return [];
  if (anchor.kind === 'categorical' && reference.kind === 'categorical' && current.kind === 'categorical')
    return categoryBins(anchor.categories, reference, current);
  if (anchor.kind !== 'numeric' || reference.kind !== 'numeric' || current.kind !== 'numeric') return [];
  if (distinctEdges(reference)) return valueBins(anchor, reference, current);
  return intervalBins(anchor, reference, current);
}

function share(rows: number, of: FeatureProfile): number {
  return of.count === 0 ? 0 : rows / of.count;
}

function categoryBins(
  categories: readonly string[],
  reference: CategoricalProfile,
  current: CategoricalProfile,
): DistributionBin[] {
  const ranked = categories
    .map((label, at) => ({
      label,
      reference: share(reference.categories[at]!, reference),
      current: share(current.categories[at]!, current),
    }))
    .sort((a, b) => b.reference + b.current - a.reference - a.current || (a.label < b.label ? -1 : 1));
  const shown = ranked.slice(0, CATEGORIES);
  const rest = (side: 'reference' | 'current') =>
    Math.max(0, 1 - shown.reduce((sum, bin) => sum + bin[side], 0));
  const isWhole = ranked.length <= CATEGORIES && reference.unseen.total + current.unseen.total === 0;
  if (isWhole) return shown;
  return [
    ...shown,
    {
      label: 'other',
      reference: reference.count === 0 ? 0 : rest('reference'),
      current: current.count === 0 ? 0 : rest('current'),
    },
  ];
}

function valueBins(
  anchor: NumericAnchor,
  reference: NumericProfile,
  current: NumericProfile,
): DistributionBin[] {
  const limit = Math.max(BINS, coarseCellCount(reference.count, current.count));
  return featureCells(anchor, reference, current, limit).map((cell) => ({
    label: cell.label,
    reference: share(cell.reference, reference),
    current: share(cell.current, current),
  }));
}

function intervalBins(
  anchor: NumericAnchor,
  reference: NumericProfile,
  current: NumericProfile,
): DistributionBin[] {
  const [low, high] = CORE.map((part) => quantileEdge(anchor, reference, part)) as [number, number];
  const width = (high - low) / BINS;
  const bounds = Array.from({ length: BINS + 1 }, (_, at) => low + at * width);
  const before = sharesIn(bounds, anchor, reference);
  const now = sharesIn(bounds, anchor, current);
  return before.map((part, at) => {
    const lower = at === 0 ? null : bounds[at - 1]!;
    const upper = at === BINS + 1 ? null : bounds[at]!;
    return { label: intervalLabel(lower, upper), lower, upper, reference: part, current: now[at]! };
  });
}

function intervalLabel(lower: number | null, upper: number | null): string {
  if (lower === null) return `≤ ${formatNumber(upper!)}`;
  return upper === null ? `> ${formatNumber(lower)}` : `(${formatNumber(lower)}, ${formatNumber(upper)}]`;
}

/** The first edge that holds this part of the rows. */
function quantileEdge(anchor: NumericAnchor, profile: NumericProfile, part: number): number {
  let below = 0;
  for (let edge = 0; edge < anchor.edges.length; edge++) {
    below += profile.cells[2 * edge]! + profile.cells[2 * edge + 1]!;
    if (below >= part * profile.count) return anchor.edges[edge]!;
  }
  return anchor.edges.at(-1)!;
}

/** Shares below the first bound, between each two, and above the last. */
function sharesIn(bounds: readonly number[], anchor: NumericAnchor, profile: NumericProfile): number[] {
  const rows = new Array<number>(bounds.length + 1).fill(0);
  const binOf = (value: number) => {
    const at = bounds.findIndex((bound) => value <= bound);
    return at < 0 ? bounds.length : at;
  };
  const { edges } = anchor;
  for (let edge = 0; edge <= edges.length; edge++) {
    const inside = profile.cells[2 * edge]!;
    if (inside > 0) {
      const from = Math.max(edges[edge - 1] ?? profile.min, profile.min);
      const to = Math.min(edges[edge] ?? profile.max, profile.max);
      spread(rows, bounds, binOf, inside, from, to);
    }
    const onEdge = edge < edges.length ? profile.cells[2 * edge + 1]! : 0;
    if (onEdge > 0) rows[binOf(edges[edge]!)]! += onEdge;
  }
  return rows.map((count) => share(count, profile));
}

function spread(
  rows: number[],
  bounds: readonly number[],
  binOf: (value: number) => number,
  count: number,
  from: number,
  to: number,
): void {
  const [first, last] = [binOf(from), binOf(to)];
  if (first === last || !(to > from)) {
    rows[last]! += count;
    return;
  }
  for (let bin = first; bin <= last; bin++) {
    const lower = bin === 0 ? from : Math.max(from, bounds[bin - 1]!);
    const upper = bin === bounds.length ? to : Math.min(to, bounds[bin]!);
    rows[bin]! += (count * (upper - lower)) / (to - from);
  }
}
