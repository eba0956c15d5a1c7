import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliver } from './deliver.ts';
import { type Prometheus, startPrometheus } from './prometheus.testing.ts';
import { checkSamples } from './sample.ts';
import { send } from './send.ts';

let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await startPrometheus();
});
afterAll(() => prometheus?.stop());

test('whatever text a label may hold is stored as it is, also of 500 series in one request', async () => {
  const nasty = [
    '"quoted" \\ backslash',
    'line\nend\r\ttab',
    'nul\0 bell\u0007',
    '😀 ü \u2028 \u202e \ufffd',
    '{le="1"} 7 # HELP x',
    '__name__',
    ' ',
    'x'.repeat(1024),
    '漢'.repeat(341),
  ];
  const texts = [...nasty, ...Array.from({ length: 600 }, (_, at) => `class ${at}`)];
  const timestampMs = Math.floor(Date.now() / 60_000) * 60_000;
  const { checked, refused } = checkSamples([
    ...texts.map((text, at) => ({ name: 'nasty', labels: { class: text }, value: at, timestampMs })),
    ...['x'.repeat(1025), 'half \ud83d', 'half \ude00'].map((text) => ({
      ...{ name: 'nasty', labels: { class: text }, value: 0, timestampMs },
    })),
  ]);
  expect(refused).toHaveLength(3);
  const options = { url: new URL(prometheus.writeUrl), now: Date.now, wait: (ms: number) => wait(ms) };
  const { accepted, undelivered } = await deliver(checked, (body) =>
    send(body, Date.now() + 10_000, options),
  );
  expect([accepted.length, undelivered.length]).toEqual([texts.length, 0]);
  const stored = await prometheus.query('nasty', timestampMs);
  const found = new Map(stored.map(({ metric, value }) => [metric.class, value]));
  expect(found).toEqual(new Map(texts.map((text, at) => [text, at])));
});
