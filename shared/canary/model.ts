/** The canary as a registered model: a record, a version with a baseline, a champion, by the same functions as any other model. */
import { isDeepStrictEqual } from 'node:util';
import { serialize } from 'node:v8';
import type { Deps } from '../deps.ts';
import { ConflictError } from '../errors.ts';
import type { Answer } from '../log/prediction-log.ts';
import { exportGbdt } from '../onnx/export-gbdt.ts';
import { updateItem } from '../ports/update.ts';
import { writeArtefacts } from '../registry/artefacts.ts';
import { stateKeys } from '../registry/keys.ts';
import { manifestHead } from '../registry/manifest-head.ts';
import { type ModelRecord, modelRecordSchema } from '../registry/model.ts';
import { changeChampion, createModel, readPointer, registerVersion } from '../registry/registry.ts';
import { featuresOf, targetOf } from '../retrain/labelled-data.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';
import { versionFiles } from '../retrain/version-files.ts';
import { fitGbdt, type GbdtModel, importance, predictGbdt } from '../training/gbdt.ts';
import { canaryModel } from './names.ts';
import { canaryRows, canarySchema } from './rows.ts';

/** One for good: what it learnt from never changes. */
export const canaryVersion = 'canary-1';
const baselineRows = 2000;
const heldOutRows = 500;
/** Of the generated rows; no hour of the day is special to them. */
const madeAt = Date.UTC(2026, 0, 1, 12);

/** A window of twelve granules is an hour at default settings, and shorter where granules are. */
export const canaryHourMs = ({ GRANULE_MS }: Pick<Deps['settings'], 'GRANULE_MS'>): number => 12 * GRANULE_MS;

/** Three windows of three must agree and one a day is drifted, so nothing is ever confirmed and nothing retrained. */
function canaryRecord(hourMs: number): ModelRecord {
  return modelRecordSchema.parse({
    name: canaryModel,
    task: 'regression',
    schema: canarySchema,
    monitor: { window_ms: hourMs, m: 3, n: 3, explain_rows: 0 },
    retrain: {},
    created_at: new Date(madeAt).toISOString(),
  });
}

const labelled = (seed: string, count: number): LabelledRow[] =>
  canaryRows(seed, count, false).map((row, at) => ({ ...row, id: `${seed}-${at}`, at: madeAt + at * 1000 }));

let fitted: GbdtModel | undefined;

/** The same model in every process, fitted once in each. */
function model(): GbdtModel {
  if (fitted) return fitted;
  const rows = labelled('canary-training', baselineRows);
  const settings = { rounds: 20, maxLeaves: 8, learningRate: 0.3 };
  fitted = fitGbdt(featuresOf(canarySchema, rows), targetOf(canarySchema, rows), settings);
  return fitted;
}

/** What the canary answers to rows, as its predictions are logged. */
export function canaryAnswers(rows: readonly Pick<LabelledRow, 'features' | 'label'>[]): readonly Answer[] {
  const data = featuresOf(
    canarySchema,
    rows.map((row, at) => ({ ...row, id: String(at), at: madeAt })),
  );
  return Array.from(predictGbdt(model(), data), (prediction) => ({ prediction }));
}

/**
 * Idempotent, and repairs what was left half done or was changed; the record comes last, so that a model that is listed has a version.
 *
 * @returns false where a model of that name is somebody else's: nothing is injected into it
 */
export async function ensureCanary(deps: Deps): Promise<boolean> {
  const wanted = canaryRecord(canaryHourMs(deps.settings));
  const key = stateKeys.record(canaryModel);
  const [pointer, stored] = await Promise.all([readPointer(deps, canaryModel), deps.state.get(key)]);
  if (pointer !== undefined && pointer.champion !== canaryVersion) return false;
  if (stored && !isOurs(stored.value)) return false;
  if (!pointer) await addVersion(deps, wanted);
  if (!stored)
    await createModel(deps, wanted).catch((error: unknown) => {
      // another invocation was quicker
      if (!(error instanceof ConflictError)) throw error;
    });
  else if (!isAsWanted(stored.value, wanted)) {
    // by another policy a drifted hour could be confirmed, and the canary retrained every day
    deps.log('warn', 'the record of the canary was changed; it is as it should be again', {});
    await updateItem<ModelRecord>(deps.state, key, (record) =>
      record && isOurs(record) ? { ...record, ...wanted } : undefined,
    );
  }
  return true;
}

/** Whoever else registered a model did it at another time than the one our rows are made for. */
const isOurs = (record: unknown): boolean =>
  (record as Partial<ModelRecord>).created_at === new Date(madeAt).toISOString();

const isAsWanted = (record: unknown, wanted: ModelRecord): boolean =>
  isDeepStrictEqual({ ...(record as ModelRecord), ...wanted }, record);

async function addVersion(deps: Deps, record: ModelRecord): Promise<void> {
  const training = labelled('canary-training', baselineRows);
  const holdout = labelled('canary-holdout', heldOutRows);
  const trained = model();
  const answers = canaryAnswers(holdout);
  const onnx = exportGbdt(trained, { model: canaryModel, version: canaryVersion });
  const files = await versionFiles({ record, onnx, training, expected: training, holdout, answers });
  const manifest = {
    ...manifestHead(record, canaryVersion, madeAt, onnx),
    trainer: { kind: 'gbdt', candidate: 'canary' },
    snapshot: { source: 'generated rows' },
    metrics: errorsOf(holdout, answers),
    importance: importance(trained),
  };
  await writeArtefacts(deps, manifest, { ...files, 'trainer.bin': serialize(trained) });
  const { created_at, sha256, metrics } = manifest;
  const version = { version: canaryVersion, status: 'READY', created_at, sha256, metrics } as const;
  await registerVersion(deps, canaryModel, version);
  await changeChampion(deps, {
    model: canaryModel,
    to: canaryVersion,
    expected: null,
    action: 'register',
    actor: 'canary',
    reason: 'the model whose drift is injected every day',
  });
}

function errorsOf(rows: readonly LabelledRow[], answers: readonly Answer[]): Record<string, number> {
  const errors = rows.map(({ label }, at) => {
    const answer = answers[at]!;
    return 'prediction' in answer ? answer.prediction - Number(label) : 0;
  });
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    rmse: Math.sqrt(mean(errors.map((error) => error ** 2))),
    mae: mean(errors.map(Math.abs)),
    rows: rows.length,
  };
}
