/** Which classes are taken for which: counts of rows by label and predicted class. */

import type { WeightedClasses } from './scored-classes.ts';

export interface ConfusionMatrix {
  /** Names of the rows and columns of `counts`. */
  readonly classes: readonly string[];
  /** `counts[label][predicted]`. */
  readonly counts: readonly (readonly number[])[];
  /** How many smaller classes the last row and column (`other classes`) stand for; their own diagonal is not told apart there. */
  readonly other?: number;
}

const maxClasses = 100;
const keptClasses = 20;

/**
 * Indices of the classes that are shown one by one: all up to 100, else the 20 with most rows, in the order of `classes`.
 */
export function shownClasses({ support }: WeightedClasses): readonly number[] {
  const all = Array.from(support, (_, at) => at);
  if (all.length <= maxClasses) return all;
  return all
    .sort((one, other) => support[other]! - support[one]! || one - other)
    .slice(0, keptClasses)
    .sort((one, other) => one - other);
}

/** As `sklearn.metrics.confusion_matrix` with `labels=classes`; of more than 100 classes the 20 largest and the rest as one. */
export function confusionMatrix(weighted: WeightedClasses): ConfusionMatrix {
  const { classes, labels, predicted } = weighted.scored;
  const shown = shownClasses(weighted);
  const other = classes.length - shown.length;
  const size = shown.length + (other > 0 ? 1 : 0);
  const places = new Int32Array(classes.length).fill(shown.length);
  shown.forEach((at, place) => {
    places[at] = place;
  });
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  labels.forEach((label, row) => {
    counts[places[label]!]![places[predicted[row]!]!]! += weighted.weights[row]!;
  });
  const names = shown.map((at) => classes[at]!);
  return other > 0 ? { classes: [...names, 'other classes'], counts, other } : { classes: names, counts };
}
