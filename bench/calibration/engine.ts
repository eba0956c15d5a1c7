/** The one door between the calibration and the product: every call of the statistics under test is here. */

import { type ComparedFeature, compareFeature, type FeatureDrift } from '#shared/drift/compare-feature.ts';
import { measureDesignEffects, typicalEffect } from '#shared/drift/design-effect.ts';
import {
  defaultLossPolicy,
  lossChange,
  lossSample,
  type PerformanceResult,
} from '#shared/performance/loss-change.ts';
import { addColumns } from '#shared/profile/add-columns.ts';
import { type Anchor, type Anchors, type Channel, nameAnchors } from '#shared/profile/anchors.ts';
import { buildCategoricalAnchor, type CategoricalAnchor } from '#shared/profile/categorical-anchor.ts';
import { buildNumericAnchor } from '#shared/profile/numeric-anchor.ts';
import { emptyProfile, featureOf, mergeProfiles, type Profile } from '#shared/profile/profile.ts';
import { checkQuality } from '#shared/quality/check-quality.ts';
import { type Column, type NumericColumn, takeRows } from '#shared/schema/columns.ts';
import { judgeFeatures } from '#shared/verdict/judge-features.ts';
import { judgeSegments } from '#shared/verdict/judge-segments.ts';
import { judgeWindow } from '#shared/verdict/judge-window.ts';
import { isAlarm, type Level } from '#shared/verdict/level.ts';
import type { WindowOutcome } from '#shared/verdict/outcome.ts';
import { alarmLevel, defaultDriftPolicy } from '#shared/verdict/policy.ts';

export type SimulatedColumn = Column & { readonly channel: Channel };

/** What a model is compared with: built once per simulated reference. */
export interface Reference {
  readonly anchors: Anchors;
  readonly profile: Profile;
  /** Variance inflation per column, from the baseline's days; 1 where none were given. */
  readonly designEffects: ReadonlyMap<string, number>;
  /** Profiles of slices of the rows, by `column=value`; empty where none are judged. */
  readonly slices: ReadonlyMap<string, Profile>;
}

/** A window's verdict, and what of it the tables count. */
export interface JudgedWindow {
  readonly outcome: WindowOutcome;
  readonly levels: ReadonlyMap<string, Level>;
  /** Checks of data quality that fired, as `check:column`. */
  readonly findings: readonly string[];
  /** Slices at `warning` or above, as `column=value`. */
  readonly alarmingSlices: readonly string[];
}

/** The dependence between columns is left out: the verdict does not read it, and measuring it takes longer than the rest. */
function anchorsOf(columns: readonly SimulatedColumn[]): Anchors {
  return nameAnchors(
    columns.map((column) =>
      column.kind === 'numeric' ? buildNumericAnchor(column) : buildCategoricalAnchor(column),
    ),
    null,
  );
}

/** Reference from baseline columns whose rows are independent. */
export function referenceOf(columns: readonly SimulatedColumn[]): Reference {
  const anchors = anchorsOf(columns);
  return { anchors, profile: profileOf(anchors, columns), designEffects: new Map(), slices: new Map() };
}

/** Reference of one numeric column. */
export function numericReference(column: NumericColumn & { readonly channel: Channel }): Reference {
  const anchors = anchorsOf([column]);
  return { anchors, profile: profileOf(anchors, [column]), designEffects: new Map(), slices: new Map() };
}

/**
 * Reference from the days of a baseline, all of the same columns.
 *
 * @param sliceColumns categorical columns whose values are judged as segments
 */
export function referenceOfDays(
  days: readonly (readonly SimulatedColumn[])[],
  sliceColumns: readonly string[],
): Reference {
  const all = days[0]!.map((column, at) =>
    joined(
      column,
      days.map((day) => day[at]!),
    ),
  );
  const anchors = anchorsOf(all);
  const daily = days.map((day) => profileOf(anchors, day));
  const profile = daily.reduce((sum, day) => mergeProfiles(sum, day), emptyProfile(anchors));
  const slices = slicesOf(anchors, all, sliceColumns);
  return { anchors, profile, designEffects: measureDesignEffects(anchors, daily), slices };
}

function joined(first: SimulatedColumn, parts: readonly SimulatedColumn[]): SimulatedColumn {
  if (first.kind === 'categorical')
    return { ...first, values: parts.flatMap((part) => (part.kind === 'categorical' ? part.values : [])) };
  const values = new Float64Array(parts.reduce((rows, part) => rows + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    if (part.kind === 'numeric') values.set(part.values, at);
    at += part.values.length;
  }
  return { ...first, values };
}

/** Profiles of the rows of every value of the given columns, by `column=value`. */
export function slicesOf(
  anchors: Anchors,
  columns: readonly SimulatedColumn[],
  sliceColumns: readonly string[],
): ReadonlyMap<string, Profile> {
  const slices = new Map<string, Profile>();
  for (const name of sliceColumns) {
    const by = columns.find((column) => column.name === name);
    if (by?.kind !== 'categorical') throw new TypeError(`"${name}" is no categorical column to slice by`);
    const rowsOfValue = new Map<string, number[]>();
    by.values.forEach((value, row) => {
      const key = `${name}=${value}`;
      const rows = rowsOfValue.get(key);
      if (rows) rows.push(row);
      else rowsOfValue.set(key, [row]);
    });
    for (const [key, rows] of rowsOfValue)
      slices.set(key, profileOf(anchors, takeRows({ rows: by.values.length, columns }, rows).columns));
  }
  return slices;
}

export function profileOf(anchors: Anchors, columns: readonly Column[]): Profile {
  const profile = emptyProfile(anchors);
  addColumns(profile, columns);
  return profile;
}

/** One column's comparison, the unit of the null and outlier tables. */
export function compareColumn(reference: Reference, current: Profile, name: string): FeatureDrift {
  const anchor = reference.anchors.anchors.find((candidate) => candidate.name === name)!;
  return compareFeature(anchor, featureOf(reference.profile, name), featureOf(current, name), {
    designEffect: reference.designEffects.get(name) ?? 1,
  });
}

/** Compared, or undefined where the engine declines. */
export function comparedColumn(
  reference: Reference,
  current: Profile,
  name: string,
): ComparedFeature | undefined {
  const drift = compareColumn(reference, current, name);
  return drift.computable ? drift : undefined;
}

/**
 * Judges one window as the product does: quality, drift of every channel, performance, history, default policy.
 *
 * @param history earlier outcomes, oldest first
 * @param slices of the current rows, by `column=value`: judged beside the window, which does not count them yet
 */
export function judge(
  reference: Reference,
  current: Profile,
  windowStart: string,
  history: readonly WindowOutcome[],
  slices: ReadonlyMap<string, Profile> = new Map(),
): JudgedWindow {
  const { anchors, profile } = reference;
  const drifts = anchors.anchors
    .filter((anchor) => anchor.channel !== 'loss')
    .map((anchor) => compareColumn(reference, current, anchor.name));
  const features = judgeFeatures(drifts, defaultDriftPolicy);
  const quality = checkQuality({
    anchors,
    reference: profile,
    current,
    designEffect: typicalEffect(reference.designEffects),
  });
  const loss = anchors.anchors.find((anchor) => anchor.channel === 'loss');
  const performance = loss ? judgeLoss(reference, current, loss) : undefined;
  const outcome = judgeWindow({
    windowStart,
    features,
    quality,
    performance,
    history,
    policy: defaultDriftPolicy,
  });
  return {
    outcome,
    levels: new Map(features.map((feature) => [feature.name, feature.level])),
    findings: quality.map(({ check, column }) => `${check}:${column ?? ''}`),
    alarmingSlices: alarmingSlices(reference, slices),
  };
}

function judgeLoss({ profile, designEffects }: Reference, current: Profile, loss: Anchor): PerformanceResult {
  const before = lossSample(loss, featureOf(profile, loss.name));
  const now = lossSample(loss, featureOf(current, loss.name));
  const alpha = alarmLevel(defaultDriftPolicy, { nCurrent: now.n, nReference: before.n });
  return lossChange('absolute_error', before, now, {
    policy: { ...defaultLossPolicy, alpha },
    designEffect: designEffects.get(loss.name) ?? 1,
  });
}

function alarmingSlices(reference: Reference, current: ReadonlyMap<string, Profile>): string[] {
  const { anchors, designEffects } = reference;
  const loss = anchors.anchors.find((anchor) => anchor.channel === 'loss');
  const slices = [...current].flatMap(([key, profile]) => {
    const before = reference.slices.get(key);
    if (!before) return [];
    const [column = '', value = ''] = key.split('=');
    const lossOf = (slice: Profile) => lossSample(loss!, featureOf(slice, loss!.name));
    const losses = loss && {
      kind: 'absolute_error' as const,
      reference: lossOf(before),
      current: lossOf(profile),
      designEffect: designEffects.get(loss.name) ?? 1,
    };
    return [{ column, value, reference: before, current: profile, ...(losses ? { loss: losses } : {}) }];
  });
  if (slices.length === 0) return [];
  return judgeSegments({ anchors, slices, policy: defaultDriftPolicy, designEffects })
    .filter((segment) => isAlarm(segment.level))
    .map((segment) => `${segment.column}=${segment.value}`);
}

/** An open episode, whatever this window's own level. */
export function isInAlarm({ episode }: WindowOutcome): boolean {
  return episode.state === 'opened' || episode.state === 'ongoing';
}

/** At least `shifted`. */
export function isShown(level: Level | undefined): boolean {
  return level === 'shifted' || isAlarmLevel(level);
}

/** At least `warning`. */
export function isAlarmLevel(level: Level | undefined): boolean {
  return level !== undefined && isAlarm(level);
}

/** Reference and profile of one categorical column from counts alone, as if its rows had been counted one by one. */
export function categoricalReference(
  counts: Float64Array,
): Reference & { readonly known: readonly number[] } {
  const known = [...counts.keys()]
    .filter((at) => counts[at]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || (categoryName(a) < categoryName(b) ? -1 : 1));
  const kept = known.slice(0, MAX_CATEGORIES);
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const dropped = known.slice(MAX_CATEGORIES).reduce((sum, at) => sum + counts[at]!, 0);
  const singletons = kept.filter((at) => counts[at] === 1).length;
  const anchor: CategoricalAnchor = {
    kind: 'categorical',
    name: 'x',
    channel: 'feature',
    categories: kept.map(categoryName),
    expectedUnseenShare: (dropped + singletons) / rows,
  };
  const anchors = nameAnchors([anchor], null);
  const profile = categoricalProfile(anchors, kept, counts);
  return { anchors, profile, designEffects: new Map(), slices: new Map(), known: kept };
}

/** @param known positions in `counts` of the anchor's categories */
export function categoricalProfile(
  anchors: Anchors,
  known: readonly number[],
  counts: Float64Array,
): Profile {
  const profile = emptyProfile(anchors);
  const feature = featureOf(profile, 'x');
  if (feature.kind !== 'categorical') throw new TypeError('the anchor is not categorical');
  known.forEach((at, position) => {
    feature.categories[position] = counts[at]!;
  });
  feature.count = counts.reduce((sum, count) => sum + count, 0);
  feature.unseen.total = feature.count - feature.categories.reduce((sum, count) => sum + count, 0);
  return profile;
}

/** As in `buildCategoricalAnchor`; `checkEngine` compares the two. */
const MAX_CATEGORIES = 1000;

export function categoryName(at: number): string {
  return `c${at}`;
}

/** A numeric profile from counts on the anchor's cells; moments from the cells' own positions. */
export function numericProfile(anchors: Anchors, counts: Float64Array): Profile {
  const anchor = anchors.anchors[0]!;
  const profile = emptyProfile(anchors);
  const feature = featureOf(profile, anchor.name);
  if (feature.kind !== 'numeric' || anchor.kind !== 'numeric')
    throw new TypeError('the anchor is not numeric');
  const { edges } = anchor;
  const steps = 2 ** 20 / anchor.scale;
  let [sum, squares] = [0, 0];
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell]!;
    if (count === 0) continue;
    feature.cells[cell] = count;
    feature.count += count;
    const above = edges[Math.min(edges.length - 1, cell >> 1)]!;
    const below = cell % 2 === 1 ? above : edges[Math.max(0, (cell >> 1) - 1)]!;
    const q = Math.round(((above + below) / 2 - anchor.location) * steps);
    sum += count * q;
    squares += count * q * q;
    feature.min = Math.min(feature.min, below);
    feature.max = Math.max(feature.max, above);
  }
  feature.sum = BigInt(Math.round(sum));
  feature.sumOfSquares = BigInt(Math.round(squares));
  return profile;
}

/** The short cuts by counts against the product's own counting. @throws Error when they differ */
export function checkEngine(): void {
  const counts = Float64Array.of(3, 0, 1, 5);
  const values = [...counts].flatMap((count, at) => new Array<string>(count).fill(categoryName(at)));
  const counted = referenceOf([{ kind: 'categorical', name: 'x', channel: 'feature', values }]);
  const quick = categoricalReference(counts);
  if (counted.anchors.id !== quick.anchors.id || !sameCells(counted.profile, quick.profile))
    throw new Error('a categorical reference built from counts differs from one counted by rows');
}

function sameCells(first: Profile, second: Profile): boolean {
  const cells = ({ features }: Profile) => {
    const feature = features.get('x');
    return feature?.kind === 'categorical' ? [...feature.categories, feature.unseen.total].join() : '';
  };
  return cells(first) === cells(second);
}

export type { Anchors, Profile, WindowOutcome };
