import { describe, expect, it } from 'vitest';
import { seededRandom } from '#shared/random.ts';
import { falseAlarms, judgedSeries } from './judged-series.testing.ts';

describe('whole windows of drift-free traffic', () => {
  it.each([
    { series: 100, features: 64, referenceRows: 90, windowRows: 500, windows: 8 },
    { series: 200, features: 4, referenceRows: 90, windowRows: 50, windows: 8 },
  ])(
    'confirm an alarm in at most 1 % of series: $features features, $referenceRows × $windowRows rows',
    (setup) => {
      const { confirmed, alarming } = falseAlarms(setup);
      expect(confirmed).toBeLessThanOrEqual(0.01);
      expect(alarming).toBeLessThanOrEqual(0.02);
    },
    240_000,
  );
});

describe('one of 64 features shifted by 1.5 sigma, windows of 80 rows', () => {
  it('is confirmed in the second window, by name', () => {
    const random = seededRandom(7);
    for (let series = 0; series < 25; series++) {
      const verdicts = judgedSeries(
        { features: 64, referenceRows: 1000, windowRows: 80, windows: 2, shift: 1.5 },
        random,
      );
      expect(verdicts.map((verdict) => verdict.level)).toEqual(['critical', 'critical']);
      expect(verdicts.map((verdict) => verdict.confirmed)).toEqual([false, true]);
      expect(verdicts[1]?.worst?.name).toBe('feature_0');
      expect(verdicts[1]?.reasons[0]).toMatch(/^feature_0 moved up by 1\.\d σ/);
      expect(verdicts[1]?.episode).toMatchObject({ state: 'opened', start: '2026-01-01' });
    }
  });
});
