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
  /** As it was checked: what makes a request the same when it comes again. */
  readonly row: FeatureRow;
  readonly image?: DecodedImage | undefined;
}

export interface Logged {
  readonly record: PredictionRecord;
  readonly result: LogResult;
}

/** Answers in the order of the requests. */
export async function predictAndLog(
  deps: Deps,
  model: LoadedModel,
  requests: readonly Request[],
): Promise<readonly Logged[]> {
  const { schema } = model.manifest;
  const inferred = await infer(model, requests);
  const keepsImages = imageFeature(schema)?.image.store_inputs ?? false;
  const at = deps.now();
  return Promise.all(
    requests.map(async (request, row) => {
      if (request.image && keepsImages) await storeImage(deps, model.record.name, request.image);
      const { answer, features } = inferred[row]!;
      const record: PredictionRecord = {
        model: model.record.name,
        version: model.manifest.version,
        request_id: request.id,
        at,
        features,
        context: contextOf(schema, request.row),
        answer,
        hash: featuresHash(request.row),
      };
      const result = await logPrediction(deps, record);
      return { record: result.kind === 'replayed' ? result.record : record, result };
    }),
  );
}

/** Why an answer must not be given: it would be in no log, or in one that says otherwise. */
export function refusalOf({ record, result }: Logged): { status: number; detail: string } | undefined {
  if (result.kind === 'conflict')
    return {
      status: 409,
      detail: `request_id "${record.request_id}" was already used with other features`,
    };
  if (result.kind === 'too_large')
    return {
      status: 413,
      detail: `the log item of request_id "${record.request_id}" has ${result.bytes} bytes; items of at most ${result.allowed} bytes can be logged`,
    };
  return undefined;
}
