/** The demo's story on the deployed app: over its REST API, through DynamoDB streams, EventBridge and Step Functions. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, inject, test } from 'vitest';
import { createEventBridgeEvents } from '#shared/aws/eventbridge-events.ts';
import { createStepFunctionsPipelines } from '#shared/aws/step-functions-pipelines.ts';
import { call, until } from './api.ts';
import { cloudClients } from './clients.ts';
import { withBrokenFunction } from './faults.ts';
import { compressTime, Story, storyModels } from './story.ts';

const endpoints = inject('endpoints');
const clients = cloudClients(endpoints.url);
const { machineArnPrefix } = endpoints;
const pipelines = createStepFunctionsPipelines({ client: clients.states, machineArnPrefix });
const drift = new Story(endpoints, storyModels.drift, 11);
const noise = new Story(endpoints, storyModels.noise, 12);
const both = <T>(tell: (story: Story) => Promise<T>) => Promise.all([tell(drift), tell(noise)]);
const first = { drift: '', noise: '' };
const errors = { usual: 0, changed: 0 };
const actor = { actor: 'story', reason: 'told by the story' };
const startedAt = Date.now();
let broken: string | undefined;

/** Each act stands on those before it: after a failure the rest fails at once instead of waiting in vain. */
function act(name: string, tell: () => Promise<void>): void {
  test(name, async () => {
    if (broken !== undefined) throw new Error(`not told, as this failed before it: ${broken}`);
    broken = name;
    await tell();
    broken = undefined;
    process.stdout.write(`${((Date.now() - startedAt) / 1000).toFixed(0)} s: ${name}\n`);
  });
}

beforeAll(async () => {
  await both(({ model }) => compressTime(model));
  first.drift = await drift.model.champion();
  first.noise = await noise.model.champion();
}, 60_000);

act('a calm world raises no alarm', async () => {
  for (let at = 0; at < 2; at++) expect(await both((story) => story.window('usual'))).toEqual([true, true]);
  for (const reports of await both(({ model }) => model.reports())) {
    expect(reports.length).toBeGreaterThanOrEqual(2);
    expect(reports.filter(({ outcome }) => outcome.confirmed)).toEqual([]);
  }
  errors.usual = await drift.error('usual');
});

act(
  'a changed world is noticed, retrained on in Step Functions, and the better version promoted',
  async () => {
    errors.changed = await drift.error('changed');
    const run = await drift.untilDecided('changed', 6);
    expect(run?.outcome).toBe('promoted');
    const told = await drift.model.get<{ status: string; input: object; stages: { name: string }[] }>(
      `/runs/${encodeURIComponent(run!.id)}`,
    );
    expect(told).toMatchObject({
      status: 'SUCCEEDED',
      input: { model: 'stones', trigger: 'DriftConfirmed' },
    });
    expect(told.stages.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'Begin',
        'Snapshot',
        'Validate',
        'Parity',
        'Gate',
        'Promote',
        'ReleasePromoted',
      ]),
    );
    expect(await drift.model.champion()).not.toBe(first.drift);
  },
);

act('the promoted version undoes more than half of the harm', async () => {
  expect(await drift.servesByDefault(await drift.model.champion())).toBe(true);
  const after = await drift.error('changed');
  expect(errors.changed).toBeGreaterThan(3 * errors.usual);
  expect(errors.changed - after).toBeGreaterThan((errors.changed - errors.usual) / 2);
});

act('labels that mean nothing are noticed too, and the candidate trained on them is rejected', async () => {
  const run = await noise.untilDecided('shuffled', 6);
  expect(run?.outcome).toBe('rejected');
  expect(await noise.model.champion()).toBe(first.noise);
});

act('of a trigger that arrives twice one run takes the lease, and the other ends at once', async () => {
  const events = createEventBridgeEvents({
    client: clients.events,
    busName: endpoints.bus,
    source: 'tidemark',
  });
  const before = (await drift.model.runs()).length;
  const detail = {
    ...actor,
    model: drift.model.name,
    trigger: 'DriftConfirmed',
    force: true,
    execution_name: 'twice',
  };
  const event = { type: 'DriftConfirmed', detail };
  await Promise.all([events.publish(event), events.publish(event)]);
  const triggered = async () =>
    (await pipelines.list('retrain')).filter(
      ({ input }) => (input as { execution_name?: string }).execution_name === 'twice',
    );
  const haveEnded = async () => {
    const executions = await triggered();
    return executions.length === 2 && executions.every(({ status }) => status !== 'RUNNING');
  };
  expect(await until(haveEnded, 120_000)).toBe(true);
  const outputs = (await triggered()).map(({ output }) => (output as { status?: string }).status);
  expect(outputs).toContain('leased');
  expect((await drift.model.runs()).length).toBe(before + 1);
});

act('a run with a step that fails records it, gives the lease back, and changes nothing', async () => {
  await withBrokenFunction(endpoints, 'retrain-ingest', async () => {
    await noise.model.post('/retrain', { ...actor, force: true });
    expect(await until(async () => (await noise.model.runs()).at(-1)?.status === 'RUNNING', 10_000)).toBe(
      true,
    );
    const run = await noise.lastRun();
    expect(run?.outcome).toBe('failed');
    expect((await pipelines.describe(run!.id))?.status).toBe('FAILED');
  });
  expect(await noise.model.champion()).toBe(first.noise);
  await noise.model.post('/retrain', { ...actor, force: true });
  expect(await until(async () => (await noise.model.runs()).at(-1)?.status === 'RUNNING', 10_000)).toBe(true);
  expect((await noise.lastRun())?.outcome).not.toBe('failed');
});

act('a rollback serves the version before again, and is in the ledger', async () => {
  const promoted = await drift.model.champion();
  const { champion } = await drift.model.post<{ champion: string }>('/rollback', {
    ...actor,
    to_version: first.drift,
  });
  expect(champion).toBe(first.drift);
  expect(await drift.servesByDefault(first.drift)).toBe(true);
  const { history } = await drift.model.get<{ history: object[] }>('/history');
  expect(history[0]).toMatchObject({ action: 'rollback', from: promoted, to: first.drift, ...actor });
});

act(
  'a proven candidate that may not promote itself waits for a person, and an approval promotes it',
  async () => {
    await drift.model.post('/policy', { ...actor, retrain: { auto_promote: false } });
    expect(await drift.window('changed')).toBe(true);
    await drift.model.post('/retrain', { ...actor, force: true });
    const open = async () => {
      const { approvals } = await call<{ approvals: { id: string; version: string; run: string }[] }>(
        `${endpoints.api}/approvals?model=${drift.model.name}`,
      );
      return approvals;
    };
    await until(async () => (await open()).length > 0, 180_000);
    const [asked] = await open();
    // says how the run ended, if it did without asking
    expect((await drift.model.runs()).at(-1)).toMatchObject({
      status: 'RUNNING',
      outcome: 'awaiting_approval',
      id: asked?.run,
    });
    expect(await drift.model.champion()).toBe(first.drift);
    const approval = `${endpoints.api}/approvals/${asked?.id}`;
    await call(approval, { ...actor, decision: 'approve' });
    expect((await drift.lastRun())?.outcome).toBe('promoted');
    expect(await drift.model.champion()).toBe(asked?.version);
    expect(await call(approval)).toMatchObject({ status: 'approved', outcome: 'promoted', decision: actor });
    await expect(call(approval, { ...actor, decision: 'reject' })).rejects.toThrow('409');
  },
);

act('every prediction that was answered is counted exactly once', async () => {
  for (const story of [drift, noise]) expect(await story.countedAll()).toBe(story.model.rows);
});

act('the schedule runs the tick by itself', async () => {
  const isDispatched = async () =>
    readFileSync(inject('logFile'), 'utf8').includes('EventBridge → Lambda tidemark-local-tick: dispatched');
  expect(await until(isDispatched, 70_000)).toBe(true);
});
