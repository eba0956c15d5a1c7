import { beforeEach, describe, expect, test } from 'vitest';
import { ConflictError } from '../errors.ts';
import { type MemoryDeps, memoryDeps, startMs, stopFailing } from '../testing/memory-deps.ts';
import { smallRecord } from '../testing/small-model.ts';
import { stateKeys } from './keys.ts';
import { appendLedger, readLedger, servedAt } from './ledger.ts';
import type { VersionRecord } from './model.ts';
import {
  type ChampionChange,
  changeChampion,
  createModel,
  listModels,
  readPointer,
  registerVersion,
  resolveModel,
} from './registry.ts';

let deps: MemoryDeps;
beforeEach(() => {
  deps = memoryDeps();
});

const ready = (version: string): VersionRecord => ({
  version,
  status: 'READY',
  created_at: new Date(startMs).toISOString(),
  sha256: '0'.repeat(64),
  metrics: {},
});

const change = (to: string, expected: string | null, more: Partial<ChampionChange> = {}): ChampionChange => ({
  model: 'small',
  to,
  expected,
  action: 'promote',
  actor: 'ann',
  reason: `${to} is better`,
  ...more,
});

async function withVersions(...versions: string[]): Promise<void> {
  await createModel(deps, smallRecord());
  for (const version of versions) await registerVersion(deps, 'small', ready(version));
}

const ledger = async () => (await readLedger(deps, 'small', { limit: 100 })).map((entry) => entry.to);

describe('models', () => {
  test('the first model registered is the default, a second one leaves it so', async () => {
    await createModel(deps, smallRecord({ name: 'first' }));
    await createModel(deps, smallRecord({ name: 'second' }));
    expect((await resolveModel(deps, undefined)).name).toBe('first');
    expect((await resolveModel(deps, 'second')).name).toBe('second');
  });

  test('a name is registered once: the record that is there stays', async () => {
    await createModel(deps, smallRecord({ task: 'regression' }));
    await expect(createModel(deps, smallRecord({ task: 'classification' }))).rejects.toThrow(ConflictError);
    expect((await resolveModel(deps, 'small')).task).toBe('regression');
  });

  test('an unknown name is a 404 that lists what there is, no model at all a 503', async () => {
    await expect(resolveModel(deps, undefined)).rejects.toMatchObject({ status: 503 });
    await createModel(deps, smallRecord());
    await expect(resolveModel(deps, 'large')).rejects.toMatchObject({
      status: 404,
      extra: { models: ['small'] },
    });
  });

  test.each(['', 'Small', '../x', 'a'.repeat(64), '-a'])('%j can be no model', async (name) => {
    await createModel(deps, smallRecord());
    await expect(resolveModel(deps, name)).rejects.toMatchObject({ status: 404 });
  });

  test('more models than one page of the table are all listed', async () => {
    const record = JSON.parse(JSON.stringify(smallRecord()));
    for (let at = 0; at < 1001; at++) {
      const name = `m${String(at).padStart(4, '0')}`;
      await deps.state.putIfAbsent(stateKeys.record(name), { ...record, name });
    }
    expect(await listModels(deps)).toHaveLength(1001);
  });
});

describe('changeChampion', () => {
  test('moves the pointer from the expected champion and writes one ledger entry', async () => {
    await withVersions('v1', 'v2');
    expect(await changeChampion(deps, change('v1', null))).toBe('changed');
    deps.clock.ms += 1000;
    expect(await changeChampion(deps, change('v2', 'v1'))).toBe('changed');
    expect(await readPointer(deps, 'small')).toMatchObject({ champion: 'v2', previous: 'v1' });
    expect(await ledger()).toEqual(['v2', 'v1']);
  });

  test('a stale expectation is a conflict and changes nothing', async () => {
    await withVersions('v1', 'v2', 'v3');
    await changeChampion(deps, change('v1', null));
    await changeChampion(deps, change('v2', 'v1'));
    expect(await changeChampion(deps, change('v3', 'v1'))).toBe('conflict');
    expect(await changeChampion(deps, change('v3', null))).toBe('conflict');
    expect((await readPointer(deps, 'small'))?.champion).toBe('v2');
    expect(await ledger()).toEqual(['v2', 'v1']);
  });

  test('the same change twice is unchanged the second time, with one ledger entry', async () => {
    await withVersions('v1', 'v2');
    await changeChampion(deps, change('v1', null));
    expect(await changeChampion(deps, change('v2', 'v1'))).toBe('changed');
    deps.clock.ms += 60_000;
    expect(await changeChampion(deps, change('v2', 'v1'))).toBe('unchanged');
    expect(await ledger()).toEqual(['v2', 'v1']);
  });

  test('of 20 simultaneous promotions of different versions exactly one holds', async () => {
    const versions = Array.from({ length: 20 }, (_, at) => `v${at + 1}`);
    await withVersions('v0', ...versions);
    await changeChampion(deps, change('v0', null));
    const results = await Promise.all(versions.map((to) => changeChampion(deps, change(to, 'v0'))));
    expect(results.filter((one) => one === 'changed')).toHaveLength(1);
    expect(results.filter((one) => one === 'conflict')).toHaveLength(19);
    const { champion } = (await readPointer(deps, 'small'))!;
    expect(champion).toBe(versions[results.indexOf('changed')]);
    expect(await ledger()).toEqual([champion, 'v0']);
  });

  test('a rejected version never serves, and the refusal says why it was rejected', async () => {
    await withVersions('v1');
    await changeChampion(deps, change('v1', null));
    const rejected = { ...ready('v2'), status: 'REJECTED' as const, reason: 'not proven better' };
    await registerVersion(deps, 'small', rejected);
    for (const action of ['promote', 'rollback', 'register'] as const)
      await expect(changeChampion(deps, change('v2', 'v1', { action }))).rejects.toThrow(
        'version "v2" cannot serve: not proven better',
      );
    expect((await readPointer(deps, 'small'))?.champion).toBe('v1');
  });

  test('an unknown version never serves, and the refusal says that it is unknown', async () => {
    await withVersions();
    await expect(changeChampion(deps, change('v9', null))).rejects.toThrow(
      'version "v9" cannot serve: unknown version',
    );
    expect(await readPointer(deps, 'small')).toBeUndefined();
  });

  test('two changes within a millisecond, or under a clock that went back, keep their order', async () => {
    await withVersions('v1', 'v2', 'v3');
    await changeChampion(deps, change('v1', null));
    await changeChampion(deps, change('v2', 'v1'));
    deps.clock.ms -= 5000;
    await changeChampion(deps, change('v3', 'v2'));
    expect(await ledger()).toEqual(['v3', 'v2', 'v1']);
  });
});

describe('servedAt', () => {
  const served = async (at: number) => (await servedAt(deps, 'small', at))?.to;

  test('answers what served at each moment, both sides of a change', async () => {
    await withVersions('v1', 'v2');
    await changeChampion(deps, change('v1', null));
    deps.clock.ms += 1000;
    await changeChampion(deps, change('v2', 'v1'));
    await changeChampion(deps, change('v1', 'v2', { action: 'rollback' }));
    expect(await served(startMs - 1)).toBeUndefined();
    expect(await served(startMs)).toBe('v1');
    expect(await served(startMs + 999)).toBe('v1');
    expect(await served(startMs + 1000)).toBe('v2');
    expect(await served(startMs + 1001)).toBe('v1');
  });

  test('a crash between pointer and ledger loses nothing: every moment is right before and after the next change', async () => {
    await withVersions('v1', 'v2', 'v3');
    await changeChampion(deps, change('v1', null));
    deps.clock.ms += 1000;
    deps.state.beforeWrite = ({ sk }) => {
      if (sk.startsWith('ledger#')) throw new Error('the process died');
    };
    await expect(changeChampion(deps, change('v2', 'v1'))).rejects.toThrow('the process died');
    stopFailing(deps);
    expect((await readPointer(deps, 'small'))?.champion).toBe('v2');
    const moments = [startMs - 1, startMs, startMs + 999, startMs + 1000, startMs + 5000];
    const right = [undefined, 'v1', 'v1', 'v2', 'v2'];
    expect(await Promise.all(moments.map(served))).toEqual(right);
    expect(await ledger()).toEqual(['v1']);

    deps.clock.ms += 9000;
    await changeChampion(deps, change('v3', 'v2'));
    expect(await ledger()).toEqual(['v3', 'v2', 'v1']);
    expect(await Promise.all(moments.map(served))).toEqual(right);
    expect(await served(startMs + 10_000)).toBe('v3');
  });

  test('the same change again after such a crash writes the missing entry, once', async () => {
    await withVersions('v1');
    deps.state.beforeWrite = ({ sk }) => {
      if (sk.startsWith('ledger#')) throw new Error('the process died');
    };
    await expect(changeChampion(deps, change('v1', null))).rejects.toThrow('the process died');
    stopFailing(deps);
    deps.clock.ms += 500;
    expect(await changeChampion(deps, change('v1', null))).toBe('unchanged');
    expect(await ledger()).toEqual(['v1']);
  });

  test('a change is found behind more than a page of other entries', async () => {
    await withVersions('v1', 'v2');
    await changeChampion(deps, change('v1', null));
    for (let at = 1; at <= 1001; at++)
      await appendLedger(deps, 'small', {
        at: startMs + at,
        action: 'data_incident',
        actor: 'monitor',
        reason: 'missing rose',
      });
    deps.clock.ms += 5000;
    await changeChampion(deps, change('v2', 'v1'));
    expect(await served(startMs + 2000)).toBe('v1');
  });
});
