import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom, shuffledIndices } from '#shared/random.ts';
import type { NotComputable } from '../measure.ts';
import type { DriftTest, TestResult } from './drift-test.ts';
import { driftTest, driftTests, UnknownDriftTestError } from './registry.ts';
import { numericPair } from './testing.ts';

const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: minusInf, MAX_VALUE } = Number;
const degenerate: Record<string, readonly number[]> = {
  empty: [],
  'all missing': [nan, nan, nan],
  'one value': [3],
  'one value and missing': [nan, 3, nan],
  'two values': [3, 4],
  constant: Array(30).fill(3),
  'nearly constant': [...Array(29).fill(3), 3.0000001],
  'two levels': Array.from({ length: 40 }, (_, at) => at % 2),
  'negative zero': [-0, 0, -0, 0, 0, -0],
  ordinary: Array.from({ length: 40 }, (_, at) => Math.sin(at)),
  huge: [1e300, -1e300, 0, 1, 2, 3, 4, 5],
  largest: [MAX_VALUE, -MAX_VALUE, MAX_VALUE, -MAX_VALUE, 0, 1],
  tiny: Array.from({ length: 20 }, (_, at) => at * 5e-324),
  infinite: [inf, 1, 2, 3, 4, 5, minusInf],
  'all infinite': [inf, inf, inf, inf, inf, inf],
};
const degenerateCounts: Record<string, readonly number[]> = {
  'no cells': [],
  'empty cells': [0, 0, 0],
  'one filled cell': [5, 0, 0],
  'another filled cell': [0, 7, 0],
  'one row each': [1, 1, 1],
  large: [1e15, 1e15, 1],
  ordinary: [10, 20, 30],
  'other length': [1, 2],
  'not counts': [-1, nan, inf],
};

function expectAnswer(answer: TestResult | NotComputable, what: string): void {
  if (!answer.computable) {
    expect(answer.reason, what).toMatch(/\w/);
    return;
  }
  const { statistic, pValue, lo = statistic, hi = statistic } = answer;
  expect(statistic, what).not.toBeNaN();
  if (pValue !== undefined) expect(pValue >= 0 && pValue <= 1, `${what}: p ${pValue}`).toBe(true);
  expect(lo <= statistic && statistic <= hi, `${what}: ${lo} ≤ ${statistic} ≤ ${hi}`).toBe(true);
}

/** Continuous values on a lattice too fine to tie often. */
const values = (minLength: number) =>
  fc.uniqueArray(fc.integer({ min: -50_000, max: 50_000 }), { minLength, maxLength: 60 });
const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 2, maxLength: 12 }).map((cells) => ({
  reference: cells.map(([inReference]) => inReference + 1),
  current: cells.map(([, inCurrent]) => inCurrent + 1),
}));

/** Reference and current that differ, as samples and as counts. */
const random = seededRandom(5);
const before = Array.from({ length: 150 }, () => normal(random));
const shifted = Array.from({ length: 120 }, () => 1.5 + 1.5 * normal(random));

/** What every member of the registry must do. */
function describeDriftTest(test: DriftTest): void {
  const { name, conventions, judgedBy } = test;
  const isTwoCategories = name === 'z_test' || name === 'fisher_exact';

  describe(name, () => {
    it('says what it is for in one sentence, and has a convention to default to', () => {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(test.summary).toMatch(/^[A-Z].*\.$/);
      expect(conventions.length).toBeGreaterThan(0);
      expect(test.samples ?? test.counts).toBeDefined();
    });

    it('answers every degenerate pair of samples, in every convention, with a figure or a reason', () => {
      for (const convention of conventions)
        for (const [first, reference] of Object.entries(degenerate))
          for (const [second, current] of Object.entries(degenerate))
            expectAnswer(
              test.samples!(reference, current, { convention, random: seededRandom(1) }),
              `${convention}: ${first} against ${second}`,
            );
    });

    if (test.counts)
      it('answers every degenerate pair of counts with a figure or a reason', () => {
        for (const convention of conventions)
          for (const [first, reference] of Object.entries(degenerateCounts))
            for (const [second, current] of Object.entries(degenerateCounts))
              expectAnswer(
                test.counts!(reference, current, { convention }),
                `${convention}: ${first} against ${second}`,
              );
      });

    if (test.profiles)
      it('answers every degenerate pair of profiles with a figure or a reason', () => {
        for (const [first, reference] of Object.entries(degenerate))
          for (const [second, current] of Object.entries(degenerate))
            expectAnswer(test.profiles!(numericPair(reference, current)), `${first} against ${second}`);
      });

    it('is refused for empty samples, and missing values change nothing', () => {
      expect(test.samples!([], before).computable).toBe(false);
      expect(test.samples!(before, [nan]).computable).toBe(false);
      expect(test.samples!([...before, nan], [nan, ...shifted])).toEqual(test.samples!(before, shifted));
    });

    it('does not depend on the order of rows, nor change its input', () => {
      fc.assert(
        fc.property(values(5), values(5), fc.nat(), (reference, current, seed) => {
          const shuffle = (list: number[]) =>
            Array.from(shuffledIndices(list.length, seededRandom(seed)), (at) => list[at]!);
          const kept = [...reference];
          expect(test.samples!(shuffle(reference), shuffle(current))).toEqual(
            test.samples!(reference, current),
          );
          expect(reference).toEqual(kept);
        }),
        { numRuns: 15 },
      );
    });

    it('finds nothing between a sample and itself', () => {
      fc.assert(
        fc.property(values(isTwoCategories ? 2 : 8), (all) => {
          const sample = isTwoCategories ? all.slice(0, 2) : all;
          const answer = test.samples!(sample, sample, { random: seededRandom(3) });
          if (!answer.computable) throw new Error(answer.reason);
          // Anderson–Darling's table ends at 0.25.
          if (judgedBy === 'p_value')
            expect(answer.pValue).toBeGreaterThanOrEqual(name === 'anderson_darling' ? 0.25 : 0.9);
          else expect(Math.abs(answer.statistic)).toBeLessThan(1e-12);
        }),
        { numRuns: 25 },
      );
    });

    it('finds a difference that is there', () => {
      const answer = isTwoCategories
        ? test.counts!([80, 20], [50, 50])
        : test.samples!(before, shifted, { random: seededRandom(1) });
      if (!answer.computable) throw new Error(answer.reason);
      if (judgedBy === 'p_value') expect(answer.pValue).toBeLessThan(0.01);
      else expect(answer.statistic).toBeGreaterThan(0.1);
    });

    it('is never negative as a distance, and as symmetric as it says', () => {
      fc.assert(
        fc.property(counts, values(8), values(8), (pair, first, second) => {
          const compare = test.counts ?? test.samples!;
          const [a, b] = test.counts ? [pair.reference, pair.current] : [first, second];
          const [forth, back] = [compare(a, b), compare(b, a)];
          if (!forth.computable || !back.computable) return;
          if (judgedBy === 'distance') expect(forth.statistic).toBeGreaterThanOrEqual(0);
          if (test.isSymmetric) expect(Math.abs(back.statistic)).toBeCloseTo(Math.abs(forth.statistic), 9);
        }),
        { numRuns: 30 },
      );
    });
  });
}

describe('the registry', () => {
  it('has no two tests of one name, and names the known ones when asked for another', () => {
    expect(new Set(driftTests.map((test) => test.name)).size).toBe(driftTests.length);
    expect(driftTest('psi').name).toBe('psi');
    expect(() => driftTest('psy')).toThrow(UnknownDriftTestError);
    expect(() => driftTest('psy')).toThrow(/"psy"; known: .*kolmogorov_smirnov.*bhattacharyya/);
  });
});

for (const test of driftTests) describeDriftTest(test);
