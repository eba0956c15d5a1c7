/** Draws from the hypergeometric law: how many rows of one kind a sample without replacement holds. */

/** ln k! for k up to `most`. */
export function logFactorials(most: number): Float64Array {
  const table = new Float64Array(most + 1);
  for (let k = 2; k <= most; k++) table[k] = table[k - 1]! + Math.log(k);
  return table;
}

/**
 * One draw by inversion, from the mode outwards: about as many steps as the law has standard deviations wide.
 *
 * @param marked rows of the kind, of all `rows`
 * @param drawn rows taken of all
 * @param uniform in [0, 1)
 * @param logFactorial of {@link logFactorials}, up to `rows`
 * @returns the marked among the drawn ones
 * @example hypergeometric(3, 10, 10, 0.5, logFactorials(10)) // 3: all are drawn
 */
export function hypergeometric(
  marked: number,
  rows: number,
  drawn: number,
  uniform: number,
  logFactorial: Float64Array,
): number {
  const least = Math.max(0, drawn + marked - rows);
  const most = Math.min(marked, drawn);
  const mode = Math.floor(((drawn + 1) * (marked + 1)) / (rows + 2));
  const choose = (n: number, k: number) => logFactorial[n]! - logFactorial[k]! - logFactorial[n - k]!;
  let left = uniform;
  let [below, above] = [mode, mode];
  let pBelow = Math.exp(choose(marked, mode) + choose(rows - marked, drawn - mode) - choose(rows, drawn));
  let pAbove = pBelow;
  left -= pBelow;
  while (left >= 0 && (below > least || above < most)) {
    if (above < most) {
      pAbove *= ((marked - above) * (drawn - above)) / ((above + 1) * (rows - marked - drawn + above + 1));
      above++;
      left -= pAbove;
      if (left < 0) return above;
    }
    if (below > least) {
      pBelow *= (below * (rows - marked - drawn + below)) / ((marked - below + 1) * (drawn - below + 1));
      below--;
      left -= pBelow;
      if (left < 0) return below;
    }
  }
  return mode;
}
