import { describe, expect, it } from 'vitest';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { featureOf } from '#shared/profile/profile.ts';
import { numeric, profileOf, type Random } from '#shared/profile/testing.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { type LossSample, lossChange, lossSample, MIN_LABELLED_ROWS } from './loss-change.ts';

const errors = (n: number, wrong: number): LossSample => ({
  n,
  mean: wrong / n,
  standardDeviation: Math.sqrt((wrong / n) * (1 - wrong / n) * (n / Math.max(1, n - 1))),
});
const sample = (n: number, mean: number, standardDeviation = mean): LossSample => ({
  n,
  mean,
  standardDeviation,
});

function drawn(n: number, draw: () => number): LossSample {
  const values = Array.from({ length: n }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const deviations = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return sample(n, mean, Math.sqrt(deviations / (n - 1)));
}

describe('levels of a loss change', () => {
  it.each([
    [1.15, 'stable'],
    [1.16, 'warning'],
    [1.5, 'warning'],
    [1.51, 'critical'],
    [0.5, 'stable'],
  ])('a mean error %f times the held-out one is %s when certain', (factor, level) => {
    expect(lossChange('absolute_error', sample(100_000, 1), sample(100_000, factor)).level).toBe(level);
  });

  it('needs certainty: the same doubling is stable at 20 rows of wide errors', () => {
    expect(lossChange('absolute_error', sample(1000, 1, 1.5), sample(20, 2, 4)).level).toBe('stable');
    expect(lossChange('absolute_error', sample(1000, 1, 1.5), sample(500, 2, 3)).level).toBe('critical');
  });

  it('is only a warning while the lower bound is within the warning threshold', () => {
    const result = lossChange('absolute_error', sample(1000, 1), sample(60, 1.6, 1.8));
    expect(result).toMatchObject({ computable: true, level: 'warning' });
    expect(result.computable && result.interval[0]).toBeGreaterThan(0);
    expect(result.computable && result.interval[0]).toBeLessThan(0.15);
  });
});

describe('clustered losses', () => {
  /** Ten rows a user, intra-class correlation 0.5: 1 + 9 · 0.5 of the variance of independent rows. */
  const designEffect = 5.5;
  const clustered = (users: number, random: Random) => {
    let [user, row] = [0, 0];
    return drawn(10 * users, () => {
      if (row++ % 10 === 0) user = normal(random);
      return Math.exp(0.5 * (Math.SQRT1_2 * user + Math.SQRT1_2 * normal(random)));
    });
  };

  it('fire at most twice their 1 % level, which without the design effect they exceed five times', () => {
    const random = seededRandom(5);
    const fired = { corrected: 0, naive: 0 };
    const repetitions = 2000;
    const strict = { alpha: 0.01, warning: 0, critical: 1 };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const [reference, current] = [clustered(400, random), clustered(40, random)] as const;
      const isFired = (effect: number) =>
        lossChange('absolute_error', reference, current, { policy: strict, designEffect: effect }).level !==
        'stable';
      if (isFired(designEffect)) fired.corrected++;
      if (isFired(1)) fired.naive++;
    }
    expect(fired.corrected / repetitions).toBeLessThan(0.02);
    expect(fired.naive / repetitions).toBeGreaterThan(0.05);
  });

  it('need as many rows as are worth 20 independent ones, and say so', () => {
    const judged = (rows: number) =>
      lossChange('error_rate', errors(5000, 50), errors(rows, 10), { designEffect: 5 });
    expect(judged(100).computable).toBe(true);
    expect(judged(99)).toMatchObject({
      computable: false,
      n: 99,
      reason:
        '99 (worth 19) labelled rows against 5000 (worth 1000) held-out ones; 20 are needed on either side',
    });
  });
});

describe('error rates', () => {
  it('are compared although the reference has no error at all', () => {
    expect(lossChange('error_rate', errors(40, 0), errors(100, 30))).toMatchObject({ level: 'critical' });
    expect(lossChange('error_rate', errors(40, 0), errors(100, 2))).toMatchObject({ level: 'stable' });
    expect(lossChange('error_rate', errors(40, 0), errors(100, 0))).toMatchObject({
      computable: true,
      level: 'stable',
    });
  });

  it('say in words what happened', () => {
    expect(lossChange('error_rate', errors(500, 25), errors(200, 40)).reason).toMatch(
      /^error rate 5\.0 % → 20\.0 % \(\+29\d %\), worse than on held-out rows$/,
    );
  });
});

describe('what is not measured', () => {
  it.each([
    [MIN_LABELLED_ROWS - 1, 1000, 'insufficient_data'],
    [1000, MIN_LABELLED_ROWS - 1, 'insufficient_data'],
    [MIN_LABELLED_ROWS, 1000, 'stable'],
  ])('%i labelled against %i held-out rows: %s', (n, nReference, level) => {
    expect(lossChange('absolute_error', sample(nReference, 1, 0.8), sample(n, 1, 0.8)).level).toBe(level);
  });

  it('is a perfect held-out regression, and a held-out mean too uncertain to compare with', () => {
    expect(lossChange('absolute_error', sample(50, 0), sample(50, 1))).toMatchObject({ computable: false });
    expect(lossChange('absolute_error', sample(50, 1, 2), sample(50, 1, 2)).reason).toContain('120 rows');
  });

  it('never shows as a figure that is not finite', () => {
    for (const kind of ['error_rate', 'absolute_error'] as const)
      for (const [mean, spread] of [
        [0, 0],
        [1, 0],
        [0.3, 0.4],
        [Number.NaN, 1],
      ] as const)
        for (const [other, otherSpread] of [
          [0, 0],
          [1, 0],
          [0.7, 0.4],
        ] as const) {
          const result = lossChange(kind, sample(30, mean, spread), sample(30, other, otherSpread));
          const figures = JSON.stringify(result, (_, value) =>
            typeof value === 'number' && !Number.isFinite(value) ? 'NOT FINITE' : value,
          );
          expect(figures).not.toContain('NOT FINITE');
        }
  });
});

describe('an unchanged model', () => {
  const losses = {
    'absolute errors': ['absolute_error', (random: Random) => Math.abs(normal(random))],
    'an error rate of 5 %': ['error_rate', (random: Random) => (random() < 0.05 ? 1 : 0)],
  } as const;

  it.each(Object.keys(losses) as (keyof typeof losses)[])(
    'alarms in at most one window of fifty: %s',
    (name) => {
      const [kind, draw] = losses[name];
      const random = seededRandom(3);
      for (const [nReference, n] of [
        [30, 80],
        [200, 80],
        [200, 1000],
        [2000, 20],
      ] as const) {
        let alarms = 0;
        for (let repetition = 0; repetition < 1000; repetition++) {
          const result = lossChange(
            kind,
            drawn(nReference, () => draw(random)),
            drawn(n, () => draw(random)),
          );
          if (result.level === 'warning' || result.level === 'critical') alarms++;
        }
        expect(alarms).toBeLessThanOrEqual(20);
      }
    },
  );
});

describe('the loss channel of a profile', () => {
  it('gives the sample, exactly for 0/1 losses', () => {
    const reference = numeric('loss', [0, 0, 1, 0], 'loss');
    const anchors = buildAnchors([reference]);
    const profile = profileOf([numeric('loss', [1, 1, 0, Number.NaN], 'loss')], anchors);
    const loss = lossSample(anchors.anchors[0]!, featureOf(profile, 'loss'));
    expect(loss.n).toBe(3);
    expect(loss.mean * 3).toBeCloseTo(2, 10);
    expect(lossSample(anchors.anchors[0]!, featureOf(profileOf([], anchors), 'loss')).n).toBe(0);
  });
});
