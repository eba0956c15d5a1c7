/** From a folder of labelled images to a version of an image model: what `tidemark train --images` does. */
import { InvalidDataError } from '../errors.ts';
import { seededRandom, shuffledIndices } from '../random.ts';
import { shortHash } from '../registry/keys.ts';
import { type Manifest, type ModelRecord, modelRecordSchema } from '../registry/model.ts';
import { versionName } from '../retrain/version-name.ts';
import { type ImageFolderOptions, readImageFolder } from './image-folder.ts';
import { buildImageVersion, type ImageVersionInput, type LabelledImage } from './image-version.ts';

export interface TrainImagesOptions extends Omit<ImageFolderOptions, 'onImage'> {
  /** Of the model. */
  readonly name: string;
  /** Of each class, held out; above 0, below 1. */
  readonly testShare: number;
  readonly seed: number;
  /** Unix milliseconds. */
  readonly now: number;
  readonly network?: Omit<NonNullable<ImageVersionInput['network']>, 'seed' | 'onRound'>;
  readonly onStage?: (stage: 'read' | 'fit', share: number) => void;
}

export interface TrainedImages {
  readonly record: ModelRecord;
  readonly manifest: Manifest;
  /** `model.onnx`, the baseline and the rows, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files that were left out, with the reason. */
  readonly faults: readonly string[];
}

/**
 * Reads, splits by class, trains and checks. The answers of the exported graph are compared with the trainer's.
 *
 * @throws InvalidDataError as {@link readImageFolder} does, for a class of one image, and where the export is not the model
 */
export async function trainImages(options: TrainImagesOptions): Promise<TrainedImages> {
  const { name, seed, now, onStage } = options;
  const { schema, images, faults } = await readImageFolder({
    ...options,
    onImage: (done, total) => onStage?.('read', done / total),
  });
  const { training, holdout } = splitByClass(images, options.testShare, seed);
  const record = modelRecordSchema.parse({
    name,
    task: 'image-classification',
    schema,
    monitor: {},
    retrain: {},
    created_at: new Date(now).toISOString(),
  });
  const build = await buildImageVersion({
    record,
    version: versionName(now, shortHash(`${name}#${now}`)),
    training,
    holdout,
    network: { ...options.network, seed, onRound: (done, total) => onStage?.('fit', done / total) },
    snapshot: {
      source: options.folder,
      training_images: training.length,
      holdout_images: holdout.length,
      unusable_files: faults.length,
    },
    now,
  });
  if (!build.passed) throw new InvalidDataError(build.reason);
  return { record, manifest: build.manifest, files: build.files, faults };
}

/** At least one image of every class on either side; the order of the folder is kept. */
function splitByClass(images: readonly LabelledImage[], testShare: number, seed: number) {
  const random = seededRandom(seed);
  const held = new Set<LabelledImage>();
  const groups = new Map<string, LabelledImage[]>();
  for (const image of images) {
    const group = groups.get(image.label);
    if (group) group.push(image);
    else groups.set(image.label, [image]);
  }
  for (const [label, group] of groups) {
    if (group.length < 2)
      throw new InvalidDataError(
        `class "${label}" has one image: at least two are needed, one of them held out`,
      );
    const count = Math.min(group.length - 1, Math.max(1, Math.round(testShare * group.length)));
    for (const at of shuffledIndices(group.length, random).slice(0, count)) held.add(group[at]!);
  }
  return {
    training: images.filter((image) => !held.has(image)),
    holdout: images.filter((image) => held.has(image)),
  };
}
