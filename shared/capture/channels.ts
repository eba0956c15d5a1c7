/** The model's own outputs as columns beside the features: prediction, confidence, label and loss. */
import type { Answer } from '../log/prediction-log.ts';
import type { Channel } from '../profile/anchors.ts';
import type { Column } from '../schema/columns.ts';

/** Column names; the `$` keeps them apart from features, which the CSV reader and the API name freely. */
export const channelNames = {
  prediction: '$prediction',
  confidence: '$confidence',
  label: '$label',
  loss: '$loss',
} as const satisfies Partial<Record<Channel, string>>;

/** What the model said: a number, or a class and its confidence. */
export function answerColumns(answers: readonly Answer[]): Column[] {
  if (answers.length > 0 && 'prediction' in answers[0]!) {
    const values = Float64Array.from(answers, (answer) =>
      'prediction' in answer ? answer.prediction : Number.NaN,
    );
    return [{ kind: 'numeric', name: channelNames.prediction, values }];
  }
  const classes = answers.map((answer) => ('predicted_class' in answer ? answer.predicted_class : null));
  const confidences = Float64Array.from(answers, (answer) =>
    'confidence' in answer ? answer.confidence : Number.NaN,
  );
  return [
    { kind: 'categorical', name: channelNames.prediction, values: classes },
    { kind: 'numeric', name: channelNames.confidence, values: confidences },
  ];
}

export interface LabelledAnswer {
  readonly label: number | string;
  readonly answer: Answer;
}

/** What was true, and how far off the answer was. */
export function labelColumns(labelled: readonly LabelledAnswer[]): Column[] {
  const loss: Column = {
    kind: 'numeric',
    name: channelNames.loss,
    values: Float64Array.from(labelled, (one) => lossOf(one.answer, one.label)),
  };
  if (labelled.length > 0 && 'prediction' in labelled[0]!.answer) {
    const values = Float64Array.from(labelled, (one) => Number(one.label));
    return [{ kind: 'numeric', name: channelNames.label, values }, loss];
  }
  return [
    { kind: 'categorical', name: channelNames.label, values: labelled.map((one) => String(one.label)) },
    loss,
  ];
}

/** Absolute error of a number; 0 or 1 for a class. The unit in which performance is watched. */
function lossOf(answer: Answer, label: number | string): number {
  if ('prediction' in answer) return Math.abs(answer.prediction - Number(label));
  return answer.predicted_class === String(label) ? 0 : 1;
}
