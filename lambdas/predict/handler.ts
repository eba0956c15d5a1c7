/** HTTP → prediction: /predict, /predict/batch, /reload, /health, /ready. Every 200 is in the log or says that it is in the spool. */
import { answering, type HttpEvent, type HttpResult, header, json, parseObject } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { logOutcome, type PredictionRecord, requestIdPattern } from '#shared/log/prediction-log.ts';
import { createTokeniser } from '#shared/privacy/tokeniser.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { checkRow } from '#shared/schema/check-row.ts';
import { readBatch } from './batch.ts';
import { createModelStore, type LoadedModel, type ModelStore } from './model-store.ts';
import { createOutcomeBudget } from './outcome-budget.ts';
import { assertTakesBatches } from './paused.ts';
import { type Predicted, predictAndLog } from './predict.ts';

export function createPredictHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResult> {
  const store = createModelStore(deps);
  const toCount = createOutcomeBudget(deps.now);
  const operations: Readonly<Record<string, (event: HttpEvent) => Promise<HttpResult>>> = {
    predict: (event) => predictOne(deps, store, event),
    batch: (event) => predictBatch(deps, store, event),
    reload: async (event) => {
      const model = await store.reload(event.pathParameters?.model ?? undefined);
      return json(200, { model: model.record.name, model_version: model.manifest.version });
    },
    health: () => health(store),
    ready: () => ready(store),
  };
  return async (event) => {
    const name = event.resource.split('/').at(-1) ?? '';
    const operation = operations[name];
    if (!operation)
      throw new Error(`the predict function has no operation for ${event.httpMethod} ${event.resource}`);
    const isPrediction = name === 'predict' || name === 'batch';
    try {
      const result = await answering(() => operation(event));
      if (isPrediction && result.statusCode >= 400) await count(event, result.statusCode);
      return result;
    } catch (error) {
      if (isPrediction) await count(event, 500);
      throw error;
    }
  };

  async function count(event: HttpEvent, status: number): Promise<void> {
    const failures = toCount(`${event.pathParameters?.model ?? ''}#${status}`);
    if (failures > 0) await countFailures(deps, event, status, failures);
  }
}

/** A request for a model that does not exist belongs to no model and is not counted. */
async function countFailures(deps: Deps, event: HttpEvent, status: number, count: number): Promise<void> {
  try {
    const model = await resolveModel(deps, event.pathParameters?.model ?? undefined);
    const outcome = { model: model.name, at: deps.now(), status };
    await logOutcome(deps, deps.newId(), count > 1 ? { ...outcome, count } : outcome);
  } catch (error) {
    if (!(error instanceof ProblemError))
      deps.log('warn', 'an outcome could not be counted', { error: String(error) });
  }
}

async function predictOne(deps: Deps, store: ModelStore, event: HttpEvent): Promise<HttpResult> {
  const startedAt = performance.now();
  const body = parseObject(event, deps.settings.MAX_BODY_BYTES);
  const model = await store.current(event.pathParameters?.model ?? undefined);
  const id = requestId(body.request_id ?? header(event, 'idempotency-key'), deps);
  const { features, pointer } = featuresOf(body, event.resource);
  const check = checkRow(model.manifest.schema, features, pointer);
  if (!check.ok)
    throw new ProblemError(check.status, `${check.faults.length} features are not acceptable`, {
      errors: check.faults,
      request_id: id,
    });
  const tokenise = await createTokeniser(deps, model.record.name, model.manifest.schema);
  const [[predicted]] = await Promise.all([
    predictAndLog(deps, model, [{ id, row: tokenise(check.row), image: check.image }], startedAt),
    store.settle(),
  ]);
  if (!predicted!.ok) throw new ProblemError(predicted!.status, predicted!.detail, { request_id: id });
  const { record, logged } = predicted!;
  return json(200, answer(record), {
    ...(logged === 'replayed' ? { 'idempotent-replayed': 'true' } : {}),
    ...(logged === 'spooled' ? { 'tidemark-logged': 'false' } : {}),
  });
}

async function predictBatch(deps: Deps, store: ModelStore, event: HttpEvent): Promise<HttpResult> {
  const startedAt = performance.now();
  const body = parseObject(event, deps.settings.MAX_BODY_BYTES);
  const model = await store.current(event.pathParameters?.model ?? undefined);
  await assertTakesBatches(deps, model.record.name);
  const batchId = requestId(body.batch_id ?? header(event, 'idempotency-key'), deps);
  const tokenise = await createTokeniser(deps, model.record.name, model.manifest.schema);
  const batch = await readBatch(model.manifest.schema, body.instances, batchId, tokenise);
  const valid = batch.flatMap((one) => (one.ok ? [one] : []));
  const [predicted] = await Promise.all([predictAndLog(deps, model, valid, startedAt), store.settle()]);
  let next = 0;
  const predictions = batch.map((one) => (one.ok ? batchAnswer(predicted[next++]!) : one.problem));
  const spooled = predicted.some((one) => one.ok && one.logged === 'spooled');
  return json(200, { batch_id: batchId, predictions }, spooled ? { 'tidemark-logged': 'false' } : {});
}

function batchAnswer(predicted: Predicted): Record<string, unknown> {
  if (predicted.ok) return answer(predicted.record);
  const { id, status, detail } = predicted;
  return { request_id: id, error: { status, detail } };
}

function answer(record: PredictionRecord): Record<string, unknown> {
  return {
    request_id: record.request_id,
    model: record.model,
    model_version: record.version,
    ...record.answer,
  };
}

function requestId(given: unknown, deps: Deps): string {
  if (given === undefined) return deps.newId();
  if (typeof given === 'string' && requestIdPattern.test(given)) return given;
  throw new ProblemError(
    400,
    `request_id ${JSON.stringify(given)} is not allowed: 1 to 128 of A-Z a-z 0-9 . _ : -`,
    {
      errors: [{ pointer: '/request_id', detail: 'not allowed' }],
    },
  );
}

/** The short form also takes the features flat, beside an optional request_id. */
function featuresOf(body: Record<string, unknown>, resource: string): { features: unknown; pointer: string } {
  if ('features' in body || resource !== '/predict') return { features: body.features, pointer: '/features' };
  const { request_id: _, ...features } = body;
  return { features, pointer: '' };
}

async function health(store: ModelStore): Promise<HttpResult> {
  const model = await loaded(store);
  return json(200, {
    status: 'ok',
    model: model?.record.name ?? null,
    model_version: model?.manifest.version ?? null,
  });
}

async function ready(store: ModelStore): Promise<HttpResult> {
  const model = await store.current(undefined);
  await store.settle();
  return json(200, { status: 'ready', model: model.record.name, model_version: model.manifest.version });
}

async function loaded(store: ModelStore): Promise<LoadedModel | undefined> {
  try {
    const model = await store.current(undefined);
    await store.settle();
    return model;
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}
