/** What is wrong with a model's probabilities, in words: what a metric of them answers instead of a figure. */

import { noRows } from './metric.ts';
import type { ScoredClasses } from './scored-classes.ts';

/** A softmax in float32 over many classes is off by less; a score that is no distribution by more. */
const tolerance = 1e-3;

export function noProbabilities({ rows, probabilities }: ScoredClasses): string | undefined {
  if (!probabilities) return 'the model gives no probabilities';
  return rows === 0 ? noRows : undefined;
}

export function notFinite({ probabilities, known }: ScoredClasses): string | undefined {
  const at = probabilities!.findIndex((value: number) => !Number.isFinite(value));
  return at < 0 ? undefined : `row ${Math.floor(at / known)} has the probability ${probabilities![at]}`;
}

/** Every probability must be from 0 to 1 and every row's must add up to 1. */
export function notDistributions(scored: ScoredClasses): string | undefined {
  const missing = noProbabilities(scored);
  if (missing !== undefined) return missing;
  const { rows, known, probabilities } = scored;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * known; at < (row + 1) * known; at++) {
      const value = probabilities![at]!;
      if (!(value >= -tolerance && value <= 1 + tolerance))
        return `row ${row} has the probability ${value}; allowed is 0 to 1`;
      sum += value;
    }
    if (!(Math.abs(sum - 1) <= tolerance))
      return `the probabilities of row ${row} add up to ${sum} instead of 1`;
  }
  return undefined;
}
