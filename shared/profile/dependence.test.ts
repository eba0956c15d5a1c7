import { describe, expect, it } from 'vitest';
import { normal, seededRandom, shuffledIndices } from '#shared/random.ts';
import { measureDependence } from './dependence.ts';

const random = seededRandom(61);
const clip = (value: number) => Math.max(-80, Math.min(80, Math.round(24 * value)));

/** Three normals with correlation ρ, as scores. */
function columns(rows: number, correlation: number) {
  const common = Array.from({ length: rows }, () => normal(random));
  return ['a', 'b', 'c'].map((name) => ({
    name,
    scores: Int8Array.from(common, (value) =>
      clip(Math.sqrt(correlation) * value + Math.sqrt(1 - correlation) * normal(random)),
    ),
  }));
}

describe('the dependence of a baseline', () => {
  it('gives normal columns the variance (1 − ρ²)² of their correlations, without skewness or further kurtosis', () => {
    for (const correlation of [0, 0.6]) {
      const dependence = measureDependence(columns(40_000, correlation))!;
      for (const variance of dependence.correlationVariance)
        expect(variance / (1 - correlation ** 2) ** 2).toBeCloseTo(1, 1);
      for (const skewness of dependence.correlationSkewness) expect(Math.abs(skewness)).toBeLessThan(0.3);
      for (const kurtosis of dependence.correlationKurtosis) expect(Math.abs(kurtosis)).toBeLessThan(2);
    }
  });

  it('keeps components that explain at least 65 % of the variance, at least one and never all', () => {
    const one = measureDependence(columns(2000, 0.6))!.reconstruction;
    expect(one.components).toHaveLength(1);
    for (const entry of one.components[0]!) expect(entry).toBeCloseTo(1 / Math.sqrt(3), 1);
    expect(one.meanError).toBeCloseTo(2 * 0.4, 1);
    expect(measureDependence(columns(2000, 0))!.reconstruction.components).toHaveLength(2);
    const two = measureDependence(columns(2000, 0).slice(1))!.reconstruction;
    expect(two.components).toHaveLength(1);
  });

  it('knows that rows the components were fitted to are reconstructed too well', () => {
    const many = Array.from({ length: 25 }, (_, at) => ({
      name: `x${at}`,
      scores: Int8Array.from({ length: 600 }, () => clip(normal(random))),
    }));
    const { meanError, optimism } = measureDependence(many)!.reconstruction;
    expect(optimism / meanError).toBeGreaterThan(0.1);
  });

  it('is the same to the last bit in any order of rows', () => {
    const ordered = columns(777, 0.4);
    const coarse = {
      name: 'flag',
      scores: Int8Array.from(ordered[0]!.scores, (score) => (score > 20 ? 30 : -10)),
    };
    const all = [...ordered, coarse];
    const expected = measureDependence(all);
    for (let repetition = 0; repetition < 5; repetition++) {
      const order = shuffledIndices(777, random);
      const shuffled = all.map(({ name, scores }) => ({
        name,
        scores: Int8Array.from(order, (row) => scores[row]!),
      }));
      expect(measureDependence(shuffled)).toEqual(expected);
    }
  });

  it('expects rare flags to meet by chance, even if they never did', () => {
    const flag = (offset: number) => ({
      name: `f${offset}`,
      scores: Int8Array.from({ length: 1000 }, (_, row) => (row % 100 === offset ? 60 : 0)),
    });
    const { correlationVariance, correlationKurtosis } = measureDependence([flag(1), flag(2)])!;
    expect(correlationVariance[0]).toBeGreaterThan(0.9);
    expect(correlationKurtosis[0]).toBeGreaterThan(1000);
  });

  it('leaves out columns without variation, and stops at 32', () => {
    const [a, b, c] = columns(100, 0.2);
    const constant = { name: 'k', scores: new Int8Array(100).fill(7) };
    expect(measureDependence([a!, constant, b!])!.columns).toEqual(['a', 'b']);
    const many = Array.from({ length: 40 }, (_, at) => ({ name: `c${at}`, scores: c!.scores }));
    const dependence = measureDependence([constant, ...many])!;
    expect(dependence.columns).toHaveLength(32);
    expect(dependence.correlationVariance).toHaveLength(496);
  });

  it('is null below two columns that vary and below 50 rows', () => {
    const constant = { name: 'k', scores: new Int8Array(50) };
    const [a, b] = columns(50, 0);
    expect(measureDependence([a!, b!])).not.toBeNull();
    expect(measureDependence([a!, constant])).toBeNull();
    expect(measureDependence(columns(49, 0))).toBeNull();
    expect(measureDependence([])).toBeNull();
    expect(() => measureDependence([a!, { name: 'short', scores: new Int8Array(9) }])).toThrow(
      'column "short" has 9 scores, must have 50',
    );
  });
});
