/** Metrics of the probabilities themselves, both means of a loss by row: log-loss and Brier score. */

import { notComputable } from '../drift/measure.ts';
import { type Metric, noRows, weightedSum } from './metric.ts';
import { notDistributions } from './probabilities.ts';
import type { ScoredClasses, WeightedClasses } from './scored-classes.ts';

/**
 * Mean −ln p(label), in nats: `sklearn.metrics.log_loss`, with its clipping to [ε, 1 − ε], ε being the spacing of the type the
 * probabilities came in (1.2e-7 for float32, 2.2e-16 for float64). Not computable when a label is none of the model's classes.
 */
export const logLoss = meanLoss('log_loss', (scored) => {
  const { known, probabilities, labels, classes } = scored;
  const unknown = labels.find((label) => label >= known);
  if (unknown !== undefined) return `the label "${classes[unknown]}" is none of the model's classes`;
  const least = probabilities instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
  return labels.length === 0
    ? new Float64Array(0)
    : Float64Array.from(
        labels,
        (label, row) => -Math.log(Math.min(1 - least, Math.max(least, probabilities![row * known + label]!))),
      );
});

/**
 * Brier score as `sklearn.metrics.brier_score_loss` gives it: of two classes the mean of (p − y)² for the second, in [0, 1]; of
 * more the mean of its sum over all classes, in [0, 2]. A label that is none of the model's classes had a probability of 0.
 */
export const brier = meanLoss('brier', ({ rows, known, probabilities, labels }) => {
  const losses = new Float64Array(rows);
  const from = known === 2 ? 1 : 0;
  for (let row = 0; row < rows; row++) {
    let loss = labels[row]! >= known ? 1 : 0;
    for (let at = from; at < known; at++)
      loss += (probabilities![row * known + at]! - (labels[row] === at ? 1 : 0)) ** 2;
    losses[row] = loss;
  }
  return losses;
});

/** @param losses by row, or why there are none; asked only of proper distributions */
function meanLoss(
  name: string,
  losses: (scored: ScoredClasses) => Float64Array | string,
): Metric<ScoredClasses, WeightedClasses> {
  return {
    name,
    hasInterval: true,
    of: (scored) => {
      const found = notDistributions(scored) ?? losses(scored);
      if (typeof found === 'string') return () => notComputable(found);
      return ({ weights, total }) =>
        total > 0 ? weightedSum(found, weights) / total : notComputable(noRows);
    },
  };
}
