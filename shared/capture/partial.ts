/** A partial: what one batch adds to one granule. Profiles per version, counters, and the hashes that tell overlap. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { addColumns } from '../profile/add-columns.ts';
import type { Anchors } from '../profile/anchors.ts';
import { addEncoded, encodeProfile } from '../profile/encode.ts';
import { emptyProfile, type Profile } from '../profile/profile.ts';
import { addEncodedSegments, addSegments, encodeSegments, type Segments } from '../profile/segments.ts';
import { ArtefactError } from '../registry/artefacts.ts';
import type { AnchorsOf } from '../registry/baseline.ts';
import { rowsToColumns, tokenColumns } from '../schema/rows.ts';
import type { ArchiveRow, LabelRow, PredictionRow } from './archive.ts';
import { answerColumns, labelColumns } from './channels.ts';
import {
  addCounts,
  addLate,
  addServed,
  countOutcomes,
  countServed,
  type LateCounts,
  nothingServed,
  type Served,
} from './served.ts';

export interface VersionPart {
  readonly profile: Profile;
  /** By `segmentKey`: features, prediction and confidence of the segment's rows. */
  readonly segments: ReadonlyMap<string, Profile>;
  readonly predictions: number;
  readonly labels: number;
}

export interface Partial {
  readonly model: string;
  /** Start of the granule, Unix milliseconds of stream time. */
  readonly granule: number;
  readonly versions: ReadonlyMap<string, VersionPart>;
  /** Labels whose prediction was not there yet. */
  readonly unmatchedLabels: number;
  /** Refused and failed requests by HTTP status. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Answers of every version, profiled or not. */
  readonly served?: Served;
  /** Rows that came after their granule had closed; they are in the archive and in no profile. */
  readonly late: number;
  /** What those rows say of serving: counters hold them all the same. */
  readonly lateCounts?: LateCounts | undefined;
  /** Rows of a version whose anchors cannot be read; they are in the archive and in no profile. */
  readonly unprofiled: number;
  /** Of (request_id, kind), sorted: two partials that share one were delivered the same row. */
  readonly hashes: readonly string[];
}

export interface PartialInput {
  readonly model: string;
  readonly granule: number;
  readonly rows: readonly ArchiveRow[];
  /** Categorical features whose frequent values are counted apart: `readSegmentColumns` tells the model's; none unless told. */
  readonly segments?: readonly string[];
  readonly late?: number;
  readonly lateCounts?: LateCounts | undefined;
}

/** Profiles the rows by version on each version's own anchors. */
export async function buildPartial(input: PartialInput, anchorsOf: AnchorsOf): Promise<Partial> {
  const predictions = groupBy(input.rows.filter(isPrediction), (row) => row.version);
  const labels = groupBy(
    input.rows.filter((row): row is MatchedLabel => row.kind === 'label' && row.prediction !== undefined),
    (row) => row.prediction.version,
  );
  const versions = new Map<string, VersionPart>();
  let unprofiled = 0;
  for (const version of new Set([...predictions.keys(), ...labels.keys()])) {
    const predicted = predictions.get(version) ?? [];
    const labelled = labels.get(version) ?? [];
    const found = await anchorsOf(input.model, version).catch(unlessMissing);
    if (!found) {
      unprofiled += predicted.length + labelled.length;
      continue;
    }
    versions.set(version, countPart(found, input.segments ?? [], predicted, labelled));
  }
  return {
    model: input.model,
    granule: input.granule,
    versions,
    unmatchedLabels: input.rows.filter((row) => row.kind === 'label' && row.prediction === undefined).length,
    outcomes: countOutcomes(input.rows),
    served: countServed(input.rows),
    late: input.late ?? 0,
    lateCounts: input.lateCounts,
    unprofiled,
    hashes: input.rows.map((row) => rowHash(row.id, row.kind)).sort(),
  };
}

/** Labels are in no segment: a label knows the answer it belongs to, not the features. */
function countPart(
  { manifest, anchors }: Awaited<ReturnType<AnchorsOf>>,
  segmentColumns: readonly string[],
  predicted: readonly PredictionRow[],
  labelled: readonly MatchedLabel[],
): VersionPart {
  const profile = emptyProfile(anchors);
  const segments: Segments = new Map();
  if (predicted.length > 0) {
    const rows = predicted.map((row) => row.features);
    const features = rowsToColumns(manifest.schema, rows);
    const columns = [...features.columns, ...answerColumns(predicted.map((row) => row.answer))];
    addColumns(profile, [...columns, ...tokenColumns(manifest.schema, rows)]);
    addSegments(segments, anchors, columns, segmentColumns);
  }
  if (labelled.length > 0)
    addColumns(
      profile,
      labelColumns(labelled.map((row) => ({ label: row.label, answer: row.prediction.answer }))),
    );
  return { profile, segments, predictions: predicted.length, labels: labelled.length };
}

/** One version without its files must not stop the feed for all others; a store that fails must. */
function unlessMissing(error: unknown): undefined {
  if (!(error instanceof ArtefactError)) throw error;
}

type MatchedLabel = LabelRow & { readonly prediction: NonNullable<LabelRow['prediction']> };

function isPrediction(row: ArchiveRow): row is PredictionRow {
  return row.kind === 'prediction';
}

function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/** As in {@link Partial.hashes}. */
export function rowHash(id: string, kind: string): string {
  return createHash('sha1').update(`${kind}#${id}`).digest('base64url').slice(0, 11);
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

interface StoredPart {
  readonly profile: string;
  /** Absent without segments. */
  readonly segments?: Readonly<Record<string, string>>;
  readonly predictions: number;
  readonly labels: number;
}

export interface StoredPartial {
  readonly model: string;
  readonly granule: number;
  readonly versions: Readonly<Record<string, StoredPart>>;
  readonly unmatched_labels: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Absent from partials of before it was counted: then what their versions hold was answered. */
  readonly served?: Served;
  readonly late: number;
  /** Absent where nothing came late. */
  readonly late_counts?: LateCounts;
  readonly unprofiled: number;
  readonly hashes: readonly string[];
}

export async function encodePartial(partial: Partial): Promise<Uint8Array> {
  const stored: StoredPartial = {
    model: partial.model,
    granule: partial.granule,
    versions: Object.fromEntries([...partial.versions].map(([version, part]) => [version, encodePart(part)])),
    unmatched_labels: partial.unmatchedLabels,
    outcomes: partial.outcomes,
    ...(partial.served ? { served: partial.served } : {}),
    late: partial.late,
    ...(partial.lateCounts ? { late_counts: partial.lateCounts } : {}),
    unprofiled: partial.unprofiled,
    hashes: partial.hashes,
  };
  return compress(JSON.stringify(stored), { level: 4 });
}

function encodePart({ profile, segments, predictions, labels }: VersionPart): StoredPart {
  return {
    profile: Buffer.from(encodeProfile(profile)).toString('base64'),
    predictions,
    labels,
    ...(segments.size > 0 ? { segments: encodeSegments(segments) } : {}),
  };
}

export async function decodePartial(bytes: Uint8Array, anchorsOf: AnchorsOf): Promise<Partial> {
  return addEncodedPartial(undefined, bytes, anchorsOf);
}

/** A partial as stored, unpacked; its profiles are still encoded, a tenth the size of decoded ones. */
export async function unpackPartial(bytes: Uint8Array): Promise<StoredPartial> {
  return JSON.parse((await decompress(bytes)).toString('utf8')) as StoredPartial;
}

/** Adds what `encodePartial` wrote, as {@link addStoredPartial} does. */
export async function addEncodedPartial(
  sum: Partial | undefined,
  bytes: Uint8Array,
  anchorsOf: AnchorsOf,
): Promise<Partial> {
  return addStoredPartial(sum, await unpackPartial(bytes), anchorsOf);
}

/**
 * Adds a stored partial of the same model to a sum: its non-empty cells only, so that a window of many granules costs
 * what was counted and not what could have been. The profiles of `sum` are changed in place. Rows of a version whose
 * anchors cannot be read count as unprofiled: they hide no other version.
 *
 * @param sum undefined for a sum of nothing yet; after a throw it is worth nothing
 * @returns the sum, with the model and granule of the first, and the hashes of all
 * @throws as `addEncoded`
 */
export async function addStoredPartial(
  sum: Partial | undefined,
  stored: StoredPartial,
  anchorsOf: AnchorsOf,
): Promise<Partial> {
  const versions = new Map(sum?.versions);
  let unprofiled = 0;
  for (const [version, part] of Object.entries(stored.versions)) {
    const found = await anchorsOf(stored.model, version).catch(unlessMissing);
    if (found) versions.set(version, addEncodedPart(versions.get(version), part, found.anchors));
    else unprofiled += part.predictions + part.labels;
  }
  return {
    model: sum?.model ?? stored.model,
    granule: sum?.granule ?? stored.granule,
    versions,
    unmatchedLabels: (sum?.unmatchedLabels ?? 0) + stored.unmatched_labels,
    outcomes: addCounts(sum?.outcomes ?? {}, stored.outcomes),
    served: addServed(sum?.served ?? nothingServed, stored.served ?? servedByVersions(stored)),
    late: (sum?.late ?? 0) + stored.late,
    lateCounts: addLate(sum?.lateCounts, stored.late_counts),
    unprofiled: (sum?.unprofiled ?? 0) + stored.unprofiled + unprofiled,
    hashes: [...(sum?.hashes ?? []), ...stored.hashes],
  };
}

function servedByVersions({ versions }: StoredPartial): Served {
  const answered = Object.values(versions).reduce((sum, { predictions }) => sum + predictions, 0);
  return { ...nothingServed, answered };
}

function addEncodedPart(sum: VersionPart | undefined, part: StoredPart, anchors: Anchors): VersionPart {
  return {
    profile: addEncoded(sum?.profile ?? emptyProfile(anchors), Buffer.from(part.profile, 'base64')),
    segments: addEncodedSegments(new Map(sum?.segments), anchors, part.segments ?? {}),
    predictions: (sum?.predictions ?? 0) + part.predictions,
    labels: (sum?.labels ?? 0) + part.labels,
  };
}
