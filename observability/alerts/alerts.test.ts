import { describe, expect, test } from 'vitest';
import { catalogue } from '#shared/metrics/catalogue.ts';
import { thresholdsOf } from '#shared/metrics/thresholds.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { runbookName } from './alert.ts';
import { localLinks } from './links.ts';
import { alertGroups, alerts } from './registry.ts';
import { exprOf, isOfModel, renderRules, ruleGroupsOf } from './render-rules.ts';

const rules = renderRules(localLinks);
const ruleGroups = alertGroups.flatMap((group) => ruleGroupsOf(group, localLinks));
const recordings = alertGroups.flatMap((group) => group.recordings);
const metricsIn = (text: string) => [...new Set(text.match(/\btidemark_[a-z0-9_]+/g) ?? [])];

/** A histogram is read by its parts. */
const published = new Set(
  catalogue.flatMap(({ name, kind }) =>
    kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

describe('alerts', () => {
  test('read metrics of the catalogue only', () => {
    const expressions = [...recordings.map(({ expr }) => expr), ...alerts.map(exprOf)].join('\n');
    expect(metricsIn(expressions).filter((name) => !published.has(name))).toEqual([]);
    expect(metricsIn(expressions).length).toBeGreaterThan(15);
  });

  test('read thresholds that models publish, and fall back to the default policy', () => {
    const usual = thresholdsOf(smallRecord(), 420_000);
    for (const { name, threshold } of alerts) {
      if (typeof threshold === 'number') continue;
      expect(Object.keys(usual), name).toContain(threshold.name);
      // ages follow from the windows of a model; of all others the default is known
      if (!threshold.name.endsWith('age_seconds'))
        expect(threshold.fallback, name).toBe(usual[threshold.name]);
    }
  });

  test('read recordings only that are made, in their own group', () => {
    for (const { name, recordings: own, alerts: group } of alertGroups) {
      const made = new Set(own.map(({ record }) => record));
      const read = [...own, ...group.map((alert) => ({ expr: alert.signal }))].flatMap(
        ({ expr }) => expr.match(/\btidemark:[a-z0-9_:]+/g) ?? [],
      );
      expect(
        [...new Set(read)].filter((record) => !made.has(record)),
        name,
      ).toEqual([]);
    }
  });

  test('are per model and never per feature', () => {
    for (const { name, signal } of alerts) expect(signal, name).not.toMatch(/feature=|by \([^)]*feature/);
    for (const { record, expr } of recordings) expect(expr, record).not.toMatch(/by \([^)]*feature/);
  });

  test('of the eleven of B have its severities and durations', () => {
    const given = new Map(alerts.map(({ name, severity, forMinutes }) => [name, [severity, forMinutes]]));
    expect({
      FeatureDriftCritical: ['critical', 5],
      FeatureDriftWarning: ['warning', 15],
      PredictionDrift: ['warning', 10],
      DriftReportStale: ['warning', 0],
      QualityHardFailure: ['critical', 5],
      FeatureMissingHigh: ['warning', 10],
      QualityReportStale: ['warning', 0],
      ErrorRateHigh: ['critical', 5],
      LatencyP99High: ['warning', 5],
      ConfidenceLow: ['warning', 15],
      NoModelLoaded: ['critical', 2],
    }).toEqual(Object.fromEntries([...given].filter(([name]) => elevenOfB.includes(name))));
  });

  test('have names of their own, and pages named after them', () => {
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
    expect(runbookName('LatencyP99High')).toBe('latency-p99-high');
  });

  test('say in one line of at most 110 characters what is wrong with which model', () => {
    for (const alert of alerts) {
      const shown = alert.summary.replaceAll(/{{.*?}}/g, '1234567890');
      expect(shown.length, alert.name).toBeLessThanOrEqual(110);
      expect(alert.summary.includes('{{ $labels.model }}'), alert.name).toBe(isOfModel(alert));
    }
  });

  test('use templates that both Prometheus and the managed service know', () => {
    for (const template of rules.match(/{{.*?}}/g) ?? [])
      expect(template).toMatch(
        /^{{ (\$labels\.model|\$value|(humanizeDuration|humanizePercentage) \$value|printf "%\.[0-2]f" \$value) }}$/,
      );
  });

  test('fit into what Amazon Managed Prometheus takes: 20 rules a group, 1 MB in all', () => {
    for (const { name, rules: inGroup } of ruleGroups) {
      expect(inGroup.length, name).toBeGreaterThan(0);
      expect(inGroup.length, name).toBeLessThanOrEqual(20);
    }
    expect(Buffer.byteLength(rules)).toBeLessThan(1_000_000);
  });

  test('read limits and long ranges every four minutes, and by a range that bridges a late one; all else every minute', () => {
    for (const { name, interval, rules: inGroup } of ruleGroups) {
      expect(interval, name).toBe(name.endsWith('-slow') ? '4m' : '1m');
      const text = JSON.stringify(inGroup);
      if (interval === '1m') expect(text, name).not.toMatch(/\[(25|49)h\]|"record":"[^"]*:threshold"/);
    }
    const slow = ruleGroups
      .filter(({ interval }) => interval === '4m')
      .flatMap(({ rules: inGroup }) => inGroup.map((rule) => (rule as { record: string }).record));
    expect(slow.length).toBeGreaterThanOrEqual(13);
    for (const record of slow) {
      const reads = rules.split('\n').filter((line) => line.includes(record) && !line.includes('record:'));
      for (const read of reads) expect(read).toContain(`last_over_time(${record}[10m])`);
    }
  });

  test('link to where people reach the deployment', () => {
    const elsewhere = renderRules({
      url: 'https://ml.example.com',
      runbooks: 'https://wiki.example.com/runbooks',
    });
    expect(elsewhere).toContain('"https://ml.example.com/console/models/{{ $labels.model }}/reports/latest"');
    expect(elsewhere).toContain('"https://wiki.example.com/runbooks/psi-critical.md"');
    expect(elsewhere).not.toContain('127.0.0.1');
  });
});

const elevenOfB = [
  'FeatureDriftCritical',
  'FeatureDriftWarning',
  'PredictionDrift',
  'DriftReportStale',
  'QualityHardFailure',
  'FeatureMissingHigh',
  'QualityReportStale',
  'ErrorRateHigh',
  'LatencyP99High',
  'ConfidenceLow',
  'NoModelLoaded',
];
