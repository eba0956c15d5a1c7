import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { hypergeometric, logFactorials } from './hypergeometric.ts';

const random = seededRandom(3);

describe('hypergeometric draws', () => {
  it('have the law of urns: 20 000 draws of 6 out of 15 with 7 marked, within 4 standard errors', () => {
    const table = logFactorials(15);
    const choose = (n: number, k: number) => Math.exp(table[n]! - table[k]! - table[n - k]!);
    const found = new Array<number>(7).fill(0);
    for (let draw = 0; draw < 20_000; draw++) found[hypergeometric(7, 15, 6, random(), table)]!++;
    found.forEach((times, hits) => {
      const p = (choose(7, hits) * choose(8, 6 - hits)) / choose(15, 6);
      expect(Math.abs(times / 20_000 - p), `${hits} marked`).toBeLessThan(
        4 * Math.sqrt((p * (1 - p)) / 20_000),
      );
    });
  });

  it('have the mean and variance of the law where the rows are many', () => {
    const table = logFactorials(8000);
    const draws = Array.from({ length: 20_000 }, () => hypergeometric(62, 8000, 4000, random(), table));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
    const expected = (15.5 * 7938) / 7999;
    expect(Math.abs(mean - 31)).toBeLessThan(4 * Math.sqrt(expected / draws.length));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.04);
  });

  it.each([
    [0, 10, 4, 0],
    [10, 10, 4, 4],
    [3, 10, 0, 0],
    [3, 10, 10, 3],
    [0, 0, 0, 0],
  ])('%i marked of %i, %i drawn: %i, whatever the chance', (marked, rows, drawn, hits) => {
    for (const uniform of [0, 0.5, 1 - 2 ** -32])
      expect(hypergeometric(marked, rows, drawn, uniform, logFactorials(10))).toBe(hits);
  });

  it('never leave what can be drawn', () => {
    const table = logFactorials(12);
    for (let draw = 0; draw < 5000; draw++) {
      const hits = hypergeometric(9, 12, 8, random(), table);
      expect(hits >= 5 && hits <= 8).toBe(true);
    }
  });
});
