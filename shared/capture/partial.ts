/** A partial: what one batch adds to one granule. Profiles per version, counters, and the hashes that tell overlap. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { addColumns } from '../profile/add-columns.ts';
import { decodeProfile, encodeProfile } from '../profile/encode.ts';
import { emptyProfile, mergeProfiles, type Profile } from '../profile/profile.ts';
import { ArtefactError } from '../registry/artefacts.ts';
import type { AnchorsOf } from '../registry/baseline.ts';
import { rowsToColumns } from '../schema/rows.ts';
import type { ArchiveRow, LabelRow, PredictionRow } from './archive.ts';
import { answerColumns, labelColumns } from './channels.ts';

interface VersionPart {
  readonly profile: Profile;
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
  /** Rows that came after their granule had closed; they are in the archive and in no profile. */
  readonly late: number;
  /** Rows of a version whose anchors cannot be read; they are in the archive and in no profile. */
  readonly unprofiled: number;
  /** Of (request_id, kind), sorted: two partials that share one were delivered the same row. */
  readonly hashes: readonly string[];
}

export interface PartialInput {
  readonly model: string;
  readonly granule: number;
  readonly rows: readonly ArchiveRow[];
  readonly late?: number;
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
    const { manifest, anchors } = found;
    const profile = emptyProfile(anchors);
    if (predicted.length > 0) {
      const { columns } = rowsToColumns(
        manifest.schema,
        predicted.map((row) => row.features),
      );
      addColumns(profile, [...columns, ...answerColumns(predicted.map((row) => row.answer))]);
    }
    if (labelled.length > 0)
      addColumns(
        profile,
        labelColumns(labelled.map((row) => ({ label: row.label, answer: row.prediction.answer }))),
      );
    versions.set(version, { profile, predictions: predicted.length, labels: labelled.length });
  }
  return {
    model: input.model,
    granule: input.granule,
    versions,
    unmatchedLabels: input.rows.filter((row) => row.kind === 'label' && row.prediction === undefined).length,
    outcomes: countOutcomes(input.rows),
    late: input.late ?? 0,
    unprofiled,
    hashes: input.rows.map((row) => rowHash(row.id, row.kind)).sort(),
  };
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

/** By HTTP status. */
function countOutcomes(rows: readonly ArchiveRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) if (row.kind === 'outcome') counts[row.status] = (counts[row.status] ?? 0) + 1;
  return counts;
}

function rowHash(id: string, kind: string): string {
  return createHash('sha1').update(`${kind}#${id}`).digest('base64url').slice(0, 11);
}

/** Whether any row was delivered into more than one of the partials. */
export function overlap(partials: readonly Partial[]): boolean {
  const seen = new Set<string>();
  for (const partial of partials)
    for (const hash of partial.hashes) {
      if (seen.has(hash)) return true;
      seen.add(hash);
    }
  return false;
}

/** Adds up partials of one model; hashes are dropped, as nothing is compared with a roll-up. */
export function mergePartials(partials: readonly Partial[]): Partial {
  const first = partials[0]!;
  const versions = new Map<string, VersionPart>();
  const outcomes: Record<string, number> = {};
  for (const partial of partials) {
    for (const [version, part] of partial.versions)
      versions.set(version, addPart(versions.get(version), part));
    for (const [status, count] of Object.entries(partial.outcomes))
      outcomes[status] = (outcomes[status] ?? 0) + count;
  }
  return {
    model: first.model,
    granule: first.granule,
    versions,
    unmatchedLabels: partials.reduce((sum, one) => sum + one.unmatchedLabels, 0),
    outcomes,
    late: partials.reduce((sum, one) => sum + one.late, 0),
    unprofiled: partials.reduce((sum, one) => sum + one.unprofiled, 0),
    hashes: [],
  };
}

function addPart(sum: VersionPart | undefined, part: VersionPart): VersionPart {
  if (!sum) return part;
  return {
    profile: mergeProfiles(sum.profile, part.profile),
    predictions: sum.predictions + part.predictions,
    labels: sum.labels + part.labels,
  };
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

interface StoredPartial {
  readonly model: string;
  readonly granule: number;
  readonly versions: Readonly<Record<string, { profile: string; predictions: number; labels: number }>>;
  readonly unmatched_labels: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly late: number;
  readonly unprofiled: number;
  readonly hashes: readonly string[];
}

export async function encodePartial(partial: Partial): Promise<Uint8Array> {
  const stored: StoredPartial = {
    model: partial.model,
    granule: partial.granule,
    versions: Object.fromEntries(
      [...partial.versions].map(([version, part]) => [
        version,
        { ...part, profile: Buffer.from(encodeProfile(part.profile)).toString('base64') },
      ]),
    ),
    unmatched_labels: partial.unmatchedLabels,
    outcomes: partial.outcomes,
    late: partial.late,
    unprofiled: partial.unprofiled,
    hashes: partial.hashes,
  };
  return compress(JSON.stringify(stored), { level: 4 });
}

export async function decodePartial(bytes: Uint8Array, anchorsOf: AnchorsOf): Promise<Partial> {
  const stored = JSON.parse((await decompress(bytes)).toString('utf8')) as StoredPartial;
  const versions = new Map<string, VersionPart>();
  for (const [version, part] of Object.entries(stored.versions)) {
    const { anchors } = await anchorsOf(stored.model, version);
    versions.set(version, { ...part, profile: decodeProfile(anchors, Buffer.from(part.profile, 'base64')) });
  }
  return { ...stored, unmatchedLabels: stored.unmatched_labels, versions };
}
