/** Design effect: how much more days differ from each other than independent rows would, measured on the baseline itself. */

import type { Anchors } from '#shared/profile/anchors.ts';
import {
  emptyProfile,
  type FeatureProfile,
  featureOf,
  mergeProfiles,
  type Profile,
} from '#shared/profile/profile.ts';
import { chiSquareContingency } from './chi-square.ts';
import { featureCells } from './feature-cells.ts';
import { rankComponents } from './rank-components.ts';

/** Fewer sub-windows say nothing about their spread. */
const MIN_SUB_WINDOWS = 5;
/** Rows of a sub-window below which it is left out. */
const MIN_ROWS = 30;

/**
 * Variance inflation per column: the mean of (statistic / degrees of freedom) of each baseline sub-window against all
 * others, which is 1 for independent rows (Rao and Scott 1981). Clustered rows (many of one user) and cycles longer
 * than a sub-window (weekdays) raise it; ten rows per user at intra-class correlation 0.5 make a nominal 5 % test
 * reject 33 % (χ²) to 43 % (with ranks) without it. Never below 1. Sub-windows must be as long as the windows that will
 * be judged.
 *
 * Of a number's two tests the more inflated one counts: clusters share their location above all, which ranks see best,
 * and the mean of both inflations left 8–11 % at a nominal 5 %.
 *
 * @param subWindows disjoint parts of the baseline, each counted on `anchors`
 * @returns by column name; empty with fewer than five usable sub-windows
 */
export function measureDesignEffects(
  anchors: Anchors,
  subWindows: readonly Profile[],
): ReadonlyMap<string, number> {
  const effects = new Map<string, number>();
  const whole = emptyProfile(anchors);
  for (const part of subWindows) mergeProfiles(whole, part);
  for (const anchor of anchors.anchors) {
    const all = featureOf(whole, anchor.name);
    const ratios: Ratios = { counts: [], ranks: [] };
    for (const window of subWindows) {
      const part = featureOf(window, anchor.name);
      if (part.count < MIN_ROWS || all.count - part.count < MIN_ROWS) continue;
      const rest = without(all, part);
      addRatios(ratios, featureCells(anchor, rest, part), rest, part);
    }
    const means = [ratios.counts, ratios.ranks].filter((of) => of.length >= MIN_SUB_WINDOWS).map(meanOf);
    if (means.length > 0) effects.set(anchor.name, Math.max(1, ...means));
  }
  return effects;
}

/** For what is counted per row and not per column: the median column's effect; 1 where none was measured. */
export function typicalEffect(designEffects: ReadonlyMap<string, number>): number {
  const sorted = [...designEffects.values()].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

/** Statistic / degrees of freedom of either part of the primary test, one per sub-window. */
interface Ratios {
  readonly counts: number[];
  readonly ranks: number[];
}

function addRatios(
  into: Ratios,
  cells: ReturnType<typeof featureCells>,
  rest: FeatureProfile,
  part: FeatureProfile,
): void {
  const counts = chiSquareContingency(
    cells.map((cell) => cell.reference),
    cells.map((cell) => cell.current),
  );
  if (counts.computable) into.counts.push(counts.statistic / counts.degreesOfFreedom);
  if (rest.kind !== 'numeric' || part.kind !== 'numeric') return;
  const ranks = rankComponents(rest.cells, part.cells);
  if (ranks.computable) into.ranks.push(ranks.statistic / ranks.degreesOfFreedom);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The counts of `all` less those of `part`; only what cells are made of. */
function without(all: FeatureProfile, part: FeatureProfile): FeatureProfile {
  const count = all.count - part.count;
  if (all.kind === 'numeric' && part.kind === 'numeric')
    return { ...all, count, cells: all.cells.map((rows, cell) => rows - part.cells[cell]!) };
  if (all.kind === 'categorical' && part.kind === 'categorical')
    return {
      ...all,
      count,
      categories: all.categories.map((rows, at) => rows - part.categories[at]!),
      unseen: { ...all.unseen, total: all.unseen.total - part.unseen.total },
    };
  throw new TypeError(`profiles of "${all.name}" are of different kinds`);
}
