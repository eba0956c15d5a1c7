/** What boosting minimises: squared or absolute error, logistic loss or cross-entropy, by gradient and hessian. */

import type { TrainingTarget } from './training-target.ts';
import { weightedMedian } from './weighted-median.ts';

/**
 * Of log odds. Rows that are confidently wrong have next to no hessian: a hundred small classes otherwise drove each
 * other's scores beyond float32 within twelve rounds. A first step is 1 / p of a class of share p.
 */
const MAX_LOG_ODDS_STEP = 100;

/** What a regression minimises: the one predicts means, the other medians, which outliers do not move. */
export type RegressionLoss = 'squared' | 'absolute';

/** A class without rows starts at this share, so that its score is finite. */
const SMALLEST_SHARE = 1e-7;

export interface Loss {
  /** Hessians are all 1, and are not written. */
  readonly hasUnitHessians: boolean;
  /** The most a Newton step may be; beyond it the loss is nothing like the parabola that the step is taken on. */
  readonly maxStep: number;
  /**
   * Writes first and second derivatives at the current scores.
   *
   * @param scores - output by output: the score `k` of row `r` is at `k * rows + r`; so are the results
   */
  readonly differentiate: (scores: Float64Array, gradients: Float32Array, hessians: Float32Array) => void;
  /** What to add to the scores of a leaf's rows, where a Newton step is not the best one. */
  readonly bestStep?: (rows: Int32Array, scores: Float64Array) => number;
}

/**
 * The score to start from: the (weighted) mean or median, the log odds of the second class, or the log share of each
 * class.
 */
export function startingScores(
  target: TrainingTarget,
  weights: Float32Array | undefined,
  regressionLoss: RegressionLoss,
): Float32Array {
  if (target.task === 'regression')
    return Float32Array.of(
      regressionLoss === 'squared'
        ? weightedMean(target.values, weights)
        : weightedMedian(target.values, weights && Float64Array.from(weights)),
    );
  const shares = new Float64Array(target.classes.length);
  let total = 0;
  for (let row = 0; row < target.labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!;
    const label = target.labels[row]!;
    shares[label] = shares[label]! + weight;
    total += weight;
  }
  const logs = shares.map((share) => Math.log(Math.max(share / total, SMALLEST_SHARE)));
  return shares.length === 2 ? Float32Array.of(logs[1]! - logs[0]!) : Float32Array.from(logs);
}

/** Every row's scores before any tree, output by output. */
export function initialScores(baseValues: Float32Array, rows: number): Float64Array {
  const scores = new Float64Array(rows * baseValues.length);
  baseValues.forEach((base, output) => {
    scores.fill(base, output * rows, (output + 1) * rows);
  });
  return scores;
}

/** The loss for a target, weighted per row. */
export function lossFor(
  target: TrainingTarget,
  weights: Float32Array | undefined,
  regressionLoss: RegressionLoss,
): Loss {
  if (target.task === 'regression')
    return regressionLoss === 'squared'
      ? squaredLoss(target.values, weights)
      : absoluteLoss(target.values, weights);
  if (target.classes.length === 2) return logisticLoss(target.labels, weights);
  return softmaxLoss(target.labels, target.classes.length, weights);
}

/** Mean loss of raw scores: squared or absolute error, or negative log-likelihood; what early stopping watches. */
export function meanLoss(
  target: TrainingTarget,
  scores: Float64Array,
  regressionLoss: RegressionLoss,
): number {
  let sum = 0;
  if (target.task === 'regression') {
    const power = regressionLoss === 'squared' ? 2 : 1;
    for (let row = 0; row < scores.length; row++)
      sum += Math.abs(scores[row]! - target.values[row]!) ** power;
    return sum / target.values.length;
  }
  const { labels, classes } = target;
  const rows = labels.length;
  for (let row = 0; row < rows; row++) {
    if (classes.length === 2) {
      const margin = labels[row] === 1 ? scores[row]! : -scores[row]!;
      sum += Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)));
      continue;
    }
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes.length; k++) largest = Math.max(largest, scores[k * rows + row]!);
    let exponentials = 0;
    for (let k = 0; k < classes.length; k++) exponentials += Math.exp(scores[k * rows + row]! - largest);
    sum += Math.log(exponentials) + largest - scores[labels[row]! * rows + row]!;
  }
  return sum / rows;
}

function squaredLoss(values: Float64Array, weights: Float32Array | undefined): Loss {
  return {
    hasUnitHessians: weights === undefined,
    maxStep: Number.POSITIVE_INFINITY,
    differentiate(scores, gradients, hessians) {
      for (let row = 0; row < values.length; row++) {
        const weight = weights === undefined ? 1 : weights[row]!;
        gradients[row] = weight * (scores[row]! - values[row]!);
        if (weights !== undefined) hessians[row] = weight;
      }
    },
  };
}

function absoluteLoss(values: Float64Array, weights: Float32Array | undefined): Loss {
  return {
    hasUnitHessians: weights === undefined,
    maxStep: Number.POSITIVE_INFINITY,
    differentiate(scores, gradients, hessians) {
      for (let row = 0; row < values.length; row++) {
        const weight = weights === undefined ? 1 : weights[row]!;
        gradients[row] = weight * Math.sign(scores[row]! - values[row]!);
        if (weights !== undefined) hessians[row] = weight;
      }
    },
    bestStep(rows, scores) {
      const residuals = Float64Array.from(rows, (row) => values[row]! - scores[row]!);
      return weightedMedian(residuals, weights && Float64Array.from(rows, (row) => weights[row]!));
    },
  };
}

function logisticLoss(labels: Int32Array, weights: Float32Array | undefined): Loss {
  return {
    hasUnitHessians: false,
    maxStep: MAX_LOG_ODDS_STEP,
    differentiate(scores, gradients, hessians) {
      for (let row = 0; row < labels.length; row++) {
        const weight = weights === undefined ? 1 : weights[row]!;
        const probability = 1 / (1 + Math.exp(-scores[row]!));
        gradients[row] = weight * (probability - labels[row]!);
        hessians[row] = weight * probability * (1 - probability);
      }
    },
  };
}

function softmaxLoss(labels: Int32Array, outputs: number, weights: Float32Array | undefined): Loss {
  const rows = labels.length;
  const exponentials = new Float64Array(outputs);
  return {
    hasUnitHessians: false,
    maxStep: MAX_LOG_ODDS_STEP,
    differentiate(scores, gradients, hessians) {
      for (let row = 0; row < rows; row++) {
        const weight = weights === undefined ? 1 : weights[row]!;
        let largest = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < outputs; k++) largest = Math.max(largest, scores[k * rows + row]!);
        let sum = 0;
        for (let k = 0; k < outputs; k++) {
          exponentials[k] = Math.exp(scores[k * rows + row]! - largest);
          sum += exponentials[k]!;
        }
        for (let k = 0; k < outputs; k++) {
          const probability = exponentials[k]! / sum;
          gradients[k * rows + row] = weight * (probability - (labels[row] === k ? 1 : 0));
          hessians[k * rows + row] = weight * probability * (1 - probability);
        }
      }
    },
  };
}

function weightedMean(values: Float64Array, weights: Float32Array | undefined): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!;
    sum += weight * values[row]!;
    total += weight;
  }
  return sum / total;
}
