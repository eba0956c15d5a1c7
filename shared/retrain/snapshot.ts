/** Archived predictions and labels → matured labelled rows, split by time into training and a holdout nobody has seen. */
import type { ArchiveRow, LabelRow, PredictionRow } from '../capture/archive.ts';
import { featuresHash } from '../log/prediction-log.ts';
import { withoutPii } from '../privacy/presence.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { FeatureRow } from '../schema/rows.ts';

export interface LabelledRow {
  readonly id: string;
  /** Unix milliseconds of the prediction. */
  readonly at: number;
  readonly features: FeatureRow;
  readonly label: number | string;
}

interface UnlabelledRow {
  readonly id: string;
  readonly at: number;
  readonly features: FeatureRow;
}

export interface Joined {
  /** In order of time. */
  readonly labelled: readonly LabelledRow[];
  readonly unlabelled: readonly UnlabelledRow[];
  /** Milliseconds: the age by which 95 % of the labels that came had come, or the policy's minimum when that is more. */
  readonly maturityMs: number;
  /** Rows too young to say whether they are labelled. */
  readonly immature: number;
}

/** Joins by request id: the first prediction, the latest label. Rows younger than the maturity horizon are left out, labelled or not. */
export function joinLabels(rows: Iterable<ArchiveRow>, now: number, minimumMaturityMs: number): Joined {
  const predictions = new Map<string, PredictionRow>();
  const labels = new Map<string, LabelRow>();
  for (const row of rows) {
    if (row.kind === 'prediction') {
      if (!predictions.has(row.id)) predictions.set(row.id, row);
    } else if (
      row.kind === 'label' &&
      row.labelled_at > (labels.get(row.id)?.labelled_at ?? Number.NEGATIVE_INFINITY)
    )
      labels.set(row.id, row);
  }
  const delays: number[] = [];
  for (const [id, label] of labels) {
    const prediction = predictions.get(id);
    if (prediction) delays.push(label.labelled_at - prediction.at);
  }
  const maturityMs = Math.max(minimumMaturityMs, quantile(delays, 0.95));
  const labelled: LabelledRow[] = [];
  const unlabelled: UnlabelledRow[] = [];
  let immature = 0;
  for (const { id, at, features } of predictions.values()) {
    const label = labels.get(id);
    if (now - at < maturityMs) immature += 1;
    else if (label) labelled.push({ id, at, features, label: label.label });
    else unlabelled.push({ id, at, features });
  }
  labelled.sort((first, second) => first.at - second.at || (first.id < second.id ? -1 : 1));
  return { labelled, unlabelled, maturityMs, immature };
}

function quantile(values: number[], share: number): number {
  if (values.length === 0) return 0;
  values.sort((first, second) => first - second);
  return Math.max(0, values[Math.min(values.length - 1, Math.floor(share * values.length))]!);
}

type RowHash = (features: FeatureRow) => string;

/** Rows that a model cannot tell apart are one, whosever they are: tokens do not count. */
export function inputsHash(schema: ModelSchema): RowHash {
  return (features) => featuresHash(withoutPii(schema, features));
}

export interface Split {
  readonly training: readonly LabelledRow[];
  readonly holdout: readonly LabelledRow[];
  /** Rows of the training part that also stand in the holdout, by features, and were dropped. */
  readonly overlapping: number;
}

const holdoutShare = 0.3;

/**
 * The newest 30 % by time are the holdout, as far as no earlier decision has looked at them; a repeated row counts once in it, and
 * training keeps no row with the features of a held-out one (resampled rows with random labels otherwise score 0.996; truth 0.316).
 *
 * @param labelled in order of time
 * @param spentThrough time (Unix ms) of the newest row an earlier decision was made on
 * @param hashOf what makes two rows the same: {@link inputsHash} of a model with pii features
 */
export function splitByTime(
  labelled: readonly LabelledRow[],
  spentThrough: number,
  hashOf: RowHash = featuresHash,
): Split {
  const cut = Math.ceil(labelled.length * (1 - holdoutShare));
  const held = new Map<string, LabelledRow>();
  for (const row of labelled.slice(cut)) if (row.at > spentThrough) held.set(hashOf(row.features), row);
  const before = labelled.slice(0, cut);
  const spent = labelled.slice(cut).filter((row) => row.at <= spentThrough);
  const candidates = [...before, ...spent];
  const training = withoutFeaturesOf(candidates, held, hashOf);
  return { training, holdout: [...held.values()], overlapping: candidates.length - training.length };
}

/** The rows whose features are not among the held-out ones. */
export function withoutFeaturesOf(
  rows: readonly LabelledRow[],
  held: ReadonlyMap<string, unknown>,
  hashOf: RowHash,
): readonly LabelledRow[] {
  return rows.filter((row) => !held.has(hashOf(row.features)));
}

/** Keyed as {@link withoutFeaturesOf} wants it. */
export function featureHashes(rows: readonly LabelledRow[], hashOf: RowHash): ReadonlyMap<string, unknown> {
  return new Map(rows.map((row) => [hashOf(row.features), true]));
}
