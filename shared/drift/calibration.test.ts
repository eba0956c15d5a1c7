import { describe, expect, it } from 'vitest';
import { categorical, draws, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { compareColumns } from './testing.ts';

const kinds = {
  normal: (random: Random, rows: number) => draws('x', rows, () => normal(random)),
  '2 categories': (random: Random, rows: number) => even(random, rows, 2),
  '5 categories': (random: Random, rows: number) => even(random, rows, 5),
  '20 categories': (random: Random, rows: number) => even(random, rows, 20),
  'Zipf categories': (random: Random, rows: number) =>
    categorical(
      'x',
      Array.from({ length: rows }, () => `c${Math.floor(1 / (random() + 1e-4))}`),
    ),
};

function even(random: Random, rows: number, categories: number) {
  return categorical(
    'x',
    Array.from({ length: rows }, () => `c${Math.floor(random() * categories)}`),
  );
}

const sizes = [
  { nReference: 1000, nCurrent: 50, repetitions: 1500 },
  { nReference: 1000, nCurrent: 1000, repetitions: 800 },
  { nReference: 1000, nCurrent: 5000, repetitions: 300 },
  { nReference: 5000, nCurrent: 50, repetitions: 400 },
  { nReference: 5000, nCurrent: 5000, repetitions: 200 },
];

describe('without drift the primary test rejects 4–6 % at a nominal 5 %', () => {
  it.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s', (kind) => {
    const random = seededRandom(20260102);
    let [rejected, tests] = [0, 0];
    for (const { nReference, nCurrent, repetitions } of sizes) {
      let here = 0;
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const drift = compareColumns(kinds[kind](random, nReference), kinds[kind](random, nCurrent));
        if (drift.computable && drift.pValue <= 0.05) here++;
      }
      // Four binomial standard errors around 5 % at a single size.
      expect(Math.abs(here / repetitions - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / repetitions));
      rejected += here;
      tests += repetitions;
    }
    expect(rejected / tests).toBeGreaterThan(0.04);
    expect(rejected / tests).toBeLessThan(0.06);
  });
});
