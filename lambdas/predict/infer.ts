/** One inference for all requests: rows as columns, or images as tensors. What is answered, and what is logged of each. */
import { answerImages } from '#shared/images/image-answers.ts';
import type { Answer } from '#shared/log/prediction-log.ts';
import { answersOf } from '#shared/onnx/answers.ts';
import { OnnxModelError, OnnxRowError } from '#shared/onnx/model-error.ts';
import { imageFeature } from '#shared/schema/feature-schema.ts';
import { type FeatureRow, rowsToColumns } from '#shared/schema/rows.ts';
import type { LoadedModel } from './model-store.ts';
import type { Request } from './predict.ts';

export type Inferred =
  | { readonly ok: true; readonly answer: Answer; readonly features: FeatureRow }
  | {
      readonly ok: false;
      /** 400 for a value that the model's inputs cannot hold, 422 where the model itself has no answer. */
      readonly status: 400 | 422;
      readonly detail: string;
    };

/** In the order of the requests; one that the model cannot answer fails alone. */
export async function infer(model: LoadedModel, requests: readonly Request[]): Promise<readonly Inferred[]> {
  if (requests.length === 0) return [];
  try {
    return (await inferAll(model, requests)).map(unlessNotFinite);
  } catch (error) {
    if (!(error instanceof OnnxModelError)) throw error;
    if (requests.length === 1)
      return [{ ok: false, status: error instanceof OnnxRowError ? 400 : 422, detail: error.message }];
    const half = requests.length >>> 1;
    return [...(await infer(model, requests.slice(0, half))), ...(await infer(model, requests.slice(half)))];
  }
}

interface Answered {
  readonly answer: Answer;
  readonly features: FeatureRow;
}

async function inferAll(
  { manifest: { schema }, session }: LoadedModel,
  requests: readonly Request[],
): Promise<readonly Answered[]> {
  if (!imageFeature(schema)) {
    const rows = requests.map((request) => request.row);
    const answers = answersOf(schema, await session.run(rowsToColumns(schema, rows)));
    return rows.map((features, at) => ({ answer: answers[at]!, features }));
  }
  const images = requests.flatMap(({ image }) => (image ? [image] : []));
  const answered = await answerImages(session, schema, images);
  return answered.map(({ answer, features }, at) => ({
    answer,
    features: { ...requests[at]!.row, ...features },
  }));
}

/** JSON has no NaN: it would be answered, and logged, as null. */
function unlessNotFinite(answered: Answered): Inferred {
  const { answer } = answered;
  const figures = 'prediction' in answer ? [answer.prediction] : Object.values(answer.probabilities);
  const bad = figures.find((figure) => !Number.isFinite(figure));
  if (bad === undefined) return { ok: true, ...answered };
  return { ok: false, status: 422, detail: `the model answers ${bad}, which is no number, for this row` };
}
