/** Profiles at rest: a compact, versioned, deterministic byte form; equal profiles give equal bytes. */

import type { Anchors } from './anchors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { CoMoments } from './co-moments.ts';
import { AnchorMismatchError, ProfileFormatError } from './errors.ts';
import {
  type CategoricalProfile,
  emptyProfile,
  type FeatureProfile,
  featureOf,
  type NumericProfile,
  type Profile,
  rowsOf,
} from './profile.ts';
import { emptyUnseen, mergeUnseen } from './unseen.ts';

const VERSION = 2;

/**
 * Bytes of a profile: only non-empty cells are written, as index steps and variable-length counts.
 * A 20,000-row numeric window takes 2–3 KB per feature before compression, an untouched column one byte.
 */
export function encodeProfile(profile: Profile): Uint8Array {
  const out = new ByteWriter();
  out.byte(VERSION);
  out.text(profile.anchors.id);
  for (const anchor of profile.anchors.anchors) writeFeature(out, featureOf(profile, anchor.name));
  writeCoMoments(out, profile.coMoments);
  return out.finish();
}

/**
 * The profile that `encodeProfile` wrote.
 *
 * @param anchors the anchors it was counted on
 * @throws AnchorMismatchError for other anchors, ProfileFormatError for bytes that are not such a profile
 */
export function decodeProfile(anchors: Anchors, bytes: Uint8Array): Profile {
  return addEncoded(emptyProfile(anchors), bytes);
}

/**
 * Adds an encoded profile into `target` and returns `target`: the same as decoding and merging, without the empty cells.
 *
 * @throws AnchorMismatchError for other anchors, ProfileFormatError for bytes that are not such a profile; `target` is
 *   then worth nothing
 */
export function addEncoded(target: Profile, bytes: Uint8Array): Profile {
  const { anchors } = target;
  const input = new ByteReader(bytes);
  const version = input.byte();
  if (version !== VERSION)
    throw new ProfileFormatError(`profile of version ${version}, this version reads ${VERSION}`);
  const id = input.text();
  if (id !== anchors.id) throw new AnchorMismatchError(anchors.id, id);
  for (const anchor of anchors.anchors) readFeature(input, featureOf(target, anchor.name));
  readCoMoments(input, target.coMoments);
  input.end();
  return target;
}

function writeFeature(out: ByteWriter, feature: FeatureProfile): void {
  const isEmpty = rowsOf(feature) === 0;
  out.byte(isEmpty ? 0 : 1);
  if (isEmpty) return;
  out.integer(feature.missing);
  if (feature.kind === 'numeric') writeNumeric(out, feature);
  else writeCategorical(out, feature);
}

function readFeature(input: ByteReader, into: FeatureProfile): void {
  if (input.byte() === 0) return;
  into.missing += input.integer();
  if (into.kind === 'numeric') readNumeric(input, into);
  else readCategorical(input, into);
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

function readNumeric(input: ByteReader, into: NumericProfile): void {
  into.invalid += input.integer();
  into.positiveInfinite += input.integer();
  into.negativeInfinite += input.integer();
  into.min = Math.min(into.min, input.double());
  into.max = Math.max(into.max, input.double());
  into.sum += input.bigInteger();
  into.sumOfSquares += input.bigInteger();
  into.clipped += input.integer();
  into.count += readCounts(input, into.cells);
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

function readCategorical(input: ByteReader, into: CategoricalProfile): void {
  const seen = readCounts(input, into.categories);
  const unseen = emptyUnseen();
  unseen.total = input.integer();
  unseen.truncated = input.byte() === 1;
  for (let left = input.integer(); left > 0; left--) unseen.counts.set(input.text(), input.integer());
  mergeUnseen(into.unseen, unseen);
  into.count += seen + unseen.total;
}

function writeCoMoments(out: ByteWriter, { rows, sums, products }: CoMoments): void {
  out.integer(rows);
  if (rows === 0) return;
  for (const sum of sums) out.signed(sum);
  for (const product of products) out.signed(product);
}

function readCoMoments(input: ByteReader, into: CoMoments): void {
  const rows = input.integer();
  into.rows += rows;
  if (rows === 0) return;
  for (let at = 0; at < into.sums.length; at++) into.sums[at]! += input.signed();
  for (let at = 0; at < into.products.length; at++) into.products[at]! += input.signed();
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

/** Adds into `counts` and returns the total added. */
function readCounts(input: ByteReader, counts: Float64Array): number {
  let [at, total] = [-1, 0];
  for (let left = input.integer(); left > 0; left--) {
    at += input.integer() + 1;
    if (at >= counts.length) throw new ProfileFormatError(`profile counts cell ${at} of ${counts.length}`);
    const rows = input.integer();
    counts[at]! += rows;
    total += rows;
  }
  return total;
}
