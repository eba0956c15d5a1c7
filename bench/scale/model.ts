/** The model whose traffic is simulated: ten features, as many as the cost calculator assumes, trained by the pipeline's own trainer. */
import type { Deps } from '#shared/deps.ts';
import { normal, seededRandom } from '#shared/random.ts';
import { writeArtefacts } from '#shared/registry/artefacts.ts';
import { type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import { changeChampion, createModel, registerVersion } from '#shared/registry/registry.ts';
import { buildVersion } from '#shared/retrain/build-version.ts';
import { trainCandidate } from '#shared/retrain/candidates.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';

const numbers = ['weight', 'depth', 'width', 'height', 'age', 'price', 'score'];
const colours = ['blue', 'green', 'red'];
const sizes = ['large', 'medium', 'small', 'tiny'];

export const record: ModelRecord = modelRecordSchema.parse({
  name: 'scale',
  task: 'regression',
  schema: {
    features: [
      ...numbers.map((name) => ({ name, kind: 'numeric' })),
      { name: 'colour', kind: 'categorical', values: colours },
      { name: 'size', kind: 'categorical', values: sizes },
      { name: 'sold', kind: 'categorical', values: ['no', 'yes'] },
    ],
    target: { name: 'value' },
  },
  monitor: {},
  retrain: {},
  created_at: new Date(0).toISOString(),
});

/** @param prefix - of the request ids, which must be new */
export function rowsOf(count: number, seed: number, prefix: string, at: number): LabelledRow[] {
  const random = seededRandom(seed);
  const oneOf = (values: readonly string[]) => values[Math.floor(random() ** 2 * values.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const drawn = numbers.map((name, of) => [name, Number((10 * of + normal(random)).toFixed(4))] as const);
    const features = {
      ...Object.fromEntries(drawn),
      colour: oneOf(colours),
      size: oneOf(sizes),
      sold: oneOf(['no', 'yes']),
    };
    const label = Number((3 * drawn[0]![1] + drawn[1]![1] + 0.3 * normal(random)).toFixed(3));
    return { id: `${prefix}-${index}`, at, features, label };
  });
}

/** Trained on 2,800 rows. */
export function trainScaleModel() {
  const rows = rowsOf(4000, 7, 'training', 0);
  const training = rows.slice(0, 2800);
  const { model, onnx } = trainCandidate('recent', record.schema, { recent: training, baseline: [] }, {});
  return { rows, training, model, onnx };
}

/** Registers the model with a champion; answers its version. */
export async function registerScaleModel(deps: Deps, now: number): Promise<string> {
  const { rows, training, model, onnx } = trainScaleModel();
  const version = 'simulated';
  const built = await buildVersion({
    record,
    version,
    model,
    onnx,
    training,
    holdout: rows.slice(2800),
    expected: rows,
    trainer: { kind: 'gbdt', candidate: 'first' },
    snapshot: { source: 'generated rows' },
    now,
  });
  if (!built.passed) throw new Error(built.reason);
  const { created_at, sha256, metrics } = built.manifest;
  await createModel(deps, record);
  await writeArtefacts(deps, built.manifest, built.files);
  await registerVersion(deps, record.name, { version, status: 'READY', created_at, sha256, metrics });
  await changeChampion(deps, {
    model: record.name,
    to: version,
    expected: null,
    action: 'register',
    actor: 'bench',
    reason: 'first version',
  });
  return version;
}
