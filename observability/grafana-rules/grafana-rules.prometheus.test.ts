/** Grafana's rules on a real Prometheus with ours: each fires exactly when its alert does, but for what is held back; and their message, by the same Go templates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readTopicMessage } from '#shared/notify/topic-message.ts';
import { managedAlertmanager } from '../alertmanager/managed.ts';
import { grafanaMessageTemplate, messageTemplate } from '../alertmanager/message-template.ts';
import type { Alert } from '../alerts/alert.ts';
import { alerts } from '../alerts/registry.ts';
import { isOfModel } from '../alerts/render-rules.ts';
import { badFrom, badUntil, inputSeries, ruleCases } from '../alerts/rule-cases.testing.ts';
import { runTool } from '../alerts/tools.testing.ts';
import { renderAlerting } from './render-alerting.ts';

const rules = fileURLToPath(new URL('../rules/tidemark.yml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tidemark-grafana-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Scenario {
  readonly series: readonly { readonly series: string; readonly values: string }[];
  readonly expect: readonly {
    readonly expr: string;
    readonly minute: number;
    readonly labels: readonly string[];
    /** @default 1 */
    readonly value?: number;
  }[];
}

/** One run of promtool for all scenarios: throws with what it found different. */
function testRules(name: string, scenarios: readonly Scenario[]): string {
  const file = join(folder, `${name}.json`);
  const tests = scenarios.map((scenario) => ({
    interval: '1m',
    input_series: scenario.series,
    promql_expr_test: scenario.expect.map(({ expr, minute, labels, value = 1 }) => ({
      expr,
      eval_time: `${minute}m`,
      exp_samples: labels.map((one) => ({ labels: one, value })),
    })),
  }));
  writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests }));
  return runTool('promtool', ['test', 'rules', file]);
}

/** What decides whether a rule fires. */
function firingExpr({ name }: Alert): string {
  const rule = renderAlerting()
    .groups.flatMap((group) => group.rules)
    .find(({ title }) => title === name)!;
  const { model } = rule.data.find(({ refId }) => refId === 'A')!;
  return 'expr' in model ? model.expr : '';
}

const alertNamed = (name: string): Alert => alerts.find((one) => one.name === name)!;
const stones = '{env="prod",model="stones"}';
test('every query is PromQL', () => {
  const queries = renderAlerting().groups.flatMap((group) =>
    group.rules.flatMap(({ data }) => data.flatMap(({ model }) => ('expr' in model ? [model.expr] : []))),
  );
  const file = join(folder, 'queries.json');
  const named = queries.map((expr, at) => ({ record: `query_${at}`, expr }));
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules: named }] }));
  expect(runTool('promtool', ['check', 'rules', file])).toContain(`SUCCESS: ${queries.length} rules found`);
});

/** Where nothing is counted any more that is the critical one, under which the other waits. */
const heldBack = { QualityReportStale: 'CaptureStalled' } as Readonly<Record<string, string>>;

/** One model an alert, so that nothing else is held back; all in one run. */
test('each fires from the minute its alert does until the minute it ends', () => {
  const lives = ruleCases.map((one): Scenario => {
    const alert = alertNamed(one.alert);
    const { name, forMinutes, keepFiringMinutes = 0 } = alert;
    const labels = { env: 'prod', ...(isOfModel(alert) && { model: name }) };
    const own = isOfModel(alert) ? `{env="prod",model="${name}"}` : '{env="prod"}';
    const ofAlert = `max by (model, env) (ALERTS{alertname="${name}",alertstate="firing"})`;
    const ofItsModel = (expr: string) =>
      isOfModel(alert)
        ? `(${expr}) and on (model) label_replace(vector(1), "model", "${name}", "", "")`
        : expr;
    const isHeldBack = heldBack[name] !== undefined;
    const noticed = badFrom + (one.noticedAfter ?? 1) + forMinutes + 1;
    const gone = badUntil + (one.goneAfter ?? 1) + keepFiringMinutes + 1;
    const at = (minute: number, isFiring: boolean) => ({
      expr: ofItsModel(firingExpr(alert)),
      minute,
      labels: isFiring ? [own] : [],
    });
    const around = [badFrom, noticed, badUntil, gone].flatMap((minute) => [-1, 0].map((by) => minute + by));
    return {
      series: inputSeries(one, labels),
      expect: isHeldBack
        ? [at(noticed, false), { expr: ofItsModel(ofAlert), minute: noticed, labels: [own] }]
        : [
            at(badFrom - 1, false),
            at(noticed, true),
            ...(keepFiringMinutes > 0 ? [at(badUntil + keepFiringMinutes - 1, true)] : []),
            at(gone, false),
            ...around.map((minute) => ({
              expr: ofItsModel(
                `(${firingExpr(alert)} unless ${ofAlert}) or (${ofAlert} unless (${firingExpr(alert)}))`,
              ),
              minute,
              labels: [],
            })),
          ],
    };
  });
  const all = { series: lives.flatMap(({ series }) => series), expect: lives.flatMap((life) => life.expect) };
  expect(lives).toHaveLength(alerts.length - 1);
  expect(testRules('life', [all])).toContain('SUCCESS');
});

test('the words of an alert have its figure', () => {
  const series = lines(drift(0.31, 0), 'stones');
  const { data } = renderAlerting()
    .groups.flatMap((group) => group.rules)
    .find(({ title }) => title === 'PsiCritical')!;
  const { model } = data.find(({ refId }) => refId === 'V')!;
  const expr = 'expr' in model ? model.expr : '';
  expect(
    testRules('figure', [{ series, expect: [{ expr, minute: 30, labels: [stones], value: 0.31 }] }]),
  ).toContain('SUCCESS');
});

const drift = (psi: number, critical: number) => ({
  tidemark_drift_features_warning: () => 1,
  tidemark_drift_features_critical: () => critical,
  tidemark_data_drift: () => psi,
});
const lines = (series: Readonly<Record<string, () => number>>, model: string, env = 'prod') =>
  inputSeries({ series }, { env, model });

test('a warning waits under a critical of its own model and environment, and of no other', () => {
  const warning = firingExpr(alertNamed('FeatureDriftWarning'));
  const critical = firingExpr(alertNamed('FeatureDriftCritical'));
  const series = [
    ...lines(drift(0.1, 1), 'stones'),
    ...lines(drift(0.1, 0), 'calm'),
    ...lines(drift(0.1, 0), 'stones', 'dev'),
  ];
  const others = ['{env="dev",model="stones"}', '{env="prod",model="calm"}'];
  const expectations = [
    { expr: critical, minute: 60, labels: [stones] },
    {
      expr: 'max by (model, env) (ALERTS{alertname="FeatureDriftWarning",alertstate="firing"})',
      minute: 60,
      labels: [...others, stones],
    },
    { expr: warning, minute: 60, labels: others },
  ];
  expect(testRules('held', [{ series, expect: expectations }])).toContain('SUCCESS');
});

test('a warning that was held back fires when the critical has ended, and what our own work says is never held back', () => {
  const endsAt = 60;
  const critical = (minute: number) => (minute < endsAt ? 1 : 0);
  const series = inputSeries(
    {
      series: {
        tidemark_drift_features_warning: () => 1,
        tidemark_drift_features_critical: (minute) => critical(minute),
        tidemark_batch_paused: () => 1,
      },
    },
    { env: 'prod', model: 'stones' },
  );
  const warning = firingExpr(alertNamed('FeatureDriftWarning'));
  const { keepFiringMinutes = 0 } = alertNamed('FeatureDriftCritical');
  const expectations = [
    { expr: warning, minute: endsAt - 1, labels: [] },
    { expr: warning, minute: endsAt + keepFiringMinutes + 3, labels: [stones] },
    { expr: firingExpr(alertNamed('BatchPaused')), minute: endsAt - 1, labels: [stones] },
  ];
  expect(testRules('freed', [{ series, expect: expectations }])).toContain('SUCCESS');
});

test('errors wait while batches of the same model are paused', () => {
  const failing = ruleCases.find(({ alert }) => alert === 'ErrorRateHigh')!;
  const paused = { tidemark_batch_paused: () => 1 };
  const minute = badFrom + 60;
  const expr = firingExpr(alertNamed('ErrorRateHigh'));
  const series = [
    ...inputSeries(failing, { env: 'prod', model: 'stones' }),
    ...inputSeries(failing, { env: 'prod', model: 'other' }),
    ...lines(paused, 'stones'),
  ];
  const expectations = [{ expr, minute, labels: ['{env="prod",model="other"}'] }];
  expect(testRules('paused', [{ series, expect: expectations }])).toContain('SUCCESS');
});

test('without any data the one that always fires does, and the one that says so', () => {
  const expectations = alerts.map((alert) => ({
    expr: firingExpr(alert),
    minute: 20,
    labels: ['PublisherSilent', 'Watchdog'].includes(alert.name) ? ['{}'] : [],
  }));
  expect(testRules('no-data', [{ series: [], expect: expectations }])).toContain('SUCCESS');
});

/** As Grafana fills it in for a template: an Alertmanager has the same data, types and functions. */
function rendered(template: string, labels: Readonly<Record<string, string>>): string {
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const alert = {
    status: 'firing',
    labels,
    annotations: { summary: 'a "quoted"\nline \\ — größer' },
    startsAt: '2026-11-22T01:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'https://g-1.example.com/alerting/grafana/tidemark-psi-critical/view?orgId=1',
    fingerprint: 'c6eadffa33fcdf37',
  };
  const data = {
    receiver: 'Tidemark',
    status: 'firing',
    alerts: [alert, { ...alert, status: 'resolved', endsAt: '2026-11-22T01:05:00Z' }],
    groupLabels: { alertname: labels.alertname, grafana_folder: 'Tidemark', model: labels.model },
    commonLabels: labels,
    commonAnnotations: alert.annotations,
    externalURL: 'https://g-1.example.com/',
  };
  return runTool('amtool', [
    'template',
    'render',
    `--template.glob=${write('message.tmpl', template)}`,
    '--template.text={{ template "tidemark.message" . }}',
    `--template.data=${write('data.json', JSON.stringify(data))}`,
  ]).trim();
}

test('the message of Grafana is read to the letter, and its alert is the one Managed Prometheus would tell of', () => {
  const own = { alertname: 'PsiCritical', severity: 'critical', category: 'drift', env: 'prod' };
  for (const model of ['stones', 'a "quoted"\nname', 'back\\slash', 'größer — 石', '{{ .Status }}']) {
    const read = (Message: string) => readTopicMessage({ MessageId: '1', Message, Timestamp: '' }, 0);
    const labels = { ...own, model };
    const byGrafana = read(rendered(grafanaMessageTemplate, { ...labels, grafana_folder: 'Tidemark' }));
    const byPrometheus = read(rendered(messageTemplate, labels));
    expect(byGrafana.refused).toEqual([]);
    expect(byGrafana.notices.map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect(byGrafana.notices[0]).toMatchObject({ labels, severity: 'critical' });
    expect(byGrafana.notices).toEqual(byPrometheus.notices);
  }
});

test('the alert manager of Managed Prometheus takes a definition that tells nobody', () => {
  const topicArn = 'arn:aws:sns:eu-west-1:111122223333:tidemark-prod-alarms';
  const definition = managedAlertmanager({
    region: 'eu-west-1',
    topicArn,
    watchdogTopicArn: topicArn,
    isNotifying: false,
  });
  const file = join(folder, 'silent.yml');
  const begins = 'alertmanager_config: |\n';
  writeFileSync(file, definition.slice(definition.indexOf(begins) + begins.length).replaceAll(/^ {2}/gm, ''));
  expect(runTool('amtool', ['check-config', file])).toContain('SUCCESS');
  expect(definition).not.toContain(topicArn);
});
