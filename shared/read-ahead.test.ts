import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readAhead } from './read-ahead.ts';

const all = async (outputs: AsyncIterable<unknown>) => {
  const found: unknown[] = [];
  for await (const output of outputs) found.push(output);
  return found;
};
const numbers = Array.from({ length: 20 }, (_, at) => at);

test('outputs come in the order of the inputs, however long each takes', async () => {
  expect(await all(readAhead(numbers, 4, async (at) => wait((20 - at) % 5, at)))).toEqual(numbers);
});

test('no more than the given number and one are being read at once', async () => {
  let [now, most] = [0, 0];
  await all(
    readAhead(numbers, 4, async () => {
      most = Math.max(most, ++now);
      await wait(1);
      now -= 1;
    }),
  );
  expect(most).toBe(5);
});

test('a read that fails throws after the outputs before it', async () => {
  const found: number[] = [];
  const reading = async () => {
    for await (const at of readAhead(numbers, 4, async (one) =>
      one === 7 ? Promise.reject(new Error('gone')) : one,
    ))
      found.push(at);
  };
  await expect(reading()).rejects.toThrow('gone');
  expect(found).toEqual(numbers.slice(0, 7));
});
