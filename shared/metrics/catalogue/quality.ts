/** Metrics of data quality in the newest judged window. */
import { qualityChecks } from '#shared/quality/check-quality.ts';
import { MAX_FEATURES, type ModelMetric, one } from '../metric.ts';

const checkNames = [...new Set(qualityChecks.map(({ name }) => name))];

/** Checks whose finding is a share of the window's rows. */
const rowChecks = [
  'infinite_share',
  'negative_values',
  'range_exceeded',
  'sentinel_values',
  'type_errors',
  'unseen_categories',
];

export const qualityMetrics: readonly ModelMetric[] = [
  {
    name: 'tidemark_quality_failures',
    scope: 'model',
    kind: 'gauge',
    unit: 'count',
    help: 'quality checks that failed in the newest window',
    cadence: 'minute',
    cap: 2,
    labels: ['severity'],
    samples: (figures) => [
      ...one(figures.lastReport?.hardFailures, { severity: 'hard' }),
      ...one(figures.lastReport?.softFailures, { severity: 'soft' }),
    ],
  },
  {
    name: 'tidemark_quality_check_status',
    scope: 'model',
    kind: 'gauge',
    unit: 'level',
    help: 'whether the check found something in the newest window: 0 nothing, 1 something soft, 2 something hard',
    cadence: 'change',
    cap: checkNames.length,
    labels: ['check'],
    samples: ({ lastReport }) =>
      lastReport
        ? checkNames.map((check) => {
            const found = lastReport.findings.filter((finding) => finding.check === check);
            const value = found.some(({ severity }) => severity === 'hard') ? 2 : found.length > 0 ? 1 : 0;
            return { labels: { check }, value };
          })
        : [],
  },
  {
    name: 'tidemark_feature_violation_ratio',
    scope: 'model',
    kind: 'gauge',
    unit: 'ratio',
    help: 'share of rows in which the feature fails a check that it fails more often than in the baseline',
    cadence: 'change',
    cap: MAX_FEATURES,
    labels: ['feature', 'check'],
    samples: ({ lastReport }) => {
      const worst = new Map<string, { feature: string; check: string; value: number }>();
      for (const { check, column, observed } of lastReport?.findings ?? []) {
        if (column === undefined || !rowChecks.includes(check)) continue;
        const key = JSON.stringify([column, check]);
        const value = Math.max(observed, worst.get(key)?.value ?? observed);
        worst.set(key, { feature: column, check, value });
      }
      return [...worst.values()].map(({ feature, check, value }) => ({ labels: { feature, check }, value }));
    },
  },
];
