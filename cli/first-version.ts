/** Trains a model's first version with the pipeline's own trainer and gate of parity, and registers it in a data directory. */
import { existsSync, mkdirSync } from 'node:fs';
import { canaryModel } from '#shared/canary/names.ts';
import type { Deps } from '#shared/deps.ts';
import { ConflictError, InvalidDataError } from '#shared/errors.ts';
import { createTokeniser } from '#shared/privacy/tokeniser.ts';
import { writeArtefacts } from '#shared/registry/artefacts.ts';
import { shortHash } from '#shared/registry/keys.ts';
import type { Manifest, ModelRecord } from '#shared/registry/model.ts';
import {
  changeChampion,
  createModel,
  listModels,
  readPointer,
  registerVersion,
} from '#shared/registry/registry.ts';
import { buildVersion } from '#shared/retrain/build-version.ts';
import { trainCandidate } from '#shared/retrain/candidates.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { versionName } from '#shared/retrain/version-name.ts';
import { embeddedDeps } from '../localstack/embedded/deps.ts';
import { readPiiKey } from '../localstack/embedded/pii-key-file.ts';
import { openStore } from '../localstack/embedded/store.ts';

export interface FirstVersion {
  readonly record: ModelRecord;
  readonly training: readonly LabelledRow[];
  readonly holdout: readonly LabelledRow[];
  readonly source: string;
  readonly now: number;
}

/**
 * Whether the data directory has a model; false for a directory that is not there. The model `first` counts once it has
 * a champion: without one its registration was killed half-way and can be done again.
 */
export async function hasModels(dataDir: string, first: string): Promise<boolean> {
  if (!existsSync(dataDir)) return false;
  const store = openStore({ dir: dataDir });
  try {
    const deps = embeddedDeps({ dataDir, store, env: {} });
    const models = (await listModels(deps)).filter(({ name }) => name !== canaryModel);
    return models.some((model) => model.name !== first) || (await isServing(deps, first));
  } finally {
    await store.close();
  }
}

/** Listed and with a champion. */
async function isServing(deps: Pick<Deps, 'state'>, model: string): Promise<boolean> {
  const isListed = (await listModels(deps)).some((one) => one.name === model);
  return isListed && (await readPointer(deps, model)) !== undefined;
}

/**
 * Writes version, pointer and model; the host need not run. What a killed registration left is taken over.
 * Throws {@link InvalidDataError} when parity fails, {@link ConflictError} when the model already serves.
 */
export async function registerFirstVersion(dataDir: string, first: FirstVersion): Promise<Manifest> {
  const { record } = first;
  const tokenise = await createTokeniser(
    { piiKey: async () => readPiiKey(dataDir) },
    record.name,
    record.schema,
  );
  const tokenised = (row: LabelledRow): LabelledRow => ({ ...row, features: tokenise(row.features) });
  const [training, holdout] = [first.training.map(tokenised), first.holdout.map(tokenised)];
  const version = versionName(first.now, shortHash(`${record.name}#${first.now}`));
  const trained = trainCandidate(
    'recent',
    record.schema,
    { recent: training, baseline: [] },
    { model: record.name, version },
  );
  const build = await buildVersion({
    record,
    version,
    model: trained.model,
    onnx: trained.onnx,
    training,
    holdout,
    expected: [...training, ...holdout],
    trainer: { kind: 'gbdt', candidate: 'first', rows: trained.rows, rounds: trained.rounds },
    snapshot: { source: first.source, training_rows: training.length, holdout_rows: holdout.length },
    now: first.now,
  });
  if (!build.passed) throw new InvalidDataError(build.reason);
  mkdirSync(dataDir, { recursive: true });
  const store = openStore({ dir: dataDir });
  try {
    const deps = embeddedDeps({ dataDir, store, env: {} });
    if (await isServing(deps, record.name))
      throw new ConflictError(`a model named "${record.name}" is already registered`);
    await writeArtefacts(deps, build.manifest, build.files);
    const { created_at, sha256, metrics } = build.manifest;
    await registerVersion(deps, record.name, { version, status: 'READY', created_at, sha256, metrics });
    await changeChampion(deps, {
      model: record.name,
      to: version,
      expected: (await readPointer(deps, record.name))?.champion ?? null,
      action: 'register',
      actor: 'tidemark',
      reason: `first version, trained on ${first.source}`,
    });
    // the record last: a model that is listed can serve, and a start that was killed before it is simply done again
    await createModel(deps, record).catch((error: unknown) => {
      if (!(error instanceof ConflictError)) throw error;
    });
    return build.manifest;
  } finally {
    await store.close();
  }
}
