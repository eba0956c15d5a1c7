/** Metrics of predicted classes alone: accuracy, balanced accuracy, and precision, recall and F1 by class and averaged. */

import { notComputable } from '../drift/measure.ts';
import { type Figure, isComputable, type Metric, noRows } from './metric.ts';
import type { ScoredClasses, WeightedClasses } from './scored-classes.ts';

type ClassMetric = Metric<ScoredClasses, WeightedClasses>;
type ClassFigure = (weighted: WeightedClasses, at: number) => Figure;

/** Of the rows predicted to be class `at`, the share that is. Not computable when it is never predicted. */
export const precision: ClassFigure = ({ hits, answers, scored }, at) =>
  answers[at]! > 0
    ? hits[at]! / answers[at]!
    : notComputable(`class "${scored.classes[at]}" is never predicted`);

/** Of the rows of class `at`, the share predicted to be. Not computable when there are none. */
export const recall: ClassFigure = ({ hits, support, scored }, at) =>
  support[at]! > 0 ? hits[at]! / support[at]! : notComputable(`class "${scored.classes[at]}" has no rows`);

/** Harmonic mean of both, 2·hits ∕ (rows + predictions). Not computable when the class has neither. */
export const f1: ClassFigure = ({ hits, support, answers, scored }, at) =>
  support[at]! + answers[at]! > 0
    ? (2 * hits[at]!) / (support[at]! + answers[at]!)
    : notComputable(`class "${scored.classes[at]}" has no rows and is never predicted`);

/** Share of rows whose predicted class is the label (`sklearn.metrics.accuracy_score`). */
export const accuracy: ClassMetric = {
  name: 'accuracy',
  hasInterval: true,
  of: () => (weighted) => {
    if (weighted.total === 0) return notComputable(noRows);
    return weightedHits(weighted) / weighted.total;
  },
};

/** 1 − accuracy. */
export const errorRate: ClassMetric = {
  name: 'error_rate',
  hasInterval: true,
  of: () => (weighted) => {
    if (weighted.total === 0) return notComputable(noRows);
    return (weighted.total - weightedHits(weighted)) / weighted.total;
  },
};

/** Mean recall of the classes that have rows (`balanced_accuracy_score`). */
export const balancedAccuracy: ClassMetric = {
  name: 'balanced_accuracy',
  hasInterval: true,
  of: () => (weighted) => {
    let [sum, classes] = [0, 0];
    for (let at = 0; at < weighted.support.length; at++) {
      if (weighted.support[at] === 0) continue;
      sum += weighted.hits[at]! / weighted.support[at]!;
      classes += 1;
    }
    return classes > 0 ? sum / classes : notComputable(noRows);
  },
};

/**
 * Mean over the classes that are a label or are predicted, as scikit-learn's default `labels=None`. A class without a figure of
 * its own counts as 0 (its `zero_division=0`).
 */
function macro(name: string, figure: ClassFigure, hasInterval = false): ClassMetric {
  return average(name, figure, () => 1, hasInterval);
}

/** Mean weighted by each class's rows; a class without a figure of its own counts as 0. */
function bySupport(name: string, figure: ClassFigure): ClassMetric {
  return average(name, figure, ({ support }, at) => support[at]!, false);
}

function average(
  name: string,
  figure: ClassFigure,
  share: (weighted: WeightedClasses, at: number) => number,
  hasInterval: boolean,
): ClassMetric {
  return {
    name,
    hasInterval,
    of: () => (weighted) => {
      let [sum, shares] = [0, 0];
      for (let at = 0; at < weighted.support.length; at++) {
        if (weighted.support[at]! + weighted.answers[at]! === 0) continue;
        const found = figure(weighted, at);
        if (isComputable(found)) sum += share(weighted, at) * found;
        shares += share(weighted, at);
      }
      return shares > 0 ? sum / shares : notComputable(noRows);
    },
  };
}

export const precisionMacro = macro('precision_macro', precision);
export const recallMacro = macro('recall_macro', recall);
export const f1Macro = macro('f1_macro', f1, true);
export const precisionWeighted = bySupport('precision_weighted', precision);
export const recallWeighted = bySupport('recall_weighted', recall);
export const f1Weighted = bySupport('f1_weighted', f1);

function weightedHits({ hits }: WeightedClasses): number {
  let sum = 0;
  for (const count of hits) sum += count;
  return sum;
}
