/** Linear algebra of small symmetric matrices: what principal components need. */

export interface SymmetricEigen {
  /** Largest first. */
  readonly values: readonly number[];
  /** Unit vectors in the order of `values`; in each the entry of largest size is positive. */
  readonly vectors: readonly (readonly number[])[];
}

/** Sweeps over all pairs; five to eight are usual, convergence is quadratic. */
const MAX_SWEEPS = 50;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations: as accurate as any method for such
 * matrices, and quick up to about a hundred rows. Only additions, products, quotients and square roots are used, so
 * every machine gives the same bits. Source: Golub & Van Loan, Matrix Computations, §8.5.
 *
 * @param matrix square and symmetric; only the entries on and above the diagonal are read
 * @throws RangeError when the matrix is not square or an entry is not finite
 * @example symmetricEigen([[2, 1], [1, 2]]).values // [3, 1]
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): SymmetricEigen {
  const size = matrix.length;
  const work = matrix.map((row, at) => checkedRow(row, at, size));
  for (let row = 0; row < size; row++)
    for (let column = 0; column < row; column++) work[row]![column] = work[column]![row]!;
  const basis = work.map((_, at) =>
    Float64Array.from({ length: size }, (_, other) => (at === other ? 1 : 0)),
  );
  for (let sweep = 0, isDiagonal = false; !isDiagonal && sweep < MAX_SWEEPS; sweep++) {
    isDiagonal = true;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) if (rotate(work, basis, p, q)) isDiagonal = false;
  }
  const order = work.map((_, at) => at).sort((one, other) => work[other]![other]! - work[one]![one]!);
  return {
    values: order.map((at) => work[at]![at]!),
    vectors: order.map((at) => orientate(Array.from(basis[at]!))),
  };
}

function checkedRow(row: readonly number[], at: number, size: number): Float64Array {
  if (row.length !== size)
    throw new RangeError(`row ${at} has ${row.length} entries, must have ${size} as the matrix has rows`);
  const wrong = row.findIndex((entry) => !Number.isFinite(entry));
  if (wrong >= 0) throw new RangeError(`entry ${at}, ${wrong} is ${row[wrong]}, must be finite`);
  return Float64Array.from(row);
}

/** Turns the plane of axes p and q so that their entry vanishes; false where it is already nothing. */
function rotate(work: Float64Array[], basis: Float64Array[], p: number, q: number): boolean {
  const [inP, inQ, between] = [work[p]![p]!, work[q]![q]!, work[p]![q]!];
  if (Math.abs(between) <= Number.EPSILON * 1e-3 * Math.sqrt(Math.abs(inP * inQ))) return false;
  const ratio = (inQ - inP) / (2 * between);
  const tangent = Math.sign(ratio || 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  for (let at = 0; at < work.length; at++) {
    if (at !== p && at !== q) {
      const [first, second] = [work[at]![p]!, work[at]![q]!];
      work[at]![p] = work[p]![at] = cosine * first - sine * second;
      work[at]![q] = work[q]![at] = sine * first + cosine * second;
    }
    const [first, second] = [basis[p]![at]!, basis[q]![at]!];
    basis[p]![at] = cosine * first - sine * second;
    basis[q]![at] = sine * first + cosine * second;
  }
  work[p]![p] = inP - tangent * between;
  work[q]![q] = inQ + tangent * between;
  work[p]![q] = work[q]![p] = 0;
  return Math.abs(between) > 0;
}

/** A vector and its opposite are equally good; one of them is chosen for good. */
function orientate(vector: number[]): number[] {
  const largest = vector.reduce((most, entry) => (Math.abs(entry) > Math.abs(most) ? entry : most), 0);
  return largest < 0 ? vector.map((entry) => -entry) : vector;
}
