import { describe, expect, it } from 'vitest';
import { measureDependence } from '#shared/profile/dependence.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { covarianceDrift } from './covariance.ts';
import { baselineOf, coMomentsOf, type DrawRow, equicorrelated, scoresOf } from './testing.ts';

function computed(...input: Parameters<typeof covarianceDrift>) {
  const drift = covarianceDrift(...input);
  if (!drift.computable) throw new Error(drift.reason);
  return drift;
}

/** Share of windows without drift that alarm at a nominal 5 %. */
function falseAlarms(draw: DrawRow, m: number, baselines: number, seed: number): number {
  const random = seededRandom(seed);
  let rejected = 0;
  for (let repetition = 0; repetition < baselines; repetition++) {
    const { dependence, reference } = baselineOf(scoresOf(draw, 1000, random));
    if (computed(dependence, reference, coMomentsOf(scoresOf(draw, m, random))).pValue <= 0.05) rejected++;
  }
  return rejected / baselines;
}

const worlds: Record<string, DrawRow> = {
  'independent normals': equicorrelated(4, 0),
  'normals with correlation 0.8': equicorrelated(4, 0.8),
  'y = x² beside x': (random) => {
    const [x, other] = [normal(random), normal(random)];
    return [x, (x * x - 1) / Math.SQRT2, other];
  },
  'flags set in 2 % of the rows': (random) => Array.from({ length: 4 }, () => (random() < 0.02 ? 2.3 : 0)),
};

describe('covariance drift', () => {
  it.each(Object.entries(worlds))('no drift, at most 0.07 false alarms at a nominal 0.05: %s', (_, draw) => {
    const repetitions = 150;
    // Two binomial standard errors above 7 %.
    const limit = 0.07 + 2 * Math.sqrt((0.07 * 0.93) / repetitions);
    expect(falseAlarms(draw, 200, repetitions, 41)).toBeLessThan(limit);
  });

  it('takes y = x² for what it is, where the variance of normal data would alarm far too often', () => {
    const random = seededRandom(42);
    const { dependence } = baselineOf(scoresOf(worlds['y = x² beside x']!, 4000, random));
    // E[x²(x² − 1)²/2] = 5, clipping at 3.3 lowers it; 1 for independent normals.
    expect(dependence.correlationVariance[0]).toBeGreaterThan(3);
    expect(dependence.correlationVariance[0]).toBeLessThan(5.5);
    expect(dependence.correlationVariance[1]).toBeCloseTo(1, 0);
  });

  it('finds every correlation that went from 0 to 0.5 with unchanged marginals, among 30 columns, and names the pair', () => {
    const random = seededRandom(43);
    const moved: DrawRow = (draw) => {
      const row = [...equicorrelated(30, 0)(draw)];
      row[4] = 0.5 * row[3]! + Math.sqrt(0.75) * row[4]!;
      return row;
    };
    const { dependence, reference } = baselineOf(scoresOf(equicorrelated(30, 0), 2000, random));
    for (let repetition = 0; repetition < 5; repetition++) {
      const drift = computed(dependence, reference, coMomentsOf(scoresOf(moved, 2000, random)));
      expect(drift.pValue).toBeLessThan(1e-9);
      expect(drift.pairs).toHaveLength(5);
      const [pair] = drift.pairs;
      expect([pair!.a, pair!.b]).toEqual(['x3', 'x4']);
      expect(Math.abs(pair!.before)).toBeLessThan(0.1);
      expect(Math.abs(pair!.now - 0.5)).toBeLessThan(0.1);
      expect(drift.statistic).toBe(Math.abs(pair!.z));
    }
  });

  it('finds two copies that part', () => {
    const random = seededRandom(44);
    const copies: DrawRow = (draw) => {
      const value = normal(draw);
      return [value, value];
    };
    const { dependence, reference } = baselineOf(scoresOf(copies, 1000, random));
    const same = coMomentsOf(scoresOf(copies, 300, random));
    expect(computed(dependence, reference, same).pValue).toBeGreaterThan(0.5);
    const parted = coMomentsOf(scoresOf(equicorrelated(2, 0.5), 300, random));
    expect(computed(dependence, reference, parted).pValue).toBeLessThan(1e-6);
  });

  it('divides the evidence of clustered rows by the design effect', () => {
    const random = seededRandom(45);
    const { dependence, reference } = baselineOf(scoresOf(equicorrelated(3, 0), 1000, random));
    const current = coMomentsOf(scoresOf(equicorrelated(3, 0.2), 500, random));
    const plain = computed(dependence, reference, current);
    const clustered = computed(dependence, reference, current, { designEffect: 4 });
    expect(clustered.statistic).toBeCloseTo(plain.statistic / 2, 10);
    expect(clustered.pValue).toBeGreaterThan(plain.pValue);
    expect(computed(dependence, reference, current, { designEffect: 0.5 })).toEqual(plain);
  });

  it('leaves out columns that no longer vary', () => {
    const random = seededRandom(46);
    const { dependence, reference } = baselineOf(scoresOf(equicorrelated(3, 0), 200, random));
    const scores = scoresOf(equicorrelated(3, 0), 200, random);
    const two = covarianceDrift(
      dependence,
      reference,
      coMomentsOf([scores[0]!, scores[1]!, new Int8Array(200)]),
    );
    expect(two.computable && two.pairs.map(({ a, b }) => [a, b])).toEqual([['x0', 'x1']]);
    const one = coMomentsOf([scores[0]!, new Int8Array(200), new Int8Array(200)]);
    expect(covarianceDrift(dependence, reference, one)).toEqual({
      computable: false,
      reason: 'fewer than 2 columns vary in both samples',
    });
  });

  it('is computable from 50 rows up, where the baseline had a dependence', () => {
    const random = seededRandom(47);
    const draw = equicorrelated(2, 0.3);
    const { dependence, reference } = baselineOf(scoresOf(draw, 100, random));
    const window = (rows: number) => coMomentsOf(scoresOf(draw, rows, random));
    expect(covarianceDrift(dependence, reference, window(50)).computable).toBe(true);
    expect(covarianceDrift(dependence, reference, window(49))).toEqual({
      computable: false,
      reason: '100 reference and 49 current rows; 50 needed on either side',
    });
    expect(measureDependence([])).toBeNull();
    expect(covarianceDrift(null, reference, window(50))).toMatchObject({ computable: false });
    expect(() =>
      covarianceDrift(dependence, reference, coMomentsOf(scoresOf(equicorrelated(3, 0), 60, random))),
    ).toThrow('co-moments of 3 columns, must be of 2 as in the baseline');
  });
});
