/** Runs an image model over decoded images, a bounded number at a time: what it answers, and the embeddings it shows. */
import { createPause } from '../in-turns.ts';
import type { Answer } from '../log/prediction-log.ts';
import { answersOf } from '../onnx/answers.ts';
import { OnnxModelError, type OnnxSession } from '../onnx/session.ts';
import { embeddingNames, imageColumn, imageFeature, type ModelSchema } from '../schema/feature-schema.ts';
import type { FeatureRow, FeatureValue } from '../schema/rows.ts';
import type { DecodedImage } from './decode-image.ts';
import { describeImage } from './descriptors.ts';
import type { ImageSpec } from './image-spec.ts';
import { imageTensor, rowShapeOf } from './image-tensor.ts';

/** Floats of one run: 16 MB, 27 images of 224 × 224 in colour. */
const maxValues = 4 * 1024 * 1024;

/** An image as the graph and the log take it; its pixels are no longer needed. */
export interface PreparedImage {
  /** The tensor's values, normalised. */
  readonly values: Float32Array;
  /** What is logged in the image's place: the hash of its file and its descriptors. */
  readonly features: FeatureRow;
}

export interface AnsweredImage {
  readonly answer: Answer;
  /** With the embedding's components. */
  readonly features: FeatureRow;
  /** What the graph says of each class, also of those too unlikely to be in the answer. */
  readonly scores: Float32Array;
}

/** Throws a TypeError unless the schema's input is an image. */
export function imageInput(schema: ModelSchema): { readonly name: string; readonly image: ImageSpec } {
  const found = imageFeature(schema);
  if (!found) throw new TypeError('the model takes no image');
  return found;
}

/** Throws a TypeError unless the schema's input is an image. */
export function prepareImage(schema: ModelSchema, image: DecodedImage): PreparedImage {
  const { name, image: spec } = imageInput(schema);
  const features: Record<string, FeatureValue> = { [imageColumn(name, 'sha256')]: image.sha256 };
  for (const [part, value] of Object.entries(describeImage(image, spec.channels)))
    features[imageColumn(name, part)] = value;
  return { values: imageTensor(spec, [image]).values, features };
}

/**
 * One answer per image, in their order, with what the schema's monitored columns name of it.
 *
 * @throws OnnxModelError when the graph does not take the tensor, or lacks the embedding that the schema names
 */
export async function answerImages(
  session: Pick<OnnxSession, 'runTensor'>,
  schema: ModelSchema,
  images: readonly DecodedImage[],
): Promise<AnsweredImage[]> {
  const perRun = imagesPerRun(schema);
  const pause = createPause();
  const answered: AnsweredImage[] = [];
  for (let start = 0; start < images.length; start += perRun) {
    const prepared: PreparedImage[] = [];
    for (const image of images.slice(start, start + perRun)) {
      await pause();
      prepared.push(prepareImage(schema, image));
    }
    answered.push(...(await answerPrepared(session, schema, prepared)));
  }
  return answered;
}

/** As {@link answerImages}. */
export async function answerPrepared(
  session: Pick<OnnxSession, 'runTensor'>,
  schema: ModelSchema,
  images: readonly PreparedImage[],
): Promise<AnsweredImage[]> {
  const { name, image: spec } = imageInput(schema);
  const perRun = imagesPerRun(schema);
  const rowShape = rowShapeOf(spec);
  const answered: AnsweredImage[] = [];
  for (let start = 0; start < images.length; start += perRun) {
    const some = images.slice(start, start + perRun);
    const output = await session.runTensor({ values: joined(some), rowShape }, some.length);
    if (spec.embedding !== undefined && !output.embedding)
      throw new OnnxModelError(
        `the schema monitors ${spec.embedding} components of an embedding; the graph has none`,
      );
    const answers = answersOf(schema, output);
    const all = output.task === 'regression' ? output.values : output.probabilities;
    const width = all.length / some.length;
    some.forEach((image, row) => {
      const embedding = embeddingOf(name, spec, output.embedding, row, some.length);
      answered.push({
        answer: answers[row]!,
        features: { ...image.features, ...embedding },
        scores: all.subarray(row * width, (row + 1) * width),
      });
    });
  }
  return answered;
}

/** How many of the schema's images are run at once. */
export function imagesPerRun(schema: ModelSchema): number {
  const { width, height, channels } = imageInput(schema).image;
  return Math.max(1, Math.floor(maxValues / (width * height * channels)));
}

function joined(images: readonly PreparedImage[]): Float32Array {
  const width = images[0]?.values.length ?? 0;
  const values = new Float32Array(images.length * width);
  images.forEach((image, row) => {
    values.set(image.values, row * width);
  });
  return values;
}

/** Six digits: enough for monitoring, and a log item stays small. */
function embeddingOf(
  name: string,
  spec: ImageSpec,
  embedding: Float32Array | undefined,
  row: number,
  rows: number,
): FeatureRow {
  const width = (embedding?.length ?? 0) / rows;
  return Object.fromEntries(
    embeddingNames(spec).map((part, at) => {
      const value = at < width ? embedding![row * width + at]! : Number.NaN;
      return [imageColumn(name, part), Number.isFinite(value) ? Number(value.toPrecision(6)) : null];
    }),
  );
}
