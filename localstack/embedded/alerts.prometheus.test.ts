/** A real Prometheus and a real Alertmanager, with the rules and the configuration that are shipped, → our host → receivers. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { sendRows } from '../../cli/demo/client.ts';
import { registerSample, sampleName, sampleRows } from '../../cli/sample/model.ts';
import { type AlertingPrograms, alertingPrograms, eventually } from './alerting.testing.ts';
import { type Host, startHost } from './host.ts';

let slack: Receiver;
let pager: Receiver;
let host: Host;
let programs: AlertingPrograms;
let alertmanager: string;

/** A minute of schedules, scrapes and rules. */
const minuteMs = 500;

beforeAll(async () => {
  [slack, pager] = await Promise.all([startReceiver(), startReceiver()]);
  programs = await alertingPrograms('tidemark-alertmanager-');
  const dataDir = join(programs.folder, 'data');
  await registerSample(dataDir);
  host = await startHost({
    dataDir,
    port: 0,
    minuteMs,
    env: {
      LOG_LEVEL: 'error',
      GRANULE_MS: '2000',
      ENVIRONMENT: 'real',
      SLACK_WEBHOOK_URL: `${slack.url}/services/a/b/c`,
      PAGERDUTY_ROUTING_KEY: 'key',
      PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue`,
    },
  });
  alertmanager = await programs.alertmanager(host.url);
});
afterAll(async () => {
  await host.close();
  await Promise.all([slack.close(), pager.close()]);
  await programs.stop();
});

/** With the rules that are shipped, each held for a second. */
const startPrometheus = (name: string, everyMs = 1000, scraped?: string) =>
  programs.prometheus({
    name,
    alertmanager,
    everyMs,
    ...(scraped !== undefined && { scraped }),
    rules: (shipped) => shipped.replaceAll(/ for: "\w+"/g, ' for: "1s"'),
  });

async function post(alerts: readonly object[]): Promise<void> {
  const response = await fetch(`${alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts),
  });
  expect(response.status).toBe(200);
}

const alert = (alertname: string, severity: string, category: string) => ({
  labels: { alertname, severity, category, env: 'real', model: 'stones', note: 'a "quoted"\nlabel' },
  annotations: { summary: `${alertname} <!channel>`, respond_within: '15m' },
  startsAt: new Date().toISOString(),
});

test('a critical reaches Slack and the pager, a warning under it and the switch nobody, and the end closes the page', async () => {
  const critical = alert('PsiCritical', 'critical', 'drift');
  await post([critical, alert('Watchdog', 'none', 'meta')]);
  await eventually('the page', () => pager.got.length === 1 && slack.got.length === 1);
  await post([critical, alert('PsiWarning', 'warning', 'drift')]);
  await post([alert('RetrainFailed', 'warning', 'pipeline')]);
  await eventually('the warning about our own work', () => slack.got.length === 2);

  await post([{ ...critical, endsAt: new Date().toISOString() }]);
  await eventually('the end', () => pager.got.length === 2);
  expect(pager.got.map(({ json }) => json.event_action)).toEqual(['trigger', 'resolve']);
  expect(new Set(pager.got.map(({ json }) => json.dedup_key)).size).toBe(1);
  await eventually('Slack hears of the end', () =>
    slack.got.some(({ json }) => json.blocks[0].text.text === 'RESOLVED (critical) PsiCritical of stones'),
  );
  const answer = await fetch(`${host.url}/alerts`);
  const { alerts } = (await answer.json()) as { alerts: { name: string; status: string }[] };
  const found = alerts.map(({ name, status }) => `${name} ${status}`);
  expect(found).toContain('PsiCritical resolved');
  expect(found).toContain('RetrainFailed firing');
  expect(found.join()).not.toContain('Watchdog');
});

test('from the end of a window that has drifted to the page no wait is hidden: a minute each of tick, scrape and rules, the wait for a group, and the work', async () => {
  await startPrometheus('latency', minuteMs, host.url);
  const isPage = ({ json }: Receiver['got'][number]) =>
    json.payload?.class === 'PsiCritical' && json.payload.source === sampleName;
  const rows = sampleRows()
    .slice(0, 600)
    .map(({ id, features, label }) => ({
      id,
      features: { ...features, weight: 9, depth: 90 },
      label: label!,
    }));
  // ahead of the window's end, so that nothing but its end is awaited
  for (let at = 0; at < rows.length; at += 100)
    await sendRows({ url: host.url, model: sampleName }, rows.slice(at, at + 100));
  await eventually('the page about drift', () => pager.got.some(isPage));
  const pagedAt = Date.now();
  const { reports } = (await (await fetch(`${host.url}/models/${sampleName}/reports`)).json()) as {
    reports: { window: { end: string } }[];
  };
  const seconds = (pagedAt - Date.parse(reports.at(-1)!.window.end)) / 1000;
  const waits = (3 * minuteMs) / 1000 + 1;
  process.stdout.write(
    `from the end of the window to the page: ${seconds} s, of which waits at most ${waits} s\n`,
  );
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(waits + 6);
});

test('a rule that a real Prometheus finds true is a page, with its runbook and what to do first', async () => {
  pager.got.length = 0;
  await startPrometheus('silent');
  await eventually('the page about figures that never came', () =>
    pager.got.some(({ json }) => json.payload?.class === 'PublisherSilent'),
  );
  const { payload } = pager.got.find(({ json }) => json.payload?.class === 'PublisherSilent')!.json;
  expect(payload).toMatchObject({
    severity: 'critical',
    custom_details: {
      runbook: 'docs/runbooks/publisher-silent.md',
      first_steps: expect.stringMatching(/^1\. .+\n2\. .+\n3\. .+/),
    },
  });
  expect(payload.summary).toMatch(/^CRITICAL PublisherSilent: no figures of any model for /);
});
