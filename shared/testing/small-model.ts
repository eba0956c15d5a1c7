/** Test support: small seeded models, trained by the pipeline's own trainer, and the rows they are for. */
import { normal, seededRandom, shuffledIndices } from '../random.ts';
import { writeArtefacts } from '../registry/artefacts.ts';
import { shortHash } from '../registry/keys.ts';
import { type ModelRecord, modelRecordSchema } from '../registry/model.ts';
import { changeChampion, createModel, registerVersion } from '../registry/registry.ts';
import { buildVersion, type VersionBuild } from '../retrain/build-version.ts';
import { trainCandidate } from '../retrain/candidates.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';
import { versionName } from '../retrain/version-name.ts';
import { type MemoryDeps, startMs } from './memory-deps.ts';

type Task = ModelRecord['task'];

export interface RowOptions {
  readonly task?: Task;
  /** Time of the first row; the others follow, one a second. */
  readonly from?: number;
  readonly prefix?: string;
  /** Moves `weight`, in its standard deviations. */
  readonly shift?: number;
  /** Turns the relation of weight and label round. */
  readonly isReversed?: boolean;
}

/** A label that `weight` and `colour` explain but for a little noise. */
export function smallRows(count: number, seed: number, options: RowOptions = {}): LabelledRow[] {
  const { task = 'regression', from = 0, prefix = `s${seed}-`, shift = 0, isReversed = false } = options;
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const weight = Number((5 + normal(random) + shift).toFixed(4));
    const depth = Number((60 + 2 * normal(random)).toFixed(2));
    const colour = random() < 0.4 ? 'red' : 'blue';
    const slope = isReversed ? -3 : 3;
    const value = slope * (weight - 5) + (colour === 'red' ? 2 : 0) + 0.3 * normal(random);
    const label = task === 'regression' ? Number(value.toFixed(3)) : value > 1 ? 'high' : 'low';
    return { id: `${prefix}${at}`, at: from + at * 1000, features: { weight, depth, colour }, label };
  });
}

/** The same rows, their labels dealt out anew: nothing explains them any more. */
export function withShuffledLabels(rows: readonly LabelledRow[], seed: number): LabelledRow[] {
  const order = shuffledIndices(rows.length, seededRandom(seed));
  return rows.map((row, at) => ({ ...row, label: rows[order[at]!]!.label }));
}

export interface RecordOptions {
  readonly name?: string;
  readonly task?: Task;
  readonly monitor?: Partial<ModelRecord['monitor']>;
  readonly retrain?: Partial<ModelRecord['retrain']>;
}

export function smallRecord(options: RecordOptions = {}): ModelRecord {
  const { name = 'small', task = 'regression', monitor = {}, retrain = {} } = options;
  return modelRecordSchema.parse({
    name,
    task,
    schema: {
      features: [
        { name: 'weight', kind: 'numeric' },
        { name: 'depth', kind: 'numeric' },
        { name: 'colour', kind: 'categorical', values: ['blue', 'red'] },
      ],
      target: task === 'regression' ? { name: 'value' } : { name: 'grade', classes: ['high', 'low'] },
    },
    monitor,
    retrain,
    created_at: new Date(startMs).toISOString(),
  });
}

type Passed = VersionBuild & { readonly passed: true };
const built = new Map<string, Promise<Passed>>();

/** Trained once per process and task: 400 rows, 280 of them for training. */
function buildSmall(record: ModelRecord, version: string): Promise<Passed> {
  const key = `${record.name}#${record.task}#${version}`;
  const found = built.get(key) ?? build(record, version);
  built.set(key, found);
  return found;
}

async function build(record: ModelRecord, version: string): Promise<Passed> {
  const rows = smallRows(400, 7, { task: record.task });
  const training = rows.slice(0, 280);
  const trained = trainCandidate('recent', record.schema, { recent: training, baseline: [] }, {});
  const result = await buildVersion({
    record,
    version,
    model: trained.model,
    onnx: trained.onnx,
    training,
    holdout: rows.slice(280),
    expected: rows,
    trainer: { kind: 'gbdt', candidate: 'first' },
    snapshot: { source: 'generated rows' },
    now: startMs,
  });
  if (!result.passed) throw new Error(result.reason);
  return result;
}

/** Writes the version's files and registers it, READY; without a pointer. */
export async function addVersion(deps: MemoryDeps, record: ModelRecord, version: string): Promise<void> {
  const { manifest, files } = await buildSmall(record, version);
  await writeArtefacts(deps, manifest, files);
  const { created_at, sha256, metrics } = manifest;
  await registerVersion(deps, record.name, { version, status: 'READY', created_at, sha256, metrics });
}

/** Registers the model with a trained version that serves; answers that version. */
export async function registerSmall(deps: MemoryDeps, record: ModelRecord): Promise<string> {
  const version = versionName(startMs, shortHash(record.name));
  await createModel(deps, record);
  await addVersion(deps, record, version);
  await changeChampion(deps, {
    model: record.name,
    to: version,
    expected: null,
    action: 'register',
    actor: 'test',
    reason: 'first version',
  });
  return version;
}
