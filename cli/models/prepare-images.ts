/** A model of images and its baseline: what of them is sent, and what was understood. */
import { readFileSync } from 'node:fs';
import { InvalidDataError } from '#shared/errors.ts';
import type { ImageSpec } from '#shared/images/image-spec.ts';
import { type ImageTable, readImageTable } from '#shared/images/image-table.ts';
import { rowShapeOf } from '#shared/images/image-tensor.ts';
import { planServing } from '#shared/onnx/foreign.ts';
import { type ModelDescription, readModel } from '#shared/onnx/read-model.ts';
import { imageFeature, type ModelSchema } from '#shared/schema/feature-schema.ts';
import { UsageError } from '../usage.ts';
import { readImageBaseline } from './image-baseline.ts';
import { readEmbedding } from './image-embedding.ts';
import { assertAsKnown, differenceOf, imageSpecOf } from './image-input.ts';
import { imageManifest } from './image-manifest.ts';
import type { Prepared } from './prepare-rows.ts';
import { type Context, type ServedModel, say } from './print.ts';
import { hintsOf, type ImageOptions } from './register-options.ts';
import { labelsOf, targetOf } from './target.ts';
import { tellImages } from './understood.ts';

/** Of a model that is registered anew, unless its manifest names it. */
const FEATURE = 'image';

/** Throws {@link UsageError}, {@link InvalidDataError} or OnnxModelError. */
export async function prepareImages(
  context: Context,
  options: ImageOptions,
  onnx: Uint8Array,
  known: ServedModel | undefined,
): Promise<Prepared> {
  const { images: source } = options;
  const graph = readModel(onnx);
  const table = readImageTable(readLabels(source.labels));
  const texts = table.files.map(({ label }) => (label === '' ? null : label));
  const { schema, notes } = known
    ? againstKnown(known, options, onnx)
    : asNew(options, { graph, onnx, table, texts });
  const photo = imageFeature(schema)!;
  const embedding = readEmbedding(source.embedding, graph, photo.image.embedding);
  const hints = hintsOf(options, embedding?.output);
  const labels = labelsOf(schema, table.target, texts);
  const plan = planServing(onnx, { schema, ...hints, rowShape: rowShapeOf(photo.image) });
  const { folder } = source;
  say(context, `reading the images of ${folder}`);
  const baseline = await readImageBaseline({ folder, files: table.files, labels, name: photo.name });
  const task = 'image-classification';
  tellImages(context, { options, graph, schema, task, baseline, plan, notes });
  return { schema, task, baseline: baseline.packed, hints, told: plan.notes };
}

function readLabels(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--labels ${file} cannot be read: ${(error as Error).message}`);
  }
}

interface Described {
  readonly schema: ModelSchema;
  readonly notes: readonly string[];
}

interface Material {
  readonly graph: ModelDescription;
  readonly onnx: Uint8Array;
  readonly table: ImageTable;
  readonly texts: readonly (string | null)[];
}

function asNew(options: ImageOptions, { graph, onnx, table, texts }: Material): Described {
  const { images: source, classes } = options;
  const found = imageManifest(options.onnx, onnx);
  const components = readEmbedding(source.embedding, graph, undefined)?.components;
  const more = {
    ...(components === undefined ? {} : { embedding: components }),
    ...(source.storeInputs ? { store_inputs: true } : {}),
  };
  const schemaOf = (name: string, image: ImageSpec, target: ModelSchema['target']): ModelSchema => ({
    features: [{ name, kind: 'image', image: { ...image, ...more } }],
    target,
  });
  if (found.manifest) {
    const { name, spec, target, from } = found.manifest;
    assertAsKnown(source.image, { spec, from });
    assertClasses(classes, target.classes, from);
    return { schema: schemaOf(name, spec, target), notes: [`images and classes are as ${from} says`] };
  }
  const spec = imageSpecOf(graph, source.image);
  const baseline = { labels: texts };
  const target = targetOf({ task: 'classification', graph, baseline, target: table.target, classes });
  const { scale, mean, std } = source.image;
  const isSilent = scale === undefined && mean === undefined && std === undefined;
  const notes = isSilent
    ? ['the bytes of an image are divided by 255; --scale, --mean and --std say otherwise']
    : [];
  return { schema: schemaOf(FEATURE, spec, target), notes: [...found.notes, ...notes] };
}

/** The model's own schema holds; nothing may contradict it. */
function againstKnown({ name, schema }: ServedModel, options: ImageOptions, onnx: Uint8Array): Described {
  const photo = imageFeature(schema);
  const from = `model "${name}"`;
  if (!photo) throw new InvalidDataError(`${from} takes rows, not images: give --baseline FILE`);
  const { images: source, classes } = options;
  const spec = photo.image;
  assertAsKnown(source.image, { spec, from });
  assertClasses(classes, schema.target.classes, from);
  if (source.storeInputs && !spec.store_inputs)
    throw new UsageError(`--store-inputs contradicts ${from}, which keeps no images`);
  if (spec.embedding !== undefined && source.embedding === undefined)
    throw new UsageError(
      `${from} monitors ${spec.embedding} components of an embedding: name the output with --embedding`,
    );
  if (spec.embedding === undefined && source.embedding !== undefined)
    throw new UsageError(`--embedding ${source.embedding} contradicts ${from}, which monitors none`);
  const { manifest, notes } = imageManifest(options.onnx, onnx);
  if (!manifest) return { schema, notes };
  const differing = differenceOf(manifest.spec, spec) ?? differenceOf(spec, manifest.spec);
  if (differing !== undefined)
    throw new InvalidDataError(
      `${manifest.from} has ${differing} ${manifest.spec[differing] ?? 'none'}, and ${from} has ${spec[differing] ?? 'none'}`,
    );
  assertClasses(manifest.target.classes, schema.target.classes, from, `the classes of ${manifest.from},`);
  return { schema, notes };
}

function assertClasses(
  given: readonly string[] | undefined,
  known: readonly string[] | undefined,
  from: string,
  word = '--classes',
): void {
  if (given && given.join() !== known?.join())
    throw new UsageError(`${word} ${given.join()} contradicts ${from}, which has ${known?.join() ?? 'none'}`);
}
