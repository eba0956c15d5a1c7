/** From a trained model to a version's files: parity first, then held-out figures and the baseline it will be watched against. */
import { encodeRows } from '../capture/archive.ts';
import { answerColumns, channelNames, labelColumns } from '../capture/channels.ts';
import { metricsOf, type Outputs } from '../evaluation/losses.ts';
import type { Answer } from '../log/prediction-log.ts';
import { answersOf } from '../onnx/answers.ts';
import { type OnnxOutput, openSession } from '../onnx/session.ts';
import { addColumns } from '../profile/add-columns.ts';
import { buildAnchors, type Channel } from '../profile/anchors.ts';
import { emptyProfile } from '../profile/profile.ts';
import { seedFrom } from '../random.ts';
import { sha256 } from '../registry/artefacts.ts';
import { baselineFiles } from '../registry/baseline.ts';
import type { Manifest, ModelRecord } from '../registry/model.ts';
import type { Column } from '../schema/columns.ts';
import { schemaHash } from '../schema/feature-schema.ts';
import { type GbdtModel, importance, predictGbdt } from '../training/gbdt.ts';
import { compareParity, type Parity, parityRows } from '../training/parity.ts';
import { expectedContext } from './expected-context.ts';
import { featuresOf } from './labelled-data.ts';
import type { LabelledRow } from './snapshot.ts';

export interface VersionInput {
  readonly record: ModelRecord;
  readonly version: string;
  readonly model: GbdtModel;
  readonly onnx: Uint8Array;
  readonly training: readonly LabelledRow[];
  readonly holdout: readonly LabelledRow[];
  /** The period the version is accepted on: its features are what it is expected to serve. */
  readonly expected: readonly LabelledRow[];
  /** Design effects by column that hold where `expected` is too short to measure them: those of the champion. */
  readonly inherited?: ReadonlyMap<string, number>;
  readonly trainer: Manifest['trainer'];
  readonly snapshot: Manifest['snapshot'];
  readonly now: number;
}

export type VersionBuild =
  | {
      readonly passed: true;
      readonly manifest: Manifest;
      readonly parity: Parity;
      readonly files: Readonly<Record<string, Uint8Array>>;
    }
  | { readonly passed: false; readonly reason: string };

/** The parity gate of every export: nothing is written for a model that onnxruntime answers differently from its trainer. */
export async function buildVersion(input: VersionInput): Promise<VersionBuild> {
  const { schema } = input.record;
  const session = await openSession(input.onnx);
  try {
    const heldOut = featuresOf(schema, input.holdout);
    const rows = parityRows(input.model, heldOut, seedFrom(input.version));
    const expected = predictGbdt(input.model, rows);
    const outputs = Math.max(1, input.model.classes.length);
    const parity = compareParity(expected, scoresOf(await session.run(rows)), {
      task: input.model.task,
      outputs,
    });
    if (!parity.passed) return { passed: false, reason: parityReason(parity) };
    const answers = answersOf(schema, await session.run(heldOut));
    const manifest = manifestOf(input, parity, answers);
    return { passed: true, manifest, parity, files: await filesOf(input, heldOut.columns, answers) };
  } finally {
    await session.release();
  }
}

function parityReason({ maxAbsolute, worstRow, rows }: Parity): string {
  return `onnxruntime and the trainer differ by ${maxAbsolute} at row ${worstRow} of ${rows}`;
}

function scoresOf(output: OnnxOutput): Float32Array {
  return output.task === 'regression' ? output.values : output.probabilities;
}

/** Answers in the form that losses are computed from. */
export function outputsOf(answers: readonly Answer[]): Outputs {
  if (answers.length > 0 && 'prediction' in answers[0]!)
    return {
      task: 'regression',
      values: answers.map((answer) => ('prediction' in answer ? answer.prediction : Number.NaN)),
    };
  return {
    task: 'classification',
    predicted: answers.map((answer) => ('predicted_class' in answer ? answer.predicted_class : '')),
  };
}

function manifestOf(input: VersionInput, parity: Parity, answers: readonly Answer[]): Manifest {
  const { record, onnx } = input;
  return {
    model: record.name,
    version: input.version,
    task: record.task,
    created_at: new Date(input.now).toISOString(),
    sha256: sha256(onnx),
    bytes: onnx.length,
    schema: record.schema,
    schema_hash: schemaHash(record.schema),
    trainer: input.trainer,
    snapshot: input.snapshot,
    metrics: metricsOf(
      outputsOf(answers),
      input.holdout.map((row) => row.label),
    ),
    importance: importance(input.model),
    parity: { rows: parity.rows, max_absolute: parity.maxAbsolute, max_relative: parity.maxRelative },
  };
}

/** Features from the accepted period; what the model says and how far off it is from held-out rows only. */
async function filesOf(
  input: VersionInput,
  heldOut: readonly Column[],
  answers: readonly Answer[],
): Promise<Record<string, Uint8Array>> {
  const { record, inherited } = input;
  const { columns } = featuresOf(record.schema, input.expected);
  const answered = answerColumns(answers);
  const labelled = labelColumns(input.holdout.map((row, at) => ({ label: row.label, answer: answers[at]! })));
  const outputs = [...answered, ...labelled];
  const anchors = buildAnchors(
    [...columns, ...outputs].map((column) => ({ ...column, channel: channelOf(column) })),
  );
  const reference = emptyProfile(anchors);
  addColumns(reference, columns);
  addColumns(reference, outputs);
  const context = expectedContext({
    anchors,
    features: { at: input.expected.map((row) => row.at), columns },
    outputs: { at: input.holdout.map((row) => row.at), columns: outputs },
    heldOut: { features: heldOut, answers: answered },
    windowMs: record.monitor.window_ms,
    segments: record.monitor.segments,
    ...(inherited ? { inherited } : {}),
  });
  return {
    'model.onnx': input.onnx,
    ...(await baselineFiles(anchors, reference, context)),
    'train.ndjson.gz': await encodeRows(input.training),
    'holdout.ndjson.gz': await encodeRows(input.holdout),
  };
}

function channelOf(column: Column): Channel {
  const known = Object.entries(channelNames).find(([, name]) => name === column.name);
  return known ? (known[0] as Channel) : 'feature';
}
