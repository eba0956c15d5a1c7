/** The files of a version beside its manifest: the model, the baseline it will be watched against, and the rows behind it. */
import { encodeRows } from '../capture/archive.ts';
import { answerColumns, channelNames, labelColumns } from '../capture/channels.ts';
import type { Answer } from '../log/prediction-log.ts';
import { withoutPii } from '../privacy/presence.ts';
import { addColumns } from '../profile/add-columns.ts';
import { buildAnchors, type Channel } from '../profile/anchors.ts';
import { emptyProfile } from '../profile/profile.ts';
import { baselineFiles } from '../registry/baseline.ts';
import { expectedLossFile, expectedLossFileOf } from '../registry/expected-loss-file.ts';
import type { ModelRecord } from '../registry/model.ts';
import type { Column } from '../schema/columns.ts';
import { type FeatureRow, rowsToColumns, tokenColumns } from '../schema/rows.ts';
import { expectedContext } from './expected-context.ts';
import type { LabelledRow } from './snapshot.ts';

/** A row as it was asked, when, and the truth if it is known. */
export interface AnsweredRow {
  readonly at: number;
  readonly features: FeatureRow;
  readonly label?: number | string;
}

export interface VersionFilesInput {
  readonly record: Pick<ModelRecord, 'schema' | 'monitor'>;
  readonly onnx: Uint8Array;
  /** The period the version is accepted on: its features are what it is expected to serve. */
  readonly expected: readonly { readonly at: number; readonly features: FeatureRow }[];
  /** Rows the model was not fitted on; labels count where every row has one. */
  readonly holdout: readonly AnsweredRow[];
  /** What the model says of the held-out rows. */
  readonly answers: readonly Answer[];
  /** Empty for a model that was trained elsewhere. */
  readonly training: readonly LabelledRow[];
  /** Design effects by column that hold where `expected` is too short to measure them: those of the champion. */
  readonly inherited?: ReadonlyMap<string, number>;
}

/** Rows that explanations compare with. */
const backgroundRows = 100;

/** Features from the accepted period; what the model says and how far off it is from held-out rows only. */
export async function versionFiles(input: VersionFilesInput): Promise<Record<string, Uint8Array>> {
  const { record, inherited, expected, holdout } = input;
  const features = (rows: readonly { readonly features: FeatureRow }[]) =>
    rowsToColumns(
      record.schema,
      rows.map((row) => row.features),
    ).columns;
  const tokens = tokenColumns(
    record.schema,
    expected.map((row) => row.features),
  );
  const columns = [...features(expected), ...tokens];
  const answered = answerColumns(input.answers);
  const labelled = holdout.flatMap(({ label }, at) =>
    label === undefined ? [] : [{ label, answer: input.answers[at]! }],
  );
  const isLabelled = labelled.length === holdout.length && holdout.length > 0;
  const outputs = isLabelled ? [...answered, ...labelColumns(labelled)] : answered;
  const anchors = buildAnchors(
    [...columns, ...outputs].map((column) => ({
      ...column,
      channel: tokens.some((token) => token.name === column.name) ? 'token' : channelOf(column),
    })),
  );
  const reference = emptyProfile(anchors);
  addColumns(reference, columns);
  addColumns(reference, outputs);
  const context = expectedContext({
    anchors,
    features: { at: expected.map((row) => row.at), columns },
    outputs: { at: holdout.map((row) => row.at), columns: outputs },
    heldOut: { features: features(holdout), answers: answered },
    windowMs: record.monitor.window_ms,
    segments: record.monitor.segments,
    ...(inherited ? { inherited } : {}),
  });
  return {
    'model.onnx': input.onnx,
    ...(await baselineFiles(anchors, reference, context)),
    [expectedLossFile]: expectedLossFileOf(anchors, isLabelled ? labelled : []),
    'train.ndjson.gz': await encodeRows(input.training),
    'holdout.ndjson.gz': await encodeRows(holdout),
    'background.ndjson.gz': await encodeRows(
      spread(expected, backgroundRows).map((row) => withoutPii(record.schema, row.features)),
    ),
  };
}

/** At most `count` of the rows, evenly spread. */
function spread<Row>(rows: readonly Row[], count: number): Row[] {
  if (rows.length <= count) return [...rows];
  return Array.from({ length: count }, (_, at) => rows[Math.floor(((at + 0.5) * rows.length) / count)]!);
}

function channelOf(column: Column): Channel {
  const known = Object.entries(channelNames).find(([, name]) => name === column.name);
  return known ? (known[0] as Channel) : 'feature';
}
