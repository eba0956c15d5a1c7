import { expect, test, vi } from 'vitest';
import { withTrainingThreads } from './training-threads.ts';

const quiet = { log: () => undefined };
const countOf = (rows: number, cores: number) =>
  withTrainingThreads(quiet, rows, ({ threads }) => threads?.count ?? 1, cores);

test('50,000 rows are trained on by all cores, fewer by the calling thread alone', async () => {
  expect(await countOf(50_000, 3)).toBe(3);
  expect(await countOf(49_999, 3)).toBe(1);
  expect(await countOf(1_000_000, 1)).toBe(1);
});

test('more cores than threads are possible use 64', async () => {
  expect(await countOf(50_000, 96)).toBe(64);
});

test('threads are closed after the work, also of work that throws', async () => {
  const closed = vi.fn();
  await expect(
    withTrainingThreads(
      quiet,
      50_000,
      ({ threads }) => {
        Object.assign(threads!, { close: async () => closed(await Promise.resolve()) });
        throw new Error('no');
      },
      2,
    ),
  ).rejects.toThrow('no');
  expect(closed).toHaveBeenCalledOnce();
});
