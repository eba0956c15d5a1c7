/** Alerts on bad data: something is wrong with what is sent, which retraining would only learn. */
import { type AlertGroup, slowly } from './alert.ts';
import { slowLatest } from './latest.ts';

export const qualityAlerts: AlertGroup = {
  name: 'tidemark-quality',
  recordings: [
    {
      record: 'tidemark:quality_failures_hard:latest',
      expr: 'max by (model, env) (last_over_time(tidemark_quality_failures{severity="hard"}[13h]))',
    },
    slowLatest('feature_missing_ratio', '13h'),
  ],
  alerts: [
    {
      name: 'QualityHardFailure',
      severity: 'critical',
      category: 'quality',
      signal: 'tidemark:quality_failures_hard:latest',
      is: '>',
      threshold: 0,
      forMinutes: 5,
      summary:
        '{{ $labels.model }}: the data are broken, not drifting; hard quality checks that failed: {{ $value }}',
      description:
        'At least one hard check of the newest window failed (missing values, ranges, types, columns, request ids; the report names them).',
      impact: 'Answers rest on broken inputs. Retraining is held back on purpose: it would learn the fault.',
      firstSteps: [
        'open the report, section data quality: which check, which column, since which window',
        'tell whoever sends that column; compare a few rows: GET /models/{model}/logs',
        'until it is repaired: POST /models/{model}/pause for batch inference',
      ],
      falseAlarm: 'A bound suggested from too small a baseline: widen it in the schema of the next version.',
      closes: 'A window in which no hard check fails.',
    },
    {
      name: 'FeatureMissingHigh',
      severity: 'warning',
      category: 'quality',
      signal: slowly('tidemark:feature_missing_ratio:latest'),
      is: '>',
      threshold: { name: 'missing_ratio', fallback: 0.15 },
      forMinutes: 10,
      summary: '{{ $labels.model }}: a feature is missing in {{ humanizePercentage $value }} of rows',
      description:
        'The feature that is missing most often in the newest window is above the limit (15 % of rows).',
      impact: 'The model falls back to what it does without the feature: usually the average answer.',
      firstSteps: [
        'open the report, section missing values: which feature, and was it always so in the baseline',
        'is it one caller or all? GET /models/{model}/logs',
        'repair the join, the form or the sensor it comes from',
      ],
      falseAlarm: 'A feature that is often missing by nature: the baseline has the same share.',
      closes: 'A window in which every feature is at the limit or below it.',
    },
  ],
};
