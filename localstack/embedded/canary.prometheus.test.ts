/** The canary through everything that is real: host → Prometheus with the shipped rules → Alertmanager → host; and with a link taken out. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canaryModel } from '#shared/canary/names.ts';
import { readCanary } from '#shared/canary/state.ts';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { localAlertmanager } from '../../observability/alertmanager/local.ts';
import { localLinks } from '../../observability/alerts/links.ts';
import { renderRules } from '../../observability/alerts/render-rules.ts';
import { missingTool } from '../../observability/alerts/tools.testing.ts';
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

let folder: string;
let whole: World;
let cut: World;
const stops: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-canary-'));
  [whole, cut] = await Promise.all([startWorld('whole'), startWorld('cut')]);
  const alertmanager = await startAlertmanager(whole.host.url);
  await startPrometheus(whole.host.url, alertmanager);
});
afterAll(async () => {
  for (const stop of stops) stop();
  await Promise.all([whole, cut].flatMap(({ host, pager }) => [host.close(), pager.close()]));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function startWorld(name: string): Promise<World> {
  const pager = await startReceiver();
  const dataDir = join(folder, name);
  await mkdir(dataDir);
  const env = {
    ...{ LOG_LEVEL: 'error', CANARY: 'on', ENVIRONMENT: name, GRANULE_MS: String(granuleMs) },
    ...{ PAGERDUTY_ROUTING_KEY: 'key', PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue` },
  };
  return { pager, host: await startHost({ dataDir, port: 0, minuteMs, env }) };
}

async function startAlertmanager(hostUrl: string): Promise<string> {
  const config = join(folder, 'alertmanager.yml');
  const text = localAlertmanager(`${hostUrl}/alerts/webhook`);
  await writeFile(config, text.replaceAll(/group_(wait|interval): "\w+"/g, 'group_$1: "1s"'));
  const storage = `--storage.path=${join(folder, 'alertmanager')}`;
  return startProgram('prometheus-alertmanager', config, [storage, '--cluster.listen-address=']);
}

async function startPrometheus(hostUrl: string, alertmanager: string): Promise<void> {
  const rules = join(folder, 'rules.yml');
  const text = renderRules(localLinks);
  await writeFile(rules, text.replaceAll(/ interval: "\w+"/g, ` interval: "${everyMs}ms"`));
  const config = join(folder, 'prometheus.yml');
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: `${everyMs}ms`, scrape_timeout: `${everyMs}ms` },
      rule_files: [rules],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager).host] }] }] },
      scrape_configs: [
        {
          job_name: 'tidemark',
          static_configs: [{ targets: [new URL(hostUrl).host] }],
          metric_relabel_configs: [{ regex: 'job|instance', action: 'labeldrop' }],
        },
      ],
    }),
  );
  const storage = `--storage.tsdb.path=${join(folder, 'prometheus')}`;
  await startProgram('prometheus', config, [storage, '--rules.alert.resend-delay=1s']);
}

async function startProgram(program: string, config: string, more: readonly string[]): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  const args = [`--config.file=${config}`, `--web.listen-address=${address}`, ...more];
  const child = spawn(program, args, { stdio: 'ignore' });
  let failure: string | undefined;
  child.once('error', () => {
    failure = missingTool(program);
  });
  stops.push(() => child.kill());
  await eventually(`${program} is ready`, async () => {
    if (failure !== undefined) throw new Error(failure);
    return fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return `http://${address}`;
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await sleep(50))
    expect(Date.now(), `${what} within 60 s`).toBeLessThan(end);
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
