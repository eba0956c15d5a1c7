/** The trial of a model that was trained elsewhere: can it be served, is what it says sane, and what will it be watched against. */
import { InvalidDataError } from '../errors.ts';
import { flatMetrics } from '../evaluation/evaluate.ts';
import { constantOutputs, headline, metricsOf, naiveAnswer } from '../evaluation/losses.ts';
import { rowShapeOf } from '../images/image-tensor.ts';
import type { Answer } from '../log/prediction-log.ts';
import { planServing, type ServingPlan } from '../onnx/foreign.ts';
import { OnnxModelError } from '../onnx/session.ts';
import { sha256 } from '../registry/artefacts.ts';
import { manifestHead } from '../registry/manifest-head.ts';
import type { Manifest, ModelRecord } from '../registry/model.ts';
import type { Upload } from '../registry/upload.ts';
import { evaluateAnswers } from '../retrain/evaluate-output.ts';
import { type AnsweredRow, versionFiles } from '../retrain/version-files.ts';
import { imageFeature } from '../schema/feature-schema.ts';
import { tryImages } from './try-images.ts';
import { tryRows } from './try-rows.ts';

export interface TrialInput {
  readonly record: ModelRecord;
  readonly version: string;
  readonly createdAt: string;
  readonly upload: Upload;
  readonly onnx: Uint8Array;
  /** As it was uploaded. */
  readonly baseline: Uint8Array;
}

export type TrialResult =
  | {
      readonly passed: true;
      readonly manifest: Manifest;
      readonly files: Readonly<Record<string, Uint8Array>>;
      readonly notes: readonly string[];
    }
  | { readonly passed: false; readonly reason: string };

/** What is wrong with the model or its rows is an answer; a throw is a fault of this process. */
export async function tryVersion(input: TrialInput): Promise<TrialResult> {
  try {
    return await trial(input);
  } catch (error) {
    if (error instanceof OnnxModelError || error instanceof InvalidDataError)
      return { passed: false, reason: error.message };
    throw error;
  }
}

async function trial(input: TrialInput): Promise<TrialResult> {
  const { record, upload } = input;
  assertAsAnnounced(input);
  const { activation, outputs } = upload;
  const photo = imageFeature(record.schema);
  const plan = planServing(input.onnx, {
    schema: record.schema,
    ...(activation === undefined ? {} : { activation }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(photo === undefined ? {} : { rowShape: rowShapeOf(photo.image) }),
  });
  const attempt = photo ? tryImages : tryRows;
  const { rows, answers, notes } = await attempt(record.schema, plan, input.baseline);
  const held = labelledIfEnough(rows, answers);
  const labels = held.rows.flatMap(({ label }) => (label === undefined ? [] : [label]));
  const isLabelled = labels.length === held.rows.length;
  const evaluation = isLabelled
    ? evaluateAnswers(record.schema, held.rows.filter(isWithLabel), held.answers, input.version)
    : undefined;
  const metrics = evaluation ? flatMetrics(evaluation) : {};
  return {
    passed: true,
    manifest: manifestOf(input, plan, rows.length, labels.length, metrics),
    files: {
      ...(await versionFiles({
        record,
        onnx: plan.onnx,
        expected: rows,
        holdout: held.rows,
        answers: held.answers,
        training: [],
      })),
      ...(evaluation ? { 'evaluation.json': Buffer.from(JSON.stringify(evaluation)) } : {}),
    },
    notes: [...plan.notes, ...notes, ...(isLabelled ? worseThanNothing(record, metrics, labels) : [])],
  };
}

function isWithLabel(row: AnsweredRow): row is AnsweredRow & { readonly label: number | string } {
  return row.label !== undefined;
}

function assertAsAnnounced({ upload, onnx, baseline }: TrialInput): void {
  for (const [file, bytes] of Object.entries({ onnx, baseline }) as ['onnx' | 'baseline', Uint8Array][]) {
    const actual = sha256(bytes);
    const { sha256: announced } = upload.files[file];
    if (actual !== announced)
      throw new InvalidDataError(`the ${file} file has sha256 ${actual}; ${announced} was announced`);
  }
}

/** Losses are counted where every row has its label: of a partly labelled file, its labelled rows when they are enough. */
function labelledIfEnough(rows: readonly AnsweredRow[], answers: readonly Answer[]) {
  const labelled = rows.flatMap(({ label }, at) => (label === undefined ? [] : [at]));
  if (labelled.length < MIN_LABELLED_ROWS || labelled.length === rows.length) return { rows, answers };
  return { rows: labelled.map((at) => rows[at]!), answers: labelled.map((at) => answers[at]!) };
}

const MIN_LABELLED_ROWS = 50;

/** Most often the classes are in another order, or the columns of a matrix are. */
function worseThanNothing(
  { task }: ModelRecord,
  metrics: Readonly<Record<string, number>>,
  labels: readonly (number | string)[],
): string[] {
  const figure = headline(task);
  const naive = metricsOf(constantOutputs(task, naiveAnswer(task, labels), labels.length), labels)[figure]!;
  if (metrics[figure]! <= naive) return [];
  return [
    `${figure} on the baseline is ${short(metrics[figure]!)}; always answering the same has ${short(naive)}: are the columns and classes in the right order`,
  ];
}

const short = (value: number) => Number(value.toPrecision(4));

function manifestOf(
  { record, version, createdAt, upload }: TrialInput,
  { onnx, serving, description }: ServingPlan,
  rows: number,
  labelled: number,
  metrics: Record<string, number>,
): Manifest {
  return {
    ...manifestHead(record, version, createdAt, onnx),
    trainer: {
      kind: 'foreign',
      producer: description.producer || 'unknown',
      opsets: description.opsets.map(({ domain, version: at }) => `${domain || 'ai.onnx'} ${at}`).join(', '),
      uploaded_sha256: upload.files.onnx.sha256,
    },
    snapshot: {
      source: 'uploaded baseline',
      rows,
      labelled_rows: labelled,
      baseline_sha256: upload.files.baseline.sha256,
    },
    metrics,
    importance: [],
    serving,
  };
}
