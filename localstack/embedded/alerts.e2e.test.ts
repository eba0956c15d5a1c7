import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { type Host, startHost } from './host.ts';

const webhookKey = 'the key of the webhook';
let slack: Receiver;
let pager: Receiver;
let hook: Receiver;
let host: Host;
let dataDir: string;

beforeAll(async () => {
  [slack, pager, hook] = await Promise.all([startReceiver(), startReceiver(), startReceiver()]);
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-alerts-'));
  host = await startHost({
    dataDir,
    port: 0,
    minuteMs: 200,
    env: {
      LOG_LEVEL: 'error',
      ENVIRONMENT: 'e2e',
      SLACK_WEBHOOK_URL: `${slack.url}/services/a/b/c`,
      PAGERDUTY_ROUTING_KEY: 'the key of the pager',
      PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue`,
      TIDEMARK_SECRET_WEBHOOK_URL: `${hook.url}/alerts`,
      TIDEMARK_SECRET_WEBHOOK_SECRET: webhookKey,
    },
  });
});
afterAll(async () => {
  await host.close();
  await Promise.all([slack, pager, hook].map((one) => one.close()));
  await rm(dataDir, { recursive: true });
});

/** The members of answers that are looked at one by one. */
interface Answer {
  readonly changed: readonly string[];
  readonly alerts: readonly { readonly deliveries: readonly object[] }[];
  readonly counters: object;
}

async function ask(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(host.url + path, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer };
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); await sleep(20))
    expect(Date.now(), `${what} within 10 s`).toBeLessThan(end);
}

test('from the webhook of an Alertmanager to every receiver, to somebody’s answer, to the end', async () => {
  const alert = {
    status: 'firing',
    labels: { alertname: 'ErrorRateHigh', severity: 'critical', model: 'prices', env: 'e2e' },
    annotations: { summary: '7 % of requests fail', respond_within: '15m' },
    startsAt: new Date().toISOString(),
  };
  const message = { version: '4', status: 'firing', alerts: [alert] };
  const taken = await ask('/alerts/webhook', message);
  expect(taken).toMatchObject({ status: 202, json: { received: 1, refused: [] } });
  const [id] = taken.json.changed;
  await eventually('everybody is told', () => [slack, pager, hook].every(({ got }) => got.length === 1));
  expect(slack.got[0]!.json.blocks[0].text.text).toBe('CRITICAL ErrorRateHigh of prices');
  expect(pager.got[0]!.json).toMatchObject({
    routing_key: 'the key of the pager',
    event_action: 'trigger',
    dedup_key: `tidemark/e2e/${id}`,
  });
  const { headers, text } = hook.got[0]!;
  const signed = createHmac('sha256', webhookKey).update(`${headers['tidemark-timestamp']}.${text}`);
  expect(headers['tidemark-signature']).toBe(`v1=${signed.digest('hex')}`);

  expect((await ask('/alerts/webhook', message)).json.changed).toEqual([]);
  expect((await ask('/alerts/webhook', { hello: 1 })).status).toBe(400);

  const answer = { actor: 'ann', reason: 'rolling back' };
  const key = { 'idempotency-key': 'k1' };
  const acked = await ask(`/alerts/${id}/ack`, answer, key);
  expect(acked).toMatchObject({ status: 200, json: { status: 'acknowledged', acknowledged: answer } });
  const again = await ask(`/alerts/${id}/ack`, answer, key);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.json).toEqual(acked.json);
  await eventually('PagerDuty hears of it', () => pager.got.length === 2);
  expect(pager.got[1]!.json).toMatchObject({ event_action: 'acknowledge', dedup_key: `tidemark/e2e/${id}` });

  await ask(`/alerts/${id}/resolve`, { actor: 'ann', reason: 'rolled back' });
  await eventually('PagerDuty hears of the end', () => pager.got.length === 3 && hook.got.length === 3);
  expect(pager.got[2]!.json).toMatchObject({ event_action: 'resolve' });
  await sleep(500);
  expect([slack, pager, hook].map(({ got }) => got.length)).toEqual([3, 3, 3]);

  const log = await ask('/alerts?model=prices');
  expect(log.json.alerts).toMatchObject([{ id, status: 'resolved', resolved: { actor: 'ann' } }]);
  expect(log.json.alerts[0]!.deliveries).toContainEqual(
    expect.objectContaining({ channel: 'slack', event: 'firing', state: 'sent' }),
  );
  expect(log.json.counters).toMatchObject({ received: 2, refused: 1, sent: 9, failed: 0 });
  expect((await ask('/alerts?status=firing')).json.alerts).toEqual([]);
});
