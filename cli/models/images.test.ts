import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ArchiveRow } from '#shared/capture/archive.ts';
import { buildPartial } from '#shared/capture/partial.ts';
import type { PredictionRecord } from '#shared/log/prediction-log.ts';
import { featureOf, rowsOf } from '#shared/profile/profile.ts';
import { createAnchorsCache } from '#shared/registry/baseline.ts';
import { predictionKey } from '#shared/registry/keys.ts';
import {
  colourAnswer,
  coloured,
  colourNetwork,
  colours,
  featuresOf,
} from '#shared/testing/foreign-images.ts';
import { toBase64, toPng } from '#shared/testing/images.ts';
import { type Host, startHost } from '../../localstack/embedded/host.ts';
import { main } from '../main.ts';

let dir: string;
let host: Host;
const at = (file: string) => join(dir, file);

async function writeImages(folder: string, column: string, images: readonly (readonly [string, Buffer])[]) {
  await mkdir(at(folder), { recursive: true });
  for (const [index, [, bytes]] of images.entries()) await writeFile(at(`${folder}/${index}.png`), bytes);
  const table = images.map(([label], index) => `${index}.png,${label}\n`).join('');
  await writeFile(at(`${folder}.csv`), `file,${column}\n${table}`);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-register-'));
  host = await startHost({
    dataDir: at('data'),
    port: 0,
    minuteMs: 3_600_000,
    env: { GRANULE_MS: '500', POINTER_TTL_MS: '0', LOG_LEVEL: 'error' },
  });
  const painted = Array.from({ length: 60 }, (_, index) => {
    const label = colours[index % 3]!;
    return [label, toPng(coloured(label, index))] as const;
  });
  await writeImages('colours', 'colour', painted);
  await writeImages('broken', 'colour', [
    ...painted,
    ['red', Buffer.from('not an image')],
    ['', toPng(coloured('blue', 98))],
  ]);
  await writeImages(
    'ruined',
    'colour',
    painted.map((one, index) => (index < 4 ? ['red', Buffer.from('no')] : one)),
  );
  await writeImages('pink', 'colour', [...painted, ['pink', toPng(coloured('red', 99))]]);
  await writeImages('few', 'colour', painted.slice(0, 49));
  await writeFile(at('colours.onnx'), colourNetwork());
  const open = (shape: readonly (number | string)[]) =>
    colourNetwork({ inputs: [{ name: 'input', type: 'float', shape }] });
  await writeFile(at('open.onnx'), open(['N', 'C', 'H', 'W']));
  await writeFile(at('sized.onnx'), open(['N', 3, 'H', 'W']));
  await writeFile(at('either.onnx'), open(['N', 3, 8, 3]));
  await writeFile(at('neither.onnx'), open(['N', 4, 8, 8]));
  await writeFile(at('flat.onnx'), open(['N', 192]));
}, 60_000);
afterAll(async () => {
  await host.close();
  await rm(dir, { recursive: true, maxRetries: 5 });
});

async function tidemark(...args: string[]) {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  const code = await main(args);
  vi.restoreAllMocks();
  return { code, ...printed };
}

const register = (name: string, onnx: string, folder: string, ...more: string[]) =>
  tidemark(
    ...['models', 'register', name, '--url', host.url, '--onnx', at(onnx)],
    ...['--images', at(folder), '--labels', at(`${folder}.csv`), ...more],
  );

const normalised = ['--mean', '0.5,0.4,0.3', '--std', '0.25,0.2,0.5'];
/** In the order of the graph's scores. */
const named = ['--classes', 'red,green,blue', ...normalised, '--activation', 'softmax', '--scores', 'logits'];
const all = [...named, '--embedding', 'features:4'];

interface Prediction {
  readonly request_id: string;
  readonly predicted_class: string;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly model_version: string;
}

async function predict(model: string, image: string): Promise<Prediction> {
  const response = await fetch(`${host.url}/models/${model}/predict`, {
    method: 'POST',
    body: JSON.stringify({ features: { image } }),
    headers: { 'content-type': 'application/json' },
  });
  const body = (await response.json()) as Prediction;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
}

test('what "tidemark train --images" wrote is registered by its file: the manifest beside it says the rest', async () => {
  const trained = await tidemark(
    ...['train', '--images', at('colours'), '--labels', at('colours.csv'), '--out', at('out')],
    ...['--size', '8x8'],
  );
  expect([trained.code, trained.stdout]).toEqual([0, expect.stringContaining('accuracy')]);
  const { code, stdout, stderr } = await register('own', 'out/model.onnx', 'colours', '--store-inputs');
  expect([stderr, code]).toEqual(['', 0]);
  expect(stdout).toContain('task      image-classification, classes blue, green, red');
  expect(stdout).toContain('input     "image" takes 8x8, 3 channels, NCHW, byte × 0.003922');
  expect(stdout).toContain('60 images, 60 with "colour"');
  expect(stdout).toMatch(
    /is READY \(accuracy [\d.]+, error_rate [\d.]+, roc_auc [\d.]+, rows 60\); it serves now/,
  );
  for (const [seed, colour] of colours.entries()) {
    const { predicted_class } = await predict('own', toBase64(coloured(colour, 700 + seed)));
    expect(predicted_class).toBe(colour);
  }
  expect(await host.deps.objects.list('images/own/')).toHaveLength(3);
  const contradicting = await register('own-again', 'out/model.onnx', 'colours', '--channels', '1');
  expect(contradicting).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--channels 1 contradicts .*manifest\.json, which has 3/),
  });

  // of another file the manifest says nothing: the graph is asked
  await writeFile(at('out/other.onnx'), await readFile(at('colours.onnx')));
  const other = await register('other', 'out/other.onnx', 'colours', ...named);
  expect(other.stdout).toContain('manifest.json is of another model file, and is not used');
});

describe('a network with a fixed batch, raw scores and an embedding, as torch exports it', () => {
  test('serves the probabilities that were declared; its embedding is logged and watched', async () => {
    const { code, stdout, stderr } = await register('colours', 'colours.onnx', 'colours', ...all);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toContain(
      '"input" takes 8x8, 3 channels, NCHW, (byte × 0.003922 - 0.5 0.4 0.3) / 0.25 0.2 0.5',
    );
    expect(stdout).toContain('output    "logits", softmax applied');
    expect(stdout).toContain('embedding "features": 4 components are monitored');
    expect(stdout).toContain('is READY (accuracy 1, error_rate 0, roc_auc 1, rows 60)');

    const rows: ArchiveRow[] = [];
    for (const [seed, colour] of [...colours, ...colours].entries()) {
      const image = coloured(colour, 500 + seed);
      const { predicted_class, probabilities, request_id, model_version } = await predict(
        'colours',
        toBase64(image),
      );
      expect(predicted_class).toBe(colour);
      for (const [index, probability] of colourAnswer(image).entries())
        expect(probabilities[colours[index]!]).toBeCloseTo(probability, 5);
      const stored = await host.deps.predictions.get(predictionKey('colours', request_id));
      const { features, answer, context } = stored!.value as unknown as PredictionRecord;
      for (const [index, value] of featuresOf(image).entries())
        expect(features[`image_embedding_${index}`]).toBeCloseTo(value, 5);
      rows.push({
        kind: 'prediction',
        id: request_id,
        version: model_version,
        at: 0,
        features,
        context,
        answer,
      });
    }
    const partial = await buildPartial({ model: 'colours', granule: 0, rows }, createAnchorsCache(host.deps));
    const [profiled] = [...partial.versions.values()];
    expect(rowsOf(featureOf(profiled!.profile, 'image_embedding_3'))).toBe(6);

    // a second version is held against the model's own description
    const again = await register(
      ...([
        'colours',
        'colours.onnx',
        'colours',
        '--activation',
        'softmax',
        '--embedding',
        'features',
      ] as const),
      ...['--version', 'v2'],
    );
    expect([again.stderr, again.code]).toEqual(['', 0]);
    const refused = async (...words: string[]) => {
      const result = await register(
        'colours',
        'colours.onnx',
        'colours',
        '--activation',
        'softmax',
        ...words,
      );
      expect(result.code).toBe(2);
      return result.stderr;
    };
    expect(await refused()).toContain(
      'monitors 4 components of an embedding: name the output with --embedding',
    );
    const embedding = ['--embedding', 'features'];
    expect(await refused('--embedding', 'features:3')).toContain('which monitors 4 components');
    expect(await refused(...embedding, '--scale', '1')).toMatch(
      /--scale 1 contradicts model "colours", which has 0.0039/,
    );
    expect(await refused(...embedding, '--classes', 'blue,green,red')).toContain(
      '--classes blue,green,red contradicts model "colours", which has red,green,blue',
    );
    expect(await refused(...embedding, '--store-inputs')).toContain('keeps no images');
    const table = ['--onnx', at('colours.onnx'), '--baseline', at('colours.csv')];
    const { stderr: ofRows } = await tidemark('models', 'register', 'colours', '--url', host.url, ...table);
    expect(ofRows).toContain('model "colours" takes images: give --images DIR and --labels FILE');
  });

  test('that the trial refuses says why and exits 1; the name can then be tried again', async () => {
    const words = [
      '--classes',
      'red,green,blue',
      ...normalised,
      '--activation',
      'none',
      '--scores',
      'logits',
    ];
    const bad = await register('retried', 'colours.onnx', 'colours', ...words);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringMatching(/is REJECTED: .*raw scores/)]);
    expect((await register('retried', 'colours.onnx', 'colours', ...named)).code).toBe(0);
  });

  test('of open sizes is told them; a broken image is left out by name', async () => {
    const words = ['--size', '8x8', '--channels', '3', '--layout', 'NCHW'];
    const { code, stdout } = await register('open', 'open.onnx', 'broken', ...named, ...words);
    expect(stdout).toContain('note: left out: 60.png: neither a PNG nor a JPEG file');
    expect(stdout).toContain('61 images, 60 with "colour"');
    expect(code).toBe(0);
  });
});

describe('what cannot be registered exits 2 with the reason, and nothing is', () => {
  test.each<[string, readonly [string, string, ...string[]], RegExp]>([
    [
      'another size',
      ['colours.onnx', 'colours', ...named, '--size', '224x224'],
      /--size 224x224 contradicts input "input" \(float \[1, 3, 8, 8\]\), which takes 8x8/,
    ],
    [
      'other channels',
      ['colours.onnx', 'colours', ...named, '--channels', '1'],
      /--channels 1 contradicts input "input" \(.*\), which takes 3/,
    ],
    [
      'another layout',
      ['colours.onnx', 'colours', ...named, '--layout', 'NHWC'],
      /--layout NHWC contradicts input "input" \(.*\), which has 8 where NHWC has the channels/,
    ],
    [
      'one mean for three channels',
      ['colours.onnx', 'colours', ...named, '--mean', '0.5'],
      /--mean: 1 values for 3 channels/,
    ],
    [
      'a mean that is none',
      ['colours.onnx', 'colours', ...named, '--mean', '0.5,x,0.5'],
      /--mean 0.5,x,0.5 is not allowed/,
    ],
    [
      'no deviation',
      ['colours.onnx', 'colours', ...named, '--std', '1,0,1'],
      /--std 1,0,1 is not allowed: every number must be above 0/,
    ],
    [
      'a scale of nothing',
      ['colours.onnx', 'colours', ...named, '--scale', '1/0'],
      /--scale 1\/0 is not allowed/,
    ],
    [
      'an input that says nothing',
      ['open.onnx', 'colours', ...named],
      /does not say where its channels are: give --layout NCHW or NHWC, and --channels/,
    ],
    [
      'an input without a size',
      ['sized.onnx', 'colours', ...named],
      /does not say how large an image is: give --size/,
    ],
    [
      'an input of two layouts',
      ['either.onnx', 'colours', ...named],
      /can be NCHW and NHWC: say which with --layout/,
    ],
    [
      'an input of four channels',
      ['neither.onnx', 'colours', ...named],
      /has 4 channels as NCHW and 8 as NHWC; 1 or 3 are served/,
    ],
    [
      'an input of rows',
      ['flat.onnx', 'colours', ...named],
      /"input" \(float \[N, 192\]\): one for images is expected/,
    ],
    [
      'labels that are not the graph’s',
      ['colours.onnx', 'pink', ...named],
      /row 61: the target "colour" is "pink", none of the classes red, green, blue/,
    ],
    [
      'more classes than scores',
      ['colours.onnx', 'pink', '--activation', 'softmax', '--scores', 'logits'],
      /"logits" has 3 scores per row: there are 4 classes/,
    ],
    [
      'raw scores and no activation',
      ['colours.onnx', 'colours', '--scores', 'logits'],
      /declare the activation/,
    ],
    [
      'an embedding that is no output',
      ['colours.onnx', 'colours', ...named, '--embedding', 'f:4'],
      /no output "f", but "logits", "features"/,
    ],
    [
      'components that are not there',
      ['colours.onnx', 'colours', ...named, '--embedding', 'features:5'],
      /output "features" has 4 values per image/,
    ],
    [
      'too many broken images',
      ['colours.onnx', 'ruined', ...named],
      /4 of 60 images cannot be used; the first: 0.png: neither/,
    ],
    ['too few images', ['colours.onnx', 'few', ...named], /the labels name 49 images; at least 50/],
    [
      'a folder that is not there',
      ['colours.onnx', 'nowhere', ...named],
      /--labels .*nowhere.csv cannot be read/,
    ],
    [
      'a word of tables',
      ['colours.onnx', 'colours', ...named, '--target', 'colour'],
      /--target is of tables, not of --images/,
    ],
    ['a file that is no graph', ['colours.csv', 'colours', ...named], /not an onnx file/],
  ])('%s', async (_, [onnx, folder, ...words], reason) => {
    const before = await host.deps.state.query('models', {});
    const { code, stderr } = await register('never', onnx, folder, ...words);
    expect(stderr).toMatch(reason);
    expect(code).toBe(2);
    expect(await host.deps.state.query('models', {})).toEqual(before);
  });
});
