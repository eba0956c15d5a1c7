/** What a session answered on held-out rows, judged by every metric of the task. */
import { type Evaluation, type EvaluationInput, evaluate } from '../evaluation/evaluate.ts';
import type { Answer } from '../log/prediction-log.ts';
import type { OnnxOutput } from '../onnx/session.ts';
import { seededRandom, seedFrom } from '../random.ts';
import type { Columns } from '../schema/columns.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { type FeatureRow, rowsToColumns } from '../schema/rows.ts';
import type { TrainingTarget } from '../training/training-target.ts';

const MANY_ROWS = 200_000;
const MOST_SLICES = 50;

/**
 * @param data the rows' columns: categorical ones with at most 50 values are slices
 * @param target as many rows as the output has
 * @param seed of the bootstrap
 */
export function evaluateOutput(
  output: OnnxOutput,
  data: Columns,
  target: TrainingTarget,
  seed: string,
): Evaluation {
  return evaluateSliced(evaluationInput(output, target), data, seed);
}

/**
 * The same of answers as they are logged.
 *
 * @param rows each with its label, as many as answers
 */
export function evaluateAnswers(
  schema: ModelSchema,
  rows: readonly { readonly features: FeatureRow; readonly label: number | string }[],
  answers: readonly Answer[],
  seed: string,
): Evaluation {
  const data = rowsToColumns(
    schema,
    rows.map(({ features }) => features),
  );
  return evaluateSliced(answersInput(schema.target.classes, rows, answers), data, seed);
}

function evaluateSliced(input: EvaluationInput, data: Columns, seed: string): Evaluation {
  return evaluate(input, {
    random: seededRandom(seedFrom(`bootstrap#${seed}`)),
    ...(data.rows > MANY_ROWS ? { resamples: 50 } : {}),
    slices: data.columns.flatMap((column) =>
      column.kind === 'categorical' && new Set(column.values).size <= MOST_SLICES
        ? [{ name: column.name, values: column.values }]
        : [],
    ),
  });
}

function answersInput(
  classes: readonly string[] | undefined,
  rows: readonly { readonly label: number | string }[],
  answers: readonly Answer[],
): EvaluationInput {
  if (!classes)
    return {
      task: 'regression',
      truth: Float64Array.from(rows, ({ label }) => Number(label)),
      predicted: answers.map((answer) => ('prediction' in answer ? answer.prediction : Number.NaN)),
    };
  const probabilities = answers.flatMap((answer) =>
    'probabilities' in answer ? classes.map((name) => answer.probabilities[name] ?? Number.NaN) : [],
  );
  // of very many classes an answer keeps the likeliest only: then nothing is said of probabilities
  const areWhole = probabilities.every((one) => !Number.isNaN(one));
  return {
    task: 'classification',
    labels: rows.map(({ label }) => String(label)),
    predicted: answers.map((answer) => ('predicted_class' in answer ? answer.predicted_class : '')),
    classes,
    ...(areWhole ? { probabilities: Float64Array.from(probabilities) } : {}),
  };
}

/** The values, or the probabilities, row by row. */
export function scoresOf(output: OnnxOutput): Float32Array {
  return output.task === 'regression' ? output.values : output.probabilities;
}

function evaluationInput(output: OnnxOutput, target: TrainingTarget): EvaluationInput {
  const scores = scoresOf(output);
  if (target.task === 'regression') return { task: 'regression', truth: target.values, predicted: scores };
  const { classes, labels } = target;
  const width = classes.length;
  const predicted = Array.from(labels, (_, row) => {
    const one = scores.subarray(row * width, (row + 1) * width);
    return classes[one.indexOf(one.reduce((best, other) => Math.max(best, other)))]!;
  });
  const truth = Array.from(labels, (label) => classes[label]!);
  return { task: 'classification', labels: truth, predicted, classes, probabilities: scores };
}
