import { describe, expect, test, vi } from 'vitest';
import { randomForest } from '#shared/explain/testing.ts';
import type { OnnxSession } from '#shared/onnx/session.ts';
import { normal, seededRandom } from '#shared/random.ts';
import type { Manifest } from '#shared/registry/model.ts';
import type { Feature } from '#shared/schema/feature-schema.ts';
import { type FeatureRow, rowsToColumns } from '#shared/schema/rows.ts';
import { fitGbdt } from '#shared/training/gbdt.ts';
import type { TrainingTarget } from '#shared/training/training-target.ts';
import { explainRow } from './explain-row.ts';
import type { ExplainRequest } from './request.ts';
import type { VersionParts } from './version-store.ts';

const numeric = (name: string): Feature => ({ name, kind: 'numeric' });

function requestOf(
  features: readonly Feature[],
  row: FeatureRow,
  options: Partial<ExplainRequest> = {},
  classes?: string[],
): ExplainRequest {
  const schema = { features: [...features], target: { name: 'y', ...(classes ? { classes } : {}) } };
  const manifest = { version: 'v1', schema } as unknown as Manifest;
  return { requestId: 'r', manifest, row, method: 'auto', permutations: 10, background: 50, ...options };
}

/** A graph that adds up its numeric columns; `asked` says how many rows it was sent. */
function summing(): { session: OnnxSession; asked: () => number } {
  let rows = 0;
  const session = {
    async run(data: ReturnType<typeof rowsToColumns>) {
      rows += data.rows;
      const values = Float32Array.from({ length: data.rows }, (_, row) =>
        data.columns.reduce((sum, { values: of }) => sum + Number(of[row]), 0),
      );
      return { task: 'regression', values };
    },
  } as unknown as OnnxSession;
  return { session, asked: () => rows };
}

const partsOf = (
  background: readonly FeatureRow[],
  trainer?: VersionParts['trainer'],
  session = summing().session,
): VersionParts => ({ background, trainer, session: async () => session });

const wide = (count: number) => Array.from({ length: count }, (_, at) => numeric(`x${at}`));
const rowOf = (count: number, value: number): FeatureRow =>
  Object.fromEntries(wide(count).map(({ name }) => [name, value]));

describe('a date', () => {
  const features: Feature[] = [
    { name: 'sold_on', kind: 'datetime' },
    numeric('size'),
    { name: 'no', kind: 'id' },
  ];
  const row = { sold_on: '2026-11-21T17:00:00Z', size: 3, no: 'a1' };
  const background = [{ sold_on: '2026-02-02T05:00:00Z', size: 1, no: 'a2' }];

  test('is explained as one feature, its hour, weekday and month together; an id is not explained', async () => {
    const found = await explainRow(requestOf(features, row), partsOf(background));
    expect(found.features).toEqual(['sold_on', 'size']);
    // 12 hours, 5 weekdays and 9 months more.
    const [date, size] = found.attribution.contributions;
    expect(date).toBeCloseTo(12 + 9 + 5, 5);
    expect(size).toBeCloseTo(2, 5);
  });

  test('is one feature of trees too', async () => {
    const random = seededRandom(1);
    const rows = Array.from({ length: 200 }, () => ({
      sold_on: new Date(Date.UTC(2026, 0, 1) + random() * 3e10).toISOString(),
      size: normal(random),
    }));
    const { schema } = requestOf(features.slice(0, 2), row).manifest;
    const data = rowsToColumns(schema, rows);
    const [hour] = data.columns;
    const target: TrainingTarget = {
      task: 'regression',
      values: Float64Array.from(rows, ({ size }, at) => Number(hour!.values[at]) + size),
    };
    const trainer = fitGbdt(data, target, { rounds: 30 });
    const found = await explainRow(requestOf(features.slice(0, 2), row), partsOf(rows, trainer));
    expect(found).toMatchObject({ method: 'tree', features: ['sold_on', 'size'] });
    expect(found.attribution.contributions).toHaveLength(2);
    expect(found.attribution.contributions[0]).toBeGreaterThan(3);
  });
});

describe('the method', () => {
  test('is enumeration while the graph is asked for at most 20,000 rows, else permutations', async () => {
    const background = (rows: number) => Array.from({ length: rows }, () => rowOf(9, 0));
    const methodOf = async (rows: number) =>
      (await explainRow(requestOf(wide(9), rowOf(9, 1), { permutations: 1 }), partsOf(background(rows))))
        .method;
    expect(await methodOf(39)).toBe('exact');
    expect(await methodOf(40)).toBe('permutation');
  });

  test('takes any number of features by permutations, each row of the background for each coalition', async () => {
    const { session, asked } = summing();
    const found = await explainRow(
      requestOf(wide(30), rowOf(30, 2), { permutations: 2 }),
      partsOf([rowOf(30, 0), rowOf(30, 1)], undefined, session),
    );
    expect(found.method).toBe('permutation');
    for (const value of found.attribution.contributions) expect(value).toBeCloseTo(1.5, 6);
    expect(asked()).toBe(1 + 2 * (2 + 2 * 2 * 29));
  });

  test('is refused where it would take too long or cannot be', async () => {
    const ask = (options: Partial<ExplainRequest>, rows = 50) =>
      explainRow(
        requestOf(wide(30), rowOf(30, 1), options),
        partsOf(Array.from({ length: rows }, () => rowOf(30, 0))),
      );
    await expect(ask({ method: 'exact' })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('30 features are too many to enumerate: at most 10'),
    });
    await expect(ask({ permutations: 1000 })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('would be asked for 2900100 rows, at most 500000'),
    });
    // two thousand features may be explained, but not by coalitions of a gigabyte
    const widest = requestOf(wide(2000), rowOf(2000, 1), { permutations: 100 });
    await expect(explainRow(widest, partsOf([rowOf(2000, 0)]))).rejects.toMatchObject({
      status: 422,
      message: '100 permutations of 2000 features are too many to keep: ask for fewer permutations',
    });
    await expect(ask({ method: 'tree' })).rejects.toMatchObject({ status: 422 });
    await expect(ask({}, 0)).rejects.toMatchObject({
      status: 422,
      message: 'the row cannot be explained: the background has no rows',
    });
    await expect(
      explainRow(requestOf(wide(2), { x0: null, x1: 1 }), partsOf([rowOf(2, 0)])),
    ).rejects.toMatchObject({
      status: 422,
      message: 'the row cannot be explained: the model gives a score that is not finite',
    });
  });
});

test('an explanation that takes longer than 20 seconds is given up: 503, and what to ask for instead', async () => {
  let ms = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => ms);
  const { session } = summing();
  const slow = {
    run: (data: Parameters<OnnxSession['run']>[0]) => {
      ms += 7000;
      return session.run(data);
    },
  } as OnnxSession;
  const background = Array.from({ length: 50 }, () => rowOf(12, 0));
  await expect(
    explainRow(requestOf(wide(12), rowOf(12, 1)), partsOf(background, undefined, slow)),
  ).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('ask for fewer permutations or a smaller background'),
  });
  clock.mockRestore();
});

describe('several classes', () => {
  const classes = ['low', 'middle', 'high'];
  const random = seededRandom(2);
  const rows = Array.from({ length: 300 }, () => ({ x0: normal(random), x1: normal(random) }));
  const { schema } = requestOf(wide(2), rows[0]!, {}, classes).manifest;
  const labels = Int32Array.from(rows, ({ x0 }) => (x0 < -0.5 ? 0 : x0 < 0.5 ? 1 : 2));
  const trainer = fitGbdt(
    rowsToColumns(schema, rows),
    { task: 'classification', labels, classes },
    { rounds: 20 },
  );

  test('are explained by the score of the predicted one, or of the one asked for', async () => {
    const row = { x0: 2, x1: 0 };
    const high = await explainRow(requestOf(wide(2), row, {}, classes), partsOf(rows, trainer));
    expect(high.output).toEqual({ kind: 'score', class: 'high' });
    expect(high.attribution.contributions[0]).toBeGreaterThan(1);
    const low = await explainRow(requestOf(wide(2), row, { class: 'low' }, classes), partsOf(rows, trainer));
    expect(low.output).toEqual({ kind: 'score', class: 'low' });
    expect(low.attribution.contributions[0]).toBeLessThan(-0.5);
  });
});

test('a forest is explained by the probability of the predicted class: both classes mirror each other', async () => {
  const random = seededRandom(6);
  const shares = randomForest(random, 2, 15, 1);
  const forest = {
    kind: 'forest',
    task: 'classification',
    classes: ['no', 'yes'],
    columns: shares.columns,
    outputs: 2,
    trees: shares.trees.map((tree) => ({
      ...tree,
      value: Float32Array.from([...tree.value].flatMap((share) => [1 - share, share])),
    })),
  } as unknown as NonNullable<VersionParts['trainer']>;
  const features = [numeric('c0'), numeric('c1')];
  const background = Array.from({ length: 20 }, () => ({ c0: 2 * random() - 1, c1: 2 * random() - 1 }));
  const ask = (name: string) =>
    explainRow(
      requestOf(features, { c0: 0.9, c1: -0.9 }, { class: name }, ['no', 'yes']),
      partsOf(background, forest),
    );
  const [no, yes] = [await ask('no'), await ask('yes')];
  expect(yes).toMatchObject({ method: 'tree', output: { kind: 'probability', class: 'yes' } });
  expect(yes.attribution.prediction + no.attribution.prediction).toBeCloseTo(1, 6);
  yes.attribution.contributions.forEach((value, at) => {
    expect(value).toBeCloseTo(-no.attribution.contributions[at]!, 6);
  });
  expect(Math.max(...yes.attribution.contributions.map(Math.abs))).toBeGreaterThan(0.01);
});
