/** Segments: the feature verdicts of slices of the rows, corrected together, worst first. */

import type { SegmentEntry } from '#shared/comparison/comparison.ts';
import { compareFeature } from '#shared/drift/compare-feature.ts';
import {
  defaultLossPolicy,
  type LossSample,
  lossChange,
  type PerformanceResult,
} from '#shared/performance/loss-change.ts';
import type { Anchors } from '#shared/profile/anchors.ts';
import { featureOf, type Profile, rowsOf } from '#shared/profile/profile.ts';
import { type FeatureVerdict, judgeFeatures } from './judge-features.ts';
import { graver, isAlarm, type Level } from './level.ts';
import type { DriftPolicy } from './policy.ts';

/** The rows whose `column` is `value`, in the reference and now. */
export interface Slice {
  readonly column: string;
  readonly value: string;
  readonly reference: Profile;
  readonly current: Profile;
  /** Of the slice's labelled rows. */
  readonly loss?: {
    readonly kind: 'error_rate' | 'absolute_error';
    readonly reference: LossSample;
    readonly current: LossSample;
    /** Variance inflation of the loss, ≥ 1. */
    readonly designEffect?: number;
  };
}

export interface SegmentsInput {
  readonly anchors: Anchors;
  readonly slices: readonly Slice[];
  readonly policy: DriftPolicy;
  /** Independent rows a slice needs on either side, default 100: clustered rows count for 1/design effect each. */
  readonly minRows?: number;
  /** Variance inflation per column, ≥ 1. */
  readonly designEffects?: ReadonlyMap<string, number>;
}

export interface SegmentVerdict {
  readonly column: string;
  readonly value: string;
  /** Rows of the slice, with and without usable values. */
  readonly nReference: number;
  readonly nCurrent: number;
  readonly level: Level;
  /** The feature that moved most, by de-biased PSI; `psi` is the raw one. */
  readonly worst?: { readonly name: string; readonly psi: number };
  /** In plain words, most important first. */
  readonly reasons: readonly string[];
  /** Empty for a slice with too few rows. */
  readonly features: readonly FeatureVerdict[];
  readonly performance?: PerformanceResult;
}

const DEFAULT_MIN_ROWS = 100;

/**
 * Judges slices as whole windows are judged, with one correction across all slices × features: thirty features in ten
 * slices are three hundred chances of a false alarm. Slices below `minRows` are listed with their size and not judged,
 * and so are columns whose rows come in clusters that are worth fewer: with a few dozen users in a slice no χ² law
 * holds. The column that defines a slice is constant within it and left out.
 *
 * @returns gravest first, then the largest effect; slices with too few rows last
 * @throws ProfileColumnError when a profile lacks a column of the anchors
 * @example judgeSegments({ anchors, slices, policy: defaultDriftPolicy })[0]
 * // { column: 'cut', value: 'Ideal', level: 'critical', worst: { name: 'carat', psi: 0.61 }, … }
 */
export function judgeSegments(input: SegmentsInput): SegmentVerdict[] {
  const { policy, minRows = DEFAULT_MIN_ROWS } = input;
  const sized = input.slices.map((slice) => ({
    slice,
    nReference: sliceRows(slice.reference),
    nCurrent: sliceRows(slice.current),
  }));
  const isLarge = ({ nReference, nCurrent }: (typeof sized)[number]) =>
    Math.min(nReference, nCurrent) >= minRows;
  const drifts = sized.map((one) =>
    compareSlice(input, one.slice, Math.min(one.nReference, one.nCurrent) / minRows),
  );
  // One call for all slices: the correction is over everything given, and the order is kept.
  const verdicts = judgeFeatures(drifts.flat(), policy);
  // The level of a whole model, divided by the number of slices whose loss is tested.
  const lossTests = sized.filter((one) => isLarge(one) && one.slice.loss).length;
  let next = 0;
  const judged = sized.map((one, at): SegmentVerdict => {
    const { slice, nReference, nCurrent } = one;
    const identity = { column: slice.column, value: slice.value, nReference, nCurrent };
    const features = verdicts.slice(next, next + drifts[at]!.length);
    next += features.length;
    const losses = slice.loss ? lossTests : 0;
    if (isLarge(one) && features.length + losses > 0)
      return { ...identity, ...judgeSlice(slice, features, lossTests) };
    return {
      ...identity,
      level: 'insufficient_data',
      reasons: [tooFewRows(identity, minRows)],
      features: [],
    };
  });
  return judged.sort(
    (a, b) =>
      ORDER.indexOf(a.level) - ORDER.indexOf(b.level) ||
      effectOf(b, policy) - effectOf(a, policy) ||
      b.nCurrent - a.nCurrent ||
      compareText(a.column, b.column) ||
      compareText(a.value, b.value),
  );
}

/** The slice as the comparison's answer shows it. */
export function segmentEntry(segment: SegmentVerdict): SegmentEntry {
  return {
    column: segment.column,
    value: segment.value,
    n_reference: segment.nReference,
    n_current: segment.nCurrent,
    verdict: segment.level,
    worst: segment.worst ?? null,
    reasons: segment.reasons,
  };
}

const ORDER: readonly Level[] = ['critical', 'warning', 'shifted', 'stable', 'insufficient_data'];

/** A column may be absent from a slice, but never from all of its rows: the fullest one counts them. */
function sliceRows(profile: Profile): number {
  return [...profile.features.values()].reduce((most, feature) => Math.max(most, rowsOf(feature)), 0);
}

function tooFewRows(
  {
    column,
    value,
    nReference,
    nCurrent,
  }: Pick<SegmentVerdict, 'column' | 'value' | 'nReference' | 'nCurrent'>,
  minRows: number,
): string {
  const clustered = Math.min(nReference, nCurrent) < minRows ? '' : ' independent ones';
  return `${column} = ${value}: ${nReference} reference and ${nCurrent} current rows; ${minRows}${clustered} needed on either side`;
}

/** @param clusters the largest design effect that leaves enough independent rows */
function compareSlice({ anchors, designEffects }: SegmentsInput, slice: Slice, clusters: number) {
  return anchors.anchors
    .filter(({ channel, name }) => channel !== 'loss' && channel !== 'token' && name !== slice.column)
    .map((anchor) => ({ anchor, designEffect: designEffects?.get(anchor.name) ?? 1 }))
    .filter(({ designEffect }) => designEffect <= clusters)
    .map(({ anchor, designEffect }) =>
      compareFeature(anchor, featureOf(slice.reference, anchor.name), featureOf(slice.current, anchor.name), {
        designEffect,
      }),
    );
}

type Judgement = Pick<SegmentVerdict, 'level' | 'worst' | 'reasons' | 'features' | 'performance'>;

function judgeSlice({ loss }: Slice, features: readonly FeatureVerdict[], lossTests: number): Judgement {
  const performance =
    loss &&
    lossChange(loss.kind, loss.reference, loss.current, {
      policy: { ...defaultLossPolicy, alpha: defaultLossPolicy.alpha / lossTests },
      designEffect: loss.designEffect ?? 1,
    });
  const isWorse = performance !== undefined && isAlarm(performance.level);
  const levels = features.map((feature) => feature.level).filter((level) => level !== 'insufficient_data');
  const isUnjudged = levels.length === 0 && !isWorse;
  const moved = features
    .filter((feature) => feature.level !== 'stable' && feature.level !== 'insufficient_data')
    .sort(byEffect);
  const worst = features
    .filter((feature) => feature.psi !== undefined && feature.channel !== 'label')
    .sort(byEffect)[0];
  return {
    level: isUnjudged
      ? 'insufficient_data'
      : levels.reduce(graver, isWorse && performance ? performance.level : 'stable'),
    ...(worst?.psi === undefined ? {} : { worst: { name: worst.name, psi: worst.psi } }),
    reasons: [
      ...(isWorse ? [performance.reason] : []),
      ...(isUnjudged ? features : moved).flatMap((feature) => feature.reasons),
    ],
    features,
    ...(performance === undefined ? {} : { performance }),
  };
}

function byEffect(a: FeatureVerdict, b: FeatureVerdict): number {
  return (b.psiDebiased ?? 0) - (a.psiDebiased ?? 0);
}

/** In units of the critical thresholds, so that drift and loss rank on one scale. */
function effectOf({ features, performance }: SegmentVerdict, policy: DriftPolicy): number {
  const drift = features
    .filter((feature) => feature.channel !== 'label')
    .reduce((most, feature) => Math.max(most, feature.psiDebiased ?? 0), 0);
  const loss =
    performance?.computable && isAlarm(performance.level)
      ? performance.relativeChange / defaultLossPolicy.critical
      : 0;
  return Math.max(drift / policy.psiCritical, loss);
}

function compareText(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}
