import { describe, expect, test } from 'vitest';
import { memoryDeps } from '#shared/testing/memory-deps.ts';
import { replayDeadLetters } from './dead-letters.ts';
import type { Invoked } from './ports.ts';
import { FakeQueue } from './queue.testing.ts';

const due = (model: string) => ({
  source: 'tidemark',
  'detail-type': 'WindowsDue',
  detail: { model, windows: [] },
});
const drift = { id: 'e1', source: 'tidemark', 'detail-type': 'DriftConfirmed', detail: { model: 'm' } };
const tick = { source: 'aws.events', 'detail-type': 'Scheduled Event' };

/** @param refuse what the function answers for a model */
function replayer(queues: readonly FakeQueue[], refuse: Readonly<Record<string, Invoked>> = {}) {
  const { pipelines } = memoryDeps();
  const invoked: string[] = [];
  const deployment = {
    stage: 'dev',
    pipelines,
    deadLetters: async () => queues,
    invoke: async (fn: string, payload: unknown): Promise<Invoked> => {
      const { model } = (payload as { detail: { model: string } }).detail;
      invoked.push(`${fn} ${model}`);
      return refuse[model] ?? { ok: true };
    },
  };
  const replay = (isDry = false, most?: number) =>
    replayDeadLetters(deployment, { isDry, progress: () => undefined }, most);
  return { replay, invoked, pipelines };
}

const nothing = {
  replayed: 0,
  alreadyThere: 0,
  skipped: 0,
  failed: [],
  unreadable: [],
  hasMore: false,
};

describe('replayDeadLetters', () => {
  test('hands each message to whom it was for, and deletes it: a second run has nothing to do', async () => {
    const queues = [new FakeQueue('a', due('x'), tick), new FakeQueue('b', drift)];
    const { replay, invoked, pipelines } = replayer(queues);
    expect(await replay()).toEqual({ ...nothing, replayed: 2, skipped: 1 });
    expect(invoked).toEqual(['monitor x']);
    expect((await pipelines.list('retrain')).map(({ input }) => input)).toEqual([{ model: 'm' }]);
    expect(queues.flatMap((queue) => queue.ids())).toEqual([]);
    expect(await replay()).toEqual(nothing);
  });

  test('a message that fails again, and one nobody can read, stay, are named and shown again; the others are done', async () => {
    const queue = new FakeQueue('a', due('bad'), 'poison', due('good'));
    const { replay, invoked } = replayer([queue], { bad: { ok: false, reason: 'ZodError: no' } });
    for (let run = 1; run <= 2; run++) {
      expect(await replay()).toEqual({
        ...nothing,
        replayed: run === 1 ? 1 : 0,
        failed: [{ where: 'a message m1', reason: 'monitor: ZodError: no' }],
        unreadable: [{ where: 'a message m2', reason: 'not a JSON object: poison' }],
      });
      expect(queue.ids()).toEqual(['m1', 'm2']);
      expect(queue.hidden.size).toBe(0);
    }
    expect(invoked).toEqual(['monitor bad', 'monitor good', 'monitor bad']);
  });

  test('a queue that gives the same message again and again is left after three times; it is tried once', async () => {
    const queue = new FakeQueue('a', due('bad'));
    queue.isForgetful = true;
    const { replay, invoked } = replayer([queue], { bad: { ok: false, reason: 'no' } });
    expect((await replay()).failed).toHaveLength(1);
    expect(invoked).toEqual(['monitor bad']);
    expect(queue.receipts).toBe(4);
  });

  test('one that was handed on and could not be deleted is named, and is told again: a run is started once', async () => {
    const queue = new FakeQueue('a', drift);
    const { replay, pipelines } = replayer([queue]);
    queue.beforeDelete = () => {
      throw new Error('SQS is away');
    };
    expect(await replay()).toEqual({
      ...nothing,
      failed: [{ where: 'a message m1', reason: 'SQS is away' }],
    });
    queue.beforeDelete = () => undefined;
    expect(await replay()).toEqual({ ...nothing, alreadyThere: 1 });
    expect(await pipelines.list('retrain')).toHaveLength(1);
  });

  test('a look changes nothing and hides nothing', async () => {
    const queue = new FakeQueue('a', due('x'), drift, tick, 'poison');
    const { replay, invoked, pipelines } = replayer([queue]);
    const looked = await replay(true);
    expect(looked).toMatchObject({ replayed: 2, skipped: 1, unreadable: [{ where: 'a message m4' }] });
    expect(await replay(true)).toEqual(looked);
    expect([invoked, await pipelines.list('retrain')]).toEqual([[], []]);
    expect([queue.ids().length, queue.hidden.size]).toEqual([4, 0]);
  });

  test.each([
    [2, 2, true, ['m3']],
    [3, 3, false, []],
  ] as const)(
    'of three messages a run of at most %d takes %d, and says whether there are more',
    async (most, replayed, hasMore, left) => {
      const queue = new FakeQueue('a', due('x'), due('y'), due('z'));
      const { replay } = replayer([queue]);
      expect(await replay(false, most)).toEqual({ ...nothing, replayed, hasMore });
      expect(queue.ids()).toEqual(left);
      expect(queue.hidden.size).toBe(0);
    },
  );
});
