/** Test support: two models as a demo leaves them, minute by minute: traffic, drift, bad data, a promotion, a run under way, a capture that stalled. */
import { figuresOf, modelFigures, reportFigures } from '#shared/metrics/figures.testing.ts';
import type { Figures, LastReport, ModelFigures } from '#shared/metrics/figures.ts';
import { minuteMs } from '#shared/metrics/publisher-state.ts';
import { thresholdsOf } from '#shared/metrics/thresholds.ts';
import { smallRecord } from '#shared/testing/small-model.ts';

export const demoMinutes = 40;
const environment = 'demo';
const features = 6;

/**
 * @param minute of the run, from 0 to {@link demoMinutes}
 * @param start of the run, Unix milliseconds
 */
export function demoFigures(minute: number, start: number): Figures {
  const now = start + minute * minuteMs;
  const { deployment, models } = figuresOf([stones(minute, start), stalled(minute, start)], now, environment);
  const canary = { noticedAt: start, dueAt: start + 86_400_000, isFalseAlarm: false };
  return { deployment: { ...deployment, canary }, models };
}

/** Promoted at minute 15, drifted and broken from minute 20 on, retraining again from minute 30 on. */
function stones(minute: number, start: number): ModelFigures {
  const windows = Math.floor(minute / 5);
  const at = (then: number) => start + then * minuteMs;
  return modelFigures('stones', features, {
    ...traffic(minute),
    environment,
    champion: minute < 15 ? 'v1' : 'v2',
    deployedAt: minute < 15 ? at(-100) : at(15),
    thresholds: { ...thresholdsOf(smallRecord(), 420_000), loss: 0.2 },
    countedUntil: at(5 * windows - 5),
    lastReport: windows < 1 ? null : report(at(5 * windows), minute >= 20),
    lastDriftAt: minute < 20 ? null : at(20),
    endedRuns: ['promoted', 'rejected', 'failed'].map((outcome) => ({
      ...{ trigger: 'drift', outcome },
      count: outcome === 'promoted' && minute >= 15 ? 1 : 0,
    })),
    retrain: {
      startedAt: minute >= 30 ? at(30) : minute >= 10 && minute < 15 ? at(10) : null,
      stages: minute >= 30 || (minute >= 10 && minute < 15) ? ['Train'] : [],
      cooldownMs: Math.max(0, (55 - minute) * minuteMs),
      lastRun: minute < 15 ? null : { startedAt: at(10), endedAt: at(15), outcome: 'promoted' },
    },
  });
}

/** Its rows were last counted an hour before the run began. */
const stalled = (minute: number, start: number): ModelFigures =>
  modelFigures('stalled', features, {
    ...traffic(minute),
    environment,
    lastReport: reportFigures(features, { windowEnd: start - 60 * minuteMs }),
    countedUntil: start - 60 * minuteMs,
  });

function traffic(minute: number): Partial<ModelFigures> {
  const answered = 600 * minute;
  const share = (of: number) => Math.round(answered * of);
  return {
    requests: { answered, refused: 6 * minute, failed: 3 * minute },
    failures: { 422: 6 * minute, 503: 3 * minute },
    classes: { high: share(0.3), low: share(0.7), other: 0 },
    durations: {
      counts: [0, share(0.5), share(0.4), 0, share(0.1), 0, 0, 0, 0, 0, 0, 0],
      sum_millionths: 20_000 * answered,
    },
    confidences: {
      counts: [0, 0, 0, 0, share(0.1), 0, share(0.2), 0, share(0.3), share(0.4), 0, 0],
      sum_millionths: 700_000 * answered,
    },
    counters: {
      ...{ through: 0, predictions: { v1: answered }, labels: { v1: share(0.9) } },
      ...{ unmatched_labels: minute, outcomes: {}, late: minute, unprofiled: minute },
    },
  };
}

function report(windowEnd: number, isBad: boolean): LastReport {
  const { features: plain, ...rest } = reportFigures(features);
  const drifted = plain.map((feature, at) =>
    isBad && at < 2 ? { ...feature, level: at === 0 ? 'critical' : 'warning', psi: 0.4 } : feature,
  );
  const outputs = ['prediction', 'confidence'].map((channel) => ({ ...plain[0]!, name: channel, channel }));
  return {
    ...rest,
    windowEnd,
    features: [...drifted, ...outputs],
    ...(isBad && {
      ...{ level: 'critical', kind: 'drift', confirmed: true, hardFailures: 1, softFailures: 1 },
      findings: [{ check: 'type_errors', severity: 'hard', column: 'feature_0', observed: 0.2 }],
    }),
  };
}
