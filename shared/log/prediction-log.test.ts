import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { labelKey, outcomeKey, predictionKey } from '../registry/keys.ts';
import { type MemoryDeps, memoryDeps, startMs } from '../testing/memory-deps.ts';
import {
  featuresHash,
  type LabelRecord,
  logLabel,
  logOutcome,
  logPrediction,
  type PredictionRecord,
} from './prediction-log.ts';

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps();
});

function prediction(id: string, weight: number, more: Partial<PredictionRecord> = {}): PredictionRecord {
  const features = { weight, colour: 'red' };
  return {
    model: 'small',
    version: 'v1',
    request_id: id,
    at: startMs,
    features,
    context: {},
    answer: { prediction: weight },
    hash: featuresHash(features),
    ...more,
  };
}

const label = (value: number | string, labelledAt: number): LabelRecord => ({
  model: 'small',
  request_id: 'r1',
  label: value,
  labelled_at: labelledAt,
  received_at: startMs,
});

const storeDown = () => {
  throw new Error('the store is down');
};

describe('logPrediction', () => {
  test('the same id with the same features is answered as the first time, whatever serves now', async () => {
    const first = prediction('r1', 1);
    expect(await logPrediction(deps, first)).toEqual({ kind: 'stored' });
    const again = prediction('r1', 1, { version: 'v2', at: startMs + 9, answer: { prediction: 7 } });
    expect(await logPrediction(deps, again)).toEqual({ kind: 'replayed', record: first });
  });

  test('the same id with other features is a conflict and leaves the first record', async () => {
    const first = prediction('r1', 1);
    await logPrediction(deps, first);
    expect(await logPrediction(deps, prediction('r1', 1.0001))).toEqual({ kind: 'conflict' });
    expect((await deps.predictions.get(predictionKey('small', 'r1')))?.value).toEqual(first);
  });

  test('ids are a model’s own', async () => {
    await logPrediction(deps, prediction('r1', 1));
    expect(await logPrediction(deps, prediction('r1', 2, { model: 'other' }))).toEqual({ kind: 'stored' });
  });

  test('a record is readable for the set number of days, to the second', async () => {
    await logPrediction(deps, prediction('r1', 1));
    deps.clock.ms = startMs + 14 * 86_400_000 - 1;
    expect(await logPrediction(deps, prediction('r1', 1))).toMatchObject({ kind: 'replayed' });
    deps.clock.ms += 1;
    expect(await logPrediction(deps, prediction('r1', 1))).toEqual({ kind: 'stored' });
  });

  test('a store that fails once is tried again, and nothing is spooled', async () => {
    let failures = 0;
    deps.predictions.beforeWrite = () => {
      failures += 1;
      if (failures === 1) storeDown();
    };
    expect(await logPrediction(deps, prediction('r1', 1))).toEqual({ kind: 'stored' });
    expect(deps.spooled).toEqual([]);
    expect(deps.measured).toEqual([]);
  });

  test('a store that is down does not throw: the record is in the spool, as it would have been put', async () => {
    deps.predictions.beforeWrite = storeDown;
    const record = prediction('r1', 1);
    expect(await logPrediction(deps, record)).toEqual({ kind: 'spooled' });
    const expiresAt = startMs / 1000 + 14 * 86_400;
    expect(deps.spooled).toEqual([{ ...predictionKey('small', 'r1'), value: record, expiresAt }]);
    expect(deps.logged.map((line) => line.level)).toEqual(['warn']);
    expect(deps.measured).toEqual([{ name: 'UnloggedPredictions', value: 1 }]);
  });

  test('a record that no store would take is told apart from a store that is down: not tried again, not spooled', async () => {
    const fits = prediction('fits', 1);
    const padding = 350 * 1024 - Buffer.byteLength(JSON.stringify(fits));
    const padded = (id: string, bytes: number) =>
      prediction(id, 1, { features: { weight: 1, colour: `red${'x'.repeat(bytes)}` } });
    expect(await logPrediction(deps, padded('fits', padding))).toEqual({ kind: 'stored' });
    expect(await logPrediction(deps, padded('more', padding + 1))).toEqual({
      kind: 'too_large',
      bytes: 350 * 1024 + 1,
      allowed: 350 * 1024,
    });
    await expect(logPrediction(deps, prediction('x'.repeat(600), 1))).rejects.toThrow('invalid pk');
    expect(deps.spooled).toEqual([]);
  });

  test('a write whose reply was lost is no conflict with itself', async () => {
    let lost = false;
    deps.predictions.afterPut = () => {
      if (lost) return;
      lost = true;
      throw new Error('the reply was lost');
    };
    const record = prediction('r1', 1);
    expect(await logPrediction(deps, record)).toEqual({ kind: 'replayed', record });
    expect(deps.spooled).toEqual([]);
  });

  test('of 20 simultaneous requests with one id one is stored, the others get its answer', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) => logPrediction(deps, prediction('r1', 1, { at }))),
    );
    const stored = (await deps.predictions.get(predictionKey('small', 'r1')))?.value;
    expect(results.filter((one) => one.kind === 'stored')).toHaveLength(1);
    for (const one of results) if (one.kind === 'replayed') expect(one.record).toEqual(stored);
  });
});

describe('logLabel', () => {
  const stored = async () =>
    (await deps.predictions.get(labelKey('small', 'r1')))?.value as unknown as LabelRecord;

  test('the latest labelled_at wins in whatever order labels arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (times, isConcurrent) => {
          deps = memoryDeps();
          const records = times.map((time) => label(`class at ${time}`, time));
          if (isConcurrent) await Promise.all(records.map((record) => logLabel(deps, record)));
          else for (const record of records) await logLabel(deps, record);
          expect((await stored()).label).toBe(`class at ${Math.max(...times)}`);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a label that changes nothing writes nothing: no second record in the stream', async () => {
    let puts = 0;
    deps.predictions.afterPut = () => {
      puts += 1;
    };
    expect(await logLabel(deps, label(1, 10))).toBe('stored');
    expect(await logLabel(deps, label(1, 10))).toBe('unchanged');
    expect(await logLabel(deps, label(2, 9))).toBe('unchanged');
    expect(puts).toBe(1);
    expect(await logLabel(deps, label(3, 11))).toBe('updated');
    expect(puts).toBe(2);
    expect((await stored()).label).toBe(3);
  });

  test('a label may come before its prediction and leaves the id free for it', async () => {
    await logLabel(deps, label(1, 10));
    expect(await logPrediction(deps, prediction('r1', 1))).toEqual({ kind: 'stored' });
  });

  test('a store that is down is the caller’s to know: a label is not spooled', async () => {
    deps.predictions.beforeWrite = storeDown;
    await expect(logLabel(deps, label(1, 10))).rejects.toThrow('the store is down');
  });
});

describe('logOutcome', () => {
  test('a failure is counted for a day, without its features', async () => {
    await logOutcome(deps, 'f1', { model: 'small', at: startMs, status: 400 });
    const item = await deps.predictions.get(outcomeKey('small', 'f1'));
    expect(item?.value).toEqual({ model: 'small', at: startMs, status: 400 });
    expect(item?.expiresAt).toBe(startMs / 1000 + 86_400);
  });

  test('a store that is down costs the count, not the answer', async () => {
    deps.predictions.beforeWrite = storeDown;
    await logOutcome(deps, 'f1', { model: 'small', at: startMs, status: 400 });
    expect(deps.logged).toMatchObject([{ level: 'warn', message: 'an outcome could not be counted' }]);
  });
});

describe('featuresHash', () => {
  test('tells values, types and missing apart', () => {
    const hashes = [{ a: 1 }, { a: '1' }, { a: null }, { a: 1.0000000000000002 }, { b: 1 }].map(featuresHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(featuresHash({ a: 1 })).toBe(hashes[0]);
  });
});
