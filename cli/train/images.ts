/** `tidemark train --images`: a folder of labelled images in, a checked image model out. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { imageSpecSchema } from '#shared/images/image-spec.ts';
import { trainImages } from '#shared/images/train-images.ts';
import { readOptions, UsageError, wholeNumber } from '../usage.ts';
import { modelNameFrom, shareFrom } from './options.ts';
import { checkOut, writeFiles } from './output.ts';
import { trainProgress } from './progress.ts';

const words = {
  images: { type: 'string' },
  labels: { type: 'string' },
  out: { type: 'string' },
  name: { type: 'string' },
  size: { type: 'string', default: '28x28' },
  channels: { type: 'string', default: '3' },
  'test-share': { type: 'string', default: '0.2' },
  seed: { type: 'string', default: '1' },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Throws {@link UsageError}, InvalidDataError or TrainingDataError for what cannot be used. */
export async function runTrainImages(args: readonly string[]): Promise<number> {
  const given = readOptions(args, words);
  const { images: folder = '', labels, out } = given;
  if (folder === '') throw new UsageError('--images needs the folder of the images');
  if (labels === undefined)
    throw new UsageError('--labels is needed: a CSV file with the columns file and label');
  if (out === undefined || out === '') throw new UsageError('--out is needed: the folder to write');
  const image = imageSpecSchema.parse({
    ...sizeFrom(given.size),
    channels: channelsFrom(given.channels),
    layout: 'NCHW',
  });
  checkOut(out, given.force);
  const progress = trainProgress(process.stderr);
  progress.say(`reading the images of ${folder}`);
  try {
    const { manifest, files, faults } = await trainImages({
      name: modelNameFrom(given.name, basename(folder)),
      folder,
      labels: readLabels(labels),
      image,
      testShare: shareFrom('test-share', given['test-share']),
      seed: wholeNumber('seed', given.seed, 0, 2 ** 32 - 1),
      now: Date.now(),
      onStage: (stage, share) => progress.at(stage, share),
    });
    for (const fault of faults) progress.say(`left out: ${fault}`);
    const metrics = {
      ...manifest.metrics,
      model: manifest.model,
      version: manifest.version,
      trainer: manifest.trainer,
    };
    writeFiles(out, files['model.onnx']!, metrics, manifest);
    if (given.json) process.stdout.write(`${JSON.stringify({ out, ...metrics })}\n`);
    else
      process.stdout.write(
        `${out}/model.onnx  ${Math.ceil(manifest.bytes / 1024)} KB: accuracy ${manifest.metrics.accuracy?.toFixed(4)} on ${manifest.metrics.rows} held-out images\n`,
      );
    return 0;
  } finally {
    progress.end();
  }
}

function channelsFrom(text: string): 1 | 3 {
  if (text !== '1' && text !== '3')
    throw new UsageError(`--channels ${text} is not allowed: 1 (grey) and 3 (colour) are`);
  return text === '1' ? 1 : 3;
}

function readLabels(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--labels ${file} cannot be read: ${(error as Error).message}`);
  }
}

function sizeFrom(text: string): { readonly width: number; readonly height: number } {
  const match = /^(\d{1,3})x(\d{1,3})$/.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  // a network reads every pixel: larger ones learn from an embedding, with a model trained elsewhere
  if (!(width >= 4 && width <= 64 && height >= 4 && height <= 64))
    throw new UsageError(`--size ${text} is not allowed: WIDTHxHEIGHT, each 4 to 64, such as 28x28`);
  return { width, height };
}
