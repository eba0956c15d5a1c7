/** Registers a model without a version: what it is sent, what it says, how it is watched. Versions are uploaded to it next. */
import * as z from 'zod';
import { type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import { unexpectedMembers } from '#shared/api/unexpected-members.ts';
import { canaryModel } from '#shared/canary/names.ts';
import type { Deps } from '#shared/deps.ts';
import { ConflictError, ProblemError } from '#shared/errors.ts';
import { updateItem } from '#shared/ports/update.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { appendLedger } from '#shared/registry/ledger.ts';
import { type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import { createModel as create, listVersions, readPointer } from '#shared/registry/registry.ts';
import { imageFeature, type ModelSchema, piiFeatures, schemaHash } from '#shared/schema/feature-schema.ts';
import { actor, claimOf, readBody, reason } from './operator-body.ts';

const { name, task, schema } = modelRecordSchema.shape;
/** What they may be, the record's own schema says. */
const settings = z.record(z.string(), z.json()).default({});

const createBody = z.strictObject({
  ...actor,
  reason: reason.default('registered by an operator'),
  name,
  task: task.optional(),
  schema,
  monitor: settings,
  retrain: settings,
});

export async function createModel(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { actor: by, on_behalf_of, reason: why, ...body } = readBody(deps, event, createBody);
  const { classes } = body.schema.target;
  const wanted = body.task ?? taskOf(body.schema);
  if (body.name === canaryModel)
    throw new ProblemError(409, `"${canaryModel}" is the name of Tidemark's own model; choose another`);
  assertTokenisable(deps, body.schema);
  if (wanted === 'regression' && classes)
    throw new ProblemError(400, 'a regression has no classes; leave schema.target.classes out');
  if (wanted !== 'regression' && !classes)
    throw new ProblemError(
      400,
      `the task ${wanted} needs schema.target.classes, in the order of the model's outputs`,
    );
  const record = modelRecordSchema.safeParse({
    ...body,
    task: wanted,
    created_at: new Date(deps.now()).toISOString(),
  });
  if (!record.success) throw unexpectedMembers(record.error);
  await createOrReplace(deps, record.data);
  await appendLedger(deps, record.data.name, {
    at: deps.now(),
    action: 'create',
    actor: by,
    ...claimOf({ on_behalf_of }),
    reason: why,
    detail: { task: wanted, schema_hash: schemaHash(record.data.schema) },
  });
  return json(201, { ...record.data, champion: null, previous: null });
}

/** Without a key nothing could be answered: better said now than with the first request. */
function assertTokenisable({ settings }: Deps, schema: ModelSchema): void {
  const [pii] = piiFeatures(schema);
  if (pii === undefined || settings.PII_KEY === 'available') return;
  throw new ProblemError(
    422,
    `feature "${pii}" is pii, and this deployment has no key to tokenise it with: deploy it with "-c pii=true", or exclude the feature`,
    { errors: [{ pointer: '/schema/features', detail: `"${pii}" cannot be tokenised` }] },
  );
}

function taskOf(schema: ModelSchema): ModelRecord['task'] {
  if (imageFeature(schema)) return 'image-classification';
  return schema.target.classes ? 'classification' : 'regression';
}

/** A model none of whose versions was any good may be described anew; any other name is taken. */
async function createOrReplace(deps: Deps, record: ModelRecord): Promise<void> {
  try {
    await create(deps, record);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const versions = await listVersions(deps, record.name, 100);
    if ((await readPointer(deps, record.name)) || versions.some(({ status }) => status !== 'REJECTED'))
      throw new ProblemError(409, error.message);
    await updateItem(deps.state, stateKeys.record(record.name), () => record);
  }
}
