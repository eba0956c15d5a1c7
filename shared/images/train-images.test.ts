import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bars } from '../testing/image-model.ts';
import { toPng } from '../testing/images.ts';
import { imageSpecSchema } from './image-spec.ts';
import { trainImages } from './train-images.ts';

let folder: string;
let labels = 'file,bars\n';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-train-images-'));
  for (let at = 0; at < 200; at++) {
    const label = at % 4 === 0 ? 'level' : 'upright';
    await writeFile(join(folder, `${at}.png`), toPng(bars(label, at)));
    labels += `${at}.png,${label}\n`;
  }
});
afterAll(() => rm(folder, { recursive: true }));

const options = () => ({
  folder,
  labels,
  image: imageSpecSchema.parse({ width: 8, height: 8, channels: 1 }),
  name: 'bars',
  testShare: 0.2,
  seed: 1,
  now: Date.UTC(2026, 10, 21),
  network: { hidden: [8], epochs: 150 },
});

test('a folder of images and a table of labels become a version with a share of every class held out', async () => {
  const stages = new Set<string>();
  const { manifest, files, record } = await trainImages({
    ...options(),
    onStage: (stage) => stages.add(stage),
  });
  expect(manifest).toMatchObject({
    task: 'image-classification',
    snapshot: { training_images: 160, holdout_images: 40, unusable_files: 0 },
  });
  expect(manifest.metrics).toMatchObject({ rows: 40 });
  expect(manifest.metrics.accuracy).toBeGreaterThan(0.9);
  expect(Object.keys(files)).toEqual(expect.arrayContaining(['model.onnx', 'anchors.json', 'baseline.bin']));
  expect(record.schema.target).toEqual({ name: 'bars', classes: ['level', 'upright'] });
  expect([...stages]).toEqual(['read', 'fit']);
});

test('the same seed gives the same model, another one another', async () => {
  const sha = async (seed: number) => (await trainImages({ ...options(), seed })).manifest.sha256;
  const [one, again, other] = [await sha(1), await sha(1), await sha(2)];
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});

test('a class of one image cannot be held out', async () => {
  const few = 'file,bars\n0.png,level\n1.png,upright\n2.png,upright\n';
  await expect(trainImages({ ...options(), labels: few })).rejects.toThrow('class "level" has one image');
});
