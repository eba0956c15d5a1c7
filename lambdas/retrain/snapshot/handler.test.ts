import { beforeEach, describe, expect, test } from 'vitest';
import { encodeRows } from '#shared/capture/archive.ts';
import { featuresHash } from '#shared/log/prediction-log.ts';
import { objectKeys, stateKeys } from '#shared/registry/keys.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { type MemoryDeps, memoryDeps, startMs } from '#shared/testing/memory-deps.ts';
import { registerSmall, smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { addTraffic } from '#shared/testing/traffic.ts';
import { createSnapshotHandler } from './handler.ts';

const granuleMs = 60_000;
const model = smallRecord({ retrain: { min_holdout_rows: 50 } });

let deps: MemoryDeps;
let champion: string;
beforeEach(async () => {
  deps = memoryDeps({ GRANULE_MS: String(granuleMs) });
  champion = await registerSmall(deps, model);
  deps.clock.ms = startMs + 3_600_000;
});

const rows = (count: number, from = startMs, seed = 21) =>
  smallRows(count, seed, { from, prefix: `t${seed}-` });
const traffic = (of: ReturnType<typeof rows>, isLabelled = true, blob = 'traffic') =>
  addTraffic(deps, 'small', champion, of, { isLabelled, blob });

async function snapshot(changePoint: number | undefined = startMs) {
  const request = {
    model: 'small',
    trigger: 'operator',
    actor: 'ann',
    reason: 'a test',
    execution_name: 'run-1',
    ...(changePoint === undefined ? {} : { change_point: changePoint }),
  };
  return createSnapshotHandler(deps)({
    execution: 'run-1',
    model: 'small',
    request,
    champion,
    ingested: { status: 'none' },
  });
}

const file = (name: string) =>
  readLabelled(
    deps,
    objectKeys.run('small', 'run-1', `${name === 'holdout' ? '' : 'train/'}${name}.ndjson.gz`),
  );
const ids = (of: readonly { readonly id: string }[]) => of.map(({ id }) => id);

describe('the snapshot', () => {
  test('freezes training, holdout and baseline rows; the holdout is the newest 30 % and overlaps nothing', async () => {
    const all = rows(300);
    await traffic(all);
    expect(await snapshot()).toMatchObject({
      status: 'ready',
      labelled: 300,
      unlabelled: 0,
      training_rows: 210,
      holdout_rows: 90,
      baseline_rows: 280,
      holdout_through: all.at(-1)!.at,
      labels_representative: true,
      candidates: [{ name: 'recent' }, { name: 'recent_and_weighted_baseline' }, { name: 'all' }],
    });
    expect(ids(await file('recent'))).toEqual(ids(all.slice(0, 210)));
    const holdout = await file('holdout');
    expect(ids(holdout)).toEqual(ids(all.slice(210)));
    const held = new Set(holdout.map(({ features }) => featuresHash(features)));
    const trained = [...(await file('recent')), ...(await file('baseline'))];
    expect(trained.filter(({ features }) => held.has(featuresHash(features)))).toEqual([]);
  });

  test('baseline rows that come back as held-out traffic are taken out of the baseline', async () => {
    const baseline = smallRows(400, 7).slice(0, 280);
    const replayed = baseline
      .slice(0, 20)
      .map((row, at) => ({ ...row, id: `again-${at}`, at: startMs + 400_000 + at }));
    await traffic([...rows(300), ...replayed]);
    expect(await snapshot()).toMatchObject({ status: 'ready', baseline_rows: 260 });
  });

  test('rows before the change point are not recent', async () => {
    await traffic(rows(600));
    expect(await snapshot(startMs + 5 * granuleMs)).toMatchObject({ labelled: 300, training_rows: 210 });
  });

  test('without a change point rows count from when the champion began to serve', async () => {
    await traffic(rows(200, startMs - 300_000, 22));
    await traffic(rows(300), true, 'later');
    const found = await snapshot(undefined);
    expect(found).toMatchObject({ status: 'ready', change_point: startMs, labelled: 300 });
  });

  test('rows too young to be labelled are left out, labelled or not', async () => {
    await traffic(rows(300));
    const old = { ...model, retrain: { ...model.retrain, maturity_ms: 3_500_000 } };
    await deps.state.delete(stateKeys.record('small'));
    await deps.state.putIfAbsent(stateKeys.record('small'), old);
    // 3,600 s after the first row only those of its first 101 seconds are 3,500 s old
    expect(await snapshot()).toMatchObject({ status: 'insufficient_labels', labelled: 101, immature: 199 });
  });

  test('rows that a decision was made on are never held out again, under any later snapshot', async () => {
    const all = rows(400);
    await traffic(all);
    const spent = all[299]!.at;
    await deps.state.putIfAbsent(stateKeys.spent('small'), { through: spent });
    expect(await snapshot()).toMatchObject({ status: 'ready', holdout_rows: 100, training_rows: 300 });
    expect((await file('holdout')).every(({ at }) => at > spent)).toBe(true);
    expect(ids(await file('recent'))).toEqual(ids(all.slice(0, 300)));
  });

  test('predictions of a quarantined window train nothing and are held out nowhere', async () => {
    await traffic(rows(300));
    const bad = { start: startMs + granuleMs, end: startMs + 2 * granuleMs };
    await deps.state.putIfAbsent(stateKeys.quarantine('small', bad.start), bad);
    expect(await snapshot()).toMatchObject({ status: 'ready', labelled: 240, unlabelled: 0 });
    const used = [...(await file('recent')), ...(await file('holdout'))];
    expect(used.filter(({ at }) => at >= bad.start && at < bad.end)).toEqual([]);
  });

  test('labels that came in during a quarantined window still answer the good rows before it', async () => {
    const all = rows(300);
    await traffic(all, false);
    const bad = startMs + 10 * granuleMs;
    const labels = all.map(({ id, label }) => ({ kind: 'label', id, label, labelled_at: bad }) as const);
    await deps.objects.put(objectKeys.archive('small', bad, 'labels'), await encodeRows(labels));
    await deps.state.putIfAbsent(stateKeys.quarantine('small', bad), { start: bad, end: bad + granuleMs });
    expect(await snapshot()).toMatchObject({ status: 'ready', labelled: 300, unlabelled: 0 });
  });

  test('one row too few to hold out is insufficient, with both figures and both minima', async () => {
    await traffic(rows(166));
    expect(await snapshot()).toMatchObject({
      status: 'insufficient_labels',
      reason: '49 rows are left to hold out and 117 to train on; at least 50 and 30 are needed',
    });
    expect(deps.objects.keys('runs/')).toEqual([]);
    await traffic(rows(1, startMs + 166_000, 23), true, 'one-more');
    expect(await snapshot()).toMatchObject({ status: 'ready', holdout_rows: 50 });
  });

  test('labels that are no class of the model are counted and used for nothing', async () => {
    const graded = smallRecord({ name: 'graded', task: 'classification' });
    const version = await registerSmall(deps, graded);
    const all = smallRows(300, 5, { task: 'classification', from: startMs }).map((row, at) =>
      at % 10 === 0 ? { ...row, label: 'unheard of' } : row,
    );
    await addTraffic(deps, 'graded', version, all);
    const request = {
      model: 'graded',
      trigger: 'operator',
      actor: 'a',
      reason: 'r',
      execution_name: 'x',
      change_point: startMs,
    };
    const found = await createSnapshotHandler(deps)({
      execution: 'x',
      model: 'graded',
      request,
      champion: version,
      ingested: { status: 'none' },
    });
    expect(found).toMatchObject({
      status: 'ready',
      labelled: 300,
      unknown_labels: 30,
      training_rows: 189,
      holdout_rows: 81,
    });
  });

  test('labels of under half the rows are not representative; of half they are, when they look alike', async () => {
    const all = rows(600);
    await traffic(all.filter((_, at) => at % 2 === 0));
    await traffic(
      all.filter((_, at) => at % 2 === 1),
      false,
      'unlabelled',
    );
    expect(await snapshot()).toMatchObject({ coverage: 0.5, labels_representative: true });
    await traffic(rows(2, startMs + 600_000, 24), false, 'two-more');
    expect(await snapshot()).toMatchObject({
      labels_representative: false,
      labels_reason: '49.8 % of the matured rows are labelled; at least 50 % are needed',
    });
  });

  test('labels of one kind of row only are not representative, and the reason names the feature', async () => {
    const all = rows(600).toSorted(
      (one, other) => Number(one.features.weight) - Number(other.features.weight),
    );
    await traffic(all.slice(0, 400));
    await traffic(all.slice(400), false, 'unlabelled');
    expect(await snapshot()).toMatchObject({
      labels_representative: false,
      labels_reason: expect.stringContaining('weight'),
    });
  });

  test('the same step again freezes the same rows', async () => {
    await traffic(rows(300));
    const first = await snapshot();
    const before = [await file('recent'), await file('holdout'), await file('baseline')];
    expect(await snapshot()).toEqual(first);
    expect([await file('recent'), await file('holdout'), await file('baseline')]).toEqual(before);
  });
});
