/** One axis through categories that differ in several ways, so that a multiclass trainer can put them in an order. */

const POWER_ITERATIONS = 100;
/** The direction has settled when it moves by less, squared. */
const CONVERGED = 1e-12;

/**
 * Each point's coordinate along the weighted first principal component, by power iteration from the widest axis.
 *
 * @param points - `weights.length` points of `width` coordinates, point by point
 * @param weights - one per point, at least 0
 * @example
 * firstPrincipalComponent(Float64Array.of(0, 0, 3, 4), Float64Array.of(1, 1), 2); // [-2.5, 2.5]
 */
export function firstPrincipalComponent(
  points: Float64Array,
  weights: Float64Array,
  width: number,
): Float64Array {
  const centred = centre(points, weights, width);
  let direction = new Float64Array(width);
  direction[widestAxis(centred, weights, width)] = 1;
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    const next = timesCovariance(centred, weights, direction);
    const length = Math.sqrt(next.reduce((sum, value) => sum + value ** 2, 0));
    if (length === 0) break;
    const turned = next.map((value) => value / length);
    const turn = turned.reduce((sum, value, at) => sum + (value - direction[at]!) ** 2, 0);
    direction = turned;
    if (turn < CONVERGED) break;
  }
  return project(centred, direction);
}

function project(centred: Float64Array, direction: Float64Array): Float64Array {
  const width = direction.length;
  const along = new Float64Array(centred.length / width);
  for (let at = 0; at < centred.length; at++) {
    const point = Math.floor(at / width);
    along[point] = along[point]! + centred[at]! * direction[at % width]!;
  }
  return along;
}

function timesCovariance(
  centred: Float64Array,
  weights: Float64Array,
  direction: Float64Array,
): Float64Array<ArrayBuffer> {
  const width = direction.length;
  const along = project(centred, direction);
  const product = new Float64Array(width);
  for (let at = 0; at < centred.length; at++) {
    const point = Math.floor(at / width);
    product[at % width] = product[at % width]! + weights[point]! * along[point]! * centred[at]!;
  }
  return product;
}

function centre(points: Float64Array, weights: Float64Array, width: number): Float64Array {
  const means = new Float64Array(width);
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  for (let at = 0; at < points.length; at++)
    means[at % width] = means[at % width]! + (weights[Math.floor(at / width)]! * points[at]!) / total;
  return points.map((value, at) => value - means[at % width]!);
}

function widestAxis(centred: Float64Array, weights: Float64Array, width: number): number {
  const spread = new Float64Array(width);
  for (let at = 0; at < centred.length; at++)
    spread[at % width] = spread[at % width]! + weights[Math.floor(at / width)]! * centred[at]! ** 2;
  return spread.indexOf(Math.max(...spread));
}
