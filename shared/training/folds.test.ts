import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { blockFolds, chooseSetting, shuffledFolds } from './folds.ts';

describe('folds', () => {
  const counts = fc
    .integer({ min: 2, max: 200 })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.integer({ min: 2, max: Math.min(10, rows) })));

  test('hold every row out exactly once, and train on all others', () => {
    fc.assert(
      fc.property(counts, fc.integer(), ([rows, folds], seed) => {
        for (const cut of [blockFolds(rows, folds), shuffledFolds(rows, folds, seededRandom(seed))]) {
          const held = cut.flatMap(({ validation }) => [...validation]).sort((one, other) => one - other);
          expect(held).toEqual(Array.from({ length: rows }, (_, row) => row));
          for (const { training, validation } of cut)
            expect(new Set([...training, ...validation]).size).toBe(rows);
        }
      }),
    );
  });

  test('of blocks are neighbours, and differ in size by one at most', () => {
    const sizes = blockFolds(11, 3).map(({ validation }) => {
      expect(validation.at(-1)! - validation[0]!).toBe(validation.length - 1);
      return validation.length;
    });
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  test.each([1, 5])('%d folds of 4 rows are refused', (folds) => {
    expect(() => blockFolds(4, folds)).toThrow(
      `${folds} folds of 4 rows: 2 to the number of rows is allowed`,
    );
  });
});

describe('chooseSetting', () => {
  test('stays with the default unless another is better by more than one standard error', () => {
    // gains 0.1 and 0.3: mean 0.2, standard error 0.1
    expect(
      chooseSetting([
        [1, 0.9],
        [1, 0.7],
      ]),
    ).toMatchObject({ chosen: 1, standardError: expect.closeTo(0.1) });
    // gains 0 and 0.2: mean 0.1, standard error 0.1
    expect(
      chooseSetting([
        [1, 1],
        [1, 0.8],
      ]),
    ).toMatchObject({ chosen: 0 });
  });

  test('takes the best of those that could be fitted', () => {
    expect(
      chooseSetting([
        [Number.POSITIVE_INFINITY, 2, 1],
        [1, 2, 1],
      ]).chosen,
    ).toBe(2);
    expect(
      chooseSetting([
        [1, Number.POSITIVE_INFINITY],
        [1, 0.1],
      ]).chosen,
    ).toBe(0);
  });

  test('of five settings that differ by noise only, keeps the default more often than the best-looking one would be it', () => {
    const random = seededRandom(7);
    let kept = 0;
    for (let study = 0; study < 2000; study++) {
      const losses = Array.from({ length: 5 }, () =>
        Array.from({ length: 5 }, () => 1 + 0.1 * normal(random)),
      );
      if (chooseSetting(losses).chosen === 0) kept++;
    }
    expect(kept / 2000).toBeGreaterThan(0.25);
  });

  test('refuses to choose from nothing', () => {
    expect(() => chooseSetting([])).toThrow('at least one fold and one setting are needed');
  });
});
