/** Models, their immutable versions and the champion pointer. The pointer changes by compare-and-swap only. */
import { canaryModel } from '../canary/names.ts';
import type { Deps } from '../deps.ts';
import { ConflictError, ProblemError } from '../errors.ts';
import type { Json } from '../json.ts';
import { queryAll } from '../ports/query-all.ts';
import { updateItem } from '../ports/update.ts';
import { stateKeys } from './keys.ts';
import { appendLedger, type LedgerEntry } from './ledger.ts';
import { type ModelRecord, modelNameSchema, modelRecordSchema, type VersionRecord } from './model.ts';

type State = Pick<Deps, 'state'>;

export interface Pointer {
  readonly champion: string;
  readonly previous: string | null;
  /** The change that made it so; also the newest pointer entry of the ledger. */
  readonly change: LedgerEntry;
}

/** Registers a model; the first one that is not our own canary becomes the default. Throws {@link ConflictError} when the name is taken. */
export async function createModel(deps: State, record: ModelRecord): Promise<void> {
  const checked = modelRecordSchema.parse(record);
  const put = await deps.state.putIfAbsent(stateKeys.record(checked.name), checked as unknown as Json);
  if (!put.stored) throw new ConflictError(`a model named "${checked.name}" is already registered`);
  if (checked.name !== canaryModel)
    await deps.state.putIfAbsent(stateKeys.defaultModel, { model: checked.name });
}

async function findModel(deps: State, name: string): Promise<ModelRecord | undefined> {
  if (!modelNameSchema.safeParse(name).success) return undefined;
  const item = await deps.state.get(stateKeys.record(name));
  return item && modelRecordSchema.parse(item.value);
}

/** The named model, or the default one without a name. Throws a 404 problem that lists what exists. */
export async function resolveModel(deps: State, name: string | undefined): Promise<ModelRecord> {
  const wanted = name ?? (await defaultModelName(deps));
  if (wanted === undefined)
    throw new ProblemError(503, 'no model is registered yet', {}, { 'retry-after': '30' });
  const model = await findModel(deps, wanted);
  if (model) return model;
  const known = await listModels(deps);
  throw new ProblemError(404, `no model is named "${wanted}"`, {
    models: known.slice(0, 50).map((one) => one.name),
  });
}

async function defaultModelName(deps: State): Promise<string | undefined> {
  const item = await deps.state.get(stateKeys.defaultModel);
  if (item) return (item.value as { model: string }).model;
  // registered by a process that ended before it could say which is the default
  return (await listModels(deps)).find(({ name }) => name !== canaryModel)?.name;
}

/** Every model that is registered. One whose record cannot be read, as of newer code or changed by hand, is only named: it hides no neighbour. */
export async function readModels(
  deps: State,
): Promise<{ readonly models: readonly ModelRecord[]; readonly unreadable: readonly string[] }> {
  const models: ModelRecord[] = [];
  const unreadable: string[] = [];
  for await (const { value, sk } of queryAll(deps.state, stateKeys.models)) {
    const record = modelRecordSchema.safeParse(value);
    if (record.success) models.push(record.data);
    else unreadable.push(sk);
  }
  return { models, unreadable };
}

export const listModels = async (deps: State): Promise<readonly ModelRecord[]> =>
  (await readModels(deps)).models;

/** Idempotent: the same version again is left as it is. */
export async function registerVersion(deps: State, model: string, record: VersionRecord): Promise<void> {
  await deps.state.putIfAbsent(stateKeys.version(model, record.version), record as unknown as Json);
}

export async function findVersion(
  deps: State,
  model: string,
  version: string,
): Promise<VersionRecord | undefined> {
  const item = await deps.state.get(stateKeys.version(model, version));
  return item ? (item.value as unknown as VersionRecord) : undefined;
}

/** Newest first. */
export async function listVersions(
  deps: State,
  model: string,
  limit: number,
): Promise<readonly VersionRecord[]> {
  const page = await deps.state.query(stateKeys.of(model), { prefix: 'version#', reverse: true, limit });
  return page.items.map((item) => item.value as unknown as VersionRecord);
}

/** A version that a person promoted meanwhile serves; rejecting it now would bar the way back to it. */
export async function rejectVersion(
  deps: State,
  model: string,
  version: string,
  reason: string,
): Promise<void> {
  if ((await readPointer(deps, model))?.champion === version) return;
  await updateItem<VersionRecord>(deps.state, stateKeys.version(model, version), (before) =>
    before && before.status !== 'REJECTED' ? { ...before, status: 'REJECTED', reason } : undefined,
  );
}

export async function readPointer(deps: State, model: string): Promise<Pointer | undefined> {
  const item = await deps.state.get(stateKeys.pointer(model));
  return item ? (item.value as unknown as Pointer) : undefined;
}

export interface ChampionChange {
  readonly model: string;
  readonly to: string;
  /** What must be the champion for the change to hold; `null` where there must be none yet. */
  readonly expected: string | null;
  readonly action: 'promote' | 'rollback' | 'register';
  readonly actor: string;
  readonly on_behalf_of?: string;
  readonly reason: string;
}

/**
 * Moves the pointer if the champion is still the expected one. The same change again answers `unchanged`.
 * The ledger entry rides in the pointer, so a crash between the two writes loses nothing: the next change writes it.
 */
export async function changeChampion(
  deps: Pick<Deps, 'state' | 'now'>,
  change: ChampionChange,
): Promise<'changed' | 'unchanged' | 'conflict'> {
  const version = await findVersion(deps, change.model, change.to);
  if (version?.status !== 'READY')
    throw new ProblemError(
      409,
      `version "${change.to}" cannot serve: ${version?.reason ?? version?.status ?? 'unknown version'}`,
    );
  const item = await deps.state.get(stateKeys.pointer(change.model));
  const current = item ? (item.value as unknown as Pointer) : undefined;
  if (current) await appendLedger(deps, change.model, current.change);
  if (current?.champion === change.to) return 'unchanged';
  if ((current?.champion ?? null) !== change.expected) return 'conflict';
  const pointer: Pointer = {
    champion: change.to,
    previous: current?.champion ?? null,
    change: {
      at: Math.max(deps.now(), (current?.change.at ?? 0) + 1),
      action: change.action,
      actor: change.actor,
      ...(change.on_behalf_of === undefined ? {} : { on_behalf_of: change.on_behalf_of }),
      reason: change.reason,
      from: current?.champion ?? null,
      to: change.to,
    },
  };
  const value = pointer as unknown as Json;
  const put = item
    ? await deps.state.putIfRevision(stateKeys.pointer(change.model), value, item.revision)
    : await deps.state.putIfAbsent(stateKeys.pointer(change.model), value);
  if (!put.stored) return 'conflict';
  await appendLedger(deps, change.model, pointer.change);
  return 'changed';
}
