import { describe, expect, it } from 'vitest';
import { storedSchema } from '../api/surface.ts';
import { memoryDeps } from '../testing/memory-deps.ts';
import { stateKeys } from './keys.ts';
import { type Migration, migrateStored, StoredSchemaError } from './stored-schema.ts';

const note = (name: string, before: () => Promise<void> = async () => undefined): Migration => ({
  what: name,
  run: async (deps) => {
    await before();
    await deps.state.putIfAbsent({ pk: 'migrated', sk: name }, {});
  },
});
const steps = [note('one'), note('two')];
const versionIn = async (deps: ReturnType<typeof memoryDeps>) =>
  (await deps.state.get(stateKeys.storedSchema))?.value;
const migrated = async (deps: ReturnType<typeof memoryDeps>) =>
  (await deps.state.query('migrated')).items.map(({ sk }) => sk);

describe('what is stored', () => {
  it('has the version that a deployment announces', async () => {
    expect((await migrateStored(memoryDeps())).to).toBe(storedSchema);
  });

  it('without a version is version 1: it stays as it is, and says so from then on', async () => {
    const deps = memoryDeps();
    expect(await migrateStored(deps, [])).toEqual({ from: 1, to: 1 });
    expect(await versionIn(deps)).toEqual({ version: 1 });
  });

  it('of an older version goes through every step between, once, in order', async () => {
    const deps = memoryDeps();
    expect(await migrateStored(deps, steps)).toEqual({ from: 1, to: 3 });
    expect(await migrated(deps)).toEqual(['one', 'two']);
    const again = [note('never'), note('never')];
    expect(await migrateStored(deps, again)).toEqual({ from: 3, to: 3 });
    expect(await migrated(deps)).toEqual(['one', 'two']);
  });

  it('of a newer version is refused and left alone', async () => {
    const deps = memoryDeps();
    await migrateStored(deps, steps);
    await expect(migrateStored(deps, [note('other')])).rejects.toThrow(
      'the stored data are of schema 3, written by a newer Tidemark; this one reads schemas up to 2',
    );
    expect(await versionIn(deps)).toEqual({ version: 3 });
    expect(await migrated(deps)).toEqual(['one', 'two']);
  });

  it('keeps the last whole step when one fails, and goes on from there', async () => {
    const deps = memoryDeps();
    let fails = true;
    const second = note('two', async () => {
      if (fails) throw new Error('out of time');
    });
    await expect(migrateStored(deps, [note('one'), second])).rejects.toThrow('out of time');
    expect(await versionIn(deps)).toEqual({ version: 2 });
    fails = false;
    expect(await migrateStored(deps, [note('never'), second])).toEqual({ from: 2, to: 3 });
    expect(await migrated(deps)).toEqual(['one', 'two']);
  });

  it('ends at the newer of two versions that are deployed at once', async () => {
    const deps = memoryDeps();
    const slow = note('one', async () => void (await migrateStored(deps, steps)));
    await migrateStored(deps, [slow]);
    expect(await versionIn(deps)).toEqual({ version: 3 });
  });

  it.each([0, 1.5, '2', null])('with the version %j is refused instead of guessed at', async (version) => {
    const deps = memoryDeps();
    await deps.state.putIfAbsent(stateKeys.storedSchema, { version });
    await expect(migrateStored(deps, [])).rejects.toThrow(StoredSchemaError);
  });
});
