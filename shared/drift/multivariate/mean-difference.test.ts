import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { meanDifferencePValue } from './mean-difference.ts';

const normalShape = { skewness: 0, excessKurtosis: 0 };

/** Share of windows of m rows in which an exponential mean is so many standard errors above 1. */
function exponentialTail(m: number, z: number, windows: number): number {
  const random = seededRandom(11);
  let above = 0;
  for (let window = 0; window < windows; window++) {
    let sum = 0;
    for (let row = 0; row < m; row++) sum -= Math.log(1 - random());
    if (sum / m > 1 + z / Math.sqrt(m)) above++;
  }
  return above / windows;
}

describe('the tail of a difference of means', () => {
  it('is the normal one for shapeless rows', () => {
    expect(meanDifferencePValue(1.959964, normalShape, 1000, 200)).toBeCloseTo(0.05, 6);
    expect(meanDifferencePValue(-1.959964, normalShape, 1000, 200)).toBeCloseTo(0.05, 6);
    expect(meanDifferencePValue(0, normalShape, 1000, 200)).toBe(1);
  });

  it('is that of the gamma law where rows are exponential and the reference is large', () => {
    const shape = { skewness: 2, excessKurtosis: 6 };
    const simulated = exponentialTail(20, 3, 50_000);
    const pValue = meanDifferencePValue(3, shape, 1e9, 20);
    expect(simulated).toBeGreaterThan(3 * 0.00135);
    expect(Math.abs(pValue / 2 / simulated - 1)).toBeLessThan(0.2);
  });

  it('is longer on the side of the skewness only, which the smaller sample decides', () => {
    const shape = { skewness: 2, excessKurtosis: 0 };
    const plain = meanDifferencePValue(3, normalShape, 1000, 50);
    expect(meanDifferencePValue(3, shape, 1000, 50)).toBeGreaterThan(2 * plain);
    expect(meanDifferencePValue(-3, shape, 1000, 50)).toBe(plain);
    expect(meanDifferencePValue(-3, shape, 50, 1000)).toBeGreaterThan(2 * plain);
    expect(meanDifferencePValue(3, shape, 100, 100)).toBeCloseTo(
      meanDifferencePValue(3, normalShape, 100, 100),
      12,
    );
  });

  it('holds for flags that few rows carry: one of 200 rows is no alarm, though 7 standard errors away', () => {
    const rare = { skewness: 100, excessKurtosis: 10_000 };
    const pValue = meanDifferencePValue(7, rare, 5000, 200);
    expect(pValue).toBeGreaterThan(0.001);
    expect(pValue).toBeLessThan(0.05);
    expect(meanDifferencePValue(7, normalShape, 5000, 200)).toBeLessThan(1e-11);
  });
});
