import { beforeEach, describe, expect, test } from 'vitest';
import { failAtWrite, type MemoryDeps, memoryDeps, startMs, stopFailing } from '../testing/memory-deps.ts';
import { smallRecord } from '../testing/small-model.ts';
import { approvalId, storeApproval } from './approval.ts';
import { stateKeys } from './keys.ts';
import { readLedger } from './ledger.ts';
import type { ModelRecord } from './model.ts';
import { beginRun, endRun, heldSince, listRuns, parkRun, type RunOutcome } from './run.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Caps and cooldowns of their own, so that one does not hide the other. */
const model = smallRecord({ retrain: { daily_cap: 100, cooldown_ms: 12 * hourMs } });

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps();
});

async function begin(execution: string, options: { force?: boolean; record?: ModelRecord } = {}) {
  const { force = false, record = model } = options;
  deps.pipelines.set(execution, 'RUNNING');
  return beginRun(deps, record, execution, { force });
}

async function end(execution: string, outcome: RunOutcome, record = model) {
  const ended = await endRun(deps, record, execution, outcome, { reason: 'because' });
  deps.pipelines.set(execution, 'SUCCEEDED');
  return ended;
}

async function run(execution: string, outcome: RunOutcome, record = model): Promise<string> {
  const { status } = await begin(execution, { record });
  if (status === 'acquired') await end(execution, outcome, record);
  return status;
}

describe('the lease', () => {
  test('is exclusive while its execution runs', async () => {
    expect((await begin('a')).status).toBe('acquired');
    expect((await begin('b')).status).toBe('leased');
    expect((await begin('b', { force: true })).status).toBe('leased');
  });

  test('is had again by the execution that has it, with the same start', async () => {
    expect(await begin('a')).toEqual({ status: 'acquired', startedAt: startMs });
    deps.clock.ms += 5000;
    expect(await begin('a')).toEqual({ status: 'acquired', startedAt: startMs });
  });

  test.each(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const)(
    'is taken over from an execution that is %s, and not from one that runs',
    async (status) => {
      await begin('a');
      expect((await begin('b')).status).toBe('leased');
      deps.pipelines.set('a', status);
      expect((await begin('b')).status).toBe('acquired');
      expect((await begin('c')).status).toBe('leased');
    },
  );

  test('is taken over from an execution that nobody knows any more', async () => {
    await beginRun(deps, model, 'forgotten', { force: false });
    expect((await begin('b')).status).toBe('acquired');
  });

  test('goes to one of 20 that begin at once, and to one of 20 that take it over', async () => {
    const storm = async (prefix: string) => {
      const names = Array.from({ length: 20 }, (_, at) => `${prefix}${at}`);
      const begun = await Promise.all(names.map((name) => begin(name)));
      const winners = names.filter((_, at) => begun[at]!.status === 'acquired');
      expect(begun.filter((one) => one.status === 'leased')).toHaveLength(19);
      return winners;
    };
    const [first] = await storm('a');
    deps.pipelines.set(first!, 'FAILED');
    expect(await storm('b')).toHaveLength(1);
    const day = await deps.state.get(stateKeys.day('small', '2026-11-21'));
    expect(day).toMatchObject({ value: { runs: [expect.any(String), expect.any(String)] } });
  });

  test('is not given back by a stranger', async () => {
    await begin('a');
    expect(await end('b', 'promoted')).toBeUndefined();
    expect((await begin('c')).status).toBe('leased');
    expect(await listRuns(deps, 'small', 10)).toEqual([]);
    expect(await readLedger(deps, 'small', { limit: 10 })).toEqual([]);
  });

  test('a run whose lease was taken over records nothing when it ends after all', async () => {
    await begin('a');
    deps.pipelines.set('a', 'TIMED_OUT');
    await begin('b');
    expect(await end('a', 'promoted')).toBeUndefined();
    expect((await begin('c')).status).toBe('leased');
  });
});

describe('cooldown and back-off', () => {
  test('a promotion blocks until the cooldown is over, to the millisecond', async () => {
    await run('a', 'promoted');
    deps.clock.ms = startMs + 12 * hourMs - 1;
    expect(await begin('b')).toEqual({
      status: 'cooling_down',
      reason: 'cooldown after a promotion; next run not before 2026-11-22T00:00:00.000Z',
    });
    deps.clock.ms += 1;
    expect((await begin('b')).status).toBe('acquired');
  });

  test('force passes a cooldown', async () => {
    await run('a', 'promoted');
    expect((await begin('b')).status).toBe('cooling_down');
    expect((await begin('b', { force: true })).status).toBe('acquired');
  });

  test('rejections in a row double the back-off: 12 h, 24 h, 48 h, 96 h, then a week and never more', async () => {
    const waits: number[] = [];
    for (let at = 0; at < 6; at++) {
      expect(await run(`r${at}`, 'rejected')).toBe('acquired');
      const item = await deps.state.get(stateKeys.cooldown('small'));
      const { until } = item!.value as { until: number };
      waits.push((until - deps.clock.ms) / hourMs);
      deps.clock.ms = until;
    }
    expect(waits).toEqual([12, 24, 48, 96, 168, 168]);
  });

  test('a promotion ends the series of rejections', async () => {
    for (const [name, outcome] of [
      ['a', 'rejected'],
      ['b', 'rejected'],
      ['c', 'promoted'],
      ['d', 'rejected'],
    ] as const) {
      deps.clock.ms += 8 * dayMs;
      expect(await run(name, outcome)).toBe('acquired');
    }
    expect(await begin('e')).toMatchObject({
      reason: expect.stringContaining('back-off after 1 rejected candidate(s) in a row'),
    });
    deps.clock.ms += 12 * hourMs;
    expect((await begin('e')).status).toBe('acquired');
  });

  test('one rejection recorded twice, its lease lost in between, counts once', async () => {
    await begin('a');
    deps.state.beforeWrite = ({ sk }) => {
      if (sk === 'cooldown') throw new Error('the process died');
    };
    await expect(end('a', 'rejected')).rejects.toThrow('the process died');
    stopFailing(deps);
    await end('a', 'rejected');
    expect((await deps.state.get(stateKeys.backoff('small')))?.value).toEqual({ count: 1, last: 'a' });
  });

  test.each(['insufficient_labels', 'invalid_data', 'parity_failed', 'conflict', 'failed'] as const)(
    '%s starts no cooldown and uses up nothing of the day',
    async (outcome) => {
      const record = smallRecord({ retrain: { daily_cap: 1, cooldown_ms: 12 * hourMs } });
      for (let at = 0; at < 3; at++) expect(await run(`${outcome}${at}`, outcome, record)).toBe('acquired');
    },
  );

  test('a candidate that waited for a person before there were approvals started no cooldown but counts for the day', async () => {
    const record = smallRecord({ retrain: { daily_cap: 1 } });
    expect(await run('a', 'awaiting_promotion', record)).toBe('acquired');
    expect(await run('b', 'awaiting_promotion', record)).toBe('daily_cap');
  });
});

describe('a run that waits for a person', () => {
  const entries = async () => (await readLedger(deps, 'small', { limit: 10 })).map((entry) => entry.reason);
  const lease = () => deps.state.get(stateKeys.lease('small'));

  async function park(execution: string, record = model) {
    const startedAt = (await heldSince(deps, 'small', execution))!;
    await storeApproval(deps, {
      id: approvalId('small', execution),
      model: 'small',
      version: 'v2',
      champion: 'v1',
      execution,
      startedAt,
      startedBy: 'monitor',
      reason: 'auto_promote is off',
      evidence: { gates: [], candidate: {}, champion: {} },
      requestedAt: deps.clock.ms,
      expiresAt: deps.clock.ms + dayMs,
      token: 'token',
    });
    await parkRun(deps, record, execution, { reason: 'auto_promote is off' });
  }

  test('has given the lease back: another one may begin, and ends first', async () => {
    await begin('a');
    await park('a');
    expect(await lease()).toBeUndefined();
    deps.clock.ms += 1000;
    expect(await run('b', 'failed')).toBe('acquired');
    expect(await begin('c')).toMatchObject({ status: 'acquired' });
    deps.clock.ms += 1000;
    expect((await end('a', 'expired'))?.outcome).toBe('expired');
    expect((await lease())?.value).toMatchObject({ execution: 'c' });
    expect(await entries()).toEqual([
      'expired: because',
      'failed: because',
      'awaiting_approval: auto_promote is off',
    ]);
  });

  test('ends once: what comes after its outcome changes nothing', async () => {
    await begin('a');
    await park('a');
    await end('a', 'rejected');
    const before = deps.state.dump();
    deps.clock.ms += 1000;
    expect(await end('a', 'failed')).toBeUndefined();
    await parkRun(deps, model, 'a', {});
    expect(deps.state.dump()).toEqual(before);
  });

  test.each([
    ['promoted', 'cooling_down'],
    ['rejected', 'cooling_down'],
    ['expired', 'acquired'],
    ['superseded', 'acquired'],
    ['failed', 'acquired'],
  ] as const)('and ends %s leaves the next one %s', async (outcome, status) => {
    await begin('a');
    await park('a');
    await end('a', outcome);
    expect((await begin('b')).status).toBe(status);
  });

  test('counts for the day, whatever becomes of it', async () => {
    const record = smallRecord({ retrain: { daily_cap: 1, cooldown_ms: 0 } });
    await begin('a', { record });
    await park('a', record);
    expect((await begin('b', { record })).status).toBe('daily_cap');
    await end('a', 'expired', record);
    expect((await begin('b', { record })).status).toBe('daily_cap');
  });

  test('and dies at any write of its end is ended as it was first said', async () => {
    const whole = memoryDeps();
    deps = whole;
    await begin('a');
    await park('a');
    const { writes } = failAtWrite(whole, 0);
    await end('a', 'rejected');
    expect(writes()).toBeGreaterThanOrEqual(5);
    for (let at = 1; at <= writes(); at++) {
      deps = memoryDeps();
      await begin('a');
      await park('a');
      failAtWrite(deps, at);
      await expect(end('a', 'rejected')).rejects.toThrow(`write ${at} failed`);
      stopFailing(deps);
      await end('a', at === 1 ? 'rejected' : 'failed');
      expect(deps.state.dump()).toEqual(whole.state.dump());
    }
  });

  test('that was decided before it could say so stays ended', async () => {
    await begin('a');
    deps.state.beforeWrite = ({ sk }) => {
      if (sk.startsWith('run#')) throw new Error('the process died');
    };
    await expect(park('a')).rejects.toThrow('the process died');
    stopFailing(deps);
    await end('a', 'promoted');
    await parkRun(deps, model, 'a', {});
    expect((await listRuns(deps, 'small', 5)).map(({ outcome }) => outcome)).toEqual(['promoted']);
  });
});

describe('the daily cap', () => {
  const capped = smallRecord({ retrain: { daily_cap: 2, cooldown_ms: 0 } });

  test('lets as many runs begin as it says, and one more only by force', async () => {
    expect(await run('a', 'promoted', capped)).toBe('acquired');
    expect(await run('b', 'promoted', capped)).toBe('acquired');
    expect(await begin('c', { record: capped })).toEqual({
      status: 'daily_cap',
      reason: '2 runs were started today (UTC); 2 are allowed',
    });
    expect((await begin('c', { record: capped, force: true })).status).toBe('acquired');
  });

  test('begins anew at midnight UTC', async () => {
    await run('a', 'promoted', capped);
    await run('b', 'promoted', capped);
    deps.clock.ms = Date.UTC(2026, 10, 22) - 1;
    expect((await begin('c', { record: capped })).status).toBe('daily_cap');
    deps.clock.ms += 1;
    expect((await begin('c', { record: capped })).status).toBe('acquired');
  });

  test('a run that begins again after its answer was lost is counted once, and counted at all', async () => {
    deps.state.beforeWrite = ({ sk }) => {
      if (sk.startsWith('day#')) throw new Error('the process died');
    };
    await expect(begin('a', { record: capped })).rejects.toThrow('the process died');
    stopFailing(deps);
    await begin('a', { record: capped });
    await begin('a', { record: capped });
    const day = await deps.state.get(stateKeys.day('small', '2026-11-21'));
    expect(day?.value).toEqual({ runs: ['a'] });
  });

  test('a failure after midnight is taken off the day it began in, and the day is still forgotten in the end', async () => {
    deps.clock.ms = Date.UTC(2026, 10, 21, 23, 59);
    await begin('a', { record: capped });
    deps.clock.ms += 2 * 60_000;
    await end('a', 'failed', capped);
    const day = await deps.state.get(stateKeys.day('small', '2026-11-21'));
    expect(day?.value).toEqual({ runs: [] });
    expect(day?.expiresAt).toBeGreaterThan(deps.clock.ms / 1000);
  });
});

describe('endRun', () => {
  const runs = async () =>
    (await listRuns(deps, 'small', 10)).map(({ execution, outcome }) => [execution, outcome]);
  const entries = async () => (await readLedger(deps, 'small', { limit: 10 })).map((entry) => entry.reason);

  test('records the run, its reason in the ledger, and gives the lease back', async () => {
    await begin('a');
    deps.clock.ms += 1000;
    expect(await end('a', 'rejected')).toEqual({
      execution: 'a',
      startedAt: startMs,
      endedAt: startMs + 1000,
      outcome: 'rejected',
      detail: { reason: 'because' },
    });
    expect(await runs()).toEqual([['a', 'rejected']]);
    expect(await entries()).toEqual(['rejected: because']);
    expect(await deps.state.get(stateKeys.lease('small'))).toBeUndefined();
  });

  test('a second end of the same run changes nothing', async () => {
    await run('a', 'rejected');
    const before = deps.state.dump();
    deps.clock.ms += 1000;
    expect(await end('a', 'failed')).toBeUndefined();
    expect(deps.state.dump()).toEqual(before);
  });

  test.each(['promoted', 'rejected', 'failed', 'awaiting_promotion'] as const)(
    'a %s run that dies at any write and is ended again is recorded once, as it was first said',
    async (outcome) => {
      const whole = memoryDeps();
      deps = whole;
      await begin('a');
      const { writes } = failAtWrite(whole, 0);
      await end('a', outcome);
      expect(writes()).toBeGreaterThanOrEqual(outcome === 'awaiting_promotion' ? 3 : 4);
      for (let at = 1; at <= writes(); at++) {
        deps = memoryDeps();
        await begin('a');
        failAtWrite(deps, at);
        await expect(end('a', outcome)).rejects.toThrow(`write ${at} failed`);
        stopFailing(deps);
        // what the state machine's own net would say of it
        await end('a', at === 1 ? outcome : 'failed');
        expect(deps.state.dump()).toEqual(whole.state.dump());
      }
    },
  );

  test('runs are listed newest first', async () => {
    for (const name of ['a', 'b', 'c']) {
      await run(name, 'failed');
      deps.clock.ms += 1000;
    }
    expect((await runs()).map(([name]) => name)).toEqual(['c', 'b', 'a']);
  });
});
