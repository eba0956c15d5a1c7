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
