import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { rankComponents } from './rank-components.ts';

/** Counts of sorted distinct values, as point cells. */
function counted(reference: readonly number[], current: readonly number[]) {
  const values = [...new Set([...reference, ...current])].sort((a, b) => a - b);
  const at = new Map(values.map((value, cell) => [value, cell]));
  const count = (rows: readonly number[]) => {
    const cells = new Array<number>(values.length).fill(0);
    for (const value of rows) cells[at.get(value)!]!++;
    return cells;
  };
  return [count(reference), count(current)] as const;
}

function components(reference: readonly number[], current: readonly number[]): readonly number[] {
  const result = rankComponents(...counted(reference, current));
  if (!result.computable) throw new Error(result.reason);
  return result.components;
}

const random = seededRandom(3);
const draw = (rows: number, of: () => number) => Array.from({ length: rows }, of);
const reference = draw(2000, () => normal(random));

describe('rank components', () => {
  it('see a shift as location, a wider sample as scale, each with its sign', () => {
    const [up, , ,] = components(
      reference,
      draw(500, () => normal(random) + 0.5),
    );
    const [down] = components(
      reference,
      draw(500, () => normal(random) - 0.5),
    );
    const [, wide] = components(
      reference,
      draw(500, () => 1.5 * normal(random)),
    );
    const [, narrow] = components(
      reference,
      draw(500, () => 0.6 * normal(random)),
    );
    expect([up! > 5, down! < -5, wide! > 5, narrow! < -5]).toEqual([true, true, true, true]);
  });

  it('of two values are the χ² of the 2 × 2 table less (N − 1)/N', () => {
    const result = rankComponents([30, 70], [25, 25]);
    // scipy.stats.chi2_contingency([[30, 70], [25, 25]], correction=False).statistic
    expect(result.computable && result.statistic).toBeCloseTo(5.74162679425837 * (149 / 150), 9);
    expect(result.computable && result.degreesOfFreedom).toBe(1);
  });

  it('are the same for any increasing change of unit', () => {
    const current = draw(300, () => normal(random) + 0.2);
    const asExp = components(reference.map(Math.exp), current.map(Math.exp));
    for (const [at, component] of components(reference, current).entries())
      expect(asExp[at]).toBeCloseTo(component, 9);
  });

  it('turn their odd degrees, and only these, when the order is turned', () => {
    const current = draw(300, () => normal(random) ** 2);
    const turned = components(
      reference.map((value) => -value),
      current.map((value) => -value),
    );
    for (const [at, component] of components(reference, current).entries())
      expect(turned[at]).toBeCloseTo(at % 2 === 0 ? -component : component, 9);
  });

  it('have variance 1 each without drift, whatever the ties and the sizes', () => {
    for (const round of [1e-6, 0.5, 1])
      for (const rows of [80, 1000]) {
        const squares = [0, 0, 0, 0];
        const repetitions = 400;
        for (let repetition = 0; repetition < repetitions; repetition++) {
          const sample = () => Math.round(normal(random) / round) * round;
          components(draw(500, sample), draw(rows, sample)).forEach((component, at) => {
            squares[at]! += component ** 2 / repetitions;
          });
        }
        // Five standard errors of a mean of squared normals.
        for (const square of squares) if (square > 0) expect(Math.abs(square - 1)).toBeLessThan(0.36);
      }
  });

  it('are not computable where all rows are in one cell or a sample has none', () => {
    expect(rankComponents([5, 0], [3, 0]).computable).toBe(false);
    expect(rankComponents([5, 1], [0, 0]).computable).toBe(false);
  });
});
