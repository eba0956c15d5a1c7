/** From checked rows to logged answers: one inference for all of them, one log item for each. */
import type { Deps } from '#shared/deps.ts';
import {
  featuresHash,
  type LogResult,
  logPrediction,
  type PredictionRecord,
} from '#shared/log/prediction-log.ts';
import { answersOf } from '#shared/onnx/answers.ts';
import { contextOf, type FeatureRow, rowsToColumns } from '#shared/schema/rows.ts';
import type { LoadedModel } from './model-store.ts';

export interface Request {
  readonly id: string;
  readonly row: FeatureRow;
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
  const columns = rowsToColumns(
    model.manifest.schema,
    requests.map((request) => request.row),
  );
  const answers = answersOf(model.manifest.schema, await model.session.run(columns));
  const at = deps.now();
  return Promise.all(
    requests.map(async (request, row) => {
      const record: PredictionRecord = {
        model: model.record.name,
        version: model.manifest.version,
        request_id: request.id,
        at,
        features: request.row,
        context: contextOf(model.manifest.schema, request.row),
        answer: answers[row]!,
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
