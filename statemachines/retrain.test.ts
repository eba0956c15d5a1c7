import { beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '#shared/deps.ts';
import type { Json } from '#shared/json.ts';
import { readManifest } from '#shared/registry/artefacts.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { readLedger } from '#shared/registry/ledger.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { changeChampion, findVersion } from '#shared/registry/registry.ts';
import { trainCandidate } from '#shared/retrain/candidates.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { type MemoryDeps, startMs, stopFailing } from '#shared/testing/memory-deps.ts';
import { addVersion, smallRecord, smallRows, withShuffledLabels } from '#shared/testing/small-model.ts';
import { addTraffic } from '#shared/testing/traffic.ts';
import { createReleaseHandler } from '../lambdas/retrain/release/handler.ts';
import { bindFunctions } from '../localstack/embedded/functions.ts';

import { names, RetrainBench, request, turned } from './retrain.testing.ts';

let bench: RetrainBench;
let memory: MemoryDeps;
let deps: Deps;
let champion: string;
let model: ModelRecord;
let after: RetrainBench['after'];

async function open(...options: Parameters<typeof RetrainBench.open>): Promise<void> {
  bench = await RetrainBench.open(...options);
  ({ memory, deps, champion, model, after } = bench);
}
beforeEach(() => open());

const traffic = (rows: readonly LabelledRow[]) => bench.traffic(rows);
const run = (...request: Parameters<RetrainBench['run']>) => bench.run(...request);
const pointer = () => bench.pointer();
const outcomes = () => bench.outcomes();
const lease = () => bench.lease();
const candidate = () => bench.candidate();
const promoteByHand = (version: string) => bench.promoteByHand(version);
const reasonOf = (execution: { readonly output?: Json }) => (execution.output as { reason: string }).reason;

describe('the retrain state machine', () => {
  test('a relation that turned round is learnt, proven and promoted, and every step leaves its trace', async () => {
    await traffic(turned());
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'promoted' } });
    expect(reasonOf(execution)).toMatch(/^better than the champion: .*; better than always answering/);
    const promoted = (await candidate())!;
    expect(await pointer()).toBe(promoted.version);
    expect(promoted).toMatchObject({ status: 'READY', run: execution.id });
    const files = memory.objects
      .keys(`models/small/${promoted.version}/`)
      .map((key) => key.split('/').at(-1));
    expect(files).toEqual([
      'anchors.json',
      'background.ndjson.gz',
      'baseline.bin',
      'baseline.context.json.gz',
      'evaluation.json',
      'expected-loss.json',
      'holdout.ndjson.gz',
      'manifest.json',
      'model.onnx',
      'train.ndjson.gz',
      'trainer.bin',
    ]);
    expect((await readLedger(deps, 'small', { limit: 10 })).map(({ action, to }) => [action, to])).toEqual([
      ['retrain', undefined],
      ['promote', promoted.version],
      ['retrain', undefined],
      ['register', champion],
    ]);
    expect(await outcomes()).toEqual(['promoted']);
    expect(await lease()).toBeUndefined();
    expect((await deps.state.get(stateKeys.spent('small')))?.value).toEqual({ through: turned().at(-1)!.at });
    expect(execution.stages.map(({ name }) => name).filter((name) => !name.includes('['))).toEqual([
      'Normalise',
      'Begin',
      'BeginRoute',
      'Ingest',
      'IngestRoute',
      'Snapshot',
      'SnapshotRoute',
      'Validate',
      'ValidateRoute',
      'TrainingPlace',
      'SearchSettings',
      'TrainCandidates',
      'Parity',
      'ParityRoute',
      'Evaluate',
      'Gate',
      'GateRoute',
      'Promote',
      'ReleasePromoted',
      'Finished',
    ]);
  });

  test('a snapshot over the row limit is trained in a container, and only there', async () => {
    await open({}, { TRAIN_CONTAINER: 'available', TRAIN_FUNCTION_MAX_ROWS: '100' });
    await traffic(turned());
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'promoted' } });
    const stages = execution.stages.map(({ name }) => name);
    expect(stages).toContain('TrainInContainer');
    expect(stages).not.toContain('TrainCandidates');
    const { trainer } = await readManifest(deps, 'small', (await candidate())!.version);
    expect(trainer).toMatchObject({ kind: 'gbdt', rows: expect.any(Number) });
  });

  test('the byte limit counts as well; without a container every snapshot is trained in the function', async () => {
    await open({}, { TRAIN_CONTAINER: 'available', TRAIN_FUNCTION_MAX_BYTES: '1000' });
    await traffic(turned());
    expect((await run()).stages.map(({ name }) => name)).toContain('TrainInContainer');
    await open({}, { TRAIN_FUNCTION_MAX_ROWS: '100', TRAIN_FUNCTION_MAX_BYTES: '1000' });
    await traffic(turned());
    expect((await run()).stages.map(({ name }) => name)).toContain('TrainCandidates');
  });

  test('a container that fails ends the run with its reason, and gives the lease back', async () => {
    await open({}, { TRAIN_CONTAINER: 'available', TRAIN_FUNCTION_MAX_ROWS: '100' });
    await traffic(turned());
    after['retrain-validate'] = async () => {
      const [key] = memory.objects.keys('runs/').filter((one) => one.endsWith('train/recent.ndjson.gz'));
      await memory.objects.put(key!, Buffer.from('not gzip'));
    };
    const execution = await run();
    expect(execution).toMatchObject({ status: 'FAILED', error: { name: 'SageMaker.TrainingJobFailed' } });
    expect(execution.error?.cause).toContain('incorrect header check');
    expect(memory.objects.keys('runs/').filter((key) => key.includes('/job/'))).toEqual([]);
    expect(await lease()).toBeUndefined();
  });

  test('a search fits every setting on every fold, and the version says which settings it has', async () => {
    await open({ search_folds: 3 });
    await traffic(turned());
    const execution = await run();
    expect(execution.output).toMatchObject({ outcome: 'promoted' });
    expect(execution.stages.filter(({ name }) => name.endsWith('.Fold'))).toHaveLength(3);
    const { trainer } = await readManifest(deps, 'small', (await candidate())!.version);
    expect(JSON.parse(String(trainer.settings))).toMatchObject({ minRowsPerLeaf: expect.any(Number) });
  });

  test('the policy names the trainer: a network is fitted, exported and promoted by the same run', async () => {
    await open({ trainer: 'network' });
    await traffic(turned());
    expect((await run()).output).toMatchObject({ outcome: 'promoted' });
    expect((await readManifest(deps, 'small', (await candidate())!.version)).trainer.kind).toBe('network');
  });

  describe('with a source', () => {
    const source = { kind: 'object', key: 'ingest/sales.csv', time: 'sold' } as const;
    const csvOf = (rows: readonly LabelledRow[]) =>
      [
        'weight,depth,colour,value,sold',
        ...rows.map(({ features: { weight, depth, colour }, label, at }) =>
          [weight, depth, colour, label, new Date(at).toISOString()].join(','),
        ),
      ].join('\n');

    test('learns from its rows, and holds the newest of them out', async () => {
      await open({ source });
      await memory.objects.put(source.key, Buffer.from(csvOf(turned())));
      const execution = await run();
      expect(execution.output).toMatchObject({ outcome: 'promoted' });
      const held = await readLabelled(
        deps,
        objectKeys.version('small', (await candidate())!.version, 'holdout.ndjson.gz'),
      );
      expect(Math.min(...held.map(({ at }) => at))).toBeGreaterThan(startMs);
      expect(held[0]!.id).toMatch(/^source-/);
    });

    test.each([
      ['is not there', undefined, 'the source ingest/sales.csv is not there'],
      ['lacks a feature', 'weight,value,sold\n1,2,3\n2,3,4\n', 'the source has no column "depth"'],
      ['lacks the time', 'weight,depth,colour,value\n1,2,red,4\n', 'the source has no column "sold"'],
      [
        'has a time that is none',
        'weight,depth,colour,value,sold\n1,2,red,4,yesterday\n',
        'row 1 of the source: "yesterday" in "sold" is neither a date nor a number',
      ],
    ])('that %s ends the run as invalid data, with the reason', async (_, text, reason) => {
      await open({ source });
      if (text !== undefined) await memory.objects.put(source.key, Buffer.from(text));
      const execution = await run();
      expect(execution.output).toMatchObject({ outcome: 'invalid_data' });
      expect(reasonOf(execution)).toContain(reason);
      expect(await lease()).toBeUndefined();
    });

    test('in a database whose secret is not there ends the run the same way', async () => {
      await open({ source: { kind: 'postgres', secret: 'sales-db', query: 'select 1' } });
      const execution = await run();
      expect(execution.output).toMatchObject({ outcome: 'invalid_data' });
      expect(reasonOf(execution)).toContain('there is no secret named "sales-db"');
    });
  });

  test('on shuffled labels the candidate is rejected, marked so, and not even a person can make it serve', async () => {
    await traffic(withShuffledLabels(turned(), 5));
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rejected' } });
    expect(reasonOf(execution)).toContain('not proven better than always answering');
    expect(await pointer()).toBe(champion);
    const { version, status, reason } = (await candidate())!;
    expect(status).toBe('REJECTED');
    const refused = await promoteByHand(version);
    expect(refused.statusCode).toBe(409);
    expect(refused.body.detail).toContain(reason);
    expect((await run('run-2')).output).toMatchObject({
      status: 'cooling_down',
      reason: expect.stringContaining('back-off after 1 rejected candidate(s) in a row'),
    });
  });

  test('what a rejected attempt was judged on is not held out for the next one', async () => {
    await traffic(withShuffledLabels(turned(), 5));
    await run();
    expect((await run('run-2', { force: true })).output).toMatchObject({
      outcome: 'insufficient_labels',
      reason: expect.stringMatching(/^0 rows are left to hold out/),
    });
  });

  test('too few labels end the run with the figures and cost nothing: the next one begins at once', async () => {
    await traffic(turned(60));
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'insufficient_labels' } });
    expect(reasonOf(execution)).toBe(
      '18 rows are left to hold out and 42 to train on; at least 50 and 30 are needed',
    );
    expect(await lease()).toBeUndefined();
    await addTraffic(memory, 'small', champion, turned(300, 32), { blob: 'more' });
    expect((await run('run-2')).output).toMatchObject({ outcome: 'promoted' });
  });

  test('labels that never differ are invalid data: nothing is trained', async () => {
    await traffic(turned().map((row) => ({ ...row, label: 4 })));
    const execution = await run();
    expect(execution.output).toEqual({
      outcome: 'invalid_data',
      reason: 'the label is constant (4): nothing to learn',
    });
    expect(memory.objects.keys('runs/').filter((key) => key.endsWith('.onnx'))).toEqual([]);
  });

  test('within a cooldown a run is skipped, and says until when', async () => {
    await traffic(turned());
    await run();
    const execution = await run('run-2');
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { status: 'cooling_down' } });
    expect(execution.stages.at(-1)?.name).toBe('Skipped');
    expect(await outcomes()).toEqual(['promoted']);
  });

  test('a champion that was changed during the run is not overwritten: conflict', async () => {
    await traffic(turned());
    await addVersion(memory, model, 'other');
    after['retrain-gate'] = async () => {
      const by = { action: 'promote', actor: 'ann', reason: 'I know better' } as const;
      await changeChampion(deps, { model: 'small', to: 'other', expected: champion, ...by });
    };
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'conflict' } });
    expect(reasonOf(execution)).toBe(
      `the champion is no longer "${champion}": somebody changed it during the run`,
    );
    expect(await pointer()).toBe('other');
    expect(await lease()).toBeUndefined();
  });

  test('of twelve executions at once one runs and promotes, the others are skipped', async () => {
    await traffic(turned());
    const executions = await Promise.all(Array.from({ length: 12 }, (_, at) => run(`storm-${at}`)));
    const outputs = executions.map(({ output }) => output as { outcome?: string; status?: string });
    expect(executions.map(({ status }) => status)).toEqual(new Array<string>(12).fill('SUCCEEDED'));
    expect(outputs.filter(({ outcome }) => outcome === 'promoted')).toHaveLength(1);
    expect(outputs.filter(({ status }) => status === 'leased' || status === 'cooling_down')).toHaveLength(11);
    expect(await outcomes()).toEqual(['promoted']);
  });
});

describe('a step that fails', () => {
  test('three times ends the execution FAILED with the cause, the run recorded and the lease given back', async () => {
    await traffic(turned());
    memory.objects.beforeWrite = (key) => {
      if (key.startsWith('runs/')) throw new Error('the store is down');
    };
    const execution = await run();
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: { cause: expect.stringContaining('the store is down') },
    });
    expect(await outcomes()).toEqual(['failed']);
    const [entry] = await readLedger(deps, 'small', { limit: 1 });
    expect(entry?.reason).toMatch(/^failed: .*the store is down/);
    expect(await lease()).toBeUndefined();
    expect(await pointer()).toBe(champion);
    stopFailing(memory);
    expect((await run('run-2')).output).toMatchObject({ outcome: 'promoted' });
  });

  test.each(names.filter((name) => name.startsWith('retrain-') && name !== 'retrain-approve'))(
    'once at %s, its work done and its answer lost, is repeated and changes nothing of the end',
    async (name) => {
      await open({ search_folds: 2 });
      await traffic(turned());
      let failures = 0;
      after[name] = async () => {
        failures += 1;
        if (failures === 1) throw new Error('the answer was lost');
      };
      const { id, output } = await run();
      expect(output).toMatchObject({ outcome: 'promoted' });
      expect(failures).toBeGreaterThan(1);
      expect(await outcomes()).toEqual(['promoted']);
      expect((await readLedger(deps, 'small', { limit: 20 })).map(({ action }) => action)).toEqual([
        'retrain',
        'promote',
        'retrain',
        'register',
      ]);
      const day = await deps.state.get(stateKeys.day('small', '2026-11-21'));
      expect(day?.value).toEqual({ runs: [id] });
    },
  );

  test('an execution that the engine ended is released by its status change, once', async () => {
    after['retrain-snapshot'] = () => Promise.reject(new Error('no'));
    const detail = {
      executionArn: 'x',
      status: 'TIMED_OUT',
      input: JSON.stringify(request('x')),
      cause: null,
    };
    const begun = bindFunctions(deps);
    await begun('retrain-begin', { execution: 'x', model: 'small', request: request('x') });
    expect((await lease())?.value).toMatchObject({ execution: 'x' });
    const release = createReleaseHandler(deps);
    expect(await release({ detail })).toEqual({ outcome: 'failed', reason: '' });
    await release({ detail });
    expect(await outcomes()).toEqual(['failed']);
    expect(await lease()).toBeUndefined();
  });
});

describe('a candidate that is not what its trainer says', () => {
  /** Replaces every candidate's file as soon as it is trained. */
  async function withFile(bytes: Uint8Array) {
    await traffic(turned());
    after['retrain-train'] = async () => {
      for (const key of memory.objects.keys('runs/').filter((one) => one.endsWith('.onnx')))
        await memory.objects.put(key, bytes);
    };
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'parity_failed' } });
    expect(await pointer()).toBe(champion);
    expect(await candidate()).toBeUndefined();
    expect(await lease()).toBeUndefined();
    return reasonOf(execution);
  }

  test('a file that is no ONNX model fails parity with the runtime’s reason', async () => {
    expect(await withFile(Buffer.from('garbage'))).toMatch(/^not a loadable onnx model: ./);
  });

  test('an empty file fails parity', async () => {
    expect(await withFile(new Uint8Array())).toMatch(/^not a loadable onnx model/);
  });

  test('a model with other inputs than the schema’s fails parity and names one', async () => {
    const { schema } = smallRecord();
    const [weight, ...rest] = schema.features;
    const renamed = { ...schema, features: [{ ...weight!, name: 'heaviness' }, ...rest] };
    const rows = smallRows(100, 1).map(({ features: { weight: heaviness, ...others }, ...row }) => ({
      ...row,
      features: { heaviness: heaviness!, ...others },
    }));
    const other = trainCandidate('recent', renamed, { recent: rows, baseline: [] }, {});
    expect(await withFile(other.onnx)).toContain('heaviness');
  });

  test('a model that answers differently fails parity with the difference and the row', async () => {
    const model = await memory.objects.get(objectKeys.version('small', champion, 'model.onnx'));
    expect(await withFile(model!)).toMatch(/^onnxruntime and the trainer differ by \d.* at row \d+ of \d{4}/);
  });
});

test('a version is there as a record only once it is there as files', async () => {
  await traffic(turned());
  memory.objects.beforeWrite = (key) => {
    if (key.endsWith('manifest.json')) throw new Error('the store is down');
  };
  expect((await run()).status).toBe('FAILED');
  expect(await candidate()).toBeUndefined();
  expect(await findVersion(deps, 'small', champion)).toMatchObject({ status: 'READY' });
});
