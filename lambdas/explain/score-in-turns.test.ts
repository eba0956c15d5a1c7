import { afterEach, expect, test, vi } from 'vitest';
import type { OnnxSession } from '#shared/onnx/session.ts';
import type { Columns } from '#shared/schema/columns.ts';
import { createScorer } from './score-in-turns.ts';

const clock = { ms: 0 };
afterEach(() => {
  vi.restoreAllMocks();
});

/** Each row takes so many milliseconds of a clock that a test reads; the score is the row's number and its text's length. */
function slowSession(msPerRow: number) {
  clock.ms = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock.ms);
  const runs: number[] = [];
  const session = {
    async run({ rows, columns: [number, text] }: Columns) {
      clock.ms += rows * msPerRow;
      runs.push(rows);
      const values = Float32Array.from(
        { length: rows },
        (_, row) => Number(number!.values[row]) + String(text!.values[row]).length,
      );
      return { task: 'regression', values };
    },
  } as unknown as OnnxSession;
  return { session, runs };
}

const rowsOf = (count: number): Columns => ({
  rows: count,
  columns: [
    { kind: 'numeric', name: 'x', values: Float64Array.from({ length: count }, (_, row) => row) },
    {
      kind: 'categorical',
      name: 'c',
      values: Array.from({ length: count }, (_, row) => 'a'.repeat(row % 3)),
    },
  ],
});
const expected = (count: number) => Array.from({ length: count }, (_, row) => row + (row % 3));

test('a slow graph is asked for few rows at a time, a fast one for many, and all are scored in their order', async () => {
  const slow = slowSession(1);
  expect(Array.from(await createScorer(slow.session, () => undefined)()(rowsOf(1000)))).toEqual(
    expected(1000),
  );
  expect(slow.runs).toEqual([256, 128, ...new Array<number>(9).fill(64), 40]);
  const fast = slowSession(0);
  expect(Array.from(await createScorer(fast.session, () => undefined)()(rowsOf(5000)))).toEqual(
    expected(5000),
  );
  expect(fast.runs).toEqual([256, 512, 1024, 2048, 1160]);
});

test('what is out of time is given up between two runs', async () => {
  const { session, runs } = slowSession(1);
  const checkTime = () => {
    if (clock.ms > 300) throw new Error('out of time');
  };
  await expect(createScorer(session, checkTime)()(rowsOf(1000))).rejects.toThrow('out of time');
  expect(runs).toEqual([256, 128]);
});
