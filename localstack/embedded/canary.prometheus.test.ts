/** The canary through everything that is real: host → Prometheus with the shipped rules → Alertmanager → host; and with a link taken out. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canaryModel } from '#shared/canary/names.ts';
import { readCanary } from '#shared/canary/state.ts';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { localLinks } from '../../observability/alerts/links.ts';
import { renderRules } from '../../observability/alerts/render-rules.ts';
import { type AlertingPrograms, alertingPrograms, eventually } from './alerting.testing.ts';
import { type Host, startHost } from './host.ts';

/** A granule of 300 ms makes a window, the canary's "hour", of 3.6 s. */
const granuleMs = 300;
/** A "minute" of schedules: the canary is asked every 600 ms. */
const minuteMs = 60;
const everyMs = 500;

interface World {
  readonly host: Host;
  readonly pager: Receiver;
}

let programs: AlertingPrograms;
let whole: World;
let cut: World;

beforeAll(async () => {
  programs = await alertingPrograms('tidemark-canary-');
  [whole, cut] = await Promise.all([startWorld('whole'), startWorld('cut')]);
  const scraped = whole.host.url;
  const alertmanager = await programs.alertmanager(scraped);
  await programs.prometheus({ name: 'prometheus', alertmanager, everyMs, scraped });
});
afterAll(async () => {
  await Promise.all([whole, cut].flatMap(({ host, pager }) => [host.close(), pager.close()]));
  await programs.stop();
});

async function startWorld(name: string): Promise<World> {
  const pager = await startReceiver();
  const dataDir = join(programs.folder, name);
  await mkdir(dataDir);
  const env = {
    ...{ LOG_LEVEL: 'error', CANARY: 'on', ENVIRONMENT: name, GRANULE_MS: String(granuleMs) },
    ...{ PAGERDUTY_ROUTING_KEY: 'key', PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue` },
  };
  return { pager, host: await startHost({ dataDir, port: 0, minuteMs, env }) };
}

const isOf = (name: string) => (got: Receiver['got'][number]) => got.json.payload?.class === name;

async function ask<T>({ host }: World, path: string): Promise<T> {
  return (await (await fetch(host.url + path)).json()) as T;
}

test('the injected drift comes back as the alert of a real Prometheus, and nobody is paged for it', async () => {
  await eventually('it is noticed', async () => (await readCanary(whole.host.deps))?.noticedAt !== undefined);
  const { reports } = await ask<{ reports: { outcome: { level: string } }[] }>(
    whole,
    `/models/${canaryModel}/reports`,
  );
  expect(reports.map(({ outcome }) => outcome.level)).toContain('critical');
  await eventually('the day is over', async () => {
    const { day, noticedDay } = (await readCanary(whole.host.deps))!;
    return day.startsAt > noticedDay!;
  });
  expect(await readCanary(whole.host.deps)).not.toHaveProperty('missedSince');
  expect(whole.pager.got).toEqual([]);
  expect((await ask<{ alerts: unknown[] }>(whole, `/alerts?model=${canaryModel}`)).alerts).toEqual([]);
});

test('without a Prometheus the miss is a page all the same, one, that says how far the drift came', async () => {
  await eventually('the page', () => cut.pager.got.some(isOf('CanaryMissed')));
  const pages = cut.pager.got.filter(isOf('CanaryMissed'));
  expect(pages).toHaveLength(1);
  expect(pages[0]!.json).toMatchObject({
    event_action: 'trigger',
    payload: {
      severity: 'critical',
      custom_details: { runbook: 'docs/runbooks/canary-missed.md' },
    },
  });
  expect(pages[0]!.json.payload.summary).toContain('the report raised the alarm and no alert arrived');
  expect((await ask<object>(cut, '/models')) as { models: unknown[] }).toMatchObject({
    models: [{ name: canaryModel }],
  });
  const noDefault = await fetch(`${cut.host.url}/ready`);
  expect(noDefault.status).toBe(503);
});

test('what the rule says of a miss has the labels of our own alert, so that both are one', async () => {
  const [missed] = (
    await ask<{ alerts: { name: string; labels: Record<string, string> }[] }>(cut, '/alerts')
  ).alerts.filter(({ name }) => name === 'CanaryMissed');
  const rule = /alert: "?CanaryMissed"?[\s\S]*?labels:\n([\s\S]*?)annotations/.exec(
    renderRules(localLinks),
  )![1]!;
  const labels = Object.fromEntries(
    [...rule.matchAll(/(\w+): "(\w+)"/g)].map(([, name, value]) => [name, value]),
  );
  expect(missed!.labels).toEqual({ ...labels, alertname: 'CanaryMissed', env: 'cut' });
});
