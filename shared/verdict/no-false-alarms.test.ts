import { describe, expect, it } from 'vitest';
import { compareFeature } from '#shared/drift/compare-feature.ts';
import { addColumns } from '#shared/profile/add-columns.ts';
import { buildAnchors } from '#shared/profile/anchors.ts';
import { emptyProfile, featureOf } from '#shared/profile/profile.ts';
import { draws, profileOf, type Random } from '#shared/profile/testing.ts';
import { checkQuality } from '#shared/quality/check-quality.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { judgeFeatures } from './judge-features.ts';
import { judgeWindow, type WindowVerdict } from './judge-window.ts';
import { defaultDriftPolicy as policy } from './policy.ts';

interface Series {
  readonly features: number;
  readonly referenceRows: number;
  readonly windowRows: number;
  readonly windows: number;
  /** Shift of the first feature in standard deviations. */
  readonly shift?: number;
}

function simulate(series: Series, random: Random): WindowVerdict[] {
  const names = Array.from({ length: series.features }, (_, at) => `feature_${at}`);
  const columns = (rows: number, shift: number) =>
    names.map((name, at) => draws(name, rows, () => normal(random) + (at === 0 ? shift : 0)));
  const baseline = columns(series.referenceRows, 0);
  const anchors = buildAnchors(baseline);
  const reference = profileOf(baseline, anchors);
  const verdicts: WindowVerdict[] = [];
  for (let window = 0; window < series.windows; window++) {
    const current = emptyProfile(anchors);
    addColumns(current, columns(series.windowRows, series.shift ?? 0));
    const drifts = anchors.anchors.map((anchor) =>
      compareFeature(anchor, featureOf(reference, anchor.name), featureOf(current, anchor.name)),
    );
    verdicts.push(
      judgeWindow({
        windowStart: `2026-01-0${window + 1}`,
        features: judgeFeatures(drifts, policy),
        quality: checkQuality({ anchors, reference, current }),
        history: verdicts,
        policy,
      }),
    );
  }
  return verdicts;
}

describe('whole windows of drift-free traffic', () => {
  it.each([
    { series: 100, features: 64, referenceRows: 1000, windowRows: 80, windows: 8 },
    { series: 100, features: 64, referenceRows: 90, windowRows: 500, windows: 8 },
    { series: 200, features: 4, referenceRows: 90, windowRows: 50, windows: 8 },
  ])(
    'confirm an alarm in at most 1 % of series: $features features, $referenceRows × $windowRows rows',
    (setup) => {
      const random = seededRandom(20260101);
      let [confirmed, alarming] = [0, 0];
      for (let series = 0; series < setup.series; series++) {
        const verdicts = simulate(setup, random);
        if (verdicts.some((verdict) => verdict.confirmed)) confirmed++;
        alarming += verdicts.filter((verdict) => verdict.kind !== 'none').length;
      }
      expect(confirmed).toBeLessThanOrEqual(0.01 * setup.series);
      expect(alarming).toBeLessThanOrEqual(0.02 * setup.series * setup.windows);
    },
    120_000,
  );
});

describe('one of 64 features shifted by 1.5 sigma, windows of 80 rows', () => {
  it('is confirmed in the second window, by name', () => {
    const random = seededRandom(7);
    for (let series = 0; series < 25; series++) {
      const verdicts = simulate(
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
