/** One inference for all requests: rows as columns, or images as tensors. What is answered, and what is logged of each. */
import { answerImages } from '#shared/images/image-answers.ts';
import type { Answer } from '#shared/log/prediction-log.ts';
import { answersOf } from '#shared/onnx/answers.ts';
import { imageFeature } from '#shared/schema/feature-schema.ts';
import { type FeatureRow, rowsToColumns } from '#shared/schema/rows.ts';
import type { LoadedModel } from './model-store.ts';
import type { Request } from './predict.ts';

interface Inferred {
  readonly answer: Answer;
  readonly features: FeatureRow;
}

/** In the order of the requests. */
export async function infer(
  { manifest: { schema }, session }: LoadedModel,
  requests: readonly Request[],
): Promise<readonly Inferred[]> {
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
