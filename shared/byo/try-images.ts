/** What a model says of the images of its baseline, and whether that can be an answer; a run's worth of images at a time. */
import { InvalidDataError } from '../errors.ts';
import {
  type AnsweredImage,
  answerPrepared,
  imageInput,
  imagesPerRun,
  type PreparedImage,
} from '../images/image-answers.ts';
import type { ServingPlan } from '../onnx/foreign.ts';
import { type OnnxOutput, type OnnxSession, openSession } from '../onnx/session.ts';
import type { AnsweredRow } from '../retrain/version-files.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { assertFewFaults, type BaselineImage, readBaselineImages } from './baseline-images.ts';
import { assertSane, type Tried } from './try-rows.ts';

type Runner = Pick<OnnxSession, 'runTensor'>;

/**
 * The rows are as predictions of these images would be logged: hash, descriptors, components of the embedding.
 *
 * @throws InvalidDataError when more than 5 % of the images cannot be decoded, for lines that do not fit the schema or answers that
 *   are none; OnnxModelError when the graph cannot run or has no such embedding
 */
export async function tryImages(
  schema: ModelSchema,
  plan: ServingPlan,
  baseline: Uint8Array,
): Promise<Tried> {
  const read = await readBaselineImages(schema, baseline);
  const session = await openSession(plan.onnx, plan.serving);
  const outputs: OnnxOutput[] = [];
  // sanity is a question to all answers together
  const recorder: Runner = {
    async runTensor(tensor, count) {
      const output = await session.runTensor(tensor, count);
      assertEmbedded(schema, plan, output);
      const { embedding: _, embeddingWidth: __, ...answers } = output;
      outputs.push(answers);
      return output;
    },
  };
  const rows: AnsweredRow[] = [];
  const answered: AnsweredImage[] = [];
  try {
    for (const some of batches(read.images(), imagesPerRun(schema))) {
      const images: PreparedImage[] = some.map(({ image }) => image);
      for (const [at, one] of (await answerPrepared(recorder, schema, images)).entries()) {
        const { row } = some[at]!;
        rows.push({ ...row, features: { ...row.features, ...one.features } });
        answered.push(one);
      }
    }
  } finally {
    await session.release();
  }
  assertFewFaults(read);
  assertSane(schema, plan, joined(outputs));
  const { faults } = read;
  const notes =
    faults.length === 0
      ? []
      : [
          `left out of the baseline, ${faults.length} of ${read.count} images: ${faults.slice(0, 3).join('; ')}`,
        ];
  return { rows, answers: answered.map(({ answer }) => answer), notes };
}

/** Run by run: embeddings of all images together can be large. */
function assertEmbedded(
  schema: ModelSchema,
  { serving }: ServingPlan,
  { embedding, embeddingWidth = 0 }: OnnxOutput,
): void {
  if (!embedding) return;
  const { embedding: wanted = 0 } = imageInput(schema).image;
  if (embeddingWidth < wanted)
    throw new InvalidDataError(
      `the embedding "${serving.embedding}" has ${embeddingWidth} values per image: the schema monitors ${wanted} components of it`,
    );
  const strange = embedding.find((value) => !Number.isFinite(value));
  if (strange !== undefined)
    throw new InvalidDataError(`the embedding "${serving.embedding}" of an image holds ${strange}`);
}

function* batches(images: Iterable<BaselineImage>, size: number): Generator<readonly BaselineImage[]> {
  let batch: BaselineImage[] = [];
  for (const image of images) {
    batch.push(image);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Of all runs, without the embeddings. */
function joined(outputs: readonly OnnxOutput[]): OnnxOutput {
  const classified = outputs.filter((output) => output.task === 'classification');
  const [first] = classified;
  if (!first) return { task: 'regression', values: new Float32Array() };
  const probabilities = new Float32Array(
    classified.reduce((sum, output) => sum + output.probabilities.length, 0),
  );
  let at = 0;
  for (const output of classified) {
    probabilities.set(output.probabilities, at);
    at += output.probabilities.length;
  }
  return {
    task: 'classification',
    labels: classified.flatMap(({ labels }) => labels),
    probabilities,
    classesCount: first.classesCount,
  };
}
