/** Trains a small image model on pixels and makes a version of it, with the descriptors of its images as the baseline. */

import { InvalidDataError } from '../errors.ts';
import { flatMetrics } from '../evaluation/evaluate.ts';
import { exportPixelNetwork } from '../onnx/export-network.ts';
import { openSession } from '../onnx/session.ts';
import { manifestHead } from '../registry/manifest-head.ts';
import type { Manifest, ModelRecord } from '../registry/model.ts';
import type { VersionBuild } from '../retrain/build-version.ts';
import { evaluateAnswers } from '../retrain/evaluate-output.ts';
import { parityReason } from '../retrain/export-parity.ts';
import { versionFiles } from '../retrain/version-files.ts';
import type { Columns } from '../schema/columns.ts';
import { fitNetwork, type NetworkOptions, predictNetwork } from '../training/network.ts';
import { compareParity } from '../training/parity.ts';
import { answerPrepared, imageInput, type PreparedImage } from './image-answers.ts';

/** An image with its class; `at` is Unix milliseconds, or its number. */
export interface LabelledImage extends PreparedImage {
  readonly id: string;
  readonly at: number;
  readonly label: string;
}

export interface ImageVersionInput {
  readonly record: ModelRecord;
  readonly version: string;
  readonly training: readonly LabelledImage[];
  readonly holdout: readonly LabelledImage[];
  readonly network?: Pick<NetworkOptions, 'hidden' | 'epochs' | 'seed' | 'onRound'>;
  readonly snapshot: Manifest['snapshot'];
  readonly now: number;
}

/** Of the training tensor: a gigabyte. */
const maxValues = 256 * 1024 * 1024;

/** One float column per value of the tensor, in its order, as `exportPixelNetwork` expects them. */
export function pixelColumns(images: readonly Pick<PreparedImage, 'values'>[]): Columns {
  const width = images[0]?.values.length ?? 0;
  if (images.length * width > maxValues)
    throw new InvalidDataError(
      `${images.length} images of ${width} values are too many to train on at once; at most ${maxValues} values together, so use a smaller size`,
    );
  return {
    rows: images.length,
    columns: Array.from({ length: width }, (_, pixel) => ({
      kind: 'numeric' as const,
      name: `pixel_${pixel}`,
      values: Float32Array.from(images, ({ values }) => values[pixel]!),
    })),
  };
}

/**
 * Fits a network on the training images, exports it and compares both on the held-out ones; the version it makes is watched through
 * the descriptors of all of them.
 *
 * @param input a record whose schema takes an image and names its classes; images prepared for that schema
 * @returns the files of a version and its manifest, or why the export is not the model
 * @throws InvalidDataError for a label that is no class, or without an image to train on or to hold out
 */
export async function buildImageVersion(input: ImageVersionInput): Promise<VersionBuild> {
  const { record, version, training, holdout } = input;
  if (training.length === 0 || holdout.length === 0)
    throw new InvalidDataError(
      `${training.length} images to train on and ${holdout.length} held out: both need some`,
    );
  const classes = record.schema.target.classes ?? [];
  const model = fitNetwork(
    pixelColumns(training),
    { task: 'classification', classes, labels: codesOf(training, classes) },
    { ...input.network },
  );
  const { name, image } = imageInput(record.schema);
  const onnx = exportPixelNetwork(model, { ...image, input: name }, { model: record.name, version });
  const session = await openSession(onnx);
  try {
    const expected = predictNetwork(model, pixelColumns(holdout));
    const answered = await answerPrepared(session, record.schema, holdout);
    const actual = Float32Array.from(answered.flatMap(({ scores }) => [...scores]));
    const parity = compareParity(expected, actual, { task: 'classification', outputs: classes.length });
    if (!parity.passed) return { passed: false, reason: parityReason(parity) };
    const answers = answered.map(({ answer }) => answer);
    const evaluation = evaluateAnswers(record.schema, holdout, answers, version);
    const manifest: Manifest = {
      ...manifestHead(record, version, input.now, onnx),
      trainer: { kind: 'network', images: training.length },
      snapshot: input.snapshot,
      metrics: flatMetrics(evaluation),
      importance: [],
      parity: { rows: parity.rows, max_absolute: parity.maxAbsolute, max_relative: parity.maxRelative },
    };
    const rows = [...training, ...holdout].map(logged);
    const files = await versionFiles({
      record,
      onnx,
      expected: rows,
      holdout: rows.slice(training.length),
      answers,
      training: rows.slice(0, training.length),
    });
    const more = { 'evaluation.json': Buffer.from(JSON.stringify(evaluation)) };
    return { passed: true, manifest, parity, files: { ...files, ...more } };
  } finally {
    await session.release();
  }
}

function logged({ id, at, features, label }: LabelledImage) {
  return { id, at, features, label };
}

function codesOf(images: readonly LabelledImage[], classes: readonly string[]): Int32Array {
  const codes = new Map(classes.map((label, code) => [label, code]));
  return Int32Array.from(images, ({ id, label }) => {
    const code = codes.get(label);
    if (code === undefined)
      throw new InvalidDataError(
        `image "${id}" is labelled ${JSON.stringify(label)}, none of the classes ${classes.join(', ')}`,
      );
    return code;
  });
}
