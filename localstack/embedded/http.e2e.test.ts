import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createModel, registerVersion } from '#shared/registry/registry.ts';
import type { FeatureRow } from '#shared/schema/rows.ts';
import { registerSmall, smallRecord, smallRows } from '../../cli/small-model.testing.ts';
import { type Host, startHost } from './host.ts';

const env = { GRANULE_MS: '500', POINTER_TTL_MS: '0', LOG_LEVEL: 'error', ENVIRONMENT: 'test' };
const maxSmallBody = 2048;
const dirs: string[] = [];
const hosts: Host[] = [];
let host: Host;
/** No model, and bodies of at most {@link maxSmallBody} bytes. */
let bare: Host;
let version: string;

async function newHost(register: (dataDir: string) => Promise<void>, more: Record<string, string> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-http-'));
  dirs.push(dataDir);
  await register(dataDir);
  const started = await startHost({ dataDir, port: 0, minuteMs: 200, env: { ...env, ...more } });
  hosts.push(started);
  return started;
}

beforeAll(async () => {
  bare = await newHost(async () => undefined, { MAX_BODY_BYTES: String(maxSmallBody) });
  host = await newHost(async (dataDir) => {
    version = await registerSmall(dataDir, smallRecord('prices'));
    await registerSmall(dataDir, smallRecord('sizes', { task: 'classification' }));
  });
  await createModel(host.deps, smallRecord('untrained'));
});

afterAll(async () => {
  await Promise.all(hosts.map((one) => one.close()));
  await Promise.all(dirs.map((dir) => rm(dir, { recursive: true })));
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** In pieces and without a content-length. */
  readonly isChunked?: boolean;
  readonly on?: Host;
}

/** Not fetch: it mends paths and Host headers, which is what is tested here. */
function ask(
  path: string,
  { method, headers = {}, raw, body, isChunked, on = host }: Asked = {},
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const { hostname, port } = new URL(on.url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        hostname,
        port,
        path,
        agent: false,
        method: method ?? (payload === undefined ? 'GET' : 'POST'),
        headers: {
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...(payload === undefined || isChunked ? {} : { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

interface Problem {
  readonly detail: string;
  readonly errors?: readonly Fault[];
  readonly models?: readonly string[];
  readonly request_id?: string;
}

/** Every refusal has the same form (RFC 9457). */
function problemOf(answer: Answer, status: number): Problem {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  const problem = JSON.parse(answer.text) as Problem;
  const titles: Readonly<Record<number, string>> = {
    400: 'Bad Request',
    403: 'Forbidden',
    404: 'Not Found',
    405: 'Method Not Allowed',
    409: 'Conflict',
    413: 'Content Too Large',
    415: 'Unsupported Media Type',
    503: 'Service Unavailable',
  };
  expect(problem).toMatchObject({
    type: 'about:blank',
    title: titles[status],
    status,
    detail: expect.stringMatching(/\S/),
  });
  return problem;
}

async function refused(status: number, path: string, asked: Asked = {}): Promise<Problem> {
  return problemOf(await ask(path, asked), status);
}

async function answered<Body = Record<string, unknown>>(
  path: string,
  asked: Asked = {},
  status = 200,
): Promise<Body & { readonly headers: IncomingHttpHeaders }> {
  const { status: given, headers, text } = await ask(path, asked);
  expect(given, text).toBe(status);
  return { ...(JSON.parse(text) as Body), headers };
}

const pointersOf = ({ errors = [] }: Problem) => errors.map((error) => error.pointer);

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await holds())) {
    expect(Date.now(), 'it did not come to hold within 15 s').toBeLessThan(end);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const { features } = smallRows(1, 3)[0]!;
const predictPath = '/models/prices/predict';

interface Prediction {
  readonly request_id: string;
  readonly model: string;
  readonly model_version: string;
  readonly prediction: number;
}

describe('a prediction', () => {
  test('is answered with the id it was given, its model and the version that served', async () => {
    const answer = await answered<Prediction>(predictPath, { body: { request_id: 'given-1', features } });
    expect(answer).toMatchObject({ request_id: 'given-1', model: 'prices', model_version: version });
    expect(answer.prediction).toBeGreaterThan(0);
    expect(answer.headers['tidemark-logged']).toBeUndefined();
  });

  test('gets an id when it brings none', async () => {
    const { request_id: id } = await answered<Prediction>(predictPath, { body: { features } });
    expect(id).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
  });

  test('of a class has probabilities that add up to 1, and the likeliest is the predicted one', async () => {
    const answer = await answered<{
      predicted_class: string;
      confidence: number;
      probabilities: Record<string, number>;
    }>('/models/sizes/predict', { body: { features } });
    const { probabilities, predicted_class: predicted, confidence } = answer;
    expect(Object.keys(probabilities).sort()).toEqual(['large', 'small']);
    expect(Object.values(probabilities).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 5);
    expect(probabilities[predicted]).toBe(confidence);
    expect(confidence).toBe(Math.max(...Object.values(probabilities)));
  });

  test('by the short path is of the default model, and its features may stand flat in the body', async () => {
    const wrapped = await answered<Prediction>('/predict', { body: { features } });
    const flat = await answered<Prediction>('/predict', { body: { request_id: 'flat-1', ...features } });
    expect(flat).toMatchObject({ request_id: 'flat-1', model: 'prices', prediction: wrapped.prediction });
    const problem = await refused(400, '/predict', { body: { ...features, width: 'wide' } });
    expect(pointersOf(problem)).toEqual(['/width']);
    const elsewhere = await refused(400, predictPath, { body: { ...features } });
    expect(pointersOf(elsewhere)).toEqual(['/features']);
  });

  test('out of the range seen so far, of an unseen category or with a missing value is data and answered', async () => {
    for (const unusual of [
      { width: -1e6 },
      { width: 1e300 },
      { 'depth/mm~': 12.5 },
      { colour: 'ultraviolet' },
      { colour: '' },
      { sealed: true },
      { made_on: '2199-12-31T23:59:59Z' },
      { width: null, 'depth/mm~': null, colour: null, sealed: null, made_on: null },
    ]) {
      const answer = await answered<Prediction>(predictPath, {
        body: { features: { ...features, ...unusual } },
      });
      expect(answer.prediction, JSON.stringify(unusual)).toEqual(expect.any(Number));
    }
  });
});

describe('a request that cannot be understood', () => {
  test('is answered with an id to ask about it by, one of its own, which a problem has in its body too', async () => {
    const answers = await Promise.all([
      ask('/models/none/predict', { body: { features: {} } }),
      ask('/nowhere'),
      ask('/health'),
    ]);
    const ids = answers.map(({ headers }) => headers['tidemark-request-id']);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(ids).size).toBe(3);
    expect(
      answers.slice(0, 2).map(({ text }) => (JSON.parse(text) as { instance: string }).instance),
    ).toEqual(ids.slice(0, 2));
  });

  test('for an unknown model is 404 and lists the models there are', async () => {
    for (const path of [
      '/models/nobody/predict',
      '/models/nobody/predict/batch',
      '/models/nobody/feedback',
    ]) {
      const problem = await refused(404, path, { body: { features } });
      expect(problem.models).toEqual(['prices', 'sizes', 'untrained']);
      expect(problem.detail).toContain('"nobody"');
    }
    await refused(404, '/models/nobody');
    await refused(404, '/models/Not%20A%20Name/logs');
  });

  test.each(['{"features": {', '', 'features=1', '[1,', 'NaN'])('with the body %j is 400', async (raw) => {
    await refused(400, predictPath, { raw });
  });

  test.each(['[]', '"text"', '12', 'null'])('with the JSON body %s, no object, is 400', async (raw) => {
    expect((await refused(400, predictPath, { raw })).detail).toContain('a JSON object is expected');
  });

  test('points at each missing, extra, wrongly typed and non-finite feature', async () => {
    const raw = `{"request_id":"bad-1","features":{"width":1e999,"depth/mm~":"3","colour":7,"sealed":"yes","weight":1,"a/b~":2}}`;
    const problem = await refused(400, predictPath, { raw });
    expect(pointersOf(problem)).toEqual([
      '/features/width',
      '/features/depth~1mm~0',
      '/features/colour',
      '/features/made_on',
      '/features/weight',
      '/features/a~1b~0',
    ]);
    expect(problem.request_id).toBe('bad-1');
    const details = Object.fromEntries(problem.errors!.map((error) => [error.pointer, error.detail]));
    expect(details['/features/width']).toContain('finite');
    expect(details['/features/depth~1mm~0']).toContain('"3"');
    expect(details['/features/made_on']).toContain('missing');
    expect(details['/features/weight']).toContain('not a feature');
    await refused(404, '/models/prices/logs?request_id=bad-1');
  });

  test.each([
    ['width', true],
    ['width', [1]],
    ['colour', { name: 'blue' }],
    ['colour', 'x'.repeat(1025)],
    ['sealed', 1],
    ['made_on', 'yesterday'],
    ['made_on', 1_700_000_000_000],
  ])('with %s = %j is 400 and points there', async (name, value) => {
    const problem = await refused(400, predictPath, { body: { features: { ...features, [name]: value } } });
    expect(pointersOf(problem)).toEqual([`/features/${name}`]);
  });

  test('with features that are no object is 400', async () => {
    for (const value of [null, [1, 2], 'width=1', 3])
      expect(pointersOf(await refused(400, predictPath, { body: { features: value } }))).toEqual([
        '/features',
      ]);
  });

  test.each(['a b', '', 'ä', 'x'.repeat(129), 5, {}])('with the request_id %j is 400', async (id) => {
    const problem = await refused(400, predictPath, { body: { request_id: id, features } });
    expect(pointersOf(problem)).toEqual(['/request_id']);
  });
});

describe('a request_id', () => {
  test('of 128 characters of the allowed alphabet is taken', async () => {
    const id = `${'x'.repeat(119)}.A_z:-09x`;
    expect(id).toHaveLength(128);
    const answer = await answered<Prediction>(predictPath, { body: { request_id: id, features } });
    expect(answer.request_id).toBe(id);
  });

  test('with the same features again gets the stored answer, whatever the order of its members', async () => {
    const first = await answered<Prediction>(predictPath, { body: { request_id: 'twice', features } });
    const reordered = Object.fromEntries(Object.entries(features).reverse());
    const second = await answered<Prediction>(predictPath, {
      body: { features: reordered, request_id: 'twice' },
    });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect({ ...second, headers: 0 }).toEqual({ ...first, headers: 0 });
  });

  test('with other features is 409, and the first answer stands', async () => {
    const first = await answered<Prediction>(predictPath, { body: { request_id: 'reused', features } });
    const problem = await refused(409, predictPath, {
      body: { request_id: 'reused', features: { ...features, width: 1 } },
    });
    expect(problem.request_id).toBe('reused');
    const { prediction } = await answered<{ prediction: { answer: { prediction: number } } }>(
      '/models/prices/logs?request_id=reused',
    );
    expect(prediction.answer.prediction).toBe(first.prediction);
  });

  test('sent many times at once is logged once and answered the same each time', async () => {
    const body = { request_id: 'storm', features };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => answered<Prediction>(predictPath, { body })),
    );
    expect(new Set(answers.map((one) => one.prediction)).size).toBe(1);
    expect(answers.filter((one) => one.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
  });

  test('may come as the Idempotency-Key header', async () => {
    const headers = { 'idempotency-key': 'by-header' };
    const answer = await answered<Prediction>(predictPath, { body: { features }, headers });
    expect(answer.request_id).toBe('by-header');
  });
});

interface BatchRow {
  readonly request_id: string | null;
  readonly prediction?: number;
  readonly error?: { readonly status: number; readonly errors?: readonly Fault[] };
}
interface Batch {
  readonly batch_id: string;
  readonly predictions: readonly BatchRow[];
}
const batchPath = '/models/prices/predict/batch';

describe('a batch', () => {
  test('is answered in its order; rows without an id are numbered from its own', async () => {
    const instances = [{ request_id: 'first', features }, { features }, { ...features, width: 9 }];
    const { batch_id: id, predictions } = await answered<Batch>(batchPath, {
      body: { batch_id: 'b1', instances },
    });
    expect(id).toBe('b1');
    expect(predictions.map((one) => one.request_id)).toEqual(['first', 'b1:1', 'b1:2']);
    expect(predictions[0]!.prediction).toBe(predictions[1]!.prediction);
    expect(predictions[2]!.prediction).not.toBe(predictions[0]!.prediction);
  });

  test('has a bad row fail alone, with pointers into the body', async () => {
    const instances = [
      { request_id: 'good-row', features },
      { request_id: 'bad-row', features: { ...features, width: 'wide', colour: 3 } },
      { request_id: 'not an id', features },
      { ...features, colour: false },
      null,
      { request_id: 'good-row-too', features },
    ];
    const { predictions } = await answered<Batch>(batchPath, { body: { batch_id: 'b2', instances } });
    expect(predictions.map((one) => one.error?.status ?? 200)).toEqual([200, 400, 400, 400, 400, 200]);
    expect(predictions.map((one) => one.error?.errors?.map((error) => error.pointer) ?? [])).toEqual([
      [],
      ['/instances/1/features/width', '/instances/1/features/colour'],
      ['/instances/2/request_id'],
      ['/instances/3/colour'],
      ['/instances/4'],
      [],
    ]);
    await answered('/models/prices/logs?request_id=good-row-too');
    await refused(404, '/models/prices/logs?request_id=bad-row');
  });

  test('of bad rows only is answered row by row', async () => {
    const { predictions } = await answered<Batch>(batchPath, { body: { instances: [{}, { features: 1 }] } });
    expect(predictions.map((one) => one.error?.status)).toEqual([400, 400]);
  });

  test('with one id for two bodies has one answer and one 409', async () => {
    const instances = [
      { request_id: 'shared', features },
      { request_id: 'shared', features: { ...features, width: 2 } },
    ];
    const { predictions } = await answered<Batch>(batchPath, { body: { instances } });
    expect(predictions.map((one) => one.error?.status ?? 200).sort()).toEqual([200, 409]);
  });

  test('takes 1000 rows and refuses 1001, none, and what is no list', async () => {
    const rows = (count: number) => Array.from({ length: count }, () => ({ features }));
    const { predictions } = await answered<Batch>(batchPath, { body: { instances: rows(1000) } });
    expect(new Set(predictions.map((one) => one.request_id)).size).toBe(1000);
    for (const instances of [rows(1001), [], { features }, undefined])
      expect(pointersOf(await refused(400, batchPath, { body: { instances } }))).toEqual(['/instances']);
  });

  test('by the short path goes to the default model', async () => {
    const { predictions } = await answered<Batch>('/predict/batch', { body: { instances: [{ features }] } });
    expect(predictions[0]).toMatchObject({ model: 'prices', model_version: version });
  });
});

describe('the door', () => {
  test.each([
    ['with a content-length', false, 10 * maxSmallBody],
    ['in chunks without a content-length', true, 10 * maxSmallBody],
    ['one byte over', false, maxSmallBody + 1],
    ['of many megabytes', false, 16_000_000],
  ])('answers a body over the limit (%s) with 413', async (_, isChunked, bytes) => {
    const raw = Buffer.alloc(bytes, ' ');
    const problem = await refused(413, '/predict', { raw, isChunked, on: bare });
    expect(problem.detail).toContain(String(maxSmallBody));
  });

  test('takes a body of exactly the limit', async () => {
    const problem = await refused(503, '/predict', { raw: '{}'.padEnd(maxSmallBody), on: bare });
    expect(problem.detail).toContain('no model is registered');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json-patch+json', ''])(
    'answers a POST of content-type %j with 415',
    async (type) => {
      await refused(415, predictPath, { body: { features }, headers: { 'content-type': type } });
    },
  );

  test('takes JSON with a charset', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    await answered(predictPath, { body: { features }, headers });
  });

  test('answers a foreign Host with 403, so that a rebound name reaches nothing', async () => {
    for (const name of ['evil.example', '127.0.0.1', `evil.example:${new URL(host.url).port}`])
      await refused(403, '/health', { headers: { host: name } });
    await answered('/health', { headers: { host: `localhost:${new URL(host.url).port}` } });
  });

  test('answers a foreign Origin with 403 and lets its own pass', async () => {
    for (const origin of ['https://evil.example', 'null', host.url.replace('http:', 'https:')])
      await refused(403, predictPath, { body: { features }, headers: { origin } });
    await answered(predictPath, { body: { features }, headers: { origin: host.url } });
  });

  test('answers an unknown path with 404', async () => {
    for (const path of ['/nothing', '/models/prices/nothing', '/models/prices/predict/batch/more', '//x/y'])
      await refused(404, path);
  });

  test('answers a wrong method with 405 and says which are allowed', async () => {
    const get = await ask(predictPath, { method: 'GET' });
    problemOf(get, 405);
    expect(get.headers.allow).toBe('POST');
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await ask('/metrics', { method });
      problemOf(answer, 405);
      expect(answer.headers.allow).toBe('GET');
    }
  });

  test('answers broken percent-encoding with 400', async () => {
    for (const path of ['/models/%E0%A4%A/predict', '/models/%zz', '/%'])
      expect((await refused(400, path)).detail).toContain('percent-encoding');
  });
});

describe('a host without a champion', () => {
  test('is alive', async () => {
    const answer = await answered('/health', { on: bare });
    expect(answer).toMatchObject({ status: 'ok', model: null, model_version: null });
  });

  test('is not ready, and says when to ask again', async () => {
    const answer = await ask('/ready', { on: bare });
    problemOf(answer, 503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('predicts with 503 and Retry-After until the model has one', async () => {
    const body = { features };
    for (const [path, on] of [
      ['/predict', bare],
      ['/models/untrained/predict', host],
      ['/models/untrained/predict/batch', host],
    ] as const) {
      const answer = await ask(path, { body, on });
      problemOf(answer, 503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
  });

  test('has an empty history, no reports and no runs', async () => {
    expect((await answered('/models/untrained/history')).history).toEqual([]);
    expect((await answered('/models/untrained/reports')).reports).toEqual([]);
    expect((await answered('/models/untrained/runs')).runs).toEqual([]);
    await refused(409, '/models/untrained/rollback', { body: {} });
  });
});

describe('what serves', () => {
  test('is on /health and /ready', async () => {
    const serving = { model: 'prices', model_version: version };
    expect(await answered('/health')).toMatchObject({ status: 'ok', ...serving });
    expect(await answered('/ready')).toMatchObject({ status: 'ready', ...serving });
    expect(await answered('/model/reload', { method: 'POST' })).toMatchObject(serving);
  });

  test('is listed, with every endpoint, at the root', async () => {
    const root = await answered<{ models: string[]; endpoints: { method: string; path: string }[] }>('/');
    expect(root.models).toEqual(['prices', 'sizes', 'untrained']);
    for (const { method, path } of root.endpoints) {
      const { status } = await ask(path.replaceAll(/\{\w+\}/g, 'nobody'), { method });
      expect([404, 405].includes(status) && !path.includes('{'), `${method} ${path}`).toBe(false);
    }
  });
});

const feedbackPath = '/models/prices/feedback';

describe('a label', () => {
  test('is taken alone, before or after its prediction, and stands beside it in the log', async () => {
    const early = await answered(feedbackPath, { body: { request_id: 'labelled', label: 4.5 } });
    expect(early).toMatchObject({ request_id: 'labelled', status: 'stored' });
    await answered(predictPath, { body: { request_id: 'labelled', features } });
    const logged = await answered('/models/prices/logs?request_id=labelled');
    expect(logged).toMatchObject({ prediction: { request_id: 'labelled' }, label: { label: 4.5 } });
  });

  test('repeated by a retry is unchanged; corrected, it is updated; the latest labelled_at wins', async () => {
    const send = async (body: object) =>
      (await answered(feedbackPath, { body: { request_id: 'again', ...body } })).status;
    const labelled = async () =>
      (await answered<{ label: { label: number } }>('/models/prices/logs?request_id=again')).label.label;
    expect(await send({ label: 1 })).toBe('stored');
    expect(await send({ label: 1 })).toBe('unchanged');
    expect(await send({ label: 2 })).toBe('updated');
    expect(await send({ label: 9, labelled_at: '2020-01-01T00:00:00Z' })).toBe('unchanged');
    expect(await labelled()).toBe(2);
  });

  test('is taken in a list, where a bad one fails alone', async () => {
    const body = [
      { request_id: 'l1', label: 1 },
      { request_id: 'l2', label: 'one' },
      { request_id: 'not an id', label: 1 },
      { request_id: 'l4', label: 1, 'labelled/at': 'now' },
      7,
      { request_id: 'l6', label: 2, labelled_at: '2026-01-05T10:00:00Z' },
    ];
    const { accepted, results } = await answered<{
      accepted: number;
      results: { request_id?: string; error?: { status: number; errors: Fault[] } }[];
    }>(feedbackPath, { body });
    expect(accepted).toBe(2);
    expect(results.map((one) => one.error?.errors[0]?.pointer ?? one.request_id)).toEqual([
      'l1',
      '/1/label',
      '/2/request_id',
      '/3/labelled~1at',
      '/4',
      'l6',
    ]);
  });

  test('list is refused when empty or longer than 1000', async () => {
    const labels = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ request_id: `m${at}`, label: 1 }));
    await refused(400, feedbackPath, { body: [] });
    await refused(400, feedbackPath, { body: labels(1001) });
    expect(await answered(feedbackPath, { body: labels(1000) })).toMatchObject({ accepted: 1000 });
  });

  test.each(['"4"', 'true', 'null', '[4]', '{}', '1e999'])('%s of a regression is 400', async (label) => {
    const problem = await refused(400, feedbackPath, { raw: `{"request_id":"l","label":${label}}` });
    expect(pointersOf(problem)).toEqual(['/label']);
  });

  test.each(['""', 'null', '["large"]', '{}', `"${'x'.repeat(257)}"`])(
    '%s of a class is 400',
    async (label) => {
      const problem = await refused(400, '/models/sizes/feedback', {
        raw: `{"request_id":"l","label":${label}}`,
      });
      expect(pointersOf(problem)).toEqual(['/label']);
    },
  );

  test('of a class may be a text, a number or a boolean', async () => {
    for (const [at, label] of ['large', 3, false].entries()) {
      await answered('/models/sizes/feedback', { body: { request_id: `class-${at}`, label } });
      const logged = await answered<{ label: { label: string } }>(
        `/models/sizes/logs?request_id=class-${at}`,
      );
      expect(logged.label.label).toBe(String(label));
    }
  });

  test('of no time, or of more than a day ahead of the clock, is 400; within a day it is taken', async () => {
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    for (const labelledAt of ['soon', '', '12', 5, null, at(24.1), '9999-12-31T00:00:00Z']) {
      const body = { request_id: 'ahead', label: 1, labelled_at: labelledAt };
      expect(pointersOf(await refused(400, feedbackPath, { body })), String(labelledAt)).toEqual([
        '/labelled_at',
      ]);
    }
    await answered(feedbackPath, { body: { request_id: 'ahead', label: 1, labelled_at: at(23.9) } });
  });

  test('time without a zone is read as UTC, wherever the host stands', async () => {
    const body = { request_id: 'zoneless', label: 1, labelled_at: '2026-01-05T10:00:00' };
    await answered(feedbackPath, { body });
    const logged = await answered<{ label: { labelled_at: number } }>(
      '/models/prices/logs?request_id=zoneless',
    );
    expect(logged.label.labelled_at).toBe(Date.UTC(2026, 0, 5, 10));
  });
});

describe('the prediction log', () => {
  test('is read by time once captured, and only within that time', async () => {
    const from = new Date().toISOString();
    await answered(predictPath, { body: { request_id: 'by-time', features } });
    type Logs = { predictions: { id: string; version: string; features: FeatureRow }[]; truncated: boolean };
    const read = () => answered<Logs>(`/models/prices/logs?from=${from}&limit=1000`);
    await eventually(async () => (await read()).predictions.some((row) => row.id === 'by-time'));
    const { predictions } = await read();
    expect(predictions.filter((row) => row.id === 'by-time')).toEqual([
      expect.objectContaining({ version, features }),
    ]);
    const earlier = await answered<Logs>(`/models/prices/logs?from=2020-01-01&to=2020-01-02`);
    expect(earlier).toMatchObject({ predictions: [], truncated: false });
    const short = await answered<Logs>('/logs?limit=1');
    expect(short).toMatchObject({ model: 'prices', truncated: true });
    expect(short.predictions).toHaveLength(1);
  });

  test.each([
    'from=then',
    'from=2026-01-02&to=2026-01-01',
    'from=2026-01-01&to=2026-03-01',
    'limit=0',
    'limit=many',
    'request_id=a%20b',
  ])('refuses %s with 400', async (query) => {
    await refused(400, `/models/prices/logs?${query}`);
  });

  test('has no id that was never sent', async () => {
    await refused(404, '/models/prices/logs?request_id=never-sent');
  });
});

describe('history', () => {
  interface Served {
    readonly version: string;
    readonly why: { readonly action: string; readonly actor: string; readonly reason: string };
  }

  test('says nothing served before the first version, and afterwards which did and why', async () => {
    await refused(404, '/models/prices/history?at=2020-01-01T00:00:00Z');
    const now = await answered<Served>(`/models/prices/history?at=${new Date().toISOString()}`);
    expect(now).toMatchObject({
      version,
      why: { action: 'register', actor: 'tidemark', reason: expect.stringContaining('generated rows') },
    });
    await refused(400, '/models/prices/history?at=then');
  });
});

describe('an operator', () => {
  const operate = (action: string, body: object, headers = {}): Asked & { readonly path: string } => ({
    path: `/models/sizes/${action}`,
    body,
    headers,
  });
  const refuse = async (status: number, action: string, body: object) => {
    const { path, ...asked } = operate(action, body);
    return refused(status, path, asked);
  };

  test('cannot move the champion to a version that is not there, or that was rejected', async () => {
    await registerVersion(host.deps, 'sizes', {
      version: '20260101T000000-000000',
      status: 'REJECTED',
      created_at: '2026-01-01T00:00:00.000Z',
      sha256: '0'.repeat(64),
      metrics: {},
      reason: 'no better than the champion',
    });
    const reason = 'because';
    await refuse(404, 'promote', { version: 'none', reason });
    await refuse(404, 'rollback', { to_version: 'none', reason });
    await refuse(409, 'rollback', {});
    for (const [action, body] of [
      ['promote', { version: '20260101T000000-000000', reason }],
      ['rollback', { to_version: '20260101T000000-000000', reason }],
    ] as const)
      expect((await refuse(409, action, body)).detail).toContain('no better than the champion');
  });

  test('is told each member of the body that is not as expected', async () => {
    expect(pointersOf(await refuse(400, 'promote', {})).sort()).toEqual(['/reason', '/version']);
    expect(pointersOf(await refuse(400, 'rollback', { 'to/version': 'v', why: 'x' })).sort()).toEqual([
      '/to~1version',
      '/why',
    ]);
    expect(pointersOf(await refuse(400, 'retrain', { force: 'yes', reason: '' })).sort()).toEqual([
      '/force',
      '/reason',
    ]);
  });

  test('promotes what serves already without a change', async () => {
    const champion = (await answered<{ champion: string }>('/models/sizes')).champion;
    const { path, ...asked } = operate('promote', { version: champion, reason: 'to be sure' });
    expect(await answered(path, asked)).toMatchObject({ champion, changed: false });
  });

  test('cannot accept what is not the start of a window, or holds too little, as a baseline', async () => {
    const reason = 'a new normal';
    const odd = await refuse(400, 'baseline', { window: '2026-01-01T00:00:07.000Z', reason });
    expect(odd.detail).toContain('not the start of a window');
    await refuse(400, 'baseline', { window: 'yesterday', reason });
    await refuse(409, 'baseline', { window: '2026-01-01T00:00:00.000Z', reason });
    await refuse(400, 'baseline', { window: '2026-01-01T00:00:00.000Z' });
  });

  test('who repeats a POST with its Idempotency-Key gets the first answer, and nothing runs twice', async () => {
    const key = { 'idempotency-key': 'once' };
    const { path, ...asked } = operate('retrain', { reason: 'a try' }, key);
    const first = await answered<{ run: string }>(path, asked, 202);
    const second = await answered<{ run: string }>(path, asked, 202);
    expect(second.run).toBe(first.run);
    expect(second.headers['idempotent-replayed']).toBe('true');
    const other = operate('retrain', { reason: 'another try' }, key);
    expect((await refused(409, path, other)).detail).toContain('another body');
    type Run = { id: string; status: string; outcome: string | null; stages: { name: string }[] };
    const run = () => answered<Run>(`/models/sizes/runs/${encodeURIComponent(first.run)}`);
    await eventually(async () => (await run()).status !== 'RUNNING');
    expect(await run()).toMatchObject({ id: first.run, status: 'SUCCEEDED', outcome: 'insufficient_labels' });
    expect((await run()).stages.map((stage) => stage.name)).toContain('Snapshot');
    const { runs } = await answered<{ runs: { id: string }[] }>('/models/sizes/runs');
    expect(runs.map((one) => one.id)).toEqual([first.run]);
    await refused(404, `/models/prices/runs/${encodeURIComponent(first.run)}`);
  });

  test('who repeats a refused POST gets the same refusal', async () => {
    const { path, ...asked } = operate(
      'promote',
      { version: 'none', reason: 'x' },
      { 'idempotency-key': 'no' },
    );
    const first = await refused(404, path, asked);
    expect(await refused(404, path, asked)).toEqual(first);
  });
});

describe('what is not there', () => {
  test.each([
    '/models/prices/reports/none',
    '/models/prices/reports/..%2F..%2Fsecret',
    '/models/prices/runs/none',
  ])('%s is 404', async (path) => {
    await refused(404, path);
  });
});

describe('metrics', () => {
  test('count what was predicted and what was refused, by model', async () => {
    await answered(predictPath, { body: { features } });
    await refused(400, predictPath, { body: { features: {} } });
    const sample = (text: string, name: string) =>
      Number(new RegExp(`^${name}\\{[^}]*model="prices"[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    await eventually(async () => sample((await ask('/metrics')).text, 'tidemark_predictions_total') > 0);
    const { headers, text } = await ask('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('# TYPE tidemark_predictions_total counter');
    type Summary = {
      environment: string;
      models: { model: string; counters: { outcomes: Record<string, number> } }[];
    };
    const counted = async () =>
      (await answered<Summary>('/metrics/summary')).models.find((one) => one.model === 'prices')!.counters;
    await eventually(async () => ((await counted()).outcomes['400'] ?? 0) > 0);
    expect((await answered<Summary>('/metrics/summary')).environment).toBe('test');
  });
});
