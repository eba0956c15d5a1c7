/** From a trained model to a version's files: parity first, then held-out figures and the baseline it will be watched against. */
import { serialize } from 'node:v8';
import { type Evaluation, flatMetrics } from '../evaluation/evaluate.ts';
import type { Outputs } from '../evaluation/losses.ts';
import type { Answer } from '../log/prediction-log.ts';
import { answersOf } from '../onnx/answers.ts';
import { openSession } from '../onnx/session.ts';
import { manifestHead } from '../registry/manifest-head.ts';
import type { Manifest, ModelRecord } from '../registry/model.ts';
import type { Parity } from '../training/parity.ts';
import { evaluateOutput } from './evaluate-output.ts';
import { exportParity, parityReason } from './export-parity.ts';
import { featuresOf, targetOf } from './labelled-data.ts';
import type { LabelledRow } from './snapshot.ts';
import { type TrainedModel, trainerOf } from './trainers.ts';
import { versionFiles } from './version-files.ts';

export interface VersionInput {
  readonly record: ModelRecord;
  readonly version: string;
  readonly model: TrainedModel;
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
    const parity = await exportParity(input.model, session, heldOut, input.version);
    if (!parity.passed) return { passed: false, reason: parityReason(parity) };
    const output = await session.run(heldOut);
    const answers = answersOf(schema, output);
    const target = targetOf(schema, input.holdout);
    const evaluation = evaluateOutput(output, heldOut, target, input.version);
    const manifest = manifestOf(input, parity, evaluation);
    return {
      passed: true,
      manifest,
      parity,
      files: {
        ...(await versionFiles({ ...input, answers })),
        'trainer.bin': serialize(input.model),
        'evaluation.json': Buffer.from(JSON.stringify(evaluation)),
      },
    };
  } finally {
    await session.release();
  }
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

function manifestOf(input: VersionInput, parity: Parity, evaluation: Evaluation): Manifest {
  const { record, onnx } = input;
  return {
    ...manifestHead(record, input.version, input.now, onnx),
    trainer: input.trainer,
    snapshot: input.snapshot,
    metrics: flatMetrics(evaluation),
    importance: trainerOf(input.model).importance(input.model),
    parity: { rows: parity.rows, max_absolute: parity.maxAbsolute, max_relative: parity.maxRelative },
  };
}
