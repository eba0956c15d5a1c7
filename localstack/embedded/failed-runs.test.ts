import { beforeEach, describe, expect, test } from 'vitest';
import type { ExecutionStatus } from '#shared/ports/pipelines.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { createModel } from '#shared/registry/registry.ts';
import { beginRun, listRuns } from '#shared/registry/run.ts';
import { type MemoryDeps, memoryDeps } from '#shared/testing/memory-deps.ts';
import { smallRecord } from '#shared/testing/small-model.ts';
import { createReleaseHandler } from '../../lambdas/retrain/release/handler.ts';
import { releaseFailed, releaseLeftLeases } from './failed-runs.ts';

const execution = 'retrain:one';
let deps: MemoryDeps;
let released: unknown[];

beforeEach(async () => {
  deps = memoryDeps();
  released = [];
  for (const name of ['idle', 'small']) await createModel(deps, smallRecord({ name }));
  await beginRun(deps, smallRecord(), execution, { force: true });
});

const endWith = (status: ExecutionStatus) =>
  deps.pipelines.set(execution, status, {
    input: { model: 'small' },
    error: { name: 'States.Runtime', cause: 'a broken path' },
  });
const invoke = async (name: string, event: unknown) => {
  released.push(name);
  return createReleaseHandler(deps)(event);
};
const hasLease = async () => (await deps.state.get(stateKeys.lease('small'))) !== undefined;

describe('releaseLeftLeases', () => {
  test.each(['FAILED', 'TIMED_OUT', 'ABORTED'] as const)(
    'records a run that ended %s before it was released, once',
    async (status) => {
      endWith(status);
      await releaseLeftLeases(deps, invoke);
      await releaseLeftLeases(deps, invoke);
      expect(released).toEqual(['retrain-release']);
      expect(await hasLease()).toBe(false);
      expect(await listRuns(deps, 'small', 5)).toMatchObject([
        { execution, outcome: 'failed', detail: { Error: status, Cause: 'a broken path' } },
      ]);
    },
  );

  test('leaves a run that goes on, or that nobody knows, its lease', async () => {
    await releaseLeftLeases(deps, invoke);
    endWith('RUNNING');
    await releaseLeftLeases(deps, invoke);
    expect(released).toEqual([]);
    expect(await hasLease()).toBe(true);
  });
});

test('a release that fails is logged and throws nothing, also of a machine that is gone', async () => {
  endWith('FAILED');
  const failed = (await deps.pipelines.describe(execution))!;
  const refuse = async () => {
    throw new Error('the store is down');
  };
  await releaseFailed(failed, refuse, deps.log);
  await releaseFailed({ ...failed, machine: 'gone' }, invoke, deps.log);
  expect(released).toEqual([]);
  expect(deps.logged.map((line) => line.message)).toEqual(
    [1, 2].map(() => 'a failed run could not be released'),
  );
});
