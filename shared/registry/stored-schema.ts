/**
 * The form in which items and objects are stored, as one number beside them: older data are migrated before anything reads them, newer data
 * are refused. Asked once by the host when it starts, and on AWS by every deployment that changes the number.
 */
import type { Deps } from '../deps.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from './keys.ts';

export interface Migration {
  /** What it changes, for the log. */
  readonly what: string;
  /**
   * From the version before to this one. It may be cut off and run again from its start, and the code of the version before may still be
   * serving: so it adds what is new, and leaves what was there readable.
   */
  readonly run: (deps: MigrationDeps) => Promise<void>;
}

export type MigrationDeps = Pick<Deps, 'state' | 'log'>;

/** In order: the first goes from version 1 to 2. A new one is appended, never changed after a release. */
const migrations: readonly Migration[] = [];

const versionAfter = (steps: readonly Migration[]): number => 1 + steps.length;

export class StoredSchemaError extends Error {
  override readonly name = 'StoredSchemaError';
}

export interface SchemaChange {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings what is stored to the version of this code. Harmless to repeat and to run twice at once. A store that says no version is empty or
 * from before versions were kept: both are version 1.
 *
 * @throws {StoredSchemaError} for a store that newer code has written; nothing is changed
 * @example await migrateStored(deps) // { from: 1, to: 1 }
 */
export async function migrateStored(
  deps: MigrationDeps,
  steps: readonly Migration[] = migrations,
): Promise<SchemaChange> {
  const to = versionAfter(steps);
  const from = await readVersion(deps);
  if (from > to)
    throw new StoredSchemaError(
      `the stored data are of schema ${from}, written by a newer Tidemark; this one reads schemas up to ${to}: run the newer one again`,
    );
  for (let version = from; version < to; version++) {
    const { what, run } = steps[version - 1]!;
    deps.log('info', 'migrating what is stored', { from: version, to: version + 1, what });
    await run(deps);
    await writeVersion(deps, version + 1);
  }
  if (from === to) await writeVersion(deps, to);
  return { from, to };
}

async function readVersion({ state }: MigrationDeps): Promise<number> {
  const item = await state.get(stateKeys.storedSchema);
  if (!item) return 1;
  const { version } = item.value as { readonly version?: unknown };
  if (!Number.isInteger(version) || (version as number) < 1)
    throw new StoredSchemaError(
      `the stored schema version is ${JSON.stringify(version)}: a whole number from 1 is expected`,
    );
  return version as number;
}

/** Never backwards: of two at once, the one that got further has it. */
async function writeVersion({ state }: MigrationDeps, version: number): Promise<void> {
  await updateItem<{ version: number }>(state, stateKeys.storedSchema, (before) =>
    before && before.version >= version ? undefined : { version },
  );
}
