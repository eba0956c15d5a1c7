import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '#shared/random.ts';
import { pcaReconstructionDrift } from './reconstruction.ts';
import { baselineOf, coMomentsOf, type DrawRow, equicorrelated, scoresOf } from './testing.ts';

function computed(...input: Parameters<typeof pcaReconstructionDrift>) {
  const drift = pcaReconstructionDrift(...input);
  if (!drift.computable) throw new Error(drift.reason);
  return drift;
}

const heavyTails: DrawRow = (random) => {
  const size = Math.exp(normal(random)) / 3;
  return Array.from({ length: 4 }, () => size * normal(random));
};

describe('reconstruction drift', () => {
  it('is the mean over rows of the squared distance from the baseline’s components', () => {
    const random = seededRandom(51);
    const scores = scoresOf(equicorrelated(4, 0.5), 400, random);
    const { dependence, reference } = baselineOf(scores);
    const { components, mean, scale } = dependence.reconstruction;
    const window = scoresOf(equicorrelated(4, 0.2), 60, random);
    let total = 0;
    for (let row = 0; row < 60; row++) {
      const values = window.map((column, at) => (column[row]! - mean[at]!) / scale[at]!);
      const rest = [...values];
      for (const component of components) {
        const along = component.reduce((sum, entry, at) => sum + entry * values[at]!, 0);
        component.forEach((entry, at) => {
          rest[at]! -= along * entry;
        });
      }
      total += rest.reduce((sum, value) => sum + value * value, 0);
    }
    const drift = computed(dependence, reference, coMomentsOf(window));
    expect(drift.now).toBeCloseTo(total / 60, 7);
    expect(drift.before).toBeCloseTo(dependence.reconstruction.meanError, 7);
  });

  it.each<[string, DrawRow]>([
    ['12 independent columns, which components fit by chance', equicorrelated(12, 0)],
    ['correlation 0.8', equicorrelated(4, 0.8)],
    ['heavy tails', heavyTails],
  ])('no drift, at most 0.07 false alarms at a nominal 0.05: %s', (_, draw) => {
    const repetitions = 100;
    const random = seededRandom(52);
    let rejected = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const { dependence, reference } = baselineOf(scoresOf(draw, 500, random));
      if (computed(dependence, reference, coMomentsOf(scoresOf(draw, 200, random))).pValue <= 0.05)
        rejected++;
    }
    // Two binomial standard errors above 7 %.
    expect(rejected / repetitions).toBeLessThan(0.07 + 2 * Math.sqrt((0.07 * 0.93) / repetitions));
  });

  it('finds correlations that are lost, and those that grew: rows explained better have drifted too', () => {
    const random = seededRandom(53);
    const { dependence, reference } = baselineOf(scoresOf(equicorrelated(6, 0.5), 2000, random));
    const against = (correlation: number) =>
      computed(dependence, reference, coMomentsOf(scoresOf(equicorrelated(6, correlation), 1000, random)));
    const [lost, grown] = [against(0.2), against(0.8)];
    expect(lost.pValue).toBeLessThan(1e-6);
    expect(lost.statistic).toBeGreaterThan(0);
    expect(lost.now).toBeGreaterThan(lost.before);
    expect(grown.pValue).toBeLessThan(1e-6);
    expect(grown.statistic).toBeLessThan(0);
    expect(against(0.5).pValue).toBeGreaterThan(0.001);
  });

  it('takes clustered rows for less evidence', () => {
    const random = seededRandom(54);
    const { dependence, reference } = baselineOf(scoresOf(equicorrelated(4, 0.5), 500, random));
    const current = coMomentsOf(scoresOf(equicorrelated(4, 0.3), 500, random));
    const plain = computed(dependence, reference, current);
    const clustered = computed(dependence, reference, current, { designEffect: 4 });
    expect(clustered.statistic).toBeCloseTo(plain.statistic / 2, 10);
  });

  it('is not computable below 50 rows, without a dependence, or where every row is reconstructed', () => {
    const random = seededRandom(55);
    const draw = equicorrelated(3, 0.5);
    const { dependence, reference } = baselineOf(scoresOf(draw, 100, random));
    const window = (rows: number) => coMomentsOf(scoresOf(draw, rows, random));
    expect(pcaReconstructionDrift(dependence, reference, window(50)).computable).toBe(true);
    expect(pcaReconstructionDrift(dependence, reference, window(49)).computable).toBe(false);
    expect(pcaReconstructionDrift(null, reference, window(50)).computable).toBe(false);
    const exact = { ...dependence, reconstruction: { ...dependence.reconstruction, errorVariance: 0 } };
    expect(pcaReconstructionDrift(exact, reference, window(50))).toEqual({
      computable: false,
      reason: 'every baseline row has the same reconstruction error',
    });
  });
});
