/** Change point: the granule in which a drift began, found by splitting sums of granules, not by testing each one. */

import type { Anchor } from '#shared/profile/anchors.ts';
import { type FeatureProfile, featureOf, type Profile, rowsOf } from '#shared/profile/profile.ts';
import { total } from './measure.ts';
import { chiSquareSurvival } from './special-functions.ts';

export interface ChangeInput {
  /** Consecutive granules, numbered from 0. */
  readonly granules: number;
  /** The sum of granules `from` … `to − 1`, counted on the reference's anchors. */
  readonly read: (from: number, to: number) => Promise<Profile>;
  /** Stands for the time before the first granule. */
  readonly reference: Profile;
  /** The columns that drifted; the change of all of them together is located. */
  readonly features: readonly string[];
  /** Variance inflation of clustered rows, ≥ 1. */
  readonly designEffect?: number;
}

interface LocatedChange {
  readonly located: true;
  /** First granule of the new distribution. */
  readonly granule: number;
  /** Granules that are plausible at 95 %, both inclusive. */
  readonly interval: { readonly from: number; readonly to: number };
  /** The first granule is plausible, so the change may lie before the range: read further back. */
  readonly mayBeEarlier: boolean;
  /** Of the step against no change, corrected for the choice among splits. */
  readonly pValue: number;
}

interface UnlocatedChange {
  readonly located: false;
  readonly reason: string;
}

export type ChangeLocation = LocatedChange | UnlocatedChange;

/** A step must be this certain to be reported. */
const ALPHA = 0.01;
/**
 * Where both distributions are known, the log-likelihood is a random walk that falls away from the true granule, and
 * exceeds it by x on one side with probability ≤ e^−x (Wald): twice 2·e^(−x/2) = 5 % for this drop of the statistic.
 */
const PLAUSIBLE_DROP = 2 * Math.log(40);
/** Contrast within the two sides, relative to the one between them, from which the change is no step; a ramp has 0.25. */
const GRADUAL_SHARE = 0.05;
const GRADUAL_ALPHA = 0.001;
/** A better split met while measuring the interval is closed in on anew, at most so often. */
const MAX_ROUNDS = 3;
/** Cells per column: enough for 95 % of what a shifted normal tells. */
const CELLS = 8;

/**
 * Locates a step by maximum likelihood: the granule at which "reference and earlier granules" and "later granules"
 * differ most by the likelihood ratio G² on coarse cells (Hinkley 1970). Splits at doubling distances from both ends
 * come first, so that a change near either end stands out; the best is then closed in on by bisection. Profiles add, so
 * that a split costs one read: about 4·log2(n) in all.
 *
 * @throws ProfileColumnError when a profile lacks one of the features
 * @example
 * await locateChange({ granules: 288, read, reference, features: ['carat'] })
 * // { located: true, granule: 201, interval: { from: 201, to: 201 }, mayBeEarlier: false, pValue: 3e-80 }
 */
export async function locateChange(input: ChangeInput): Promise<ChangeLocation> {
  const { granules, reference } = input;
  const designEffect = Math.max(1, input.designEffect ?? 1);
  if (granules < 1 || input.features.length === 0)
    return { located: false, reason: 'there is no granule or no drifted feature to look at' };
  const columns = input.features.map((name) => cellsOf(reference, name));
  const grid = startingSplits(granules);
  const sums = await readSums(input, columns, grid);
  if (sums.all.every((counts) => total(counts) === 0))
    return { located: false, reason: 'the granules hold no rows' };
  const before = columns.map(({ counts }, at) =>
    counts.map((count) => count * Math.min(1, total(sums.all[at]!) / Math.max(1, total(counts)))),
  );
  const nothing = before.map((counts) => counts.map(() => 0));
  /** Granules `from` … `split` − 1, with what came before them, against `split` … `to` − 1. */
  const contrast = async (earlier: typeof before, from: number, split: number, to: number) => {
    const [low, middle, high] = [await sums.until(from), await sums.until(split), await sums.until(to)];
    const left = middle.map((counts, at) =>
      counts.map((one, cell) => one - low[at]![cell]! + earlier[at]![cell]!),
    );
    const right = high.map((counts, at) => counts.map((one, cell) => one - middle[at]![cell]!));
    return likelihoodRatio(left, right, designEffect);
  };
  const step = (split: number) => contrast(before, 0, split, granules);

  const score = async (split: number) => (await step(split)).statistic;
  const scores = new Map<number, number>();
  for (const split of grid) scores.set(split, await score(split));
  const best = await step(await climb(scores, score));
  // Splits within a factor of two of each other's distance from an end see nearly the same rows: one test per distance.
  const pValue = Math.min(1, grid.length * chiSquareSurvival(best.statistic, best.degreesOfFreedom));
  if (!(pValue < ALPHA)) return { located: false, reason: 'no change stands out in these granules' };
  const { split, from, to } = await plausibleSplits(granules, scores, score);
  const within = [
    await contrast(before, 0, Math.floor(split / 2), split),
    await contrast(nothing, split, Math.floor((split + granules) / 2), granules),
  ];
  const excess = within.reduce((sum, one) => sum + one.statistic - one.degreesOfFreedom, 0);
  const isUneven = within.some(
    (one) => chiSquareSurvival(one.statistic, one.degreesOfFreedom) < GRADUAL_ALPHA,
  );
  if (isUneven && excess > GRADUAL_SHARE * best.statistic)
    return {
      located: false,
      reason: `the change is no single step: it came gradually, in several steps, or went back; the largest part is at granule ${split}`,
    };
  return { located: true, granule: split, interval: { from, to }, mayBeEarlier: from === 0, pValue };
}

interface ColumnCells {
  readonly anchor: Anchor;
  readonly cellOf: Int32Array;
  /** The reference on these cells. */
  readonly counts: Float64Array;
}

/** Cells fixed by the reference alone, as parts must be counted alike; unseen categories and missing rows have one each. */
function cellsOf(reference: Profile, name: string): ColumnCells {
  const feature = featureOf(reference, name);
  const anchor = reference.anchors.anchors.find((one) => one.name === name)!;
  const fine = feature.kind === 'numeric' ? feature.cells : feature.categories;
  const cellOf = new Int32Array(fine.length);
  let below = 0;
  // An open numeric cell goes with the edge above it.
  const width = feature.kind === 'numeric' ? 2 : 1;
  for (let first = 0; first < fine.length; first += width) {
    const mass = fine[first]! + (width === 2 ? (fine[first + 1] ?? 0) : 0);
    const middle = feature.count === 0 ? 0 : (below + mass / 2) / feature.count;
    cellOf.fill(Math.min(CELLS - 1, Math.floor(CELLS * middle)), first, first + width);
    below += mass;
  }
  const column = { anchor, cellOf, counts: new Float64Array(CELLS + 2) };
  return { ...column, counts: coarseCounts(column, feature) };
}

function coarseCounts({ cellOf }: Pick<ColumnCells, 'cellOf'>, feature: FeatureProfile): Float64Array {
  const counts = new Float64Array(CELLS + 2);
  const fine = feature.kind === 'numeric' ? feature.cells : feature.categories;
  for (let cell = 0; cell < fine.length; cell++) counts[cellOf[cell]!]! += fine[cell]!;
  if (feature.kind === 'categorical') counts[CELLS] = feature.unseen.total;
  counts[CELLS + 1] = rowsOf(feature) - feature.count;
  return counts;
}

/** 0, 1, 2, 4, … from either end. */
function startingSplits(granules: number): number[] {
  const splits = new Set([0]);
  for (let distance = 1; distance < granules; distance *= 2) splits.add(distance).add(granules - distance);
  return [...splits].sort((a, b) => a - b);
}

interface Sums {
  readonly all: readonly Float64Array[];
  /** Counts per column of the granules before `split`. */
  until(split: number): Promise<readonly Float64Array[]>;
}

async function readSums(
  { granules, read }: ChangeInput,
  columns: readonly ColumnCells[],
  grid: readonly number[],
): Promise<Sums> {
  const known = new Map<number, readonly Float64Array[]>([
    [0, columns.map(() => new Float64Array(CELLS + 2))],
  ]);
  const count = async (from: number, to: number) => {
    const part = await read(from, to);
    return columns.map((column) => coarseCounts(column, featureOf(part, column.anchor.name)));
  };
  const until = async (split: number) => {
    const found = known.get(split);
    if (found) return found;
    let [below, above] = [0, Number.POSITIVE_INFINITY];
    for (const one of known.keys()) {
      if (one < split) below = Math.max(below, one);
      else above = Math.min(above, one);
    }
    const isNearerAbove = above - split < split - below;
    const part = await (isNearerAbove ? count(split, above) : count(below, split));
    const sum = known
      .get(isNearerAbove ? above : below)!
      .map((counts, at) => counts.map((one, cell) => one + (isNearerAbove ? -1 : 1) * part[at]![cell]!));
    known.set(split, sum);
    return sum;
  };
  for (const split of [...grid, granules]) await until(split);
  return { until, all: await until(granules) };
}

/** G² of the two-row tables, one per column, added up. */
function likelihoodRatio(
  left: readonly Float64Array[],
  right: readonly Float64Array[],
  designEffect: number,
): { readonly statistic: number; readonly degreesOfFreedom: number } {
  let [statistic, degreesOfFreedom] = [0, 0];
  left.forEach((first, at) => {
    const second = right[at]!;
    const [n, m] = [total(first), total(second)];
    if (n === 0 || m === 0) return;
    let filled = 0;
    for (let cell = 0; cell < first.length; cell++) {
      const both = first[cell]! + second[cell]!;
      if (both <= 0) continue;
      filled++;
      statistic += entropyTerm(first[cell]!, (both * n) / (n + m));
      statistic += entropyTerm(second[cell]!, (both * m) / (n + m));
    }
    degreesOfFreedom += Math.max(0, filled - 1);
  });
  return { statistic: statistic / designEffect, degreesOfFreedom: Math.max(1, degreesOfFreedom) };
}

function entropyTerm(count: number, expected: number): number {
  return count > 0 ? 2 * count * Math.log(count / expected) : 0;
}

type Score = (split: number) => Promise<number>;

/** Bisects on either side of the best split so far until its neighbours are known. */
async function climb(scores: Map<number, number>, score: Score): Promise<number> {
  for (;;) {
    const best = bestOf(scores);
    const middles = [nearest(scores, best, -1) ?? best, nearest(scores, best, 1) ?? best]
      .map((neighbour) => Math.trunc((best + neighbour) / 2))
      .filter((split) => !scores.has(split));
    if (middles.length === 0) return best;
    for (const split of middles) scores.set(split, await score(split));
  }
}

/** The granules nearly as good as the best one. A better one met on the way is closed in on in its turn. */
async function plausibleSplits(
  granules: number,
  scores: Map<number, number>,
  score: Score,
): Promise<{ readonly split: number; readonly from: number; readonly to: number }> {
  for (let round = 1; ; round++) {
    const split = await climb(scores, score);
    const [from, to] = [await lastPlausible(split, -1), await lastPlausible(split, 1)];
    if (bestOf(scores) === split || round === MAX_ROUNDS) return { split, from, to };
  }

  /** Looks ever further away until the score has dropped for certain; errs on the wide side. */
  async function lastPlausible(best: number, direction: -1 | 1): Promise<number> {
    const limit = direction < 0 ? 0 : granules - 1;
    const least = scores.get(best)! - PLAUSIBLE_DROP;
    for (let distance = 1; ; distance *= 2) {
      const split = best + direction * Math.min(distance, Math.abs(limit - best));
      if (!scores.has(split)) scores.set(split, await score(split));
      if (scores.get(split)! < least) return split - direction;
      if (split === limit) return limit;
    }
  }
}

function bestOf(scores: ReadonlyMap<number, number>): number {
  return [...scores].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function nearest(scores: ReadonlyMap<number, number>, split: number, direction: -1 | 1): number | undefined {
  const beyond = [...scores.keys()].filter((one) => (one - split) * direction > 0);
  return beyond.length === 0 ? undefined : direction * Math.min(...beyond.map((one) => one * direction));
}
