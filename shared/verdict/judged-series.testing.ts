/** Test support: a series of windows of one stream, judged one after another as the monitor does. */
import { compareFeature } from '#shared/drift/compare-feature.ts';
import { addColumns } from '#shared/profile/add-columns.ts';
import { buildAnchors, nameAnchors } from '#shared/profile/anchors.ts';
import { emptyProfile, featureOf } from '#shared/profile/profile.ts';
import { draws, profileOf, type Random } from '#shared/profile/testing.ts';
import { checkQuality } from '#shared/quality/check-quality.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { judgeFeatures } from './judge-features.ts';
import { judgeWindow, type WindowVerdict } from './judge-window.ts';
import { defaultDriftPolicy as policy } from './policy.ts';

export interface WindowSeries {
  readonly features: number;
  readonly referenceRows: number;
  readonly windowRows: number;
  readonly windows: number;
  /** Shift of the first feature in standard deviations. */
  readonly shift?: number;
}

export function judgedSeries(series: WindowSeries, random: Random): WindowVerdict[] {
  const names = Array.from({ length: series.features }, (_, at) => `feature_${at}`);
  const columns = (rows: number, shift: number) =>
    names.map((name, at) => draws(name, rows, () => normal(random) + (at === 0 ? shift : 0)));
  const baseline = columns(series.referenceRows, 0);
  // column by column: how features go together is no part of this verdict, and most of the time
  const anchors = nameAnchors(
    baseline.flatMap((column) => buildAnchors([column]).anchors),
    null,
  );
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

/** Shares of drift-free series with a confirmed alarm, and of their windows with any. */
export function falseAlarms(setup: WindowSeries & { readonly series: number }): {
  readonly confirmed: number;
  readonly alarming: number;
} {
  const random = seededRandom(20260101);
  let [confirmed, alarming] = [0, 0];
  for (let series = 0; series < setup.series; series++) {
    const verdicts = judgedSeries(setup, random);
    if (verdicts.some((verdict) => verdict.confirmed)) confirmed++;
    alarming += verdicts.filter((verdict) => verdict.kind !== 'none').length;
  }
  return { confirmed: confirmed / setup.series, alarming: alarming / (setup.series * setup.windows) };
}
