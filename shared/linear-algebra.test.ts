import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricEigen } from './linear-algebra.ts';

describe('eigenvalues and eigenvectors of a symmetric matrix', () => {
  it('are 3 and 1 on the diagonals of the plane for [[2, 1], [1, 2]]', () => {
    const { values, vectors } = symmetricEigen([
      [2, 1],
      [1, 2],
    ]);
    expect(values[0]).toBeCloseTo(3, 14);
    expect(values[1]).toBeCloseTo(1, 14);
    expect(vectors[0]!.map((entry) => entry * Math.SQRT2)).toEqual([
      expect.closeTo(1, 14),
      expect.closeTo(1, 14),
    ]);
    expect(vectors[1]!.reduce((sum, entry) => sum + entry, 0)).toBeCloseTo(0, 14);
  });

  it('are 2 − 2 cos(kπ/(n+1)) for the second difference matrix', () => {
    const size = 12;
    const matrix = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
    );
    symmetricEigen(matrix).values.forEach((value, at) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((size - at) * Math.PI) / (size + 1)), 12);
    });
  });

  it('are 1 + (n − 1)ρ once and 1 − ρ for the rest where all correlations are ρ', () => {
    const matrix = Array.from({ length: 32 }, (_, i) =>
      Array.from({ length: 32 }, (_, j) => (i === j ? 1 : 0.8)),
    );
    const { values, vectors } = symmetricEigen(matrix);
    expect(values[0]).toBeCloseTo(1 + 31 * 0.8, 12);
    for (const value of values.slice(1)) expect(value).toBeCloseTo(0.2, 12);
    for (const entry of vectors[0]!) expect(entry).toBeCloseTo(1 / Math.sqrt(32), 12);
  });

  it('keep a tiny eigenvalue beside a huge one', () => {
    const { values } = symmetricEigen([
      [1e12, 1e-3],
      [1e-3, 1e-6],
    ]);
    expect(values[0]).toBe(1e12);
    // The determinant is 1e6 − 1e−6.
    expect(values[1]! / 1e-6).toBeCloseTo(1, 10);
  });

  it('rebuild the matrix from orthonormal vectors, largest value first', () => {
    const matrices = fc.integer({ min: 1, max: 8 }).chain((size) =>
      fc.array(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: size, maxLength: size }), {
        minLength: size,
        maxLength: size,
      }),
    );
    fc.assert(
      fc.property(matrices, (raw) => {
        const matrix = raw.map((row, i) => row.map((_, j) => raw[Math.min(i, j)]![Math.max(i, j)]!));
        const { values, vectors } = symmetricEigen(matrix);
        for (let i = 0; i < matrix.length; i++) {
          if (i > 0) expect(values[i]!).toBeLessThanOrEqual(values[i - 1]!);
          for (let j = 0; j < matrix.length; j++) {
            const rebuilt = values.reduce(
              (sum, value, k) => sum + value * vectors[k]![i]! * vectors[k]![j]!,
              0,
            );
            expect(rebuilt).toBeCloseTo(matrix[i]![j]!, 9);
            const product = vectors[i]!.reduce((sum, entry, k) => sum + entry * vectors[j]![k]!, 0);
            expect(product).toBeCloseTo(i === j ? 1 : 0, 11);
          }
        }
      }),
    );
  });

  it('need a square matrix of finite numbers', () => {
    expect(() => symmetricEigen([[1, 2]])).toThrow('row 0 has 2 entries, must have 1 as the matrix has rows');
    expect(() => symmetricEigen([[Number.NaN]])).toThrow('entry 0, 0 is NaN, must be finite');
    expect(symmetricEigen([])).toEqual({ values: [], vectors: [] });
  });
});
