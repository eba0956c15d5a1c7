/** A folder of PNG and JPEG files and a table of their labels → prepared images; every file that cannot be used is named. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidDataError } from '../errors.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { decodeImageFile } from './decode-image.ts';
import { prepareImage } from './image-answers.ts';
import type { ImageSpec } from './image-spec.ts';
import { readImageTable } from './image-table.ts';
import type { LabelledImage } from './image-version.ts';

export interface ImageFolder {
  readonly schema: ModelSchema;
  readonly images: readonly LabelledImage[];
  /** Files that were left out, with the reason; they are counted, never guessed. */
  readonly faults: readonly string[];
}

export interface ImageFolderOptions {
  readonly folder: string;
  /** Text of a CSV file with a header: the file's path within the folder, then its label. */
  readonly labels: string;
  readonly image: ImageSpec;
  /** Called after each file. */
  readonly onImage?: (done: number, total: number) => void;
}

/** With more broken files than this the folder is not what it was thought to be. */
const maxFaultShare = 0.05;

/**
 * Reads the labelled images of a folder, in the order of the labels; `at` is an image's number.
 *
 * @throws InvalidDataError for a table that has not two columns, names a file outside the folder or one twice, has fewer than two
 *   labels, or where more than 5 % of the files cannot be used
 * @example (await readImageFolder({ folder: 'digits', labels: 'file,label\n0.png,zero\n', image })).images.length
 */
export async function readImageFolder(options: ImageFolderOptions): Promise<ImageFolder> {
  const { target, files } = readImageTable(options.labels);
  const unlabelled = files.find(({ label }) => label === '');
  if (unlabelled)
    throw new InvalidDataError(`labels: line ${unlabelled.line}: "${unlabelled.file}" has no label`);
  const classes = [...new Set(files.map(({ label }) => label))].sort();
  if (classes.length < 2)
    throw new InvalidDataError(
      `labels: one class (${JSON.stringify(classes[0])}); at least two are expected`,
    );
  const schema: ModelSchema = {
    features: [{ name: 'image', kind: 'image', image: options.image }],
    target: { name: target, classes },
  };
  const images: LabelledImage[] = [];
  const faults: string[] = [];
  for (const [at, { file, label }] of files.entries()) {
    const read = await readImage(join(options.folder, file), schema);
    if (typeof read === 'string') faults.push(`${file}: ${read}`);
    else images.push({ id: file, at, label, ...read });
    options.onImage?.(at + 1, files.length);
  }
  if (faults.length > maxFaultShare * files.length)
    throw new InvalidDataError(
      `${faults.length} of ${files.length} files cannot be used; the first: ${faults.slice(0, 3).join('; ')}`,
    );
  return { schema, images, faults };
}

async function readImage(path: string, schema: ModelSchema) {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
  const decoded = decodeImageFile(bytes);
  return decoded.ok ? prepareImage(schema, decoded.image) : decoded.reason;
}
