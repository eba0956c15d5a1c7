import { describe, expect, test } from 'vitest';
import { decodeRows } from '../capture/archive.ts';
import { featureOf, rowsOf } from '../profile/profile.ts';
import { writeArtefacts } from '../registry/artefacts.ts';
import { readBaseline } from '../registry/baseline.ts';
import { modelRecordSchema } from '../registry/model.ts';
import type { ServingHints } from '../registry/upload.ts';
import {
  coloured,
  colourMean,
  colourNetwork,
  colourRows,
  colourStd,
  colours,
  featuresOf,
} from '../testing/foreign-images.ts';
import { uploadedFiles } from '../testing/foreign-model.ts';
import { memoryDeps } from '../testing/memory-deps.ts';
import { type TrialResult, tryVersion } from './trial.ts';

const hints: ServingHints = { activation: 'softmax', outputs: { embedding: 'features' } };

interface Attempt {
  readonly onnx?: Uint8Array;
  readonly rows?: readonly object[];
  readonly image?: object;
  readonly hints?: ServingHints;
}

async function attempt({ onnx = colourNetwork(), rows = colourRows(60), ...more }: Attempt) {
  const record = modelRecordSchema.parse({
    name: 'colours',
    task: 'image-classification',
    schema: {
      features: [
        {
          name: 'image',
          kind: 'image',
          image: {
            ...{ width: 8, height: 8, channels: 3, mean: colourMean, std: colourStd, embedding: 4 },
            ...more.image,
          },
        },
        { name: 'camera', kind: 'id' },
      ],
      target: { name: 'colour', classes: colours },
    },
    monitor: {},
    retrain: {},
    created_at: '2026-11-21T00:00:00.000Z',
  });
  const { files, baseline } = await uploadedFiles(onnx, rows);
  const upload = { id: 'u', files, actor: 'ada', reason: 'test', ...(more.hints ?? hints) };
  return tryVersion({ record, version: 'v1', createdAt: record.created_at, upload, onnx, baseline });
}

function passed(result: TrialResult) {
  if (!result.passed) throw new Error(result.reason);
  return result;
}

const broken = { features: { image: 'aGVsbG8=' }, label: 'red' };
const rows = colourRows(60);
const first = rows[0]!;

describe('the trial of an image model', () => {
  test('makes a version of a graph with a fixed batch, raw scores and an embedding, and counts its errors', async () => {
    const { manifest, files } = passed(await attempt({}));
    expect(manifest).toMatchObject({
      task: 'image-classification',
      trainer: { kind: 'foreign' },
      metrics: { accuracy: 1, rows: 60 },
      snapshot: { rows: 60, labelled_rows: 60 },
      serving: { scores: 'logits', activation: 'softmax', fixed_rows: 1, embedding: 'features' },
    });
    const deps = memoryDeps();
    await writeArtefacts(deps, manifest, files);
    const { anchors, reference } = await readBaseline(deps, 'colours', 'v1');
    const names = anchors.anchors.map(({ name }) => name);
    expect(names.filter((name) => name.includes('embedding'))).toEqual(
      [0, 1, 2, 3].map((at) => `image_embedding_${at}`),
    );
    for (const name of ['image_red_mean', 'image_embedding_3', '$prediction', '$loss'])
      expect(rowsOf(featureOf(reference, name)), name).toBe(60);
  });

  test('keeps of an image what a prediction would log of it: hash, descriptors, embedding; and its ids', async () => {
    const ids = rows.map(({ features, label }) => ({ features: { ...features, camera: 'c1' }, label }));
    const { files } = passed(await attempt({ rows: ids }));
    const [held] = await decodeRows<{ features: Record<string, unknown>; label: string }>(
      files['holdout.ndjson.gz']!,
    );
    expect(held).toMatchObject({
      label: 'red',
      features: { camera: 'c1', image_width: 8, image_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const measured = [0, 1, 2, 3].map((at) => held!.features[`image_embedding_${at}`] as number);
    for (const [at, value] of featuresOf(coloured('red', 0)).entries())
      expect(measured[at]).toBeCloseTo(value, 5);
    expect(held!.features).not.toHaveProperty('image');
  });

  test('without labels has a baseline and no figures', async () => {
    const { manifest } = passed(await attempt({ rows: rows.map(({ features }) => ({ features })) }));
    expect(manifest.metrics).toEqual({});
  });

  test('of classes in another order says so: the graph is worse than one answer for all', async () => {
    const turned = rows.map(({ features, label }) => ({
      features,
      label: colours[(colours.indexOf(label) + 1) % 3]!,
    }));
    const { notes } = passed(await attempt({ rows: turned }));
    expect(notes.at(-1)).toContain('are the columns and classes in the right order');
  });

  test('leaves out and names images that are none, up to one in twenty', async () => {
    const three = [...rows.slice(3), broken, broken, broken];
    const { notes, manifest } = passed(await attempt({ rows: three }));
    expect(notes).toContainEqual(
      expect.stringContaining(
        'left out of the baseline, 3 of 60 images: line 58 of the baseline: /features/image:',
      ),
    );
    expect(manifest.snapshot).toMatchObject({ rows: 57 });
    expect(await attempt({ rows: [...rows.slice(4), broken, broken, broken, broken] })).toMatchObject({
      passed: false,
      reason: expect.stringContaining('4 of 60 images cannot be used; the first: line 57 of the baseline'),
    });
    expect(await attempt({ rows: [...rows.slice(0, 49), broken] })).toMatchObject({
      passed: false,
      reason: expect.stringContaining('49 of 50 images can be used; at least 50 are needed'),
    });
  });

  test.each<[string, Attempt, RegExp]>([
    ['too few images', { rows: rows.slice(0, 49) }, /the baseline has 49 images; 50 to 2000 are expected/],
    ['too many', { rows: new Array(2001).fill(first) }, /the baseline has 2001 images; 50 to 2000/],
    [
      'another size than the graph’s',
      { image: { width: 16 } },
      /"input" \(float \[1, 3, 8, 8\]\) does not take float \[N, 3, 8, 16\]/,
    ],
    ['another layout', { image: { layout: 'NHWC' } }, /does not take float \[N, 8, 8, 3\]/],
    [
      'raw scores and no activation',
      { hints: { outputs: { scores: 'logits' } } },
      /may be raw scores: declare the activation/,
    ],
    ['raw scores that are said to be none', { hints: { ...hints, activation: 'none' } }, /must be/],
    [
      'an embedding that nobody names',
      { hints: { activation: 'softmax', outputs: { scores: 'logits' } } },
      /monitors 4 components of an embedding; the graph has none/,
    ],
    [
      'fewer components than are monitored',
      { image: { embedding: 5 } },
      /"features" has 4 values per image: the schema monitors 5/,
    ],
    [
      'a label that is no class',
      { rows: [{ ...first, label: 'pink' }, ...rows] },
      /line 1 .*"pink" is none of the classes red, green, blue/,
    ],
    [
      'a member that is none of the model’s',
      { rows: [{ features: { ...first.features, lens: 1 } }, ...rows] },
      /line 1 .*\/features\/lens: not a feature/,
    ],
    ['one image again and again', { rows: new Array(60).fill(first) }, /all 60 rows have the same answer/],
  ])('rejects %s', async (_, wanted, reason) => {
    const result = await attempt(wanted);
    expect(result).toEqual({ passed: false, reason: expect.stringMatching(reason) });
  });
});
