import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draws, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { cauchyCombination } from './cauchy-combination.ts';
import { chiSquareContingency } from './chi-square.ts';
import type { CoarseCell } from './coarse-cells.ts';
import { categoricalPrimaryTest, numericPrimaryTest } from './primary-test.ts';
import { rankComponents } from './rank-components.ts';
import { chiSquareSurvival, normalSurvival } from './special-functions.ts';
import { compareColumns } from './testing.ts';
import { compareShares } from './two-proportions.ts';

type Fine = Parameters<typeof numericPrimaryTest>[0];

function categoricalP(cells: readonly CoarseCell[], designEffect?: number): number {
  const result = categoricalPrimaryTest(cells, designEffect);
  if (!result.computable) throw new Error(result.reason);
  return result.pValue;
}

function numericP(fine: Fine, cells: readonly CoarseCell[], designEffect?: number): number {
  const result = numericPrimaryTest(fine, cells, designEffect);
  if (!result.computable) throw new Error(result.reason);
  return result.pValue;
}

const cellsOf = (reference: ArrayLike<number>, current: ArrayLike<number>): CoarseCell[] =>
  Array.from(reference, (rows, at) => ({ label: `${at}`, reference: rows, current: current[at]! }));

/** Unions of `size` neighbouring fine cells. */
function unions(fine: Fine, size: number): CoarseCell[] {
  const sums = (counts: ArrayLike<number>) => {
    const sum = new Array<number>(counts.length / size).fill(0);
    for (let at = 0; at < counts.length; at++) sum[Math.floor(at / size)]! += counts[at]!;
    return sum;
  };
  return cellsOf(sums(fine.reference), sums(fine.current));
}

/** Counts of rows whose cell is drawn. */
function counts(rows: number, cells: number, draw: () => number): Uint32Array {
  const counted = new Uint32Array(cells);
  for (let row = 0; row < rows; row++) counted[draw()]!++;
  return counted;
}

describe('without drift', () => {
  const repetitions = 20_000;
  // 4–6 % is asked; four binomial standard errors of 20,000 repetitions are 0.6 points.
  const expectNominal = (rejected: number) => {
    expect(rejected / repetitions).toBeGreaterThan(0.044);
    expect(rejected / repetitions).toBeLessThan(0.056);
  };

  it('the numeric test rejects 0.04–0.06 at a nominal 0.05: 500 × 200 rows on 60 fine and 10 coarse cells', () => {
    const random = seededRandom(101);
    const draw = () => Math.floor(60 * random());
    let rejected = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const fine = { reference: counts(500, 60, draw), current: counts(200, 60, draw) };
      if (numericP(fine, unions(fine, 6)) <= 0.05) rejected++;
    }
    expectNominal(rejected);
  });

  it.each([3, 10, 20])('the categorical test rejects 0.04–0.06 at a nominal 0.05: %i categories', (k) => {
    const random = seededRandom(102);
    const draw = () => Math.floor(k * random());
    let rejected = 0;
    for (let repetition = 0; repetition < repetitions; repetition++)
      if (categoricalP(cellsOf(counts(500, k, draw), counts(200, k, draw))) <= 0.05) rejected++;
    expectNominal(rejected);
  });

  it('the categorical test rejects at most 0.056 at a nominal 0.05 where most categories are too rare for χ²', () => {
    const random = seededRandom(103);
    const draw = () => Math.min(29, Math.floor(1 / (random() + 0.03)));
    let rejected = 0;
    for (let repetition = 0; repetition < repetitions; repetition++)
      if (categoricalP(cellsOf(counts(500, 30, draw), counts(60, 30, draw))) <= 0.05) rejected++;
    expect(rejected / repetitions).toBeGreaterThan(0.02);
    expect(rejected / repetitions).toBeLessThan(0.056);
  });
});

describe('the numeric test', () => {
  /** Shares of windows found among 30 features (Bonferroni), and by a two-sample z test of the means alone at 5 %. */
  function power(draw: (random: Random) => number, windows = 60): { primary: number; ofMeans: number } {
    const random = seededRandom(104);
    let [primary, ofMeans] = [0, 0];
    for (let window = 0; window < windows; window++) {
      const drift = compareColumns(
        draws('x', 5000, () => normal(random)),
        draws('x', 1000, () => draw(random)),
      );
      if (!drift.computable) throw new Error(drift.reason);
      if (drift.pValue <= 0.05 / 30) primary++;
      const z = drift.meanShift! / Math.sqrt(1 / 5000 + drift.spreadRatio! ** 2 / 1000);
      if (2 * normalSurvival(Math.abs(z)) <= 0.05) ofMeans++;
    }
    return { primary: primary / windows, ofMeans: ofMeans / windows };
  }

  it('finds 0.25 σ in 1000 rows, one of 30 features, in at least 95 % of windows', () => {
    expect(power((random) => 0.25 + normal(random)).primary).toBeGreaterThanOrEqual(0.95);
  });

  it('finds a spread 1.3 times as wide, to which a test of means is blind', () => {
    const { primary, ofMeans } = power((random) => 1.3 * normal(random));
    expect(primary).toBeGreaterThanOrEqual(0.95);
    expect(ofMeans).toBeLessThan(0.2);
  });

  it('finds a tenth of the rows drawn four times as wide, to which a test of means is blind', () => {
    const { primary, ofMeans } = power((random) => (random() < 0.1 ? 4 : 1) * normal(random));
    expect(primary).toBeGreaterThanOrEqual(0.95);
    expect(ofMeans).toBeLessThan(0.2);
  });

  it('is the Cauchy combination of rank components and χ², × 1.08 for their dependence', () => {
    const fine = { reference: [40, 60, 50, 50], current: [10, 10, 15, 25] };
    const cells = unions(fine, 2);
    const ranks = rankComponents(fine.reference, fine.current);
    const both = cauchyCombination(ranks.computable ? ranks.pValue : Number.NaN, categoricalP(cells));
    expect(numericP(fine, cells)).toBeCloseTo(1.08 * both, 14);
  });

  it('is never silenced by one part: rows that moved within their coarse cells are found by their ranks', () => {
    const fine = { reference: [500, 500, 500, 500], current: [180, 20, 180, 20] };
    const cells = unions(fine, 2);
    expect(categoricalP(cells)).toBe(1);
    expect(numericP(fine, cells)).toBeLessThan(1e-4);
    const weak = { reference: [500, 500, 500, 500], current: [125, 75, 125, 75] };
    const ranks = rankComponents(weak.reference, weak.current);
    expect(ranks.computable && ranks.pValue).toBeGreaterThan(1e-8);
    expect(numericP(weak, unions(weak, 2))).toBeLessThan(0.01);
  });

  it('is a p-value from no difference to complete separation', () => {
    const same = { reference: [100, 100, 100, 100], current: [50, 50, 50, 50] };
    expect(numericP(same, unions(same, 2))).toBe(1);
    const apart = { reference: [1e6, 1e6, 0, 0], current: [0, 0, 1e6, 1e6] };
    expect(numericP(apart, unions(apart, 2))).toBe(0);
    const rows = fc.array(fc.nat(2000), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(rows, rows, (reference, current) => {
        const fine = { reference, current };
        const result = numericPrimaryTest(fine, unions(fine, 2));
        if (!result.computable) return;
        expect(result.pValue).toBeGreaterThanOrEqual(0);
        expect(result.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('falls without a step as evidence grows, through 1e-8 too', () => {
    const fine = { reference: [500, 500, 500, 500], current: [250, 150, 100, 100] };
    const cells = unions(fine, 2);
    // Beyond, fewer rows differ from the most frequent value than four components need.
    let before = numericP(fine, cells, 10);
    for (let effect = 9.9; effect >= 1; effect -= 0.1) {
      const p = numericP(fine, cells, effect);
      expect(p).toBeLessThan(before);
      // The statistic grows by a part of 1 / (10 · effect) at a time.
      expect(p).toBeGreaterThan(before * Math.exp(-20 / effect));
      before = p;
    }
    expect(before).toBeLessThan(1e-12);
  });

  it('divides both statistics by the design effect', () => {
    const fine = { reference: [400, 600, 500, 500], current: [100, 100, 150, 250] };
    const cells = unions(fine, 2);
    const ranks = rankComponents(fine.reference, fine.current);
    const cellTest = chiSquareContingency([1000, 1000], [200, 400]);
    if (!ranks.computable || !cellTest.computable) throw new Error('not computable');
    for (const effect of [1, 2.5, 10]) {
      const parts = [
        chiSquareSurvival(ranks.statistic / effect, ranks.degreesOfFreedom),
        chiSquareSurvival(cellTest.statistic / effect, 1),
      ] as const;
      expect(numericP(fine, cells, effect)).toBeCloseTo(1.08 * cauchyCombination(...parts), 12);
    }
  });

  it('says why it cannot be computed', () => {
    const constant = { reference: [20, 0], current: [10, 0] };
    expect(numericPrimaryTest(constant, unions(constant, 1))).toEqual({
      computable: false,
      reason: 'every row of both samples is in one cell',
    });
    const empty = { reference: [20, 5], current: [0, 0] };
    expect(numericPrimaryTest(empty, unions(empty, 1)).computable).toBe(false);
  });
});

describe('numbers that hardly vary', () => {
  it('show no shift in more than 5 % of drift-free windows: ten flags that few rows carry, at p ≤ 0.05/10', () => {
    const random = seededRandom(71);
    const flags = (rows: number, share: number) => {
      let ones = 0;
      for (let row = 0; row < rows; row++) if (random() < share) ones++;
      return [rows - ones, ones] as const;
    };
    for (const share of [0.001, 0.01]) {
      let shown = 0;
      const windows = 400;
      for (let window = 0; window < windows; window++) {
        const smallest = Array.from({ length: 10 }, () => {
          const [reference, current] = [flags(5000, share), flags(100, share)];
          if (reference[1] + current[1] === 0) return 1;
          return numericP({ reference: [...reference], current: [...current] }, cellsOf(reference, current));
        });
        if (Math.min(...smallest) <= 0.005) shown++;
      }
      expect(shown / windows).toBeLessThan(0.07);
    }
  });

  it('with few cells are the χ² of the table times (N − 1)/N, however much one value dominates', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 40, max: 90 }), fc.integer({ min: 40, max: 90 })), {
          minLength: 2,
          maxLength: 4,
        }),
        fc.constantFrom(100, 1e5, 1e8),
        fc.nat(4),
        (rare, many, at) => {
          const cells = [...rare];
          cells.splice(at, 0, [many, many]);
          const [reference, current] = [0, 1].map((of) => cells.map((cell) => cell[of]!)) as [
            number[],
            number[],
          ];
          const rows = [...reference, ...current].reduce((sum, count) => sum + count, 0);
          const ranks = rankComponents(reference, current);
          const table = chiSquareContingency(reference, current);
          if (!ranks.computable || !table.computable || ranks.degreesOfFreedom < cells.length - 1) return;
          const expected = (table.statistic * (rows - 1)) / rows;
          expect(Math.abs(ranks.statistic - expected)).toBeLessThan(1e-6 * Math.max(1, expected));
        },
      ),
    );
  });
});

describe('the categorical test', () => {
  const dense = fc.array(fc.tuple(fc.integer({ min: 60, max: 500 }), fc.integer({ min: 60, max: 500 })), {
    minLength: 2,
    maxLength: 12,
  });

  it('does not depend on the order of categories', () => {
    fc.assert(
      fc.property(dense, fc.boolean(), fc.infiniteStream(fc.nat()), (pairs, hasRare, keys) => {
        const cells = pairs.map(([reference, current], at) => ({
          label: `${at}`,
          reference,
          current: current + at,
        }));
        if (hasRare) cells.push({ label: 'rare', reference: 1, current: 2 });
        const shuffled = cells
          .map((cell) => ({ cell, key: keys.next().value }))
          .sort((one, other) => one.key - other.key)
          .map(({ cell }) => cell);
        const p = categoricalP(cells);
        expect(Math.abs(categoricalP(shuffled) - p)).toBeLessThanOrEqual(1e-9 * p);
      }),
    );
  });

  it('divides the statistic by the design effect', () => {
    const [reference, current] = [
      [3000, 4000, 3000],
      [600, 500, 900],
    ];
    const test = chiSquareContingency(reference!, current!);
    for (const effect of [1, 3, 20])
      expect(categoricalP(cellsOf(reference!, current!), effect)).toBeCloseTo(
        chiSquareSurvival(test.computable ? test.statistic / effect : Number.NaN, 2),
        14,
      );
  });

  it('takes ten rows of one user with a new category for one observation, and one row for no more than one', () => {
    // One of five users has what none of 10,000 had.
    expect(categoricalP(cellsOf([100_000, 0], [40, 10]), 10)).toBeCloseTo(5 / 10_005, 10);
    const independent = categoricalP(cellsOf([100_000, 0], [49, 1]));
    expect(independent).toBeCloseTo(50 / 100_050, 10);
    expect(categoricalP(cellsOf([100_000, 0], [49, 1]), 1.01)).toBeGreaterThan(0.99 * independent);
  });

  it('keeps its level for rare categories of clustered rows: 1 % of users, ten rows each', () => {
    const random = seededRandom(105);
    const repetitions = 4000;
    const rare = (users: number) => 10 * counts(users, 2, () => (random() < 0.01 ? 1 : 0))[1]!;
    let [at5, at1] = [0, 0];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const [before, now] = [rare(1000), rare(10)];
      const p = categoricalP(cellsOf([10_000 - before, before], [100 - now, now]), 10);
      if (p <= 0.05) at5++;
      if (p <= 0.01) at1++;
    }
    expect(at5 / repetitions).toBeLessThan(0.056);
    expect(at1 / repetitions).toBeLessThan(0.014);
  });

  it('tests a cell exactly when it is expected below five times, and by χ² from there', () => {
    const ofThree = (rare: number) => {
      const [reference, current] = [
        [600, 400 - rare, rare],
        [280, 217, 3],
      ];
      const cells = chiSquareContingency(reference!, current!);
      return { p: categoricalP(cellsOf(reference!, current!)), ofCells: cells.computable && cells.pValue };
    };
    // A third of the 12 + 3 rows is expected in the current sample: five.
    expect(ofThree(12).p).toBe(ofThree(12).ofCells);
    expect(ofThree(11).p).not.toBeCloseTo(ofThree(11).ofCells as number, 3);
  });

  it('still compares the largest cell with the rest where clusters are too few for χ²', () => {
    // Four users of ten rows, one in the category of three quarters: Fisher of 300 / 100 users against 1 / 3.
    const p = categoricalP(cellsOf([3000, 500, 500], [10, 15, 15]), 10);
    const fisher = compareShares({ hits: 300, rows: 400 }, { hits: 1, rows: 4 });
    expect(p).toBeCloseTo(fisher.twoSided, 12);
    expect(categoricalP(cellsOf([3000, 1000], [30, 10]), 1000)).toBe(1);
  });

  it('says when all rows are in one cell, or a sample has none', () => {
    expect(categoricalPrimaryTest(cellsOf([20, 0], [10, 0]))).toEqual({
      computable: false,
      reason: 'every row of both samples is in one cell',
    });
    expect(categoricalPrimaryTest(cellsOf([20, 5], [0, 0]))).toEqual({
      computable: false,
      reason: 'a sample without rows cannot be tested',
    });
  });
});
