import { expect, test } from 'vitest';
import { isClean, type TrafficResult, toText } from './report.ts';
import type { Counts } from './tally.ts';

const counts = (more: Partial<Counts> = {}): Counts => ({
  ok: 10,
  refused: {},
  errors: 0,
  spooled: 0,
  latency: { count: 10, quantiles: { p50: 1, p90: 2, p99: 3, max: 1234.56 } },
  ...more,
});
const result = (more: Partial<TrafficResult> = {}): TrafficResult => ({
  url: 'http://127.0.0.1:8000/',
  model: 'small',
  asked: { ratePerSecond: 10, durationMs: 1000, batch: 1 },
  elapsedMs: 1000,
  sent: 10,
  notSent: 0,
  unanswered: 0,
  predictions: counts(),
  generatorLagMs: 0,
  firstErrors: [],
  isInterrupted: false,
  ...more,
});

test.each([
  ['all answered', {}, true],
  [
    'a prediction in the spool, which is answered and not lost',
    { predictions: counts({ spooled: 1 }) },
    true,
  ],
  ['one refused', { predictions: counts({ refused: { 400: 1 } }) }, false],
  ['one lost', { predictions: counts({ errors: 1 }) }, false],
  ['a label refused', { feedback: counts({ refused: { 400: 1 } }) }, false],
  ['one not sent', { notSent: 1 }, false],
  ['one not answered', { unanswered: 1 }, false],
  ['one under way when it was interrupted', { unanswered: 1, notSent: 1, isInterrupted: true }, true],
])('%s: %j', (_, more, isFine) => {
  expect(isClean(result(more))).toBe(isFine);
});

test('what could not be sent in time, batches and labels have lines of their own', () => {
  const asked = { ratePerSecond: 10, durationMs: 1000, batch: 50 };
  const text = toText(result({ asked, notSent: 1200, unanswered: 2, feedback: counts() }));
  expect(text).toContain(
    '  sent             10 requests of 50 rows\n  not sent         1,200, for want of time\n',
  );
  expect(text).toContain('  unanswered       2\n');
  expect(text).toContain('  rate             10 answers/s of 10 asked, 500 rows/s\n');
  expect(text).toContain('  latency          p50 1.00 ms, p90 2.00 ms, p99 3.00 ms, max 1234.6 ms\n');
  expect(text).toContain('  labels ok        10\n');
});

test('a generator that was late by more than 20 ms says that the latency is partly its own', () => {
  expect(toText(result({ generatorLagMs: 20 }))).not.toContain('note:');
  expect(toText(result({ generatorLagMs: 20.1 }))).toContain(
    'note: the generator itself was late by 20.1 ms (p99)',
  );
});
