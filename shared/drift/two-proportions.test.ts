import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { compareShares } from './two-proportions.ts';

describe('a share of clustered rows', () => {
  it('is not taken for certain because one user has it: ten rows of effect 10 are one', () => {
    const reference = { hits: 0, rows: 100_000 };
    expect(compareShares(reference, { hits: 10, rows: 1000 }, 1).increase).toBeLessThan(1e-19);
    expect(compareShares(reference, { hits: 10, rows: 1000 }, 10).increase).toBeCloseTo(100 / 10_100, 9);
    expect(compareShares(reference, { hits: 4, rows: 1000 }, 10).increase).toBe(1);
  });

  it('rises at most at the nominal 5 %, whether users with it are many or a handful', () => {
    const random = seededRandom(8);
    for (const share of [0.005, 0.2]) {
      const users = (count: number) => {
        let hits = 0;
        for (let user = 0; user < count; user++) if (random() < share) hits += 10;
        return { hits, rows: 10 * count };
      };
      let rejected = 0;
      for (let repetition = 0; repetition < 2000; repetition++)
        if (compareShares(users(1000), users(100), 10).increase <= 0.05) rejected++;
      expect(rejected / 2000).toBeLessThan(0.065);
    }
  });

  it('is continuous in the effect: 1.01 and 1 give nearly the same', () => {
    const [reference, current] = [
      { hits: 40, rows: 5000 },
      { hits: 16, rows: 1000 },
    ];
    const [one, more] = [1, 1.01].map((effect) => compareShares(reference, current, effect).twoSided);
    expect(Math.abs(more! / one! - 1)).toBeLessThan(0.1);
  });
});

describe('a share of no rows', () => {
  it('speaks against nothing', () => {
    for (const effect of [1, 7])
      expect(compareShares({ hits: 0, rows: 0 }, { hits: 3, rows: 5 }, effect)).toEqual({
        twoSided: 1,
        increase: 1,
      });
  });
});
