import { describe, expect, test } from 'vitest';
import type { ArchiveRow } from '../capture/archive.ts';
import { buildPartial } from '../capture/partial.ts';
import { featureOf, rowsOf } from '../profile/profile.ts';
import { createAnchorsCache, readBaseline } from '../registry/baseline.ts';
import { barsRecord, labelledBars, registerBars } from '../testing/image-model.ts';
import { memoryDeps, startMs } from '../testing/memory-deps.ts';
import { buildImageVersion, pixelColumns } from './image-version.ts';

const record = barsRecord();
const descriptors = [
  'photo_width',
  'photo_height',
  'photo_aspect',
  'photo_brightness',
  'photo_contrast',
  'photo_sharpness',
  'photo_orientation_cos',
  'photo_orientation_sin',
  'photo_balance_x',
  'photo_balance_y',
];

describe('a version of an image model', () => {
  test('is watched through descriptors, prediction, confidence and label; its pixels are in no baseline', async () => {
    const deps = memoryDeps();
    const version = await registerBars(deps, record);
    const { manifest, anchors, reference } = await readBaseline(deps, 'bars', version);
    expect(anchors.anchors.map(({ name }) => name)).toEqual([
      ...descriptors,
      '$prediction',
      '$confidence',
      '$label',
      '$loss',
    ]);
    expect(rowsOf(featureOf(reference, 'photo_sharpness'))).toBe(160);
    expect(rowsOf(featureOf(reference, '$prediction'))).toBe(60);
    expect(manifest).toMatchObject({ task: 'image-classification', trainer: { kind: 'network' } });
    expect(manifest.metrics.accuracy).toBeGreaterThan(0.9);
    expect(manifest.parity!.max_absolute).toBeLessThan(1e-5);
  });

  test('profiles logged images like any other row', async () => {
    const deps = memoryDeps();
    const version = await registerBars(deps, record);
    const rows = labelledBars(record, 30, 2000).map(
      ({ id, features }): ArchiveRow => ({
        kind: 'prediction',
        id,
        version,
        at: startMs,
        features,
        context: {},
        answer: { predicted_class: 'level', confidence: 0.9, probabilities: { level: 0.9, upright: 0.1 } },
      }),
    );
    const partial = await buildPartial({ model: 'bars', granule: startMs, rows }, createAnchorsCache(deps));
    const { profile } = partial.versions.get(version)!;
    for (const name of [...descriptors, '$prediction']) expect(rowsOf(featureOf(profile, name))).toBe(30);
  });

  test.each([
    [
      labelledBars(record, 4, 0).map((one) => ({ ...one, label: 'slanted' })),
      'labelled "slanted", none of the',
    ],
    [[], '0 images to train on and 2 held out'],
  ])('is not made of unusable images', async (training, message) => {
    const input = {
      record,
      version: 'v1',
      training,
      holdout: labelledBars(record, 2, 9),
      snapshot: {},
      now: 0,
    };
    await expect(buildImageVersion(input)).rejects.toThrow(message);
  });
});

test('pixelColumns has one column per value, in the order of the tensor, and a limit', () => {
  const [one, two] = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)].map((values) => ({ values }));
  expect(pixelColumns([one!, two!])).toEqual({
    rows: 2,
    columns: [
      { kind: 'numeric', name: 'pixel_0', values: Float32Array.of(1, 4) },
      { kind: 'numeric', name: 'pixel_1', values: Float32Array.of(2, 5) },
      { kind: 'numeric', name: 'pixel_2', values: Float32Array.of(3, 6) },
    ],
  });
  const large = { values: new Float32Array(3 * 224 * 224) };
  expect(() => pixelColumns(new Array(1784).fill(large))).toThrow(
    '1784 images of 150528 values are too many',
  );
});
