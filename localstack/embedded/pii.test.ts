/** What is about a person, sent in every way and through every function that sees rows: no byte that is kept or printed holds it. */
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HttpEvent } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import { type PredictionRow, readArchive } from '#shared/capture/archive.ts';
import { featuresHash, type PredictionRecord } from '#shared/log/prediction-log.ts';
import type { Report } from '#shared/monitoring/report.ts';
import { createTokeniser } from '#shared/privacy/tokeniser.ts';
import { writeArtefacts } from '#shared/registry/artefacts.ts';
import { predictionKey } from '#shared/registry/keys.ts';
import { type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import { changeChampion, createModel, registerVersion } from '#shared/registry/registry.ts';
import { buildVersion, type VersionBuild } from '#shared/retrain/build-version.ts';
import { trainCandidate } from '#shared/retrain/candidates.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { eventOf, streamRecord } from '#shared/testing/stream.ts';
import { createCaptureHandler } from '../../lambdas/capture/handler.ts';
import { createExplainHandler } from '../../lambdas/explain/handler.ts';
import { createFeedbackHandler } from '../../lambdas/feedback/handler.ts';
import { createMonitorHandler } from '../../lambdas/monitor/handler.ts';
import { createPredictHandler } from '../../lambdas/predict/handler.ts';
import { createIngestHandler } from '../../lambdas/retrain/ingest/handler.ts';
import { createSnapshotHandler } from '../../lambdas/retrain/snapshot/handler.ts';
import { createTickHandler } from '../../lambdas/tick/handler.ts';

/** In every value of a person, and nowhere else. */
const canary = '07700900';
const phoneOf = (at: number) => `+44 ${canary}${at}`;
const key = 'k'.repeat(43);

const model: ModelRecord = modelRecordSchema.parse({
  ...smallRecord(),
  monitor: { window_ms: 60_000, min_rows: 10, explain_rows: 30 },
  retrain: {
    source: { kind: 'object', key: 'ingest/rows.csv', time: 'at' },
    min_holdout_rows: 20,
    max_rows: 200,
  },
  schema: {
    ...smallRecord().schema,
    features: [
      ...smallRecord().schema.features,
      { name: 'phone', kind: 'categorical', pii: true },
      { name: 'house', kind: 'numeric', pii: true },
      { name: 'customer', kind: 'id', pii: true },
    ],
  },
});

const withPerson = (row: LabelledRow, at: number): LabelledRow => ({
  ...row,
  features: {
    ...row.features,
    phone: at % 10 === 0 ? null : phoneOf(at % 30),
    house: Number(`${canary}${at}`),
    customer: `${canary}-${at}`,
  },
});

let built: VersionBuild & { readonly passed: true };
beforeAll(async () => {
  const tokenise = await createTokeniser({ piiKey: async () => key }, model.name, model.schema);
  const rows = smallRows(200, 7)
    .map(withPerson)
    .map((row) => ({ ...row, features: tokenise(row.features) }));
  const training = rows.slice(0, 140);
  const trained = trainCandidate('recent', model.schema, { recent: training, baseline: [] }, {});
  const result = await buildVersion({
    record: model,
    version: 'v1',
    model: trained.model,
    onnx: trained.onnx,
    training,
    holdout: rows.slice(140),
    expected: rows,
    trainer: { kind: 'gbdt' },
    snapshot: { source: 'generated rows' },
    now: startMs,
  });
  if (!result.passed) throw new Error(result.reason);
  built = result;
});

let deps: MemoryDeps;
let feed: ReturnType<typeof streamRecord>[];
const printed: string[] = [];
beforeEach(async () => {
  deps = memoryDeps({ GRANULE_MS: '60000', 'SECRET_pii-key': key, PII_KEY: 'available' });
  feed = [];
  printed.length = 0;
  deps.predictions.afterPut = (stored) => feed.push(streamRecord(stored, feed.length, deps.now()));
  await createModel(deps, model);
  await writeArtefacts(deps, built.manifest, built.files);
  const { created_at, sha256, metrics } = built.manifest;
  await registerVersion(deps, model.name, { version: 'v1', status: 'READY', created_at, sha256, metrics });
  await changeChampion(deps, {
    model: model.name,
    to: 'v1',
    expected: null,
    action: 'register',
    actor: 'test',
    reason: 'first version',
  });
});

/** What `lambda.ts` of each function, and the embedded host, make their handlers with. */
const factories = {
  predict: createPredictHandler,
  feedback: createFeedbackHandler,
  explain: createExplainHandler,
  capture: createCaptureHandler,
  tick: createTickHandler,
  monitor: createMonitorHandler,
  'retrain-ingest': createIngestHandler,
  'retrain-snapshot': createSnapshotHandler,
} as const;
type Name = keyof typeof factories;

/** With the rights of its own role only. */
async function invoke(name: Name, event: unknown): Promise<unknown> {
  const handler = factories[name](guardedDeps(deps, functions[name].access)) as (given: unknown) => unknown;
  return await handler(event);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}
async function send(name: Name, operation: string, body: unknown): Promise<Answer> {
  const event: Partial<HttpEvent> = {
    httpMethod: 'POST',
    resource: `/models/{model}/${operation}`,
    pathParameters: { model: model.name },
    headers: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  const result = (await invoke(name, event)) as { statusCode: number; body: string };
  printed.push(result.body);
  return { status: result.statusCode, text: result.body, body: JSON.parse(result.body) };
}
const predict = (features: unknown, id: string) => send('predict', 'predict', { request_id: id, features });

/** Bytes as they are, unpacked, and with what is written in base64 inside them. */
function readable(bytes: Uint8Array): string {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = Buffer.from(isPacked ? gunzipSync(bytes) : bytes).toString('latin1');
  const inside = [...text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)].map(([part]) =>
    Buffer.from(part, 'base64').toString('latin1'),
  );
  return [text, ...inside].join('\n');
}

/** Everything that is kept or printed, by where it is; what people put under ingest/ themselves is theirs. */
async function everything(): Promise<Map<string, string>> {
  const all = new Map<string, string>([
    ['predictions', JSON.stringify(deps.predictions.dump())],
    ['state', JSON.stringify(deps.state.dump())],
    ['spool', JSON.stringify(deps.spooled)],
    ['log lines', JSON.stringify(deps.logged)],
    ['events', JSON.stringify(deps.events.published)],
    ['stream', JSON.stringify(feed)],
    ['answers', printed.join('\n')],
  ]);
  for (const path of deps.objects.keys())
    if (!path.startsWith('ingest/')) all.set(path, `${path}\n${readable((await deps.objects.get(path))!)}`);
  return all;
}

async function leaks(of = canary): Promise<string[]> {
  const shortened = of.replace(/^0+/, '');
  return [...(await everything())].flatMap(([where, text]) => (text.includes(shortened) ? [where] : []));
}

const [plain] = smallRows(1, 3).map(({ features }) => features);
const record = async (id: string) =>
  (await deps.predictions.get(predictionKey(model.name, id)))?.value as unknown as PredictionRecord;

test('the search for what must not be there finds it when it is', async () => {
  await deps.objects.put(
    'runs/a',
    Buffer.from(JSON.stringify({ packed: Buffer.from(phoneOf(1).repeat(2)).toString('base64') })),
  );
  expect(await leaks()).toEqual(['runs/a']);
});

describe('a prediction', () => {
  test('is logged with tokens for the person and with the values of all else', async () => {
    const { status } = await predict({ ...plain, phone: phoneOf(1), house: 12, customer: phoneOf(2) }, 'a');
    expect(status).toBe(200);
    expect((await record('a')).features).toEqual({
      ...plain,
      phone: expect.stringMatching(/^tok_[\w-]{22}$/),
      house: expect.stringMatching(/^tok_[\w-]{22}$/),
      customer: expect.stringMatching(/^tok_[\w-]{22}$/),
    });
  });

  test('has the hash of its tokens, not of what they stand for: that could be found by trying all telephones', async () => {
    const features = { ...plain, phone: phoneOf(1), house: null };
    await predict(features, 'a');
    const { hash, features: logged } = await record('a');
    expect(hash).toBe(featuresHash(logged));
    expect(hash).not.toBe(featuresHash(features));
  });

  test('of the same person is the same request when it comes again, and of another a conflict', async () => {
    await predict({ ...plain, phone: phoneOf(1), house: 1 }, 'a');
    expect((await predict({ ...plain, phone: ` ${phoneOf(1)}`, house: '1' }, 'a')).status).toBe(200);
    const other = await predict({ ...plain, phone: phoneOf(2), house: 1 }, 'a');
    expect(other.status).toBe(409);
    expect(other.text).not.toContain(canary);
  });

  test('is the same whoever asks: no model is given a person', async () => {
    const one = await predict({ ...plain, phone: phoneOf(1), house: 1 }, 'a');
    const other = await predict({ ...plain, phone: null, house: 99 }, 'b');
    expect(one.body.prediction).toBe(other.body.prediction);
  });

  test('is neither made nor kept without a key; what is wrong is said', async () => {
    const keyless = { ...deps, piiKey: async () => undefined };
    const event = {
      httpMethod: 'POST',
      resource: '/models/{model}/predict',
      pathParameters: { model: model.name },
      headers: {},
      body: JSON.stringify({ features: { ...plain, phone: phoneOf(1), house: 1 } }),
    };
    const result = (await createPredictHandler(keyless)(event as unknown as HttpEvent)) as {
      statusCode: number;
      body: string;
    };
    expect(result.statusCode).toBe(503);
    expect(JSON.parse(result.body).detail).toBe(
      '"phone" of model "small" is pii, and this deployment has no key to tokenise it with',
    );
    expect(deps.predictions.dump().filter(({ sk }) => !sk.startsWith('outcome'))).toHaveLength(0);
  });
});

/** A person's value somewhere in a body: right, of the wrong type or size, and in bodies that are none. */
const bodies = fc
  .tuple(fc.stringMatching(/^[a-z ]{0,20}$/), fc.nat({ max: 10_000 }))
  .map(([words, number]) => ({ text: `${words}${canary}${number}`, number: Number(`${canary}${number}`) }))
  .chain(({ text, number }) => {
    const row = { ...plain, phone: 'x', house: 1 };
    return fc.constantFrom<unknown>(
      { features: { ...row, phone: text } },
      { features: { ...row, phone: number, house: text } },
      { features: { ...row, customer: text } },
      { features: { ...row, phone: [text] } },
      { features: { ...row, phone: { number: text } } },
      { features: { ...row, phone: text.padEnd(2000, 'x') } },
      { features: { ...row, phone: text, weight: 'heavy' } },
      { features: text },
      { features: [text] },
      { instances: text },
      text,
      JSON.stringify(text),
      `{"features": {"phone": "${text}"`,
      `{"features": {"phone": ${text}}}`,
      `${JSON.stringify({ features: { ...row, phone: text } })}}`,
    );
  });

describe('whatever is sent, answered, refused or broken', () => {
  test('no byte that is stored, printed or answered holds what is about a person', async () => {
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(
        bodies,
        fc.boolean(),
        fc.constantFrom('predict', 'batch', 'explain'),
        async (body, isDown, way) => {
          deps.predictions.beforeWrite = () => {
            if (isDown) throw new Error('the table is away');
          };
          const given = body as { features?: unknown };
          if (way === 'batch')
            await send(
              'predict',
              'predict/batch',
              typeof body === 'string' ? body : { instances: [given.features, given] },
            );
          else if (way === 'explain') await send('explain', 'explain', body);
          else
            await send(
              'predict',
              'predict',
              typeof body === 'string' ? body : { ...given, request_id: `r${sent % 5}` },
            );
          sent += 1;
        },
      ),
      { numRuns: 60, seed: 5 },
    );
    deps.predictions.beforeWrite = () => undefined;
    const statuses = deps.predictions.dump().length;
    expect(statuses).toBeGreaterThan(0);
    expect(deps.spooled.length).toBeGreaterThan(0);
    expect(await leaks()).toEqual([]);
  });
});

describe('on its way through capture, the monitor and explanations', () => {
  async function serve(count: number, phone: (at: number) => string | null): Promise<void> {
    const instances = smallRows(count, 11).map(({ id, features }, at) => ({
      request_id: id,
      features: { ...features, phone: phone(at), house: Number(`${canary}${at}`), customer: phoneOf(at) },
    }));
    const { status } = await send('predict', 'predict/batch', { instances });
    expect(status).toBe(200);
    await send(
      'feedback',
      'feedback',
      smallRows(count, 11).map(({ id, label }) => ({ request_id: id, label })),
    );
  }

  /** The report of what was served, the granules of it closed. */
  async function judged(): Promise<Report> {
    await invoke(
      'capture',
      eventOf([...feed, { ...feed[0]!, dynamodb: { NewImage: { data: { S: '{' } } } } as never]),
    );
    deps.clock.ms += 120_000;
    deps.clock.closedBefore = deps.clock.ms;
    await invoke('tick', {});
    await invoke('monitor', {
      detail: { model: model.name, windows: [{ start: startMs, end: startMs + 60_000 }] },
    });
    const path = deps.objects.keys('reports/').find((one) => one.endsWith('.json'));
    return JSON.parse(readable((await deps.objects.get(path!))!).split('\n')[0]!) as Report;
  }

  const usual = (at: number) => (at % 10 === 0 ? null : phoneOf(at % 30));

  test('a person stays a token, in the archive and quarantine, in profiles, reports and explained rows', async () => {
    await serve(100, usual);
    await judged();
    const rows: PredictionRow[] = [];
    for await (const file of readArchive(deps, model.name, startMs, startMs + 60_000))
      for (const row of file.rows) if (row.kind === 'prediction') rows.push(row);
    expect(rows).toHaveLength(100);
    expect(new Set(rows.map(({ features }) => features.phone)).size).toBe(28);
    const kept = new Set(deps.objects.keys().map((path) => path.split('/')[0]));
    expect([...kept].sort()).toEqual(['archive', 'granules', 'models', 'partials', 'quarantine', 'reports']);
    expect(deps.objects.keys('granules/').some((path) => path.includes('explained'))).toBe(true);
    expect(await leaks()).toEqual([]);
  });

  test('the same share of missing and the same people give no finding, and no drift is looked for', async () => {
    await serve(100, usual);
    const report = await judged();
    const about = (name: string) => report.quality.filter(({ column }) => column === name);
    expect(about('phone')).toEqual([]);
    expect(report.features.map(({ name }) => name)).toEqual([
      'weight',
      'depth',
      'colour',
      '$prediction',
      '$label',
    ]);
    expect(report.pii?.find(({ name }) => name === 'phone')).toEqual({
      name: 'phone',
      rows: 100,
      missing: 0.1,
      missing_reference: 0.1,
      unseen: { computable: true, share: 0, expected: 0 },
    });
    // every house is another one: of what is new by nature nothing is said to be new, and an id is not watched
    expect(report.pii?.map(({ name }) => name)).toEqual(['phone', 'house']);
    expect(report.pii?.[1]?.unseen).toEqual({
      computable: false,
      reason: 'no value of the baseline came twice: every value is expected to be new',
    });
    expect(about('house')).toEqual([]);
  });

  test('people nobody knew are found, and so is that they are missing; nobody is named', async () => {
    await serve(100, (at) => (at < 40 ? null : phoneOf(500 + at)));
    const report = await judged();
    const found = report.quality.filter(({ column }) => column === 'phone').map(({ check }) => check);
    expect(found).toEqual(['missing_rate_jump', 'unseen_categories']);
    expect(report.pii?.find(({ name }) => name === 'phone')?.unseen).toMatchObject({ share: 1, expected: 0 });
    expect(await leaks()).toEqual([]);
  });

  test('an explanation names the inputs of the model only', async () => {
    const { body } = await send('explain', 'explain', {
      features: { ...plain, phone: phoneOf(1), house: 1 },
    });
    const names = (body.values as { feature: string }[]).map(({ feature }) => feature);
    expect(names.sort()).toEqual(['colour', 'depth', 'weight']);
  });
});

describe('rows of a source', () => {
  const lines = smallRows(200, 21)
    .map(withPerson)
    .map(({ at, features, label }) =>
      [
        at,
        features.weight,
        features.depth,
        features.colour,
        features.phone,
        features.house,
        features.customer,
        label,
      ].join(),
    );
  const put = (more: readonly string[] = []) =>
    deps.objects.put(
      'ingest/rows.csv',
      Buffer.from(['at,weight,depth,colour,phone,house,customer,value', ...lines, ...more, ''].join('\n')),
    );
  const ingest = () =>
    invoke('retrain-ingest', { execution: 'run-1', model: model.name }) as Promise<Record<string, unknown>>;

  test('are frozen with tokens, those that predictions have; training and holdout have no person', async () => {
    await put();
    const ingested = await ingest();
    expect(ingested).toMatchObject({ status: 'ingested', rows: 200 });
    const snapshot = await invoke('retrain-snapshot', {
      execution: 'run-1',
      model: model.name,
      request: { model: model.name, trigger: 'operator', actor: 'a', reason: 'b', execution_name: 'run-1' },
      champion: 'v1',
      ingested,
    });
    expect(snapshot).toMatchObject({ status: 'ready' });
    expect(deps.objects.keys('runs/').length).toBeGreaterThanOrEqual(5);
    await predict({ ...plain, phone: phoneOf(1), house: 1 }, 'a');
    const kept = readable(
      (await deps.objects.get(deps.objects.keys('runs/').find((path) => path.includes('ingested'))!))!,
    );
    expect(kept).toContain(String((await record('a')).features.phone));
    expect(await leaks()).toEqual([]);
  });

  test('whose time is about a person, and no time, are refused without it', async () => {
    await put();
    const { policy_change: _, ...record } = model;
    const source = { kind: 'object', key: 'ingest/rows.csv', time: 'phone' } as const;
    const changed: ModelRecord = { ...record, name: 'other', retrain: { ...record.retrain, source } };
    await createModel(deps, changed);
    const result = (await invoke('retrain-ingest', { execution: 'run-1', model: 'other' })) as {
      reason: string;
    };
    expect(result.reason).toMatch(
      /^row 1 of the source: the value in "phone" is neither a date nor a number$/,
    );
  });

  test('may come without the columns about people, and are none the worse for it', async () => {
    const rows = smallRows(60, 21).map(({ at, features, label }) =>
      [at, features.weight, features.depth, features.colour, label].join(),
    );
    await deps.objects.put(
      'ingest/rows.csv',
      Buffer.from(['at,weight,depth,colour,value', ...rows, ''].join('\n')),
    );
    expect(await ingest()).toMatchObject({ status: 'ingested', rows: 60, notes: [] });
  });

  test('that are broken are counted, and the first of them is not quoted', async () => {
    await put([`${canary}1 broken "quote`, `1,1,1,red,"${canary}" x,${canary},1,5`]);
    const result = JSON.stringify(await ingest());
    expect(result).toContain('2 rows were skipped');
    expect(result).not.toContain(canary);
  });
});
