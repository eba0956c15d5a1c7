/** Test support: figures of models that no store holds. */
import type { Figures, LastReport, ModelFigures } from './figures.ts';
import { confidenceBuckets, durationBuckets, emptyHistogram } from './histogram.ts';

export function reportFigures(features: number, more: Partial<LastReport> = {}): LastReport {
  return {
    ...{ id: '1-v1', windowEnd: 1_795_219_200_000, rows: 1000, labels: 900, referenceRows: 5000 },
    ...{ level: 'stable', kind: 'none', confirmed: false, hardFailures: 0, softFailures: 0, findings: [] },
    features: Array.from({ length: features }, (_, at) => ({
      ...{ name: `feature_${at}`, channel: 'feature', level: 'stable', missing: 0.01 },
      ...{ psi: at / 1000, jsDistance: at / 2000, pValue: 1 / (at + 1) },
    })),
    lossChange: 0.02,
    loss: { baseline: 0.1, window: 0.102 },
    estimatedLoss: { value: 0.11, standardError: 0.01, heldOut: 0.1 },
    attribution: {
      ...{ ndcg: 0.99, moved: 0.01 },
      shares: Array.from({ length: features }, (_, at) => ({
        feature: `feature_${at}`,
        share: 1 / features,
      })),
    },
    ...more,
  };
}

export function modelFigures(
  model: string,
  features: number,
  more: Partial<ModelFigures> = {},
): ModelFigures {
  return {
    ...{ model, environment: 'test', champion: 'v1', deployedAt: 1_795_000_000_000 },
    batchPaused: false,
    heldOut: { accuracy: 0.9, error_rate: 0.1, rows: 500 },
    thresholds: { psi_warning: 0.15, psi_critical: 0.3 },
    counters: {
      ...{ through: 0, predictions: { v1: 1000 }, labels: { v1: 900 }, unmatched_labels: 0 },
      ...{ outcomes: { 422: 10 }, late: 0, unprofiled: 0 },
    },
    requests: { answered: 1000, refused: 10, failed: 0 },
    failures: { 400: 0, 422: 10, 503: 0 },
    durations: emptyHistogram(durationBuckets),
    classes: { high: 300, low: 700, other: 0 },
    confidences: emptyHistogram(confidenceBuckets),
    countedUntil: 1_795_219_200_000,
    lastReport: reportFigures(features),
    lastDriftAt: null,
    runs: {},
    endedRuns: [{ trigger: 'operator', outcome: 'promoted', count: 0 }],
    retrain: { startedAt: null, stages: [], cooldownMs: 0, lastRun: null },
    ...more,
  };
}

export function figuresOf(
  models: readonly ModelFigures[],
  collectedAt: number,
  environment = 'test',
): Figures {
  const publisher = { series: 0, rejected: 0, failures: 0 };
  const notify = { received: 0, refused: 0, sent: 0, failed: 0, gave_up: 0, escalated: 0 };
  return {
    deployment: { environment, unreadable: [], collectedAt, publisher, notify, canary: null },
    models,
  };
}
