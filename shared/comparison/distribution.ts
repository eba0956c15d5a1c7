/** Distributions for display: few bins of both samples, made of the counts alone. */

import { distinctEdges, formatNumber } from '../drift/feature-cells.ts';
import type { Anchor } from '../profile/anchors.ts';
import type { NumericAnchor } from '../profile/numeric-anchor.ts';
import { MIN_NAMED_ROWS } from '../profile/privacy.ts';
import type { CategoricalProfile, FeatureProfile, NumericProfile } from '../profile/profile.ts';
import type { DistributionBin } from './comparison.ts';

const BINS = 20;
const MOST_LABELS = 12;
/** The bins span this part of the reference; the rest is in the open ends. */
const CORE = [0.005, 0.995] as const;
/** Of `formatNumber`. */
const USUAL_DIGITS = 6;
/** Of a double. */
const MOST_DIGITS = 17;
/** Of twenty widths added up. */
const ROUNDING = 1e-6;

/**
 * Shares of both samples: 20 equal bins over the reference's core with open ends (of whole numbers fewer, each holding
 * as many of them), one bin per value where it has few, the twelve most frequent categories and `other`. Cells that
 * straddle two bins are split by length.
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
  const values = distinctEdges(reference);
  if (values) return valueBins(anchor, values, reference, current);
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
  const counted = categories.map((label, at) => ({
    label,
    before: reference.categories[at]!,
    now: current.categories[at]!,
  }));
  const shareOf = ({ before, now }: (typeof counted)[number]) =>
    share(before, reference) + share(now, current);
  const ranked = counted.sort((a, b) => shareOf(b) - shareOf(a) || (a.label < b.label ? -1 : 1));
  return labelledBins(ranked, reference, current);
}

/** Of a column of few numbers: each of them, in order. */
function valueBins(
  anchor: NumericAnchor,
  edges: readonly number[],
  reference: NumericProfile,
  current: NumericProfile,
): DistributionBin[] {
  const told = numberFormat(edges.map((edge) => anchor.edges[edge]!));
  const counted = edges.map((edge) => ({
    label: told(anchor.edges[edge]!),
    before: reference.cells[2 * edge + 1]!,
    now: current.cells[2 * edge + 1]!,
  }));
  return labelledBins(counted, reference, current);
}

/** A bin each for the first twelve and one for what is left. */
function labelledBins(
  counted: readonly { readonly label: string; readonly before: number; readonly now: number }[],
  reference: FeatureProfile,
  current: FeatureProfile,
): DistributionBin[] {
  const shown = counted.filter(({ before, now }) => before + now >= MIN_NAMED_ROWS).slice(0, MOST_LABELS);
  const bins = shown.map(({ label, before, now }) => ({
    label,
    reference: share(before, reference),
    current: share(now, current),
  }));
  const before = reference.count - shown.reduce((sum, one) => sum + one.before, 0);
  const now = current.count - shown.reduce((sum, one) => sum + one.now, 0);
  if (before + now === 0) return bins;
  return [...bins, { label: 'other', reference: share(before, reference), current: share(now, current) }];
}

function intervalBins(
  anchor: NumericAnchor,
  reference: NumericProfile,
  current: NumericProfile,
): DistributionBin[] {
  const [low, high] = CORE.map((part) => quantileEdge(anchor, reference, part)) as [number, number];
  const isWhole = holdsWholeNumbers(anchor, reference);
  const width = isWhole ? Math.ceil((high - low) / BINS) : (high - low) / BINS;
  const bins = width === 0 ? 0 : Math.ceil((high - low) / width - ROUNDING);
  const bounds = Array.from({ length: bins + 1 }, (_, at) => low + at * width);
  const told = numberFormat(bounds);
  const before = sharesIn(bounds, anchor, reference);
  const now = sharesIn(bounds, anchor, current);
  return before.map((part, at) => {
    const lower = at === 0 ? null : bounds[at - 1]!;
    const upper = at === bins + 1 ? null : bounds[at]!;
    return { label: intervalLabel(lower, upper, told), lower, upper, reference: part, current: now[at]! };
  });
}

function intervalLabel(lower: number | null, upper: number | null, told: (value: number) => string): string {
  if (lower === null) return `≤ ${told(upper!)}`;
  if (upper === null) return `> ${told(lower)}`;
  return `(${told(lower)}, ${told(upper)}]`;
}

/** Six digits, or as many as tell ascending numbers far from zero apart, and a tenth of what lies between them. */
function numberFormat(values: readonly number[]): (value: number) => string {
  const gaps = values.slice(1).map((value, at) => value - values[at]!);
  const least = Math.min(...gaps.filter((gap) => gap > 0));
  const largest = Math.max(...values.map(Math.abs));
  const needed = Number.isFinite(least) ? Math.ceil(Math.log10(largest / least)) + 2 : 0;
  if (needed <= USUAL_DIGITS) return formatNumber;
  const digits = Math.min(MOST_DIGITS, needed);
  return (value) => String(Number(value.toPrecision(digits)));
}

/** Then bins of any other width than whole ones would hold one more or one fewer of them by turns: teeth. */
function holdsWholeNumbers({ edges }: NumericAnchor, { cells }: NumericProfile): boolean {
  return cells.every((rows, cell) => rows === 0 || (cell % 2 === 1 && Number.isInteger(edges[cell >> 1])));
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
    let [low, high] = [0, bounds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= bounds[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
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
