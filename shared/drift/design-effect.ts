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
 * reject 33 % without it. Never below 1. Sub-windows must be as long as the windows that will be judged.
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
    const ratios: number[] = [];
    for (const window of subWindows) {
      const part = featureOf(window, anchor.name);
      if (part.count < MIN_ROWS || all.count - part.count < MIN_ROWS) continue;
      const rest = without(all, part);
      ratios.push(...ratiosOf(featureCells(anchor, rest, part), rest, part));
    }
    if (ratios.length < MIN_SUB_WINDOWS) continue;
    effects.set(anchor.name, Math.max(1, ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length));
  }
  return effects;
}

/** Of both parts of the primary test, averaged. */
function ratiosOf(
  cells: ReturnType<typeof featureCells>,
  rest: FeatureProfile,
  part: FeatureProfile,
): number[] {
  const counts = chiSquareContingency(
    cells.map((cell) => cell.reference),
    cells.map((cell) => cell.current),
  );
  const ranks =
    rest.kind === 'numeric' && part.kind === 'numeric' ? rankComponents(rest.cells, part.cells) : undefined;
  const tests = [counts, ranks].filter((test) => test?.computable === true);
  if (tests.length === 0) return [];
  return [
    tests.reduce((sum, { statistic, degreesOfFreedom }) => sum + statistic / degreesOfFreedom, 0) /
      tests.length,
  ];
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
