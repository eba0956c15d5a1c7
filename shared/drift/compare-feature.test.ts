import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categorical, draws, numeric } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { coarseCellCount } from './coarse-cells.ts';
import type { ComparedFeature } from './compare-feature.ts';
import { jensenShannonDistance } from './jensen-shannon.ts';
import { populationStability } from './psi.ts';
import { smallestDetectable } from './smallest-detectable.ts';
import { compareColumns } from './testing.ts';

type Test = Parameters<typeof compareColumns>;

function compared(...[reference, current, options]: Test): ComparedFeature {
  const drift = compareColumns(reference, current, options);
  if (!drift.computable) throw new Error(drift.reason);
  return drift;
}

const repeat = (value: number, times: number) => new Array<number>(times).fill(value);
const gaussian = (seed: number, rows: number, shift = 0) => {
  const random = seededRandom(seed);
  return draws('x', rows, () => shift + normal(random));
};

describe('the number of coarse cells', () => {
  it.each([
    [1000, 50, 5],
    [1000, 80, 8],
    [5000, 5000, 10],
    [5000, 20, 4],
    [90, 500, 3],
    [20, 500, 2],
  ])('for %i reference and %i current rows is %i', (nReference, nCurrent, cells) => {
    expect(coarseCellCount(nReference, nCurrent)).toBe(cells);
  });
});

describe('comparing a numeric feature', () => {
  it('sees the population PSI of a quarter and of one sigma', () => {
    expect(compared(gaussian(1, 30_000), gaussian(2, 30_000, 0.25)).psiDebiased).toBeCloseTo(0.06, 1);
    const one = compared(gaussian(1, 30_000), gaussian(2, 5000, 1), { evidence: true });
    expect(one.psi).toBeGreaterThan(0.8);
    expect(one.meanShift).toBeCloseTo(1, 1);
    expect(one.pValue).toBeLessThan(1e-12);
    expect(one.ks?.hi).toBeGreaterThanOrEqual(one.ks?.lo ?? 1);
    expect(one.ks?.lo).toBeCloseTo(0.383, 1);
  });

  it('keeps nine tenths of a 1 sigma PSI when one value is 1e6', () => {
    const reference = gaussian(1, 5000);
    const current = gaussian(2, 500, 1);
    const spiked = numeric('x', [...current.values.subarray(1), 1e6]);
    expect(compared(reference, spiked).psi).toBeGreaterThan(0.9 * compared(reference, current).psi);
  });

  it('is not misled by repeated values: ×1.001 of a rounded feature is a small PSI', () => {
    const random = seededRandom(4);
    const reference = draws('table', 20_000, () => Math.round(57.5 + 2.2 * normal(random)));
    const scaled = draws('table', 2000, () => 1.001 * Math.round(57.5 + 2.2 * normal(random)));
    expect(compared(reference, scaled).psi).toBeLessThan(0.35);
  });

  it('sees 95 % → 80 % zeros and the same at the largest value', () => {
    const random = seededRandom(6);
    const inflated = (rows: number, share: number, at: number) =>
      draws('x', rows, () => (random() < share ? at : random()));
    for (const at of [0, 5]) {
      const drift = compared(inflated(5000, 0.95, at), inflated(500, 0.8, at));
      expect(drift.psiDebiased).toBeGreaterThan(0.15);
      expect(drift.pValue).toBeLessThan(1e-6);
    }
  });

  it('gives one cell per value to few values, and sees a constant move', () => {
    const moved = compared(numeric('x', repeat(3, 100)), numeric('x', repeat(4, 60)));
    expect(moved.cells.map(({ reference, current }) => [reference, current])).toEqual([
      [100, 0],
      [0, 60],
    ]);
    expect(moved.psiDebiased).toBeGreaterThan(3);
    expect(moved).not.toHaveProperty('meanShift');
    const levels = compared(
      numeric(
        'x',
        [0, 1, 2].flatMap((v) => repeat(v, 50)),
      ),
      numeric('x', repeat(1, 50)),
    );
    expect(levels.cells.map((cell) => cell.label).sort()).toEqual(['0', '1', '2']);
  });

  it('leaves missing and infinite rows out of the cells and reports the missing share', () => {
    const reference = gaussian(1, 1000);
    const values = [...gaussian(2, 95).values, ...repeat(Number.NaN, 5), Number.POSITIVE_INFINITY];
    const drift = compared(reference, numeric('x', values));
    expect(drift.cells.reduce((sum, cell) => sum + cell.current, 0)).toBe(95);
    expect(drift.missing.change).toBeCloseTo(5 / 101, 10);
    expect(drift.missing.pValue).toBeLessThan(1e-4);
  });

  it('labels its cells as a partition of the line', () => {
    const labels = compared(gaussian(1, 1000), gaussian(2, 200)).cells.map((cell) => cell.label);
    expect(labels[0]).toMatch(/^≤ -/);
    expect(labels.at(-1)).toMatch(/^> /);
    labels.slice(1, -1).forEach((label, at) => {
      expect(label).toMatch(/^\(.*\]$/);
      expect(label.split(', ')[0]?.slice(1)).toBe(labels[at]?.match(/([^ ]+?)\]?$/)?.[1]);
    });
  });
});

describe('comparing a categorical feature', () => {
  const spread = (counts: Record<string, number>) =>
    categorical(
      'c',
      Object.entries(counts).flatMap(([value, rows]) => new Array<string>(rows).fill(value)),
    );

  it('counts unseen categories in one cell with the rare ones', () => {
    const drift = compared(spread({ a: 600, b: 390, c: 10 }), spread({ a: 60, b: 20, d: 15, e: 5 }));
    expect(drift.unseenShare).toBe(0.2);
    expect(drift.pValue).toBeLessThan(1e-12);
    expect(drift.cells.at(-1)?.label).toContain('other');
  });

  it('sees a rare category take the place of a frequent one, even where it is too rare for chi-square', () => {
    const renamed = compared(spread({ a: 600, b: 390, c: 10 }), spread({ a: 60, d: 40 }));
    expect(renamed.pValue).toBeLessThan(1e-12);
    expect(renamed.psiDebiased).toBeGreaterThan(1);
  });

  it('keeps every one of many even categories in sight', () => {
    const names = Array.from({ length: 20 }, (_, at) => `c${at}`);
    const even = Object.fromEntries(names.map((name) => [name, 100]));
    const shifted = { ...Object.fromEntries(names.map((name) => [name, 45])), c19: 145 };
    expect(compared(spread(even), spread(shifted)).pValue).toBeLessThan(1e-6);
  });

  it('tests two sparse categories exactly', () => {
    const drift = compared(spread({ a: 990, b: 10 }), spread({ a: 45, b: 5 }));
    expect(drift.k).toBe(2);
    expect(drift.pValue).toBeCloseTo(0.000417, 4);
  });
});

describe('what cannot be compared', () => {
  it('is said, not computed: too few rows, or nothing that varies', () => {
    expect(compareColumns(gaussian(1, 1000), gaussian(2, 9))).toMatchObject({
      computable: false,
      code: 'too_few_rows',
      nCurrent: 9,
    });
    expect(compareColumns(numeric('x', repeat(3, 100)), numeric('x', repeat(3, 60)))).toMatchObject({
      computable: false,
      code: 'constant',
    });
    expect(compareColumns(numeric('x', repeat(Number.NaN, 100)), numeric('x', [1, 2]))).toMatchObject({
      computable: false,
      missing: { reference: 1, current: 0, change: -1 },
    });
  });

  it('never leaves a figure that is not finite', () => {
    const value = fc.oneof(
      fc.constantFrom(0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -3e38),
      fc.double({ min: -2, max: 2, noNaN: true }),
    );
    const rows = fc.array(value, { minLength: 0, maxLength: 60 });
    fc.assert(
      fc.property(rows, rows, (reference, current) => {
        const text = JSON.stringify(
          compareColumns(numeric('x', reference), numeric('x', current)),
          (_, found) => (typeof found === 'number' && !Number.isFinite(found) ? 'NOT FINITE' : found),
        );
        expect(text).not.toContain('NOT FINITE');
      }),
      { numRuns: 300 },
    );
  });
});

describe('measures on cells', () => {
  const counts = fc.array(fc.tuple(fc.nat(500), fc.nat(500)), { minLength: 2, maxLength: 10 });

  it('are non-negative, symmetric and independent of the order of cells', () => {
    fc.assert(
      fc.property(counts, (pairs) => {
        const [reference, current] = [pairs.map(([a]) => a + 1), pairs.map(([, b]) => b + 1)];
        const measures = (a: number[], b: number[]) => {
          const stability = populationStability(a, b);
          const distance = jensenShannonDistance(a, b);
          return [stability.computable ? stability.psi : -1, distance.computable ? distance.distance : -1];
        };
        const [psi, js] = measures(reference, current);
        expect(psi).toBeGreaterThanOrEqual(0);
        expect(js).toBeGreaterThanOrEqual(0);
        expect(js).toBeLessThanOrEqual(Math.sqrt(Math.LN2) + 1e-12);
        const reversed = measures(reference.toReversed(), current.toReversed());
        const swapped = measures(current, reference);
        for (const other of [reversed, swapped]) {
          expect(other[0]).toBeCloseTo(psi!, 10);
          expect(other[1]).toBeCloseTo(js!, 10);
        }
      }),
    );
  });
});

describe('the smallest detectable shift', () => {
  it('is found with the promised power', () => {
    const { shift } = smallestDetectable(
      { kind: 'categorical', cells: 8, nReference: 1000, nCurrent: 80 },
      0.05,
    );
    const random = seededRandom(9);
    let found = 0;
    for (let repetition = 0; repetition < 300; repetition++) {
      const reference = draws('x', 1000, () => normal(random));
      const drift = compared(
        reference,
        draws('x', 80, () => shift + normal(random)),
      );
      if (drift.pValue <= 0.05) found++;
    }
    expect(found / 300).toBeGreaterThan(0.7);
    expect(found / 300).toBeLessThan(0.9);
  });
});

describe('clustered rows', () => {
  it('raise the p-value and lower the de-biased PSI by the design effect', () => {
    const plain = compared(gaussian(1, 1000), gaussian(2, 300, 0.3));
    const clustered = compared(gaussian(1, 1000), gaussian(2, 300, 0.3), { designEffect: 5 });
    expect(clustered.pValue).toBeGreaterThan(plain.pValue);
    expect(clustered.psiDebiased).toBeLessThan(plain.psiDebiased);
  });
});
