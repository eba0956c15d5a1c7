/** What an explanation is asked with: a row, or the id of one that was predicted, and how. */
import * as z from 'zod';
import { type HttpEvent, parseObject } from '#shared/api/http.ts';
import { unexpectedMembers } from '#shared/api/unexpected-members.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { DEFAULT_PERMUTATIONS } from '#shared/explain/permutation-shapley.ts';
import { type PredictionRecord, requestIdPattern } from '#shared/log/prediction-log.ts';
import { withoutPii } from '#shared/privacy/presence.ts';
import { readManifest } from '#shared/registry/artefacts.ts';
import { predictionKey } from '#shared/registry/keys.ts';
import type { Manifest } from '#shared/registry/model.ts';
import { readPointer, resolveModel } from '#shared/registry/registry.ts';
import { checkRow } from '#shared/schema/check-row.ts';
import { imageFeature } from '#shared/schema/feature-schema.ts';
import type { FeatureRow } from '#shared/schema/rows.ts';

const bodySchema = z.strictObject({
  /** Checked by the model's schema. */
  features: z.unknown().optional(),
  request_id: z.string().regex(requestIdPattern, '1 to 128 of A-Z a-z 0-9 . _ : - is expected').optional(),
  /** Whose score is explained; the predicted one where absent. */
  class: z.string().optional(),
  method: z.enum(['auto', 'tree', 'permutation', 'exact']).default('auto'),
  /** Each is also gone through backwards. */
  permutations: z.int().min(1).max(1000).default(DEFAULT_PERMUTATIONS),
  /** Rows that stand for what a feature's absence means. */
  background: z.int().min(1).max(100).default(50),
});

export interface ExplainRequest extends Omit<z.infer<typeof bodySchema>, 'features' | 'request_id'> {
  readonly requestId: string;
  /** Of the version that predicted the row, or of the champion. */
  readonly manifest: Manifest;
  /** Without what is pii: no model is given it. */
  readonly row: FeatureRow;
}

/** @throws ProblemError 400 for a body or features that are not right, 404 for an unknown id, 422 for images, 503 without a champion */
export async function readRequest(deps: Deps, event: HttpEvent): Promise<ExplainRequest> {
  const { name } = await resolveModel(deps, event.pathParameters?.model ?? undefined);
  const parsed = bodySchema.safeParse(parseObject(event, deps.settings.MAX_BODY_BYTES));
  if (!parsed.success) throw unexpectedMembers(parsed.error);
  const { features, request_id: id, ...options } = parsed.data;
  if ((features === undefined) === (id === undefined))
    throw new ProblemError(400, 'either features or the request_id of a prediction is expected', {
      errors: [
        { pointer: '/features', detail: features === undefined ? 'missing' : 'given beside request_id' },
      ],
    });
  if (id !== undefined) {
    const { version, features: row } = await predicted(deps, name, id);
    const manifest = await tabular(deps, name, version);
    return { ...options, requestId: id, row: withoutPii(manifest.schema, row), manifest };
  }
  const pointer = await readPointer(deps, name);
  if (!pointer)
    throw new ProblemError(503, `model "${name}" has no champion yet`, {}, { 'retry-after': '30' });
  const manifest = await tabular(deps, name, pointer.champion);
  const check = checkRow(manifest.schema, features, '/features');
  if (!check.ok)
    throw new ProblemError(check.status, `${check.faults.length} features are not acceptable`, {
      errors: check.faults,
    });
  return { ...options, requestId: deps.newId(), row: withoutPii(manifest.schema, check.row), manifest };
}

async function predicted(deps: Deps, model: string, id: string): Promise<PredictionRecord> {
  const item = await deps.predictions.get(predictionKey(model, id));
  if (item) return item.value as unknown as PredictionRecord;
  throw new ProblemError(
    404,
    `model "${model}" has no prediction "${id}" in its log, which keeps ${deps.settings.LOG_TTL_DAYS} days`,
  );
}

async function tabular(deps: Deps, model: string, version: string): Promise<Manifest> {
  const manifest = await readManifest(deps, model, version).catch((error: Error) => {
    throw error.name === 'ArtefactError' ? new ProblemError(503, error.message) : error;
  });
  const image = imageFeature(manifest.schema);
  if (image)
    throw new ProblemError(
      422,
      `model "${model}" takes an image ("${image.name}"): its pixels are not features to explain one by one`,
    );
  return manifest;
}
