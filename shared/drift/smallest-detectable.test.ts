import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draws } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { type DetectableOf, smallestDetectable } from './smallest-detectable.ts';
import { compareColumns } from './testing.ts';

const numbers: DetectableOf = { kind: 'numeric', cells: 10, nReference: 1000, nCurrent: 200 };
const categories: DetectableOf = { ...numbers, kind: 'categorical' };

describe('the smallest detectable shift', () => {
  it('of two even categories is, by hand, (1.960 + 0.842)² / noncentrality per row, at 5 % and power 0.8', () => {
    const { shift, psi } = smallestDetectable({ ...categories, cells: 2 }, 0.05);
    // The far tail of a two-sided test adds less than 1e-5 to its power.
    const noncentrality = (1.959964 + 0.841621) ** 2 * (1 / 1000 + 1 / 200);
    expect(psi).toBeCloseTo(noncentrality, 4);
    // A shift of δ moves δ·φ(0) rows across the median: PSI 4δ²φ(0)² = 2δ²/π.
    expect(shift).toBeCloseTo(Math.sqrt((noncentrality * Math.PI) / 2), 4);
  });

  it('has the noncentralities of Cohen’s tables for more cells', () => {
    // Cohen (1988), table 7.3: noncentrality of χ² at α = 0.05 and power 0.8: 9.63, 10.90, 16.24 with 2, 3, 10 degrees.
    for (const [cells, noncentrality] of [
      [3, 9.63],
      [4, 10.9],
      [11, 16.24],
    ] as const) {
      const { psi } = smallestDetectable({ ...categories, cells }, 0.05);
      expect(psi / (1 / 1000 + 1 / 200)).toBeCloseTo(noncentrality, 1);
    }
  });

  it('of a number is found with the promised power, 0.8, by the primary test', () => {
    const { shift } = smallestDetectable(numbers, 0.05);
    const random = seededRandom(71);
    const windows = 400;
    let found = 0;
    for (let window = 0; window < windows; window++) {
      const drift = compareColumns(
        draws('x', numbers.nReference, () => normal(random)),
        draws('x', numbers.nCurrent, () => shift + normal(random)),
      );
      if (drift.computable && drift.pValue <= 0.05) found++;
    }
    // Promised is what the ranks alone find at half the level; χ² adds a little.
    expect(found / windows).toBeGreaterThan(0.8 - 2 * Math.sqrt(0.16 / windows));
    expect(found / windows).toBeLessThan(0.9);
  });

  it('shrinks with rows, and grows with the design effect as if there were fewer', () => {
    for (const of of [numbers, categories]) {
      const shift = (changes: Partial<DetectableOf>) => smallestDetectable({ ...of, ...changes }, 0.05).shift;
      expect(shift({ nCurrent: 400 })).toBeLessThan(shift({}));
      expect(shift({ nReference: 5000 })).toBeLessThan(shift({}));
      expect(shift({ designEffect: 4 })).toBeCloseTo(2 * shift({}), 10);
      expect(shift({ designEffect: 5 })).toBeCloseTo(shift({ nReference: 200, nCurrent: 40 }), 10);
    }
  });

  it('grows with the number of features and with the power asked for', () => {
    for (const of of [numbers, categories]) {
      const shift = (alpha: number, power?: number) => smallestDetectable(of, alpha, power).shift;
      expect(shift(0.05 / 30)).toBeGreaterThan(shift(0.05));
      expect(shift(0.05, 0.95)).toBeGreaterThan(shift(0.05));
      expect(shift(0.05, 0.8)).toBe(shift(0.05));
    }
  });

  it('is a positive number for any sizes, and its PSI with it', () => {
    const rows = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(
        fc.constantFrom('numeric' as const, 'categorical' as const),
        fc.integer({ min: 2, max: 40 }),
        rows,
        rows,
        fc.double({ min: 1e-9, max: 0.2, noNaN: true }),
        (kind, cells, nReference, nCurrent, alpha) => {
          const { shift, psi } = smallestDetectable({ kind, cells, nReference, nCurrent }, alpha);
          for (const figure of [shift, psi]) {
            expect(figure).toBeGreaterThan(0);
            expect(figure).toBeLessThan(1e3);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
