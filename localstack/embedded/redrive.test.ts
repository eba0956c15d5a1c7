import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { MemoryTable } from '#shared/testing/memory-table.ts';
import { machineOf, task } from '../asl/engine.testing.ts';
import { createEngine, type Engine } from '../asl/engine.ts';
import { createRedrive } from './redrive.ts';

test('a run that storage interrupts is logged, taken up again and ends, its finished state not run again', async () => {
  const table = new MemoryTable();
  const logged: string[] = [];
  const calls: string[] = [];
  let failures = 0;
  const engine: Engine = createEngine({
    table,
    machines: { two: machineOf({ First: task('first', { Next: 'Second' }), Second: task('second') }) },
    now: Date.now,
    invoke: async (name) => {
      calls.push(name);
      if (name === 'second' && failures === 0)
        table.beforeWrite = () => {
          failures += 1;
          throw new Error('the disk is full');
        };
      return null;
    },
    onError: (execution, error) => redrive.onError(execution, error),
  });
  const redrive = createRedrive({
    // the first try finds storage as it was, the second one finds it well
    resume: async () => {
      if (failures > 0 && logged.length === 1) throw new Error('the disk is still full');
      table.beforeWrite = () => undefined;
      return engine.resume();
    },
    log: (level, message) => logged.push(`${level}: ${message}`),
    delayMs: 20,
  });
  const { id } = await engine.start('two', 'one', null);
  await expect.poll(async () => (await engine.describe(id))?.status).toBe('SUCCEEDED');
  expect(calls).toEqual(['first', 'second', 'second']);
  expect(logged).toEqual([
    'error: a run was interrupted; it will be taken up again',
    'error: interrupted runs could not be taken up again; trying later',
  ]);
  await redrive.stop();
  await engine.stop();
});

test('errors that come together are one try, and after the stop there is none', async () => {
  const resume = vi.fn(async () => 0);
  const redrive = createRedrive({ resume, log: () => undefined, delayMs: 20 });
  for (const execution of ['a', 'b']) redrive.onError(execution, new Error('no'));
  await expect.poll(() => resume.mock.calls.length).toBe(1);
  await sleep(60);
  expect(resume).toHaveBeenCalledTimes(1);
  redrive.onError('a', new Error('no'));
  await redrive.stop();
  redrive.onError('b', new Error('no'));
  await sleep(60);
  expect(resume).toHaveBeenCalledTimes(1);
});
