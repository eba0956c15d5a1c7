/** Labels, predicted classes and probabilities of the evaluated rows, checked once and coded as indices. */

export interface ClassificationInput {
  readonly task: 'classification';
  /** The true class of each row; it may be none of `classes`. */
  readonly labels: readonly string[];
  readonly predicted: readonly string[];
  /** The model's classes, in the order of the probabilities; of two, the second is the positive one. */
  readonly classes: readonly string[];
  /** Rows × classes, row by row. */
  readonly probabilities?: Float32Array | Float64Array;
}

export interface ScoredClasses {
  readonly rows: number;
  /** The model's classes, then those that occur besides, sorted. */
  readonly classes: readonly string[];
  /** How many of `classes` are the model's. */
  readonly known: number;
  /** Index into `classes`, by row. */
  readonly labels: Int32Array;
  readonly predicted: Int32Array;
  /** Rows × known classes. */
  readonly probabilities?: Float32Array | Float64Array;
}

/**
 * @throws RangeError when lengths do not agree or a class is named twice
 * @example scoreClasses({ task: 'classification', labels: ['a'], predicted: ['z'], classes: ['a', 'b'] }).classes // ['a', 'b', 'z']
 */
export function scoreClasses(input: ClassificationInput): ScoredClasses {
  const { labels, predicted, classes, probabilities } = input;
  const rows = labels.length;
  if (predicted.length !== rows)
    throw new RangeError(`${rows} labels need as many predicted classes; got ${predicted.length}`);
  if (probabilities && probabilities.length !== rows * classes.length)
    throw new RangeError(
      `${rows} rows of ${classes.length} classes need ${rows * classes.length} probabilities; got ${probabilities.length}`,
    );
  const codes = new Map(classes.map((name, at) => [name, at]));
  if (codes.size !== classes.length)
    throw new RangeError(`class names must differ; got ${classes.slice(0, 20).join(', ')}`);
  const others = new Set<string>();
  for (const names of [labels, predicted]) for (const name of names) if (!codes.has(name)) others.add(name);
  for (const name of [...others].sort()) codes.set(name, codes.size);
  const coded = (names: readonly string[]) => Int32Array.from(names, (name) => codes.get(name)!);
  return {
    rows,
    classes: [...codes.keys()],
    known: classes.length,
    labels: coded(labels),
    predicted: coded(predicted),
    ...(probabilities ? { probabilities } : {}),
  };
}

/** The given rows, in the given order. */
export function takeScoredClasses(scored: ScoredClasses, rows: Uint32Array): ScoredClasses {
  const { known, probabilities } = scored;
  const taken = {
    ...scored,
    rows: rows.length,
    labels: Int32Array.from(rows, (row) => scored.labels[row]!),
    predicted: Int32Array.from(rows, (row) => scored.predicted[row]!),
  };
  if (!probabilities) return taken;
  const kept =
    probabilities instanceof Float32Array
      ? new Float32Array(rows.length * known)
      : new Float64Array(rows.length * known);
  rows.forEach((row, at) => {
    kept.set(probabilities.subarray(row * known, (row + 1) * known), at * known);
  });
  return { ...taken, probabilities: kept };
}

/** How often each class is the label, is predicted, and is both. */
export interface WeightedClasses {
  readonly scored: ScoredClasses;
  readonly weights: Float64Array;
  readonly total: number;
  readonly support: Float64Array;
  readonly answers: Float64Array;
  readonly hits: Float64Array;
}

export function weighClasses(scored: ScoredClasses, weights: Float64Array): WeightedClasses {
  const { labels, predicted, classes } = scored;
  const support = new Float64Array(classes.length);
  const answers = new Float64Array(classes.length);
  const hits = new Float64Array(classes.length);
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const weight = weights[row]!;
    const label = labels[row]!;
    const answer = predicted[row]!;
    total += weight;
    support[label]! += weight;
    answers[answer]! += weight;
    if (label === answer) hits[label]! += weight;
  }
  return { scored, weights, total, support, answers, hits };
}
