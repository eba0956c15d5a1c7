import { describe, expect, test } from 'vitest';
import { machines } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import { TaskNotWaitingError } from '#shared/ports/errors.ts';
import { findApproval, openApprovals, settleApproval } from '#shared/registry/approval.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { changeChampion } from '#shared/registry/registry.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { failAtWrite, type MemoryDeps, startMs, stopFailing } from '#shared/testing/memory-deps.ts';
import { addVersion, smallRows } from '#shared/testing/small-model.ts';
import { addTraffic } from '#shared/testing/traffic.ts';
import { createReleaseHandler } from '../lambdas/retrain/release/handler.ts';
import type { Engine } from '../localstack/asl/engine.ts';
import type { StateGraph } from '../localstack/asl/machine.ts';

import { machine, RetrainBench, request, turned } from './retrain.testing.ts';

let bench: RetrainBench;
let memory: MemoryDeps;
let deps: Deps;
let engine: Engine;
let champion: string;
let model: ModelRecord;
let after: RetrainBench['after'];

async function open(...options: Parameters<typeof RetrainBench.open>): Promise<void> {
  bench = await RetrainBench.open(...options);
  ({ memory, deps, engine, champion, model, after } = bench);
}

const traffic = (rows: readonly LabelledRow[]) => bench.traffic(rows);
const run = (...request: Parameters<RetrainBench['run']>) => bench.run(...request);
const pointer = () => bench.pointer();
const outcomes = () => bench.outcomes();
const lease = () => bench.lease();
const candidate = () => bench.candidate();
const promoteByHand = (version: string) => bench.promoteByHand(version);
const call = (...asked: Parameters<RetrainBench['call']>) => bench.call(...asked);

interface ApprovalView {
  readonly id: string;
  readonly run: string;
  readonly version: string;
  readonly reason: string;
  readonly requested_at: string;
  readonly expires_at: string;
}

const openIds = async () => (await openApprovals(deps)).map(({ id }) => id);

/** The only approval that is open, once its step has answered for the `tries`-th time. */
async function waiting(tries = 1): Promise<ApprovalView> {
  while ((bench.tries.get('retrain-approve') ?? 0) < tries)
    await new Promise((resolve) => setTimeout(resolve, 5));
  const { body } = await call('GET', '/approvals');
  const [{ id }, ...others] = body.approvals as [ApprovalView, ...ApprovalView[]];
  expect(others).toEqual([]);
  const one = await call('GET', '/approvals/{id}', { id });
  expect(one.body).toEqual((body.approvals as object[])[0]);
  return one.body as unknown as ApprovalView;
}

async function decide(decision: 'approve' | 'reject', id?: string, actor = 'ann') {
  const wanted = id ?? (await waiting()).id;
  return call('POST', '/approvals/{id}', { id: wanted }, { decision, actor, reason: 'looked at' });
}

test('every step but the wait for a person has a limit of its own, and together they keep to two hours', () => {
  const limits: number[] = [];
  const unlimited: string[] = [];
  const visit = ({ states }: StateGraph): number[] =>
    [...states.values()].flatMap((state) => {
      if (state.type === 'Map') return visit(state.processor);
      if (state.type === 'Parallel') return [Math.max(...state.branches.flatMap(visit))];
      if (state.type !== 'Task') return [];
      if (typeof state.timeoutSeconds === 'number') return [state.timeoutSeconds];
      unlimited.push(state.name);
      return [];
    });
  limits.push(...visit(machine));
  expect(unlimited).toEqual(['Approve']);
  // training is done in a function or in a container, never in both
  expect(limits.reduce((sum, limit) => sum + limit, 0) - Math.max(...limits)).toBeLessThan(7200);
  const waitSeconds = 336 * 3600;
  expect(machine.timeoutSeconds).toBe(machines.retrain.timeoutSeconds);
  expect(machine.timeoutSeconds! - waitSeconds).toBe(7200);
});

describe('a candidate that needs a person', () => {
  async function asked(more: Partial<ModelRecord['retrain']> = {}, actor = 'monitor') {
    await open({ auto_promote: false, ...more });
    await traffic(turned());
    const { id } = await engine.start('retrain', 'run-1', request('run-1', { actor }));
    return { id, approval: await waiting() };
  }

  test('waits without the lease, and the API tells what speaks for it, but not the token', async () => {
    const { id, approval } = await asked();
    expect(await lease()).toBeUndefined();
    expect(await pointer()).toBe(champion);
    expect(await outcomes()).toEqual(['awaiting_approval']);
    const { version } = (await candidate())!;
    expect(approval).toMatchObject({
      id: expect.stringMatching(/^small-[0-9a-f]{12}$/),
      status: 'open',
      model: 'small',
      version,
      champion,
      run: id,
      started_by: 'monitor',
      reason: 'auto_promote is off',
      gates: [
        { name: 'better_than_champion', passed: true },
        { name: 'better_than_naive', passed: true },
      ],
      metrics: { candidate: { rmse: expect.any(Number) }, champion: { rmse: expect.any(Number) } },
      decision: null,
    });
    const { token } = (await findApproval(deps, approval.id))!;
    expect(JSON.stringify([approval, await call('GET', '/approvals')])).not.toContain(token);
    expect(memory.events.published).toMatchObject([
      { type: 'ApprovalRequested', detail: { approval: approval.id, model: 'small', version } },
    ]);
    expect(await call('GET', '/models/{model}/runs', { model: 'small' })).toMatchObject({
      body: { runs: [{ id, status: 'RUNNING', outcome: 'awaiting_approval', ended_at: null }] },
    });
    await decide('reject');
    await engine.settled(id);
  });

  test('is promoted by an approval, whose name and reason are in the ledger; the same again answers the same', async () => {
    const { id, approval } = await asked();
    const first = await decide('approve');
    expect(first).toMatchObject({
      statusCode: 202,
      body: { run: id, version: approval.version, decision: { kind: 'approved', actor: 'ann' } },
    });
    const execution = await engine.settled(id);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'promoted' } });
    expect(await pointer()).toBe(approval.version);
    expect(await outcomes()).toEqual(['promoted']);
    const entries = await readLedger(deps, 'small', { limit: 20 });
    expect(entries.map(({ action, actor, reason }) => [action, actor, reason]).slice(0, 4)).toEqual([
      ['retrain', id, expect.stringMatching(/^promoted: /)],
      ['promote', 'ann', 'looked at'],
      ['approve', 'ann', 'looked at'],
      ['retrain', id, 'awaiting_approval: auto_promote is off'],
    ]);
    expect(await decide('approve', approval.id)).toEqual(first);
    expect(await decide('reject', approval.id)).toMatchObject({
      statusCode: 409,
      body: { detail: expect.stringContaining('was approved by ann') },
    });
    expect((await readLedger(deps, 'small', { limit: 20 })).length).toBe(entries.length);
    expect(await openIds()).toEqual([]);
    expect((await run('run-2')).output).toMatchObject({ status: 'cooling_down' });
  });

  test('is marked by a rejection, never serves, and the back-off begins', async () => {
    const { id, approval } = await asked();
    expect((await decide('reject')).statusCode).toBe(202);
    expect((await engine.settled(id)).output).toEqual({ outcome: 'rejected', reason: 'looked at' });
    expect(await candidate()).toMatchObject({ status: 'REJECTED', reason: 'looked at' });
    expect(await pointer()).toBe(champion);
    expect((await promoteByHand(approval.version)).statusCode).toBe(409);
    expect((await decide('approve', approval.id)).statusCode).toBe(409);
    expect((await run('run-2')).output).toMatchObject({
      status: 'cooling_down',
      reason: expect.stringContaining('back-off after 1 rejected candidate(s) in a row'),
    });
  });

  test('of whom nobody decides expires by itself: the champion stays, and the way is open', async () => {
    const { id, approval } = await asked({ approval_hours: 0.0001 });
    const execution = await engine.settled(id);
    expect(execution).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'expired', reason: 'nobody decided in time' },
    });
    expect(await pointer()).toBe(champion);
    expect(await candidate()).toMatchObject({ status: 'READY' });
    const late = await decide('approve', approval.id);
    expect(late).toMatchObject({ statusCode: 409, body: { detail: expect.stringContaining('expired') } });
    expect((await run('run-2', { force: true })).output).toMatchObject({ outcome: 'insufficient_labels' });
    expect((await promoteByHand(approval.version)).statusCode).toBe(200);
  });

  test('that was approved without the run hearing of it is promoted when the wait is over', async () => {
    const { id, approval } = await asked({ approval_hours: 0.0002 });
    const by = { actor: 'ann', reason: 'looked at', at: memory.clock.ms };
    await settleApproval(deps, approval.id, { kind: 'approved', ...by });
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'promoted' });
    expect((await readLedger(deps, 'small', { limit: 20 })).map(({ action }) => action)).toContain('approve');
  });

  test.each([
    [-1, 202],
    [0, 409],
  ])('%i ms from its expiry, a decision is answered %i', async (ms, status) => {
    const { id, approval } = await asked();
    memory.clock.ms = Date.parse(approval.expires_at) + ms;
    expect((await decide('approve')).statusCode).toBe(status);
    if (status === 202) await engine.settled(id);
    else expect(await openIds()).toEqual([approval.id]);
  });

  test('waits the hours of the policy', async () => {
    const { approval } = await asked({ approval_hours: 336 });
    expect(Date.parse(approval.expires_at) - Date.parse(approval.requested_at)).toBe(336 * 3_600_000);
  });

  test('is not promoted over a champion it was not compared with: its run ends superseded', async () => {
    const { id } = await asked();
    await addVersion(memory, model, 'other');
    expect((await promoteByHand('other')).statusCode).toBe(200);
    expect(await decide('approve')).toMatchObject({
      statusCode: 409,
      body: {
        detail: expect.stringContaining(`compared with "${champion}", and "other" is the champion now`),
      },
    });
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'superseded' });
    expect(await pointer()).toBe('other');
    expect(await openIds()).toEqual([]);
  });

  test('whose champion changes between approval and promotion is not promoted either', async () => {
    const { id, approval } = await asked();
    await addVersion(memory, model, 'other');
    deps.pipelines.signal = async (...signalled) => {
      const by = { action: 'promote', actor: 'bob', reason: 'was quicker' } as const;
      await changeChampion(memory, { model: 'small', to: 'other', expected: champion, ...by });
      await Object.getPrototypeOf(engine).signal.apply(engine, signalled);
    };
    expect((await decide('approve')).statusCode).toBe(202);
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'superseded' });
    expect(await pointer()).toBe('other');
    expect((await decide('approve', approval.id)).statusCode).toBe(409);
  });

  test('gives way to a newer one of its model', async () => {
    const { id, approval } = await asked({ daily_cap: 5 });
    const later = smallRows(300, 32, { from: startMs + 600_000, isReversed: true });
    await addTraffic(memory, 'small', champion, later, { blob: 'more' });
    memory.clock.ms += 1000;
    const newer = await engine.start('retrain', 'run-2', request('run-2'));
    expect((await engine.settled(id)).output).toMatchObject({
      outcome: 'superseded',
      reason: expect.stringContaining('a newer candidate'),
    });
    const [open] = await openApprovals(deps, 'small');
    expect(open?.execution).toBe(newer.id);
    expect(await decide('approve', approval.id)).toMatchObject({ statusCode: 409 });
    await decide('approve', open!.id);
    expect((await engine.settled(newer.id)).output).toMatchObject({ outcome: 'promoted' });
  });

  test('that a person promotes by hand needs no approval any more: its run ends promoted', async () => {
    const { id, approval } = await asked();
    expect((await promoteByHand(approval.version)).statusCode).toBe(200);
    const execution = await engine.settled(id);
    expect(execution.output).toEqual({ outcome: 'promoted', reason: 'looks right' });
    expect(execution.stages.map(({ name }) => name)).not.toContain('PromoteApproved');
    expect(await openIds()).toEqual([]);
    const actions = (await readLedger(deps, 'small', { limit: 20 })).map(({ action }) => action);
    expect(actions.filter((action) => action === 'promote')).toHaveLength(1);
  });

  test('decided, and promoted by hand, all at once: one of it stands, and the run and the champion are as it says', async () => {
    const { id, approval } = await asked();
    const answers = await Promise.all([
      ...(['approve', 'reject', 'approve', 'reject'] as const).map((what) => decide(what, approval.id)),
      promoteByHand(approval.version),
    ]);
    const { decision } = (await findApproval(deps, approval.id))!;
    const statuses = answers.map(({ statusCode }) => statusCode);
    expect(statuses.slice(0, 4)).toEqual(
      ['approved', 'rejected', 'approved', 'rejected'].map((kind) => (kind === decision!.kind ? 202 : 409)),
    );
    const { outcome } = (await engine.settled(id)).output as { outcome: string };
    expect(outcome).toBe(decision!.kind === 'rejected' ? 'rejected' : 'promoted');
    expect(await outcomes()).toEqual([outcome]);
    const isServing = outcome === 'promoted' || statuses[4] === 200;
    expect(await pointer()).toBe(isServing ? approval.version : champion);
    expect([await lease(), await openIds()]).toEqual([undefined, []]);
  });

  test('with second_person is not approved, nor promoted by hand, by the one who started its run', async () => {
    const { id, approval } = await asked({ second_person: true }, 'ann');
    const refused = { statusCode: 403, body: { detail: expect.stringContaining('second_person is on') } };
    expect(await decide('approve')).toMatchObject(refused);
    expect((await promoteByHand(approval.version)).statusCode).toBe(403);
    expect(await openIds()).toEqual([approval.id]);
    expect((await decide('approve', approval.id, 'bob')).statusCode).toBe(202);
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'promoted' });
  });

  test('with second_person is not promoted by hand by its starter when its run asked nobody either', async () => {
    const { approval } = await asked({ second_person: true }, 'ann');
    await memory.state.delete(stateKeys.approval(approval.id));
    expect((await promoteByHand(approval.version)).statusCode).toBe(403);
  });

  test('without second_person, or to reject it, the one who started its run will do', async () => {
    const first = await asked({}, 'ann');
    expect((await decide('approve')).statusCode).toBe(202);
    await engine.settled(first.id);
    const { id } = await asked({ second_person: true }, 'ann');
    expect((await decide('reject')).statusCode).toBe(202);
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'rejected' });
  });

  test('whose run is gone says so, and is closed', async () => {
    const { id, approval } = await asked();
    deps.pipelines.signal = async () => {
      throw new TaskNotWaitingError('no task waits');
    };
    deps.pipelines.describe = async () => undefined;
    expect(await decide('approve')).toMatchObject({
      statusCode: 409,
      body: { detail: expect.stringContaining('its run ended: failed') },
    });
    expect(await outcomes()).toEqual(['failed']);
    expect((await decide('approve', approval.id)).statusCode).toBe(409);
    expect(await openIds()).toEqual([]);
    expect(await pointer()).toBe(champion);
    expect(id).toBe(approval.run);
  });

  test('whose run was stopped is closed with it', async () => {
    const { id } = await asked();
    const detail = {
      executionArn: id,
      status: 'ABORTED',
      input: JSON.stringify(request('run-1')),
      cause: null,
    };
    await createReleaseHandler(deps)({ detail });
    expect(await outcomes()).toEqual(['failed']);
    expect(await openIds()).toEqual([]);
  });

  test.each([1, 2, 3, 4])(
    'is asked for once though the step dies at its write %i and comes again',
    async (write) => {
      await open({ auto_promote: false });
      await traffic(turned());
      after['retrain-gate'] = async () => void failAtWrite(memory, write);
      const { id } = await engine.start('retrain', 'run-1', request('run-1'));
      const approval = await waiting(2);
      stopFailing(memory);
      expect(await openIds()).toEqual([approval.id]);
      expect(await lease()).toBeUndefined();
      expect((await decide('approve')).statusCode).toBe(202);
      expect((await engine.settled(id)).output).toMatchObject({ outcome: 'promoted' });
      expect(await outcomes()).toEqual(['promoted']);
    },
  );

  test('decided between two tries of the step is answered by the second', async () => {
    await open({ auto_promote: false });
    await traffic(turned());
    let tries = 0;
    after['retrain-approve'] = async () => {
      tries += 1;
      if (tries > 1) return;
      const { id } = (await openApprovals(deps))[0]!;
      await settleApproval(deps, id, {
        kind: 'approved',
        actor: 'ann',
        reason: 'quick',
        at: memory.clock.ms,
      });
      throw new Error('the answer was lost');
    };
    expect((await run()).output).toMatchObject({ outcome: 'promoted' });
    expect(tries).toBe(2);
  });

  test('waits on after the host was stopped and started again', async () => {
    const { id } = await asked();
    await engine.stop();
    bench.start();
    ({ deps, engine } = bench);
    expect(await engine.resume()).toBe(1);
    expect((await decide('approve')).statusCode).toBe(202);
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'promoted' });
  });

  test('that is unknown is 404; a body without a decision, or a reason, is 400', async () => {
    const { id } = await asked();
    expect(await decide('approve', 'small-000000000000')).toMatchObject({ statusCode: 404 });
    for (const body of [{}, { decision: 'approve' }, { decision: 'maybe', reason: 'x' }])
      expect(await call('POST', '/approvals/{id}', { id: 'x' }, body)).toMatchObject({ statusCode: 400 });
    await decide('reject');
    await engine.settled(id);
  });

  test('that was judged on labels that are not representative needs a person, auto_promote or not', async () => {
    await open();
    const rows = turned(600);
    await traffic(rows.slice(0, 250));
    await addTraffic(memory, 'small', champion, rows.slice(250), { isLabelled: false, blob: 'unlabelled' });
    const { id } = await engine.start('retrain', 'run-1', request('run-1'));
    const { reason } = await waiting();
    expect(reason).toContain('of the matured rows are labelled');
    expect(await pointer()).toBe(champion);
    expect((await decide('reject')).statusCode).toBe(202);
    expect((await engine.settled(id)).output).toMatchObject({ outcome: 'rejected' });
  });
});
