import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom, shuffledIndices } from '#shared/random.ts';
import { adjust, type CorrectionMethod } from './multiplicity.ts';

const methods = ['bh', 'by', 'holm', 'bonferroni', 'none'] as const satisfies readonly CorrectionMethod[];
/** With ties, 0 and 1. */
const pValues = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(0, 0.01, 0.05, 1) },
    { weight: 8, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: -300, max: 0, noNaN: true }).map((exponent) => 10 ** exponent) },
  ),
  { maxLength: 60, size: 'max' },
);

describe('adjusted p-values', () => {
  it('are, by hand, of 0.01, 0.02, 0.04 and 0.3 in another order', () => {
    const p = [0.04, 0.01, 0.3, 0.02];
    const byHand: Record<CorrectionMethod, number[]> = {
      none: [0.04, 0.01, 0.3, 0.02],
      bonferroni: [0.16, 0.04, 1, 0.08],
      // × 4, × 3, × 2, × 1 from the smallest up, never falling.
      holm: [0.08, 0.04, 0.3, 0.06],
      // × 4/1, 4/2, 4/3, 4/4 from the smallest up, never above the next.
      bh: [0.16 / 3, 0.04, 0.3, 0.04],
      // × 25/12 = 1 + 1/2 + 1/3 + 1/4 more.
      by: [1 / 9, 1 / 12, 0.625, 1 / 12],
    };
    for (const method of methods)
      adjust(method, p).forEach((adjusted, at) => {
        expect(adjusted).toBeCloseTo(byHand[method][at]!, 14);
      });
  });

  it('of no columns are none, and of one column its own p', () => {
    for (const method of methods) {
      expect(adjust(method, [])).toEqual([]);
      expect(adjust(method, [0.03])).toEqual([0.03]);
    }
  });

  it('of ties are equal', () => {
    for (const method of methods) {
      const [first, low, second, third] = adjust(method, [0.02, 0.001, 0.02, 0.02]);
      expect([second, third]).toEqual([first, first]);
      expect(low).toBeLessThan(first!);
    }
    // Holm takes a tie at its smallest rank, Benjamini–Hochberg at its largest.
    expect(adjust('holm', [0.02, 0.02, 0.9])).toEqual([0.06, 0.06, 0.9]);
    expect(adjust('bh', [0.02, 0.02, 0.9])).toEqual([0.03, 0.03, 0.9]);
    // p · 60 / 60 would be an ulp below p.
    const sixty = new Array<number>(60).fill(0.23966651113397286);
    expect(adjust('bh', sixty)).toEqual(sixty);
  });

  it.each(methods)('are in [p, 1], in the order of the p-values, whatever their order: %s', (method) => {
    fc.assert(
      fc.property(pValues, fc.nat(), (p, seed) => {
        const adjusted = adjust(method, p);
        const ascending = [...p.keys()].sort((one, other) => p[one]! - p[other]!);
        ascending.forEach((at, rank) => {
          const next = ascending[rank + 1] ?? at;
          const least = p[at] === p[next] ? adjusted[next]! : p[at]!;
          expect(adjusted[at]).toBeGreaterThanOrEqual(least);
          expect(adjusted[at]).toBeLessThanOrEqual(Math.min(1, adjusted[next]!));
        });
        const order = [...shuffledIndices(p.length, seededRandom(seed))];
        const shuffled = adjust(
          method,
          order.map((at) => p[at]!),
        );
        expect(shuffled).toEqual(order.map((at) => adjusted[at]));
      }),
      { numRuns: 200 },
    );
  });

  it('never rise when one of the p-values falls', () => {
    fc.assert(
      fc.property(pValues, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (p, which, factor) => {
        if (p.length === 0) return;
        const fallen = p.with(which % p.length, p[which % p.length]! * factor);
        for (const method of methods) {
          const before = adjust(method, p);
          adjust(method, fallen).forEach((after, at) => {
            expect(after).toBeLessThanOrEqual(before[at]!);
          });
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are stricter from none to Benjamini–Hochberg to Holm to Bonferroni, and with Benjamini–Yekutieli', () => {
    fc.assert(
      fc.property(pValues, (p) => {
        const [bh, by, holm, bonferroni] = methods.slice(0, 4).map((method) => adjust(method, p));
        p.forEach((_, at) => {
          const slack = 1 - 1e-14;
          expect(holm![at]).toBeGreaterThanOrEqual(slack * bh![at]!);
          expect(bonferroni![at]).toBeGreaterThanOrEqual(slack * holm![at]!);
          expect(by![at]).toBeGreaterThanOrEqual(slack * bh![at]!);
        });
      }),
    );
  });
});

describe('fourteen columns without drift', () => {
  it('show a false finding at 5 % in half of all windows uncorrected, in 5 % at most when corrected', () => {
    const random = seededRandom(81);
    const windows = 20_000;
    const alarmed: Record<CorrectionMethod, number> = { bh: 0, by: 0, holm: 0, bonferroni: 0, none: 0 };
    for (let window = 0; window < windows; window++) {
      const p = Array.from({ length: 14 }, random);
      for (const method of methods) if (Math.min(...adjust(method, p)) <= 0.05) alarmed[method]++;
    }
    const share = (method: CorrectionMethod) => alarmed[method] / windows;
    /** Four binomial standard errors. */
    const error = (expected: number) => 4 * Math.sqrt((expected * (1 - expected)) / windows);
    const atLeastOne = 1 - 0.95 ** 14;
    expect(Math.abs(share('none') - atLeastOne)).toBeLessThan(error(atLeastOne));
    // Simes: exact for independent columns.
    expect(Math.abs(share('bh') - 0.05)).toBeLessThan(error(0.05));
    const bonferroni = 1 - (1 - 0.05 / 14) ** 14;
    expect(Math.abs(share('bonferroni') - bonferroni)).toBeLessThan(error(bonferroni));
    expect(share('holm')).toBe(share('bonferroni'));
    // 3.25 = 1 + 1/2 + … + 1/14 times stricter.
    expect(Math.abs(share('by') - 0.05 / 3.2516)).toBeLessThan(error(0.05 / 3.2516));
  });
});
