/** Profiles at rest: a compact, versioned, deterministic byte form; equal profiles give equal bytes. */

import type { Anchor, Anchors } from './anchors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { AnchorMismatchError, ProfileFormatError } from './errors.ts';
import {
  type CategoricalProfile,
  emptyFeature,
  type FeatureProfile,
  featureOf,
  type NumericProfile,
  type Profile,
  rowsOf,
} from './profile.ts';

const VERSION = 1;

/**
 * Bytes of a profile: only non-empty cells are written, as index steps and variable-length counts.
 * A 20,000-row numeric window takes 2–3 KB per feature before compression, an untouched column one byte.
 */
export function encodeProfile(profile: Profile): Uint8Array {
  const out = new ByteWriter();
  out.byte(VERSION);
  out.text(profile.anchors.id);
  for (const anchor of profile.anchors.anchors) writeFeature(out, featureOf(profile, anchor.name));
  return out.finish();
}

/**
 * The profile that `encodeProfile` wrote.
 *
 * @param anchors the anchors it was counted on
 * @throws AnchorMismatchError for other anchors, ProfileFormatError for bytes that are not such a profile
 */
export function decodeProfile(anchors: Anchors, bytes: Uint8Array): Profile {
  const input = new ByteReader(bytes);
  const version = input.byte();
  if (version !== VERSION)
    throw new ProfileFormatError(`profile of version ${version}, this version reads ${VERSION}`);
  const id = input.text();
  if (id !== anchors.id) throw new AnchorMismatchError(anchors.id, id);
  const features = new Map(anchors.anchors.map((anchor) => [anchor.name, readFeature(input, anchor)]));
  input.end();
  return { anchors, features };
}

function writeFeature(out: ByteWriter, feature: FeatureProfile): void {
  const isEmpty = rowsOf(feature) === 0;
  out.byte(isEmpty ? 0 : 1);
  if (isEmpty) return;
  out.integer(feature.missing);
  if (feature.kind === 'numeric') writeNumeric(out, feature);
  else writeCategorical(out, feature);
}

function readFeature(input: ByteReader, anchor: Anchor): FeatureProfile {
  const feature = emptyFeature(anchor);
  if (input.byte() === 0) return feature;
  feature.missing = input.integer();
  if (feature.kind === 'numeric') readNumeric(input, feature);
  else readCategorical(input, feature);
  return feature;
}

function writeNumeric(out: ByteWriter, feature: NumericProfile): void {
  out.integer(feature.invalid);
  out.integer(feature.positiveInfinite);
  out.integer(feature.negativeInfinite);
  out.double(feature.min);
  out.double(feature.max);
  out.bigInteger(feature.sum);
  out.bigInteger(feature.sumOfSquares);
  out.integer(feature.clipped);
  writeCounts(out, feature.cells);
}

function readNumeric(input: ByteReader, feature: NumericProfile): void {
  feature.invalid = input.integer();
  feature.positiveInfinite = input.integer();
  feature.negativeInfinite = input.integer();
  feature.min = input.double();
  feature.max = input.double();
  feature.sum = input.bigInteger();
  feature.sumOfSquares = input.bigInteger();
  feature.clipped = input.integer();
  feature.count = readCounts(input, feature.cells);
}

function writeCategorical(out: ByteWriter, feature: CategoricalProfile): void {
  const { unseen } = feature;
  writeCounts(out, feature.categories);
  out.integer(unseen.total);
  out.byte(unseen.truncated ? 1 : 0);
  const listed = [...unseen.counts].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  out.integer(listed.length);
  for (const [value, rows] of listed) {
    out.text(value);
    out.integer(rows);
  }
}

function readCategorical(input: ByteReader, feature: CategoricalProfile): void {
  const { unseen } = feature;
  const seen = readCounts(input, feature.categories);
  unseen.total = input.integer();
  unseen.truncated = input.byte() === 1;
  for (let left = input.integer(); left > 0; left--) unseen.counts.set(input.text(), input.integer());
  feature.count = seen + unseen.total;
}

function writeCounts(out: ByteWriter, counts: Float64Array): void {
  out.integer(counts.reduce((filled, count) => filled + (count > 0 ? 1 : 0), 0));
  let previous = -1;
  for (let at = 0; at < counts.length; at++) {
    if (counts[at] === 0) continue;
    out.integer(at - previous - 1);
    out.integer(counts[at]!);
    previous = at;
  }
}

/** Fills `counts` and returns their total. */
function readCounts(input: ByteReader, counts: Float64Array): number {
  let [at, total] = [-1, 0];
  for (let left = input.integer(); left > 0; left--) {
    at += input.integer() + 1;
    if (at >= counts.length) throw new ProfileFormatError(`profile counts cell ${at} of ${counts.length}`);
    counts[at] = input.integer();
    total += counts[at]!;
  }
  return total;
}
