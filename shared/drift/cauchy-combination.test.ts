import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { cauchyCombination } from './cauchy-combination.ts';
import { normalSurvival } from './special-functions.ts';

/** p-values of every size, from the smallest double to 1. */
const pValue = fc.oneof(
  fc.constantFrom(0, 5e-324, 1e-300, 1e-8, 0.5, 0.99, 1 - 2 ** -53, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -320, max: 0, noNaN: true }).map((exponent) => 10 ** exponent),
);

describe('the Cauchy combination of two p-values', () => {
  it('is the tail of their mean score, to the last digits', () => {
    // mpmath, 30 digits: atan2(1, (cot(πa) + cot(πb)) / 2) / π
    expect(cauchyCombination(0.01, 0.5)).toBeCloseTo(0.01998029966405365, 15);
    expect(cauchyCombination(0.2, 0.03)).toBeCloseTo(0.05276153250015324, 15);
  });

  it('of two equal ones is the same, up to where one stands for all', () => {
    fc.assert(
      fc.property(pValue, (p) => {
        const expected = Math.min(p, 0.99);
        // Below 1e-300 the score overflows, and 0 is as good.
        expect(Math.abs(cauchyCombination(p, p) - expected)).toBeLessThanOrEqual(1e-300 + 1e-13 * expected);
      }),
    );
  });

  it('is a p-value, the same in either order, and between the two, never above twice the smaller', () => {
    fc.assert(
      fc.property(pValue, pValue, (a, b) => {
        const both = cauchyCombination(a, b);
        expect(both).toBe(cauchyCombination(b, a));
        expect(both).toBeGreaterThanOrEqual(Math.min(a, b, 0.99) * (1 - 1e-13) - 1e-300);
        expect(both).toBeLessThanOrEqual(Math.min(Math.max(a, b), 0.99) * (1 + 1e-13));
        if (Math.min(a, b) < 0.001) expect(both).toBeLessThan(2.1 * Math.min(a, b) + 1e-300);
      }),
    );
  });

  it('rises with either of them', () => {
    fc.assert(
      fc.property(pValue, pValue, pValue, (a, b, other) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(cauchyCombination(less, other)).toBeLessThanOrEqual(cauchyCombination(more, other));
      }),
    );
  });

  it('keeps all digits at small p-values, without a step: there it is their harmonic mean', () => {
    for (let exponent = -300; exponent <= -4; exponent += 0.25) {
      const p = 10 ** exponent;
      for (const ratio of [1, 1.5, 40]) {
        const harmonic = 2 / (1 / p + 1 / (ratio * p));
        // cot(πp) is 1/(πp) less πp/3.
        expect(Math.abs(cauchyCombination(p, ratio * p) / harmonic - 1)).toBeLessThan(
          1e-13 + 10 * (ratio * p) ** 2,
        );
      }
      expect(Math.abs(cauchyCombination(p, 0.5) / (2 * p) - 1)).toBeLessThan(1e-13 + 10 * p ** 2);
    }
  });

  it('does not let a p-value of 1 silence a small one', () => {
    for (const p of [1e-12, 1e-8, 1.01e-8, 1e-6, 0.0005]) {
      expect(cauchyCombination(p, 1)).toBeLessThan(2.11 * p);
      expect(cauchyCombination(p, 1)).toBeGreaterThan(2 * p);
    }
  });

  it.each([0, 0.5, 0.9, 1])('keeps the levels 0.05 and 0.01 when the two correlate by %d', (correlation) => {
    const random = seededRandom(31);
    const repetitions = 60_000;
    const pValues = Array.from({ length: repetitions }, () => {
      const first = normal(random);
      const second = correlation * first + Math.sqrt(1 - correlation ** 2) * normal(random);
      return cauchyCombination(normalSurvival(first), normalSurvival(second));
    });
    for (const level of [0.05, 0.01]) {
      const rejected = pValues.filter((p) => p <= level).length / repetitions;
      // An eighth of the level, and four binomial standard errors.
      const tolerance = level / 8 + 4 * Math.sqrt((level * (1 - level)) / repetitions);
      expect(Math.abs(rejected - level)).toBeLessThan(tolerance);
    }
  });
});
