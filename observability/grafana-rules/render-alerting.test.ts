import { describe, expect, test } from 'vitest';
import { readTopicMessage } from '#shared/notify/topic-message.ts';
import { inhibitRules } from '../alertmanager/routes.ts';
import { alerts } from '../alerts/registry.ts';
import { unlessInhibited } from './inhibition.ts';
import { renderAlerting } from './render-alerting.ts';

const { groups } = renderAlerting();
const rules = groups.flatMap((group) => group.rules);
const ruleOf = (name: string) => rules.find(({ title }) => title === name)!;
const exprOf = (name: string) => ruleOf(name).data.map(({ model }) => ('expr' in model ? model.expr : ''));

describe('alerts as Grafana-managed rules', () => {
  test('are every alert, each once, in the group of its name, evaluated every minute', () => {
    expect(rules.map(({ title }) => title)).toEqual(alerts.map(({ name }) => name));
    expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length);
    for (const { title, interval, rules: inGroup } of groups) {
      expect(interval).toBe(60);
      for (const { ruleGroup } of inGroup) expect(ruleGroup).toBe(title);
    }
  });

  test('have names that stay, of at most 40 characters: silences and links refer to them', () => {
    expect(ruleOf('FeatureDriftCritical').uid).toBe('tidemark-feature-drift-critical');
    for (const { uid } of rules) expect(uid).toMatch(/^[a-z0-9-]{10,40}$/);
  });

  test('fire with the alert of the same name, whatever its figure is: 0 models loaded fires', () => {
    expect(exprOf('NoModelLoaded')[0]).toBe(
      'max by (model, env) (ALERTS{alertname="NoModelLoaded",alertstate="firing"})',
    );
    const { condition, data } = ruleOf('NoModelLoaded');
    const { model } = data.find(({ refId }) => refId === condition)!;
    expect(model).toMatchObject({
      expression: 'A',
      conditions: [{ evaluator: { type: 'gt', params: [0] } }],
    });
  });

  test('read the figure that their words name, and none where words name none', () => {
    expect(exprOf('PsiCritical')[1]).toMatch(/^max by \(model, env\) \(tidemark:data_drift:latest and .*\)$/);
    expect(ruleOf('PsiCritical').annotations.summary).toContain('{{ printf "%.2f" $values.V.Value }}');
    for (const { title, data, annotations } of rules) {
      const words = JSON.stringify(annotations);
      expect(words, title).not.toMatch(/\$value\b/);
      expect(
        data.some(({ refId }) => refId === 'V'),
        title,
      ).toBe(words.includes('$values.V.Value'));
    }
  });

  test('hold back what an Alertmanager would, by its own rules: each of them does hold back something', () => {
    expect(unlessInhibited({ name: 'X', severity: 'warning', category: 'drift' })).toBe(
      ' unless on (env, model) ALERTS{alertstate="firing",severity="critical"}',
    );
    const held = (name: string) => / unless on /.test(exprOf(name)[0]!);
    expect(['PsiWarning', 'FeatureMissingHigh', 'LatencyP99High', 'ErrorRateHigh'].map(held)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['PsiCritical', 'RetrainFailed', 'RowsLate', 'BatchPaused', 'Watchdog'].map(held)).not.toContain(
      true,
    );
    const texts = rules.map(({ title }) => exprOf(title)[0]).join('\n');
    for (const { source_matchers } of inhibitRules as unknown as { source_matchers: string[] }[])
      expect(texts).toContain(`ALERTS{alertstate="firing",${source_matchers.join(',')}}`);
  });

  test('wait as an Alertmanager does, in groups of one alert of one model', () => {
    expect(ruleOf('PsiCritical').notification_settings).toMatchObject({
      receiver: 'Tidemark',
      group_by: ['grafana_folder', 'alertname', 'env', 'model'],
      group_interval: '1m',
      repeat_interval: '1h',
    });
    expect(ruleOf('PsiWarning').notification_settings).toMatchObject({ repeat_interval: '4h' });
  });

  test('tell of a source that cannot be read by the silence of the one that always fires, not thirty times over', () => {
    expect(ruleOf('Watchdog')).toMatchObject({
      execErrState: 'OK',
      noDataState: 'OK',
      notification_settings: { receiver: 'Tidemark watchdog', repeat_interval: '5m' },
    });
    for (const { title, execErrState, noDataState } of rules)
      if (title !== 'Watchdog') expect([execErrState, noDataState], title).toEqual(['KeepLast', 'OK']);
  });

  test('carry the words of the alert, with links for the deployment to fill in', () => {
    expect(ruleOf('PsiWarning').annotations).toMatchObject({
      respond_within: '240m',
      console_url: '<console>/console/models/{{ $labels.model }}',
      runbook_url: '<runbooks>/psi-warning.md',
    });
    expect(JSON.stringify(rules)).not.toContain('127.0.0.1');
  });
});

/** As Grafana documents what a webhook gets, with what it adds of its own. */
const fromGrafana = (values: Readonly<Record<string, string>>) => ({
  receiver: 'Tidemark',
  status: 'firing',
  orgId: 1,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'PsiCritical', severity: 'critical', category: 'drift', env: 'prod', ...values },
      annotations: { summary: 'a "quoted"\nline', __orgId__: '1' },
      startsAt: '2026-11-22T02:00:00.5+01:00',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL:
        'https://g-1.grafana-workspace.eu-west-1.amazonaws.com/alerting/grafana/tidemark-psi-critical/view',
      fingerprint: 'c6eadffa33fcdf37',
      silenceURL: 'https://g-1.grafana-workspace.eu-west-1.amazonaws.com/alerting/silence/new',
      dashboardURL: '',
      panelURL: '',
      values: { V: 0.31, A: 1, C: 1 },
      valueString: "[ var='V' labels={env=prod, model=stones} value=0.31 ]",
    },
  ],
  groupLabels: { alertname: 'PsiCritical', grafana_folder: 'Tidemark' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'https://g-1.grafana-workspace.eu-west-1.amazonaws.com/',
  version: '1',
  groupKey: '{}/{__grafana_autogenerated__="true"}',
  truncatedAlerts: 0,
  title: '[FIRING:1] PsiCritical',
  state: 'alerting',
  message: '**Firing**',
});

test('a message in the form Grafana documents is read, with what it adds: the alert is the one of its labels', () => {
  const read = (values: Readonly<Record<string, string>>) =>
    readTopicMessage({ MessageId: '1', Message: JSON.stringify(fromGrafana(values)), Timestamp: '' }, 0);
  const { notices, refused } = read({ model: 'two\nlines "and" \\ quotes' });
  expect(refused).toEqual([]);
  expect(notices).toMatchObject([
    {
      source: 'alertmanager',
      status: 'firing',
      severity: 'critical',
      labels: { model: 'two\nlines "and" \\ quotes', env: 'prod' },
      annotations: { summary: 'a "quoted"\nline' },
      startsAt: Date.parse('2026-11-22T01:00:00.5Z'),
    },
  ]);
});
