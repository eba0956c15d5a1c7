import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateKeys } from '#shared/registry/keys.ts';
import { readPointer } from '#shared/registry/registry.ts';
import { smallRecord, smallRows } from '#shared/testing/small-model.ts';
import { embeddedDeps } from '../localstack/embedded/deps.ts';
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
  expect(await hasModels(dir)).toBe(false);

  const second = await register(1_795_000_060_000);
  expect(await hasModels(dir)).toBe(true);
  const store = openStore({ dir });
  const pointer = await readPointer(embeddedDeps({ dataDir: dir, store, env: {} }), 'small');
  await store.close();
  expect(pointer?.champion).toBe(second.version);
});
