/** From checked rows to logged answers: one inference for all of them, one log item for each. */
import type { Deps } from '#shared/deps.ts';
import type { DecodedImage } from '#shared/images/decode-image.ts';
import { storeImage } from '#shared/images/image-store.ts';
import {
  featuresHash,
  type LogResult,
  logPrediction,
  type PredictionRecord,
} from '#shared/log/prediction-log.ts';
import { imageFeature } from '#shared/schema/feature-schema.ts';
import { contextOf, type FeatureRow } from '#shared/schema/rows.ts';
import { infer } from './infer.ts';
import type { LoadedModel } from './model-store.ts';

export interface Request {
  readonly id: string;
  /** As it was checked, tokens for what is pii: what makes a request the same when it comes again. */
  readonly row: FeatureRow;
  readonly image?: DecodedImage | undefined;
}

export type Predicted =
  | {
      readonly ok: true;
      readonly record: PredictionRecord;
      readonly logged: 'stored' | 'replayed' | 'spooled';
    }
  /** An answer that there is not, or that must not be given: it would be in no log, or in one that says otherwise. */
  | { readonly ok: false; readonly id: string; readonly status: number; readonly detail: string };

/**
 * In the order of the requests.
 *
 * @param startedAt when the request came in, by `performance.now()`
 */
export async function predictAndLog(
  deps: Deps,
  model: LoadedModel,
  requests: readonly Request[],
  startedAt: number,
): Promise<readonly Predicted[]> {
  const { schema, version } = model.manifest;
  const { name } = model.record;
  const inferred = await infer(model, requests);
  // what a client sends wrong is the client's to know
  const failed = inferred.filter((one) => !one.ok && one.status === 422);
  if (failed.length > 0)
    deps.log('warn', 'the model could not answer rows', {
      model: name,
      version,
      rows: failed.length,
      first: failed.find((one) => !one.ok)?.detail,
    });
  const keepsImages = imageFeature(schema)?.image.store_inputs ?? false;
  const at = deps.now();
  return Promise.all(
    requests.map(async ({ id, row, image }, place): Promise<Predicted> => {
      const one = inferred[place]!;
      if (!one.ok) return { ok: false, id, status: one.status, detail: one.detail };
      if (image && keepsImages) await storeImage(deps, name, image);
      const record: PredictionRecord = {
        model: name,
        version,
        request_id: id,
        at,
        features: one.features,
        context: contextOf(schema, row),
        answer: one.answer,
        duration_ms: Math.round(1000 * (performance.now() - startedAt)) / 1000,
        hash: featuresHash(row),
      };
      return predictedOf(record, await logPrediction(deps, record));
    }),
  );
}

function predictedOf(record: PredictionRecord, result: LogResult): Predicted {
  const id = record.request_id;
  switch (result.kind) {
    case 'conflict':
      return {
        ok: false,
        id,
        status: 409,
        detail: `request_id "${id}" was already used with other features`,
      };
    case 'too_large':
      return {
        ok: false,
        id,
        status: 413,
        detail: `the log item of request_id "${id}" has ${result.bytes} bytes; items of at most ${result.allowed} bytes can be logged`,
      };
    case 'replayed':
      return { ok: true, record: result.record, logged: 'replayed' };
    default:
      return { ok: true, record, logged: result.kind };
  }
}
