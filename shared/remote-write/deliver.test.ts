import { uncompress } from 'snappyjs';
import { expect, test } from 'vitest';
import { deliver } from './deliver.ts';
import { checkSamples } from './sample.ts';
import type { Sent } from './send.ts';

const samples = (count: number) =>
  checkSamples(
    Array.from({ length: count }, (_, at) => ({
      ...{ name: `series_${at}_`, labels: { at: String(at) }, value: at, timestampMs: 1 },
    })),
  ).checked;

/** Takes all of a request or nothing, as Prometheus does. */
function receiver(isBad: (name: string) => boolean, status = 400) {
  const requests: string[][] = [];
  const sendBody = async (body: Uint8Array): Promise<Sent> => {
    const names =
      Buffer.from(uncompress(body))
        .toString('latin1')
        .match(/series_\d+_/g) ?? [];
    requests.push(names);
    return names.some(isBad) ? { kind: 'refused', status, message: 'bad' } : { kind: 'accepted' };
  };
  return { requests, sendBody };
}

test('a request carries at most 500 series, and every series is in one', async () => {
  const { requests, sendBody } = receiver(() => false);
  const { accepted } = await deliver(samples(1001), sendBody);
  expect(requests.map(({ length }) => length).sort()).toEqual([1, 500, 500]);
  expect(new Set(requests.flat()).size).toBe(1001);
  expect(accepted).toHaveLength(1001);
});

test('one series that is refused is found in 19 requests, and 1499 others go through', async () => {
  const { requests, sendBody } = receiver((name) => name === 'series_777_');
  const { accepted, refused, undelivered } = await deliver(samples(1500), sendBody);
  expect(refused.map(({ sample, message }) => [sample.value, message])).toEqual([
    [777, 'the receiver refuses it with 400: bad'],
  ]);
  expect(accepted).toHaveLength(1499);
  expect(undelivered).toEqual([]);
  expect(requests.length).toBeLessThanOrEqual(2 + 19);
});

test('a request that is too large is halved until it is not', async () => {
  const sizes: number[] = [];
  const { accepted } = await deliver(samples(500), async (body) => {
    sizes.push(body.length);
    return body.length > 1000 ? { kind: 'refused', status: 413, message: '' } : { kind: 'accepted' };
  });
  expect(accepted).toHaveLength(500);
  expect(Math.max(...sizes.filter((size) => size <= 1000))).toBeGreaterThan(0);
});

test.each([401, 403, 404])('%i is not the fault of a series: nothing is searched for', async (status) => {
  const { requests, sendBody } = receiver(() => true, status);
  const { refused, undelivered, reason } = await deliver(samples(600), sendBody);
  expect([requests.length, refused.length, undelivered.length]).toEqual([2, 0, 600]);
  expect(reason).toBe(`the receiver refuses it with ${status}: bad`);
});

test('a receiver that refuses everything is asked a bounded number of times', async () => {
  const { requests, sendBody } = receiver(() => true);
  const { refused, undelivered } = await deliver(samples(5000), sendBody);
  expect(requests.length).toBeLessThan(100);
  expect(refused.length + undelivered.length).toBe(5000);
});

test('what was not delivered is told apart from what was refused', async () => {
  const sendBody = async (): Promise<Sent> => ({ kind: 'undelivered', reason: 'down' });
  expect(await deliver(samples(2), sendBody)).toMatchObject({ refused: [], reason: 'down', requests: 1 });
});
