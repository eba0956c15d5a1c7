import { describe, expect, test } from 'vitest';
import { seededRandom } from '../random.ts';
import { belowFloor } from './accuracy-floor.ts';

const sample = (n: number, errors: number) => ({ n, mean: errors / n, standardDeviation: 0 });
const below = (n: number, errors: number, floor = 0.9, minRows = 50) =>
  belowFloor(sample(n, errors), floor, { minRows })?.below;

describe('accuracy below the floor', () => {
  // P(Binomial(50, 0.1) >= 11) = 0.00935, >= 10: 0.0245; P(Binomial(500, 0.1) >= 67) = 0.0085, >= 66: 0.0119
  test.each([
    [50, 10, false],
    [50, 11, true],
    [500, 66, false],
    [500, 67, true],
    [5000, 500, false],
    [5000, 400, false],
    [100, 0, false],
    [100, 100, true],
  ])('of %d rows with %d errors, at 90 %%: %s', (n, errors, expected) => {
    expect(below(n, errors)).toBe(expected);
  });

  test('needs labels enough: 50 unless the policy says otherwise, and 20 in any case', () => {
    expect([below(49, 49), below(50, 50)]).toEqual([undefined, true]);
    expect([below(19, 19, 0.9, 10), below(20, 20, 0.9, 10)]).toEqual([undefined, true]);
    const clustered = (n: number) => belowFloor(sample(n, n), 0.9, { minRows: 50, designEffect: 2 })?.below;
    expect([clustered(99), clustered(100)]).toEqual([undefined, true]);
  });

  test('is said of a model exactly as good as the floor in at most 1 of 100 windows', () => {
    const random = seededRandom(11);
    let said = 0;
    for (let window = 0; window < 2000; window++) {
      let errors = 0;
      for (let row = 0; row < 200; row++) if (random() < 0.1) errors++;
      if (below(200, errors)) said++;
    }
    expect(said).toBeGreaterThan(0);
    expect(said / 2000).toBeLessThan(0.015);
  });

  test('is said with the figures', () => {
    expect(belowFloor(sample(200, 50), 0.9, { minRows: 50 })?.reason).toBe(
      'accuracy 75 % of 200 labelled rows, below the floor of 90 %',
    );
  });
});
