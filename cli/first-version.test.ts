import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConflictError } from '#shared/errors.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { createModel, readPointer } from '#shared/registry/registry.ts';
import { smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { type EmbeddedDeps, embeddedDeps } from '../localstack/embedded/deps.ts';
import { openStore } from '../localstack/embedded/store.ts';
import { hasModels, registerFirstVersion } from './first-version.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-first-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const register = (now: number) =>
  registerFirstVersion(dir, {
    record: smallRecord(),
    training: smallRows(80, 1),
    holdout: smallRows(40, 2),
    source: 'generated rows',
    now,
  });

test('a registration that was killed before the model was listed is simply done again', async () => {
  await register(1_795_000_000_000);
  const killed = openStore({ dir });
  await embeddedDeps({ dataDir: dir, store: killed, env: {} }).state.delete(stateKeys.record('small'));
  await killed.close();
  expect(await hasModels(dir, 'small')).toBe(false);

  const second = await register(1_795_000_060_000);
  expect(await hasModels(dir, 'small')).toBe(true);
  const store = openStore({ dir });
  const pointer = await readPointer(embeddedDeps({ dataDir: dir, store, env: {} }), 'small');
  await store.close();
  expect(pointer?.champion).toBe(second.version);
});

describe.each([
  ['the record', []],
  ['the record and a version', ['version']],
])('a registration that left %s and no pointer', (_, kept) => {
  test('is taken over by the next one', async () => {
    const first = await register(1_795_000_000_000);
    await changeState(async (deps) => {
      await deps.state.delete(stateKeys.pointer('small'));
      if (kept.length === 0) await deps.state.delete(stateKeys.version('small', first.version));
    });
    expect(await hasModels(dir, 'small')).toBe(false);

    const second = await register(1_795_000_060_000);
    expect(await hasModels(dir, 'small')).toBe(true);
    await changeState(async (deps) => {
      expect((await readPointer(deps, 'small'))?.champion).toBe(second.version);
    });
  });
});

test('a model that serves is not registered again, and keeps its champion', async () => {
  const first = await register(1_795_000_000_000);
  await expect(register(1_795_000_060_000)).rejects.toThrow(ConflictError);
  await changeState(async (deps) => {
    expect((await readPointer(deps, 'small'))?.champion).toBe(first.version);
  });
});

test('a directory with another model has models, one that is not there has none', async () => {
  await changeState((deps) => createModel(deps, smallRecord({ name: 'other' })));
  expect(await hasModels(dir, 'small')).toBe(true);
  expect(await hasModels(join(dir, 'nowhere'), 'small')).toBe(false);
});

async function changeState(change: (deps: EmbeddedDeps) => Promise<void>): Promise<void> {
  const store = openStore({ dir });
  try {
    await change(embeddedDeps({ dataDir: dir, store, env: {} }));
  } finally {
    await store.close();
  }
}
