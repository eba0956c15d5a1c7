import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startReceiver } from '#shared/notify/receiver.testing.ts';
import { startHost } from './host.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'tidemark-judged-'));
afterEach(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }));

test('a judged window is published without waiting for the schedule; the host ends at once while another waits for the next minute', async () => {
  const receiver = await startReceiver();
  // so that the minute does not end within the test
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 5000) await new Promise((done) => setTimeout(done, left));
  const env = { LOG_LEVEL: 'error', REMOTE_WRITE_URL: `${receiver.url}/api/v1/write` };
  const host = await startHost({ dataDir, port: 0, minuteMs: 3_600_000, env });
  const judged = { type: 'WindowJudged', detail: { model: 'any', report: 'r' } };
  await host.deps.events.publish(judged);
  await expect.poll(() => receiver.got.length, { timeout: 4000 }).toBe(1);
  await host.deps.events.publish(judged);
  const from = performance.now();
  await host.close();
  expect(performance.now() - from).toBeLessThan(3000);
  expect(receiver.got).toHaveLength(1);
  await receiver.close();
});
