/** How good a model is on rows it has not seen: every metric of its task with intervals, by class and by slice, as plain JSON. */

import type { NotComputable } from '../drift/measure.ts';
import { type BootstrapOptions, bootstrapIntervals, type Interval } from './bootstrap.ts';
import { type CalibrationBin, calibrationCurve } from './calibration.ts';
import { errorRate, f1, precision, recall } from './class-metrics.ts';
import { classification } from './classification-metrics.ts';
import { type ConfusionMatrix, confusionMatrix, shownClasses } from './confusion-matrix.ts';
import { type EvaluationTask, equalWeights, type Figure, isComputable, type Metric } from './metric.ts';
import { notDistributions } from './probabilities.ts';
import { pinballLoss, regression, rmse } from './regression-metrics.ts';
import {
  type ClassificationInput,
  type ScoredClasses,
  scoreClasses,
  type WeightedClasses,
} from './scored-classes.ts';
import { type RegressionInput, scoreNumbers } from './scored-numbers.ts';
import { type SliceColumn, type SlicedMetric, sliceMetrics } from './slice-metrics.ts';

export type EvaluationInput = ClassificationInput | RegressionInput;

export interface EvaluateOptions extends Omit<BootstrapOptions, 'maxRows'> {
  /** Categorical columns of the evaluated rows, as of `Columns`. */
  readonly slices?: readonly SliceColumn[];
  /** Fewest rows of a slice of its own; 30 unless given. */
  readonly minSliceRows?: number;
}

interface ClassFigures {
  readonly class: string;
  readonly rows: number;
  readonly predicted: number;
  readonly precision: Figure;
  readonly recall: Figure;
  readonly f1: Figure;
}

type Calibration =
  | {
      /** What is compared: the probability of the second of two classes, or of more that of the predicted class. */
      readonly of: 'positive_class' | 'predicted_class';
      /** Over ten bins of equal mass. */
      readonly ece: number;
      readonly ece_equal_width: number;
      readonly max_error: number;
      readonly bins: readonly CalibrationBin[];
    }
  | NotComputable;

/** Plain JSON: what `metrics.json` holds. */
export interface Evaluation {
  readonly task: 'regression' | 'classification';
  readonly rows: number;
  readonly headline: Readonly<Record<string, Figure>>;
  /** Of the figures that have one; see {@link bootstrapIntervals} for when there is none. */
  readonly intervals: Readonly<Record<string, Interval>>;
  readonly interval_level: number;
  /** The largest 20 where there are more than 100 classes. */
  readonly per_class?: readonly ClassFigures[];
  readonly confusion_matrix?: ConfusionMatrix;
  readonly calibration?: Calibration;
  readonly slices?: readonly SlicedMetric[];
}

/**
 * Headline metrics of regression: rmse, mae, r2, mape, median_absolute_error, and pinball_LEVEL for each quantile given; of
 * classification: accuracy, error_rate, balanced_accuracy, precision, recall and f1 (`_macro`, `_weighted`), log_loss, brier, roc_auc,
 * pr_auc. Numbers are scikit-learn's; slices are judged by rmse or error_rate.
 *
 * @throws RangeError when lengths do not agree or an option is out of range
 * @example evaluate({ task: 'regression', truth: Float64Array.of(3, -0.5, 2, 7), predicted: [2.5, 0, 2, 8] }, { random: seededRandom(1) }).headline // { rmse: 0.612…, mae: 0.5, r2: 0.948…, … }
 */
export function evaluate(input: EvaluationInput, options: EvaluateOptions): Evaluation {
  return input.task === 'regression'
    ? evaluateRegression(input, options)
    : evaluateClassification(input, options);
}

function evaluateRegression(input: RegressionInput, options: EvaluateOptions): Evaluation {
  const scored = scoreNumbers(input.truth, input.predicted);
  const measured = measure(scored, regression, options);
  const pinball = (input.quantiles ?? []).map((quantile) => [
    `pinball_${quantile.level}`,
    pinballLoss(input.truth, quantile),
  ]);
  return {
    task: 'regression',
    ...measured,
    headline: { ...measured.headline, ...Object.fromEntries(pinball) },
    ...slicesOf(scored, regression, rmse, options),
  };
}

function evaluateClassification(input: ClassificationInput, options: EvaluateOptions): Evaluation {
  const scored = scoreClasses(input);
  const { probabilities: _, ...withoutProbabilities } = scored;
  const weighted = classification.weigh(scored, equalWeights(scored.rows));
  return {
    task: 'classification',
    ...measure(scored, classification, options),
    ...slicesOf(withoutProbabilities, classification, errorRate, options),
    per_class: shownClasses(weighted).map((at) => classFigures(weighted, at)),
    confusion_matrix: confusionMatrix(weighted),
    ...(scored.probabilities ? { calibration: calibrationOf(scored) } : {}),
  };
}

function measure<Scored extends { readonly rows: number }, Weighted>(
  scored: Scored,
  task: EvaluationTask<Scored, Weighted>,
  { random, resamples = 200, level = 0.95 }: EvaluateOptions,
) {
  const weighted = task.weigh(scored, equalWeights(scored.rows));
  const figures = task.metrics.map((metric) => [metric.name, metric.of(scored)(weighted)] as const);
  const headline: Record<string, Figure> = Object.fromEntries(figures);
  return {
    rows: scored.rows,
    headline,
    intervals: bootstrapIntervals(scored, task, task.metrics, headline, { random, resamples, level }),
    interval_level: level,
  };
}

function slicesOf<Scored extends { readonly rows: number }, Weighted>(
  scored: Scored,
  task: EvaluationTask<Scored, Weighted>,
  metric: Metric<Scored, Weighted>,
  { slices = [], minSliceRows = 30, random, resamples = 200, level = 0.95 }: EvaluateOptions,
) {
  if (slices.length === 0) return {};
  const options = { random, resamples, level, minRows: minSliceRows };
  return { slices: slices.map((column) => sliceMetrics(scored, task, metric, column, options)) };
}

function classFigures(weighted: WeightedClasses, at: number): ClassFigures {
  return {
    class: weighted.scored.classes[at]!,
    rows: weighted.support[at]!,
    predicted: weighted.answers[at]!,
    precision: precision(weighted, at),
    recall: recall(weighted, at),
    f1: f1(weighted, at),
  };
}

function calibrationOf(scored: ScoredClasses): Calibration {
  const fault = notDistributions(scored);
  if (fault !== undefined) return { computable: false, reason: fault };
  const { rows, known, labels, predicted, probabilities, classes } = scored;
  const foreign = predicted.find((answer) => answer >= known);
  if (foreign !== undefined)
    return {
      computable: false,
      reason: `the predicted class "${classes[foreign]}" is none of the model's classes`,
    };
  const judged = (row: number) => (known === 2 ? 1 : predicted[row]!);
  const said = Float64Array.from({ length: rows }, (_, row) =>
    Math.min(1, Math.max(0, probabilities![row * known + judged(row)]!)),
  );
  const happened = Float64Array.from(labels, (label, row) => (label === judged(row) ? 1 : 0));
  const mass = calibrationCurve(said, happened);
  const width = calibrationCurve(said, happened, { strategy: 'equal_width' });
  if (!mass.computable) return mass;
  if (!width.computable) return width;
  return {
    of: known === 2 ? 'positive_class' : 'predicted_class',
    ece: mass.ece,
    ece_equal_width: width.ece,
    max_error: mass.max_error,
    bins: mass.bins,
  };
}

/**
 * The computable headline figures and the number of rows, for a manifest's or a table's flat list of metrics. Always `rows`, and
 * unless the rows have no figures at all `rmse` and `mae`, or `accuracy` and `error_rate`.
 *
 * @example flatMetrics(evaluation) // { rmse: 1240.5, mae: 702.1, r2: 0.902, …, rows: 10788 }
 */
export function flatMetrics({ headline, rows }: Evaluation): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const [name, figure] of Object.entries(headline))
    if (isComputable(figure) && Number.isFinite(figure)) flat[name] = figure;
  return { ...flat, rows };
}
