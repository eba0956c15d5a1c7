/** The value that minimises the sum of absolute errors. */

/**
 * The weighted median; between two values that both are one, their mean, so that a weight of 2 is a value given twice.
 *
 * @param values - at least one
 * @param weights - one per value, at least 0 and not all 0; absent, all are equal
 * @example
 * weightedMedian(Float64Array.of(5, 1, 2), Float64Array.of(1, 1, 2)); // 2
 */
export function weightedMedian(values: Float64Array, weights?: Float64Array): number {
  if (weights === undefined) {
    const sorted = values.slice().sort();
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }
  const order = Array.from(values.keys())
    .filter((at) => weights[at]! > 0)
    .sort((one, other) => values[one]! - values[other]!);
  const half = order.reduce((sum, at) => sum + weights[at]!, 0) / 2;
  let below = 0;
  for (const [place, at] of order.entries()) {
    below += weights[at]!;
    if (below > half) return values[at]!;
    if (below === half) return (values[at]! + values[order[place + 1]!]!) / 2;
  }
  return values[order.at(-1) ?? 0]!;
}
