/** `tidemark train` as a person runs it: processes on files, from real data to data nothing can be learnt from. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openSession } from '#shared/onnx/session.ts';
import { seededRandom } from '#shared/random.ts';
import { parseManifest } from '#shared/registry/model.ts';
import { greyImage, toPng } from '#shared/testing/images.ts';
import { referenceFile } from '#shared/testing/reference-data.ts';
import { runTidemark } from './processes.testing.ts';
import { gemsCsv } from './sample/gems.ts';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-train-'));
afterAll(() => rmSync(dir, { recursive: true }));

const train = (...args: string[]) => runTidemark(['train', ...args], { cwd: dir });
const read = (path: string) => JSON.parse(readFileSync(join(dir, path), 'utf8'));
const put = (name: string, text: string | Uint8Array) => writeFileSync(join(dir, name), text);
put('gems.csv', gemsCsv(2000, 5));

describe('on diamonds', () => {
  const path = referenceFile('diamonds.csv');

  test.runIf(path)(
    'writes a model better than 600, its manifest and its figures, whole and agreeing',
    async () => {
      const { code, stdout, stderr } = await train('--data', path!, '--target', 'price', '--out', 'diamonds');
      expect(stderr).toContain('53940 rows, 9 features, regression');
      expect(code).toBe(0);
      expect(readdirSync(join(dir, 'diamonds')).sort()).toEqual([
        'manifest.json',
        'metrics.json',
        'model.onnx',
      ]);
      const manifest = parseManifest(read('diamonds/manifest.json'));
      const metrics = read('diamonds/metrics.json');
      expect(metrics.rmse).toBeLessThan(600);
      expect(metrics.rmse).toBe(manifest.metrics.rmse);
      expect(metrics.evaluation.intervals.rmse[0]).toBeLessThan(metrics.rmse);
      expect(manifest.parity?.rows).toBeGreaterThanOrEqual(10_000);
      expect(stdout).toContain('onnxruntime answers as the trainer');
      const session = await openSession(readFileSync(join(dir, 'diamonds/model.onnx')));
      expect(session.inputs.map(({ name }) => name)).toEqual([
        'carat',
        'cut',
        'color',
        'clarity',
        'depth',
        'table',
        'x',
        'y',
        'z',
      ]);
      await session.release();
    },
  );
});

describe('on gems', () => {
  test.each(['gbdt', 'forest', 'network'])(
    '%s beats the mean by far, and says so as JSON',
    async (trainer) => {
      const { code, stdout } = await train(
        '--data',
        'gems.csv',
        '--target',
        'price',
        '--out',
        trainer,
        '--trainer',
        trainer,
        '--json',
      );
      expect(code).toBe(0);
      const told = JSON.parse(stdout);
      expect(told).toMatchObject({ out: trainer, trainer: { kind: trainer }, rmse: expect.any(Number) });
      expect(told.r2).toBeGreaterThan(0.8);
    },
  );

  test('is the same model for the same seed, whatever the number of threads', async () => {
    const onnxOf = async (out: string, ...more: string[]) => {
      await train(
        '--data',
        'gems.csv',
        '--target',
        'price',
        '--out',
        out,
        '--name',
        'gems',
        '--rounds',
        '20',
        ...more,
      );
      // the version's name is in the file's metadata; everything else must agree
      return parseManifest(read(`${out}/manifest.json`)).metrics;
    };
    expect(await onnxOf('one', '--threads', '1')).toEqual(await onnxOf('two', '--threads', '2'));
    expect(await onnxOf('other', '--seed', '2')).not.toEqual(await onnxOf('one-again', '--threads', '1'));
  });

  test('searches when asked to, and says what the folds chose', async () => {
    const { code, stderr } = await train(
      '--data',
      'gems.csv',
      '--target',
      'price',
      '--out',
      'searched',
      '--search',
      '--folds',
      '3',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/of \d settings .* \(3 folds\)/);
    const { search } = read('searched/metrics.json');
    expect(search.losses).toHaveLength(search.settings.length);
  });

  test('overwrites a model only when told to', async () => {
    mkdirSync(join(dir, 'taken'));
    put('taken/model.onnx', 'precious');
    const refused = await train('--data', 'gems.csv', '--target', 'price', '--out', 'taken');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('already has a model.onnx; --force overwrites it'),
    });
    expect(readFileSync(join(dir, 'taken/model.onnx'), 'utf8')).toBe('precious');
    expect(
      (await train('--data', 'gems.csv', '--target', 'price', '--out', 'taken', '--force', '--rounds', '5'))
        .code,
    ).toBe(0);
  });
});

describe('warns', () => {
  test('loudly of a column that gives the target away, and trains all the same', async () => {
    const [header, ...rows] = gemsCsv(800, 6).trim().split('\n');
    const price = header!.split(',').indexOf('price');
    put(
      'leak.csv',
      [`${header},paid`, ...rows.map((row) => `${row},${Number(row.split(',')[price]) * 1.2}`)].join('\n'),
    );
    const { code, stderr } = await train('--data', 'leak.csv', '--target', 'price', '--out', 'leak');
    expect(stderr).toMatch(/WARNING: "paid" alone predicts the target .*--exclude paid leaves it out/);
    expect(code).toBe(0);
  });

  test('of cells that are no numbers and rows without a target', async () => {
    const lines = gemsCsv(600, 7).trim().split('\n');
    put(
      'dirty.csv',
      lines
        .map((line, at) =>
          at === 5 ? line.replace(/^[^,]+/, 'heavy') : at === 9 ? line.replace(/[^,]+$/, '') : line,
        )
        .join('\n'),
    );
    const { stderr } = await train(
      '--data',
      'dirty.csv',
      '--target',
      'price',
      '--out',
      'dirty',
      '--rounds',
      '5',
    );
    expect(stderr).toContain('note: ');
  });
});

test('warns where nothing could be learnt, and holds nothing out by a time that no row has', async () => {
  const random = seededRandom(2);
  const lines = Array.from({ length: 300 }, () => `${random()},,${random()}`);
  put('noise.csv', `x,when,y\n${lines.join('\n')}\n`);
  const noise = ['--data', 'noise.csv', '--target', 'y', '--rounds', '50', '--out'];
  const { code, stderr } = await train(...noise, 'noise');
  expect(stderr).toContain('no better than one that looks at nothing');
  expect(code).toBe(0);
  const timed = await train(...noise, 'timed', '--time', 'when');
  expect(timed).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot order the rows: empty') });
});

describe('refuses with exit 2, one line and nothing written', () => {
  const random = seededRandom(1);
  const rows = (of: (row: number) => string, count = 100) =>
    `x,y\n${Array.from({ length: count }, (_, row) => of(row)).join('\n')}\n`;
  put(
    'constant.csv',
    rows(() => `${random()},3`),
  );
  put(
    'missing.csv',
    rows(() => `${random()},`),
  );
  put(
    'one-class.csv',
    rows(() => `${random()},yes`),
  );
  put(
    'rare.csv',
    rows((row) => `${random()},${row === 50 ? 'rare' : 'ab'[row % 2]}`),
  );
  put(
    'few.csv',
    rows((row) => `${random()},${row * 1.5}`, 12),
  );
  put(
    'same.csv',
    rows((row) => `1,${(row % 2) * 1.5}`),
  );
  put('nan.csv', `x,z,y\n${Array.from({ length: 100 }, (_, row) => `,nan,${row * 1.5}`).join('\n')}\n`);
  put('not.csv', Uint8Array.of(0, 159, 146, 150, 10, 0, 1));

  // each is a process of its own, and most of its time is its start
  test.concurrent.each<[string, readonly string[], string]>([
    ['a constant target', ['constant.csv'], 'the target "y" is constant (3): nothing to learn'],
    ['a target missing everywhere', ['missing.csv'], 'the target "y" is empty in all 100 rows looked at'],
    ['one class', ['one-class.csv'], 'fewer than two classes: yes (100 rows)'],
    ['a class with one row', ['rare.csv'], 'class "rare" of the target "y" has 1 row'],
    ['too few rows', ['few.csv'], 'at least 20 of each are needed'],
    ['two rows many times', ['same.csv'], 'equal rows stay together'],
    ['features missing everywhere', ['nan.csv'], 'no usable feature column is left'],
    ['an unknown target', ['gems.csv', '--target', 'prize'], 'no column is named "prize"'],
    ['a file that is not there', ['gone.csv'], 'there is no such file'],
    [
      'an unknown trainer',
      ['gems.csv', '--trainer', 'magic'],
      '--trainer magic is not allowed: gbdt, forest, network are',
    ],
    ['a query without a database', ['gems.csv', '--query', 'select 1'], '--query needs a database'],
    ['folds without a search', ['gems.csv', '--folds', '3'], '--folds is of --search'],
    [
      'a share of all rows',
      ['gems.csv', '--test-share', '1'],
      '--test-share 1 is not allowed: a number from 0.05 to 0.5 is',
    ],
    ['a name no model can have', ['gems.csv', '--name', 'My Model'], '--name My Model: a model name is'],
    [
      'a class-less task',
      ['one-class.csv', '--task', 'regression'],
      'the target "y" is text: a regression needs numbers',
    ],
  ])('%s', async (_, [file, ...more], reason) => {
    const target = more.includes('--target') ? [] : ['--target', file === 'gems.csv' ? 'price' : 'y'];
    const { code, stderr, stdout } = await train('--data', file!, ...target, '--out', 'none', ...more);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(readdirSync(dir).includes('none') ? readdirSync(join(dir, 'none')) : []).toEqual([]);
  });

  test('a file that is no table', async () => {
    const { code } = await train('--data', 'not.csv', '--target', 'y', '--out', 'none');
    expect(code).toBe(2);
  });
});

describe('on a folder of images', () => {
  mkdirSync(join(dir, 'stripes'));
  const random = seededRandom(9);
  const labels = Array.from({ length: 80 }, (_, at) => {
    const isUpright = at % 2 === 0;
    const image = greyImage(
      20,
      20,
      (column, row) => ((isUpright ? column : row) % 4 < 2 ? 200 : 40) + 30 * random(),
    );
    put(`stripes/${at}.png`, toPng(image));
    return `${at}.png,${isUpright ? 'upright' : 'flat'}`;
  });
  put('labels.csv', `file,label\n${labels.join('\n')}\n`);

  test('writes a classifier of its images', async () => {
    const { code, stdout } = await train(
      '--images',
      'stripes',
      '--labels',
      'labels.csv',
      '--size',
      '12x12',
      '--channels',
      '1',
      '--out',
      'image-model',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).accuracy).toBeGreaterThan(0.9);
    expect(parseManifest(read('image-model/manifest.json')).task).toBe('image-classification');
  });

  test.each<[string, readonly string[], string]>([
    ['a size too large', ['--size', '640x480'], '--size 640x480 is not allowed: WIDTHxHEIGHT, each 4 to 64'],
    ['two channels', ['--channels', '2'], '--channels 2 is not allowed: 1 (grey) and 3 (colour) are'],
    ['labels that are not there', ['--labels', 'gone.csv'], '--labels gone.csv cannot be read'],
  ])('refuses %s', async (_, more, reason) => {
    const { code, stderr } = await train(
      '--images',
      'stripes',
      '--labels',
      'labels.csv',
      '--out',
      'no-images',
      ...more,
    );
    expect(stderr).toContain(reason);
    expect(code).toBe(2);
  });
});
