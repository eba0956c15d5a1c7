import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { driftTest } from './registry.ts';

const random = seededRandom(17);
const draw = (count: number, mean = 0, spread = 1) =>
  Float64Array.from({ length: count }, () => mean + spread * normal(random));

function pValue(reference: Float64Array, current: Float64Array): number {
  const result = driftTest('mmd').samples!(reference, current, { random });
  if (!result.computable || result.pValue === undefined) throw new Error('no p-value');
  return result.pValue;
}

describe('the p-value of the maximum mean discrepancy', () => {
  it('keeps its level though its permutations compare 64 joined points: 10 % of 300 null pairs, give or take', () => {
    const rejected = Array.from({ length: 300 }, () => pValue(draw(120), draw(80))).filter((p) => p <= 0.1);
    // 4 standard errors
    expect(Math.abs(rejected.length - 30)).toBeLessThan(4 * Math.sqrt(300 * 0.1 * 0.9));
  });

  it('sees a shift and a change of spread alone', () => {
    expect(pValue(draw(2000), draw(2000, 0.3))).toBeLessThan(0.01);
    expect(pValue(draw(2000), draw(2000, 0, 1.4))).toBeLessThan(0.01);
  });
});
