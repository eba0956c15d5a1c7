import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerSmall, smallRecord, smallRows } from '../../cli/small-model.testing.ts';
import { renderRules } from '../../observability/alerts/render-rules.ts';
import { type Host, startHost } from './host.ts';

let host: Host;
let dataDir: string;
let version: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-queryable-'));
  version = await registerSmall(
    dataDir,
    smallRecord('prices', { monitor: { window_ms: 400, min_rows: 50 } }),
  );
  const env = { GRANULE_MS: '200', POINTER_TTL_MS: '0', LOG_LEVEL: 'error', ENVIRONMENT: 'test' };
  host = await startHost({ dataDir, port: 0, minuteMs: 200, env });
});
afterAll(async () => {
  await host.close();
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});

async function send<Answer>(path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(host.url + path, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  expect([path, response.ok]).toEqual([path, true]);
  return (await response.json()) as Answer;
}

/** The members that are looked at one by one. */
interface Report {
  readonly id: string;
  readonly version: string;
  readonly rows: number;
  readonly features: readonly { readonly name: string; readonly level: string }[];
  readonly quality: readonly { readonly column: string; readonly severity: string }[];
}

/** Two of its features are at odds with training: a width far up, and a depth that every second row lacks. */
async function judgedWindow(): Promise<Report> {
  const instances = smallRows(200, 5).map(({ id, features }, at) => ({
    request_id: id,
    features: { ...features, width: 9.9, 'depth/mm~': at % 2 === 0 ? null : features['depth/mm~'] },
  }));
  await send('/models/prices/predict/batch', { instances });
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const { reports } = await send<{ reports: Report[] }>('/models/prices/reports');
    const judged = reports.find(({ rows }) => rows >= 100);
    if (judged) return send(`/models/prices/reports/${judged.id}`);
  }
  throw new Error('no window was judged within 20 s');
}

test('the prediction log, drift and quality of a window, the registry and the alert log are asked for over HTTP', async () => {
  const report = await judgedWindow();

  const { predictions } = await send<{ predictions: { id: string }[] }>('/models/prices/logs?limit=1000');
  expect(predictions).toHaveLength(200);
  expect(predictions.find(({ id }) => id === 'row-1')).toMatchObject({ version, features: { width: 9.9 } });
  expect(await send('/models/prices/logs?request_id=row-2')).toMatchObject({
    prediction: { version, features: { 'depth/mm~': null } },
  });

  expect(report).toMatchObject({ version, verdict: expect.any(Object) });
  expect(report.features).toContainEqual(expect.objectContaining({ name: 'width', level: 'critical' }));
  expect(report.quality).toContainEqual(expect.objectContaining({ column: 'depth/mm~', severity: 'hard' }));

  expect(await send('/models')).toMatchObject({ models: [{ name: 'prices', champion: version }] });
  expect(await send('/models/prices/versions')).toMatchObject({ versions: [{ version, champion: true }] });
  expect(await send(`/models/prices/versions/${version}`)).toMatchObject({ version });
  expect(await send('/models/prices/history')).toMatchObject({
    history: expect.arrayContaining([expect.objectContaining({ action: 'data_incident' })]),
  });

  const labels = { alertname: 'MissingValues', severity: 'warning', model: 'prices', env: 'test' };
  const alert = { status: 'firing', labels, annotations: {}, startsAt: new Date().toISOString() };
  await send('/alerts/webhook', { version: '4', status: 'firing', alerts: [alert] });
  const firing = await send<{ alerts: { id: string }[] }>('/alerts?model=prices&status=firing');
  const [{ id } = { id: '' }] = firing.alerts.filter((one) => 'name' in one && one.name === 'MissingValues');
  await send(`/alerts/${id}/ack`, { actor: 'ann', reason: 'the feed is being mended' });
  expect(await send('/alerts?model=prices&status=acknowledged')).toMatchObject({
    alerts: [{ id, acknowledged: { actor: 'ann', reason: 'the feed is being mended' } }],
  });
});

test('the link that alerts carry opens the newest report in a browser', async () => {
  const report = await judgedWindow();
  const rules = renderRules({ url: host.url, runbooks: 'https://example.com' });
  const [, link] = /report_url: "([^"]+)"/.exec(rules)!;
  const opened = await fetch(link!.replace('{{ $labels.model }}', 'prices'), {
    headers: { accept: 'text/html' },
  });
  expect([opened.status, opened.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const page = await opened.text();
  const { id } = await send<Report>('/models/prices/reports/latest');
  expect(id >= report.id).toBe(true);
  expect(page).toContain(`Report ${id}`);
});
