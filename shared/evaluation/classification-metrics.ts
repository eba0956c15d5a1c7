/** The menu of classification metrics: adding one is a value and a line here. */

import {
  accuracy,
  balancedAccuracy,
  errorRate,
  f1Macro,
  f1Weighted,
  precisionMacro,
  precisionWeighted,
  recallMacro,
  recallWeighted,
} from './class-metrics.ts';
import type { EvaluationTask } from './metric.ts';
import { brier, logLoss } from './probability-metrics.ts';
import { prAuc, rocAuc } from './ranking-metrics.ts';
import {
  type ScoredClasses,
  takeScoredClasses,
  type WeightedClasses,
  weighClasses,
} from './scored-classes.ts';

export const classification: EvaluationTask<ScoredClasses, WeightedClasses> = {
  metrics: [
    accuracy,
    errorRate,
    balancedAccuracy,
    precisionMacro,
    recallMacro,
    f1Macro,
    precisionWeighted,
    recallWeighted,
    f1Weighted,
    logLoss,
    brier,
    rocAuc,
    prAuc,
  ],
  take: takeScoredClasses,
  weigh: weighClasses,
  width: ({ known, probabilities }) => (probabilities && known > 2 ? known : 1),
};
