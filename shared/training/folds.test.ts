import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { blockFolds, chooseSetting, type Fold, hashFolds } from './folds.ts';

describe('folds', () => {
  const counts = fc
    .integer({ min: 2, max: 200 })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.integer({ min: 2, max: Math.min(10, rows) })));

  const hashesOf = (rows: number, distinct: number, seed: number) => {
    const random = seededRandom(seed);
    const of = Uint32Array.from({ length: distinct }, () => Math.floor(random() * 2 ** 32));
    return Uint32Array.from({ length: rows }, () => of[Math.floor(random() * distinct)]!);
  };
  const inOrder = (rows: Iterable<number>) => [...rows].sort((one, other) => one - other);

  test('judge on every row exactly once, and use each of the others to train or to stop', () => {
    fc.assert(
      fc.property(counts, fc.integer(), ([rows, folds], seed) => {
        const all = Array.from({ length: rows }, (_, row) => row);
        const parts: Fold[][] = [hashFolds(hashesOf(rows, 100 * rows, seed), folds)];
        if (rows >= 3 * folds) parts.push(blockFolds(rows, folds));
        for (const cut of parts) {
          if (cut.length === folds)
            expect(inOrder(cut.flatMap(({ validation }) => [...validation]))).toEqual(all);
          for (const { training, stopping, validation } of cut)
            expect(inOrder([...training, ...stopping, ...validation])).toEqual(all);
        }
      }),
    );
  });

  test('of hashes part no equal rows, however few differ', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 200 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (rows, distinct, seed) => {
          const hashes = hashesOf(rows, distinct, seed);
          for (const fold of hashFolds(hashes, 5)) {
            const sides = Object.values(fold).map(
              (part: Int32Array) => new Set([...part].map((row) => hashes[row])),
            );
            expect(sides.reduce((sum, side) => sum + side.size, 0)).toBe(new Set(hashes).size);
          }
        },
      ),
    );
  });

  test('of hashes mix a file that is sorted by class into every part', () => {
    const classOf = (row: number) => Math.floor(row / 100);
    const random = seededRandom(4);
    const hashes = Uint32Array.from({ length: 300 }, () => Math.floor(random() * 2 ** 32));
    for (const fold of hashFolds(hashes, 5))
      for (const part of Object.values(fold)) expect(new Set([...part].map(classOf)).size).toBe(3);
  });

  test('of blocks stop by the newest of the rows they are not judged on', () => {
    for (const { training, stopping } of blockFolds(100, 4))
      expect(Math.max(...training)).toBeLessThan(Math.min(...stopping));
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
  test('stays with the default unless another clears a paired t test over the folds', () => {
    // the 5 % point of t with 1 degree of freedom is 6.31: gains of 1 ± 0.158 have t = 6.33, of 1 ± 0.159 t = 6.29
    const withGains = (...gains: readonly number[]) => chooseSetting(gains.map((gain) => [2, 2 - gain]));
    expect(withGains(0.842, 1.158)).toMatchObject({ chosen: 1, standardError: expect.closeTo(0.158) });
    expect(withGains(0.841, 1.159)).toMatchObject({ chosen: 0, standardError: expect.closeTo(0.159) });
    expect(withGains(1).chosen).toBe(0);
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

  test('of five settings that differ by noise only, keeps the default in 95 of 100 searches', () => {
    const random = seededRandom(7);
    let kept = 0;
    for (let study = 0; study < 2000; study++) {
      const losses = Array.from({ length: 5 }, () =>
        Array.from({ length: 5 }, () => 1 + 0.1 * normal(random)),
      );
      if (chooseSetting(losses).chosen === 0) kept++;
    }
    expect(kept / 2000).toBeGreaterThan(0.95);
  });

  test('refuses to choose from nothing', () => {
    expect(() => chooseSetting([])).toThrow('at least one fold and one setting are needed');
  });
});
