import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { functions } from '#shared/api/surface.ts';
import { type Receiver, startReceiver } from '#shared/notify/receiver.testing.ts';
import { openAlerts } from '#shared/registry/alert-log.ts';
import { guardedDeps } from '#shared/testing/guarded-deps.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { createNotifyHandler } from './handler.ts';

let server: Server;
let pager: Receiver;
let taken: string[];
let refused: number;
let deps: MemoryDeps;

/** Takes one message a second, as Slack's incoming webhooks do: who comes sooner is told when to come back. */
beforeEach(async () => {
  [taken, refused] = [[], 0];
  let freeAt = 0;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      if (performance.now() < freeAt) {
        refused += 1;
        response.writeHead(429, { 'retry-after': '1' }).end('rate_limited');
        return;
      }
      freeAt = performance.now() + 900;
      taken.push(JSON.parse(text).blocks[0].text.text);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  pager = await startReceiver();
  deps = memoryDeps({
    'SECRET_slack-webhook-url': `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/x`,
    'SECRET_pagerduty-routing-key': 'routing-key',
    PAGERDUTY_EVENTS_URL: `${pager.url}/v2/enqueue`,
    ENVIRONMENT: 'test',
  });
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await pager.close();
});

const tell = (count: number, severity: string) => {
  const alerts = Array.from({ length: count }, (_, at) => ({
    status: 'firing',
    labels: { alertname: 'PsiWarning', severity, model: `m${at}`, env: 'test' },
    annotations: { summary: 'drift' },
    startsAt: new Date(startMs).toISOString(),
  }));
  const Message = JSON.stringify({ version: '4', alerts });
  const Timestamp = new Date(startMs).toISOString();
  return createNotifyHandler(guardedDeps(deps, functions.notify.access))({
    Records: [{ Sns: { Message, Timestamp } }],
  });
};
const attempts = async () =>
  (await openAlerts(deps)).map(({ deliveries }) => deliveries['slack:firing']!.attempts);

test('a receiver that takes one message a second is told of nine criticals in one run, each once and none in vain, and no page waits for it', async () => {
  const began = performance.now();
  await tell(9, 'critical');
  expect([...taken].sort()).toEqual(Array.from({ length: 9 }, (_, at) => `CRITICAL PsiWarning of m${at}`));
  expect(await attempts()).toEqual(new Array(9).fill(0));
  expect(refused).toBeLessThan(25);
  expect(pager.got).toHaveLength(9);
  expect(Math.max(...pager.got.map(({ at }) => at)) - began).toBeLessThan(1500);
}, 20_000);
