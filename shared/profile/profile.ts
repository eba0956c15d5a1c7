/** Profiles: per-column counts whose merge is addition, the only thing kept of the traffic's distribution. */

import type { Anchor, Anchors } from './anchors.ts';
import { type CoMoments, emptyCoMoments, mergeCoMoments } from './co-moments.ts';
import { AnchorMismatchError, ProfileColumnError } from './errors.ts';
import { emptyUnseen, mergeUnseen, type UnseenValues } from './unseen.ts';

export interface NumericProfile {
  readonly kind: 'numeric';
  readonly name: string;
  /** Finite values counted in `cells`. */
  count: number;
  /** Rows without a value. */
  missing: number;
  /** Rows that held something that is not a number. */
  invalid: number;
  positiveInfinite: number;
  negativeInfinite: number;
  /** `+Infinity` and `-Infinity` while `count` is 0. */
  min: number;
  max: number;
  /** Σq and Σq² of the fixed-point values q (see `moments.ts`): exact integers, so any order of merging agrees. */
  sum: bigint;
  sumOfSquares: bigint;
  /** Values further than 2047 scales from the location; they enter the moments at that distance. */
  clipped: number;
  /** One count per cell: doubles, exact to 2^53 rows. */
  readonly cells: Float64Array;
}

export interface CategoricalProfile {
  readonly kind: 'categorical';
  readonly name: string;
  /** Rows that were not null, unseen categories included. */
  count: number;
  missing: number;
  /** One count per category of the anchor. */
  readonly categories: Float64Array;
  readonly unseen: UnseenValues;
}

export type FeatureProfile = NumericProfile | CategoricalProfile;

/** One count structure per anchor, in the anchors' order. */
export interface Profile {
  readonly anchors: Anchors;
  readonly features: ReadonlyMap<string, FeatureProfile>;
  /** Of the anchors' dependent columns, over rows that had all of them. */
  readonly coMoments: CoMoments;
}

/** A profile of no rows. */
export function emptyProfile(anchors: Anchors): Profile {
  return {
    anchors,
    features: new Map(anchors.anchors.map((anchor) => [anchor.name, emptyFeature(anchor)])),
    coMoments: emptyCoMoments(anchors.dependence?.columns.length ?? 0),
  };
}

function emptyFeature(anchor: Anchor): FeatureProfile {
  if (anchor.kind === 'categorical')
    return {
      kind: 'categorical',
      name: anchor.name,
      count: 0,
      missing: 0,
      categories: new Float64Array(anchor.categories.length),
      unseen: emptyUnseen(),
    };
  return {
    kind: 'numeric',
    name: anchor.name,
    count: 0,
    missing: 0,
    invalid: 0,
    positiveInfinite: 0,
    negativeInfinite: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0n,
    sumOfSquares: 0n,
    clipped: 0,
    cells: new Float64Array(2 * anchor.edges.length + 1),
  };
}

/** The counts of one column. @throws ProfileColumnError when the anchors have no such column */
export function featureOf(profile: Profile, name: string): FeatureProfile {
  const feature = profile.features.get(name);
  if (!feature) throw new ProfileColumnError(`unknown column "${name}"; known: ${knownNames(profile)}`);
  return feature;
}

/** All rows of a column: usable, missing, invalid and infinite. */
export function rowsOf(feature: FeatureProfile): number {
  const unusable =
    feature.kind === 'numeric' ? feature.invalid + feature.positiveInfinite + feature.negativeInfinite : 0;
  return feature.count + feature.missing + unusable;
}

export function knownNames(profile: Profile): string {
  return [...profile.features.keys()].join(', ');
}

/**
 * Adds `other` into `target` and returns `target`. Associative and commutative to the last bit.
 *
 * @throws AnchorMismatchError when the two were counted on different anchors
 */
export function mergeProfiles(target: Profile, other: Profile): Profile {
  if (target.anchors.id !== other.anchors.id)
    throw new AnchorMismatchError(target.anchors.id, other.anchors.id);
  for (const [name, from] of other.features) mergeFeature(featureOf(target, name), from);
  mergeCoMoments(target.coMoments, other.coMoments);
  return target;
}

function mergeFeature(into: FeatureProfile, from: FeatureProfile): void {
  into.count += from.count;
  into.missing += from.missing;
  if (into.kind === 'numeric' && from.kind === 'numeric') {
    into.invalid += from.invalid;
    into.positiveInfinite += from.positiveInfinite;
    into.negativeInfinite += from.negativeInfinite;
    into.min = Math.min(into.min, from.min);
    into.max = Math.max(into.max, from.max);
    into.sum += from.sum;
    into.sumOfSquares += from.sumOfSquares;
    into.clipped += from.clipped;
    for (let cell = 0; cell < from.cells.length; cell++) into.cells[cell]! += from.cells[cell]!;
  } else if (into.kind === 'categorical' && from.kind === 'categorical') {
    for (let at = 0; at < from.categories.length; at++) into.categories[at]! += from.categories[at]!;
    mergeUnseen(into.unseen, from.unseen);
  }
}
