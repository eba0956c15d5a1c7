import { expect, test } from 'vitest';
import { inTurns } from './in-turns.ts';

function* busy(steps: number, ms: number): Generator<void, string> {
  for (let step = 0; step < steps; step++) {
    for (const end = performance.now() + ms; performance.now() < end; );
    yield;
  }
  return 'done';
}

test('others are let in many times while long work is done, and its result is answered', async () => {
  let others = 0;
  const timer = setInterval(() => {
    others += 1;
  }, 1);
  expect(await inTurns(busy(100, 1))).toBe('done');
  clearInterval(timer);
  expect(others).toBeGreaterThanOrEqual(5);
});

test('work is given up at the end of a turn, where the caller throws', async () => {
  const giveUp = () => {
    throw new Error('that is enough');
  };
  await expect(inTurns(busy(1000, 5), giveUp)).rejects.toThrow('that is enough');
});

test('of much work one turn is done in each round of the event loop, so that no one waits for all of it', async () => {
  let rounds = 0;
  const count = () => {
    rounds += 1;
    round = setImmediate(count);
  };
  let round = setImmediate(count);
  await Promise.all(Array.from({ length: 20 }, () => inTurns(busy(10, 1))));
  clearImmediate(round);
  expect(rounds).toBeGreaterThanOrEqual(20);
});
