/** Every alert on a real Prometheus: not yet, firing, resolved, and what happens without data. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Alert } from './alert.ts';
import { alerts } from './registry.ts';
import { isOfModel } from './render-rules.ts';
import { badFrom, badUntil, inputSeries, type RuleCase, ruleCases } from './rule-cases.testing.ts';
import { runTool } from './tools.testing.ts';

const rules = fileURLToPath(new URL('../rules/tidemark.yml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tidemark-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Expectation {
  readonly minute: number;
  readonly alert: Alert;
  /** Label sets besides those the alert gives. */
  readonly firing: readonly Readonly<Record<string, string>>[];
}

interface Scenario {
  readonly series: readonly { readonly series: string; readonly values: string }[];
  readonly expect: readonly Expectation[];
}

/** One run of promtool for all scenarios: throws with what it found different. */
function testRules(name: string, scenarios: readonly Scenario[]): string {
  const file = join(folder, `${name}.json`);
  const tests = scenarios.map((scenario) => ({
    interval: '1m',
    input_series: scenario.series,
    promql_expr_test: scenario.expect.map(({ minute, alert, firing }) => ({
      expr: `ALERTS{alertname="${alert.name}",alertstate="firing"}`,
      eval_time: `${minute}m`,
      exp_samples: firing.map((labels) => ({ labels: alertSeries(alert, labels), value: 1 })),
    })),
  }));
  writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests }));
  return runTool('promtool', ['test', 'rules', file]);
}

function alertSeries({ name, severity, category }: Alert, labels: Readonly<Record<string, string>>): string {
  const all = { alertname: name, alertstate: 'firing', severity, category, ...labels };
  return `ALERTS{${Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`)}}`;
}

const alertNamed = (name: string): Alert => {
  const alert = alerts.find((one) => one.name === name);
  if (!alert) throw new Error(`there is no alert ${name}`);
  return alert;
};

/** The model that goes wrong; a second one stays well, and nothing may be said of it. */
const labelsOf = (alert: Alert): Record<string, string> =>
  isOfModel(alert) ? { env: 'prod', model: 'stones' } : { env: 'prod' };

function seriesOf(alert: Alert, one: RuleCase): Scenario['series'] {
  const calm = isOfModel(alert) ? inputSeries(one, { env: 'prod', model: 'calm' }, false) : [];
  return [...inputSeries(one, labelsOf(alert)), ...calm];
}

/** The minute at which it fires at the latest. */
const noticedAt = ({ alert, noticedAfter = 1 }: RuleCase) =>
  badFrom + noticedAfter + alertNamed(alert).forMinutes + 1;

function lifeOf(one: RuleCase): Scenario {
  const alert = alertNamed(one.alert);
  const { forMinutes, keepFiringMinutes = 0 } = alert;
  const at = (minute: number, isFiring: boolean): Expectation => ({
    minute,
    alert,
    firing: isFiring ? [labelsOf(alert)] : [],
  });
  return {
    series: seriesOf(alert, one),
    expect: [
      at(badFrom - 1, false),
      // it holds at the first bad sample at the earliest
      ...(forMinutes > 0 ? [at(badFrom + forMinutes - 1, false)] : []),
      at(noticedAt(one), true),
      at(badUntil - 1, true),
      ...(keepFiringMinutes > 0 ? [at(badUntil + keepFiringMinutes - 1, true)] : []),
      at(badUntil + (one.goneAfter ?? 1) + keepFiringMinutes + 1, false),
    ],
  };
}

describe('rules on a real Prometheus', () => {
  test('are accepted by promtool', () => {
    expect(runTool('promtool', ['check', 'rules', rules])).toMatch(/SUCCESS: \d+ rules found/);
  });

  test('every alert but the one that always fires has a case', () => {
    const cases = ruleCases.map(({ alert }) => alert);
    expect([...cases, 'Watchdog'].sort()).toEqual(alerts.map(({ name }) => name).sort());
  });

  test.each(ruleCases)('$alert waits, fires for its model alone, and resolves', (one) => {
    expect(testRules(one.alert, [lifeOf(one)])).toContain('SUCCESS');
  });

  test('without any data only what says so fires', () => {
    const expectations = alerts.map((alert) => ({
      minute: 20,
      alert,
      firing: ['PublisherSilent', 'Watchdog'].includes(alert.name) ? [{}] : [],
    }));
    expect(testRules('no-data', [{ series: [], expect: expectations }])).toContain('SUCCESS');
  });

  test('a model whose policy allows it is not alerted about', () => {
    const scenarios = ruleCases.flatMap((one): Scenario[] => {
      const alert = alertNamed(one.alert);
      if (typeof alert.threshold === 'number') return [];
      const { name } = alert.threshold;
      const limit = inputSeries(
        { series: { [`tidemark_threshold{name="${name}"}`]: () => (alert.is === '>' ? 1e9 : -1) } },
        labelsOf(alert),
      );
      const others = seriesOf(alert, one).filter(({ series }) => !series.startsWith('tidemark_threshold'));
      return [{ series: [...others, ...limit], expect: [{ minute: noticedAt(one), alert, firing: [] }] }];
    });
    expect(scenarios.length).toBeGreaterThanOrEqual(9);
    expect(testRules('policy', scenarios)).toContain('SUCCESS');
  });

  test('a verdict published once is not forgotten between two windows, and is after two of them', () => {
    const alert = alertNamed('FeatureDriftCritical');
    const once = { series: 'tidemark_drift_features_critical{env="prod",model="stones"}', values: '2' };
    const at = (minute: number, isFiring: boolean) => ({
      minute,
      alert,
      firing: isFiring ? [labelsOf(alert)] : [],
    });
    const life = { series: [once], expect: [at(4, false), at(7, true), at(770, true), at(790, false)] };
    expect(testRules('sparse', [life])).toContain('SUCCESS');
  });

  test('PSI above a tier is no alert while no verdict on a feature is an alarm: in few rows it is chance', () => {
    const series = inputSeries(
      {
        series: {
          tidemark_data_drift: () => 0.9,
          tidemark_drift_features_warning: () => 0,
          tidemark_drift_features_critical: () => 0,
        },
      },
      { env: 'prod', model: 'stones' },
    );
    const expectations = ['PsiWarning', 'PsiCritical'].map((name) => ({
      minute: 60,
      alert: alertNamed(name),
      firing: [],
    }));
    expect(testRules('chance', [{ series, expect: expectations }])).toContain('SUCCESS');
  });

  test('a version that never had a report is stale once it has served for too long', () => {
    const alert = alertNamed('DriftReportStale');
    const series = inputSeries(
      {
        series: {
          tidemark_model_deployed_timestamp_seconds: () => 0,
          'tidemark_threshold{name="report_age_seconds"}': () => 7200,
        },
      },
      labelsOf(alert),
    );
    const expectations = [
      { minute: 119, alert, firing: [] },
      { minute: 122, alert, firing: [labelsOf(alert)] },
    ];
    expect(testRules('never', [{ series, expect: expectations }])).toContain('SUCCESS');
  });

  test('few requests say nothing of errors, latency or confidence', () => {
    const names = ['ErrorRateHigh', 'LatencyP99High', 'ConfidenceLow'];
    const scenarios = names.map((name): Scenario => {
      const alert = alertNamed(name);
      const one = ruleCases.find((candidate) => candidate.alert === name)!;
      // a hundredth of the traffic: one request a minute
      const thin = seriesOf(alert, one).map(({ series, values }) => ({
        series,
        values: values
          .split(' ')
          .map((value) => String(Number(value) / 100))
          .join(' '),
      }));
      return { series: thin, expect: [{ minute: noticedAt(one), alert, firing: [] }] };
    });
    expect(testRules('thin', scenarios)).toContain('SUCCESS');
  });

  test('what a person reads at night has names, figures and links filled in', () => {
    const file = join(folder, 'text.json');
    const url = 'http://127.0.0.1:8000';
    writeFileSync(
      file,
      JSON.stringify({
        rule_files: [rules],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: [
              { series: 'tidemark_drift_features_warning{env="prod",model="stones"}', values: '1x60' },
              { series: 'tidemark_drift_features_critical{env="prod",model="stones"}', values: '0x60' },
              { series: 'tidemark_data_drift{env="prod",model="stones"}', values: '0.31x60' },
            ],
            alert_rule_test: [
              {
                eval_time: '30m',
                alertname: 'PsiCritical',
                exp_alerts: [
                  {
                    exp_labels: { severity: 'critical', category: 'drift', env: 'prod', model: 'stones' },
                    exp_annotations: {
                      summary: 'stones: largest PSI 0.31, above the critical tier',
                      description: alertNamed('PsiCritical').description,
                      impact: alertNamed('PsiCritical').impact,
                      first_steps:
                        '1. open the report: which features, since when, and does the data-quality section explain it\n' +
                        '2. is it bad data? A unit, an encoding or a default changed by whoever sends it: then repair that, retraining would learn the mistake\n' +
                        '3. is it real? Follow the retrain run, or start one: POST /models/stones/retrain\n',
                      respond_within: '15m',
                      runbook_url: 'docs/runbooks/psi-critical.md',
                      report_url: `${url}/console/models/stones/reports/latest`,
                      console_url: `${url}/console/models/stones`,
                    },
                  },
                ],
              },
            ],
          },
        ],
      }),
    );
    expect(runTool('promtool', ['test', 'rules', file])).toContain('SUCCESS');
  });
});
