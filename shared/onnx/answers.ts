/** A model's raw outputs as the answers that are sent, logged and judged. */
import type { Answer } from '../log/prediction-log.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { OnnxOutput } from './session.ts';

/** Above this many classes only the likeliest are kept, so that a log item stays small. */
const maxClasses = 100;
const keptClasses = 20;

/** One answer per row; classes are named by the schema's target, in its order. */
export function answersOf(schema: ModelSchema, output: OnnxOutput): Answer[] {
  if (output.task === 'regression') return Array.from(output.values, (prediction) => ({ prediction }));
  const classes = schema.target.classes ?? [];
  const { classesCount, probabilities } = output;
  return Array.from({ length: probabilities.length / classesCount }, (_, row) =>
    classAnswer(classes, probabilities.subarray(row * classesCount, (row + 1) * classesCount)),
  );
}

function classAnswer(classes: readonly string[], scores: Float32Array): Answer {
  let best = 0;
  for (let at = 1; at < scores.length; at++) if (scores[at]! > scores[best]!) best = at;
  const named = Array.from(scores, (score, at): [string, number] => [classes[at] ?? String(at), score]);
  const kept =
    named.length > maxClasses
      ? named.toSorted((one, other) => other[1] - one[1]).slice(0, keptClasses)
      : named;
  return {
    predicted_class: classes[best] ?? String(best),
    confidence: scores[best]!,
    probabilities: Object.fromEntries(kept),
  };
}
