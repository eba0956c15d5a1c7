import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import { objectKeys, predictionKey } from '#shared/registry/keys.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { createPredictHandler } from '../predict/handler.ts';
import { createExplainHandler } from './handler.ts';

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    readonly values: { feature: string; value: unknown; contribution: number; standard_error?: number }[];
    readonly prediction: number;
    readonly base_value: number;
    readonly efficiency_error: number;
  };
}

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps();
});

async function send(operation: 'explain' | 'predict', body: unknown): Promise<Answered> {
  const create = operation === 'explain' ? createExplainHandler : createPredictHandler;
  const resource = `/models/{model}/${operation}`;
  const event = { httpMethod: 'POST', resource, pathParameters: { model: 'small' }, headers: {} };
  const result = await create(guardedDeps(deps, functions[operation].access))({
    ...event,
    body: JSON.stringify(body),
  } as unknown as HttpEvent);
  return { status: result.statusCode, body: JSON.parse(result.body) };
}

const features = { weight: 7, depth: 60, colour: 'red' };
const contributionsOf = ({ body }: Answered) =>
  Object.fromEntries(body.values.map(({ feature, contribution }) => [feature, contribution]));

function expectEfficient({ body }: Answered): void {
  const sum = body.values.reduce((total, { contribution }) => total + contribution, 0);
  expect(Math.abs(sum - (body.prediction - body.base_value))).toBeLessThan(1e-9);
  expect(body.efficiency_error).toBeLessThan(1e-9);
}

describe('a regression', () => {
  test('is explained by its trees: the heavy red row is dear for its weight, then its colour', async () => {
    const version = await registerSmall(deps, smallRecord());
    const explained = await send('explain', { features });
    expect(explained).toMatchObject({
      status: 200,
      body: { model: 'small', model_version: version, method: 'tree', output: { kind: 'value' } },
    });
    const predicted = await send('predict', { features });
    expect(explained.body.prediction).toBeCloseTo(predicted.body.prediction, 4);
    expect(explained.body.values.map(({ feature, value }) => [feature, value])).toEqual([
      ['weight', 7],
      ['colour', 'red'],
      ['depth', 60],
    ]);
    // The label is 3 (weight − 5) + 2 red; the background's mean weight is about 5, four in ten are red.
    expect(contributionsOf(explained).weight).toBeGreaterThan(4);
    expect(contributionsOf(explained).colour).toBeGreaterThan(0.6);
    expect(Math.abs(contributionsOf(explained).depth!)).toBeLessThan(0.5);
    expectEfficient(explained);
  });

  test('gets the same contributions by every method: trees, enumeration, permutations', async () => {
    await registerSmall(deps, smallRecord());
    const [tree, exact, sampled] = [
      await send('explain', { features, method: 'tree' }),
      await send('explain', { features, method: 'exact' }),
      await send('explain', { features, method: 'permutation', permutations: 100 }),
    ];
    for (const other of [exact, sampled]) {
      expectEfficient(other);
      expect(other.body.base_value).toBeCloseTo(tree.body.base_value, 4);
    }
    for (const [feature, contribution] of Object.entries(contributionsOf(tree))) {
      expect(contributionsOf(exact)[feature]).toBeCloseTo(contribution, 4);
      const found = sampled.body.values.find((one) => one.feature === feature)!;
      expect(Math.abs(found.contribution - contribution)).toBeLessThanOrEqual(
        4 * found.standard_error! + 1e-4,
      );
    }
    expect(exact.body.values[0]).not.toHaveProperty('standard_error');
  });

  test('is the same each time it is asked, and writes nothing', async () => {
    await registerSmall(deps, smallRecord());
    const ask = { features, method: 'permutation', permutations: 1 };
    const [first, second] = [await send('explain', ask), await send('explain', ask)];
    expect(first.body.values).toEqual(second.body.values);
    expect(first.body.values[0]).not.toHaveProperty('standard_error');
  });

  test('of a missing value says null', async () => {
    await registerSmall(deps, smallRecord());
    const explained = await send('explain', { features: { ...features, weight: null } });
    expect(explained.body.values.find(({ feature }) => feature === 'weight')!.value).toBeNull();
    expectEfficient(explained);
  });

  test('whose trees were not stored is enumerated through its graph', async () => {
    const version = await registerSmall(deps, smallRecord());
    const absent = ['trainer.bin', 'background.ndjson.gz'].map((file) =>
      objectKeys.version('small', version, file),
    );
    const { objects } = deps;
    const get = objects.get.bind(objects);
    objects.get = async (key) => (absent.includes(key) ? undefined : get(key));
    const explained = await send('explain', { features });
    expect(explained).toMatchObject({ status: 200, body: { method: 'exact', output: { kind: 'value' } } });
    expectEfficient(explained);
    expect(await send('explain', { features, method: 'tree' })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('has no stored trees') },
    });
  });
});

describe('a prediction of the log', () => {
  test('is explained with the version that made it', async () => {
    await registerSmall(deps, smallRecord());
    const [row] = smallRows(1, 3);
    await send('predict', { request_id: 'r1', features: row!.features });
    const explained = await send('explain', { request_id: 'r1' });
    expect(explained).toMatchObject({ status: 200, body: { request_id: 'r1', method: 'tree' } });
    const key = predictionKey('small', 'r1');
    const logged = (await deps.predictions.get(key))!.value as object;
    await deps.predictions.putIfAbsent(predictionKey('small', 'r2'), { ...logged, version: 'older' });
    expect(await send('explain', { request_id: 'r2' })).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('version "older"') },
    });
  });

  test('that is not there is a 404', async () => {
    await registerSmall(deps, smallRecord());
    expect(await send('explain', { request_id: 'nobody' })).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('has no prediction "nobody" in its log') },
    });
  });
});

describe('a version whose files are broken', () => {
  async function explainWithout(broken: readonly string[], body: object) {
    const version = await registerSmall(deps, smallRecord());
    const keys = broken.map((file) => objectKeys.version('small', version, file));
    const { objects } = deps;
    const get = objects.get.bind(objects);
    objects.get = async (key) => (keys.includes(key) ? Buffer.from('not what it was') : get(key));
    return send('explain', { features, ...body });
  }

  test('is explained through its graph where its trees cannot be read, and the log says which file it was', async () => {
    const explained = await explainWithout(['trainer.bin'], {});
    expect(explained).toMatchObject({ status: 200, body: { method: 'exact' } });
    expectEfficient(explained);
    expect(deps.logged).toMatchObject([{ level: 'error', detail: { file: 'trainer.bin' } }]);
    expect(await send('explain', { features, method: 'tree' })).toMatchObject({ status: 422 });
  });

  test('is explained against held-out rows where its background cannot be read', async () => {
    const explained = await explainWithout(['background.ndjson.gz'], {});
    expect(explained).toMatchObject({ status: 200, body: { method: 'tree' } });
    expectEfficient(explained);
  });

  test('says so where there are neither', async () => {
    const answer = await explainWithout(['background.ndjson.gz', 'holdout.ndjson.gz'], {});
    expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringContaining('no rows') } });
  });

  test('says so where its graph is needed and is another', async () => {
    const answer = await explainWithout(['model.onnx'], { method: 'exact' });
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('has sha256') } });
  });
});

describe('a classification', () => {
  const record = smallRecord({ task: 'classification' });

  test('is explained by the log-odds of the predicted class, or of the one asked for: one mirrors the other', async () => {
    await registerSmall(deps, record);
    const [high, low] = [
      await send('explain', { features }),
      await send('explain', { features, class: 'low' }),
    ];
    expect(high.body.output).toEqual({ kind: 'log_odds', class: 'high' });
    expect(high.body.prediction).toBeGreaterThan(0);
    expect(contributionsOf(high).weight).toBeGreaterThan(0);
    expect(low.body.output).toEqual({ kind: 'log_odds', class: 'low' });
    expect(low.body.prediction).toBe(-high.body.prediction);
    expect(contributionsOf(low).weight).toBe(-contributionsOf(high).weight!);
    for (const one of [high, low]) expectEfficient(one);
  });

  test('is explained by the probability where its graph is asked', async () => {
    await registerSmall(deps, record);
    const explained = await send('explain', { features, method: 'exact' });
    const predicted = await send('predict', { features });
    expect(explained.body.output).toEqual({ kind: 'probability', class: 'high' });
    expect(explained.body.prediction).toBeCloseTo(predicted.body.confidence as number, 6);
    expectEfficient(explained);
  });

  test('has the classes it has', async () => {
    await registerSmall(deps, record);
    expect(await send('explain', { features, class: 'middling' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/class', detail: 'one of high, low' }] },
    });
  });
});

describe('a body', () => {
  test('with features and request_id, or neither, is refused', async () => {
    await registerSmall(deps, smallRecord());
    for (const body of [{}, { features, request_id: 'r1' }])
      expect(await send('explain', body)).toMatchObject({
        status: 400,
        body: { detail: 'either features or the request_id of a prediction is expected' },
      });
  });

  test('with options out of bounds is refused by their names', async () => {
    await registerSmall(deps, smallRecord());
    const cases = {
      permutations: [0, 1001, 1.5],
      background: [0, 101],
      method: ['kernel'],
      request_id: [''],
    };
    for (const [name, values] of Object.entries(cases))
      for (const value of values) {
        const { status, body } = await send('explain', { features, [name]: value });
        expect([status, body.errors]).toMatchObject([400, [{ pointer: `/${name}` }]]);
      }
    expect(await send('explain', { features: { ...features, weight: 'heavy' } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/features/weight' }] },
    });
  });
});

test('a model of images is not explained, and says why', async () => {
  const version = await registerSmall(deps, smallRecord());
  const { objects } = deps;
  const get = objects.get.bind(objects);
  const file = objectKeys.version('small', version, 'manifest.json');
  objects.get = async (key) => {
    const bytes = await get(key);
    if (key !== file || !bytes) return bytes;
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as { schema: object };
    const photo = { name: 'photo', kind: 'image', image: { width: 8, height: 8, channels: 1 } };
    return Buffer.from(JSON.stringify({ ...manifest, schema: { ...manifest.schema, features: [photo] } }));
  };
  expect(await send('explain', { features })).toMatchObject({
    status: 422,
    body: {
      detail: 'model "small" takes an image ("photo"): its pixels are not features to explain one by one',
    },
  });
});
