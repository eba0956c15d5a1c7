/**
 * Training outside a function, by SageMaker's contract: reads `input/data/train`, writes `model/model.onnx` and
 * `model/metrics.json`; the same trainers as everywhere. Two kinds of input: what a retrain run froze (`model.json` and
 * its rows), or one table with the target named in the hyper-parameters.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { decodeRows } from '#shared/capture/archive.ts';
import { InvalidDataError } from '#shared/errors.ts';
import { readTrainingSet } from '#shared/ingest/training-set.ts';
import { shortHash } from '#shared/registry/keys.ts';
import { modelNameSchema, modelRecordSchema } from '#shared/registry/model.ts';
import { bestCandidate } from '#shared/retrain/best-candidate.ts';
import { metricsFile } from '#shared/retrain/metrics-file.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { trainSet } from '#shared/retrain/train-set.ts';
import { trainedCandidate } from '#shared/retrain/trained-candidate.ts';
import { versionName } from '#shared/retrain/version-name.ts';
import { openTable } from '#shared/tabular/table.ts';
import { trainerKinds } from '#shared/training/trainer-kind.ts';
import { openTreeThreads, type TreeThreads } from '#shared/training/tree-threads.ts';

type Say = (text: string) => void;
type Files = Readonly<Record<string, Uint8Array | string>>;

/** Hyper-parameters are texts, as SageMaker hands them over. */
const hyperParametersSchema = z.strictObject({
  target: z.string().min(1),
  trainer: z.enum(trainerKinds).default('gbdt'),
  /** Names with a comma between. */
  exclude: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((name) => name !== '')),
  time: z.string().optional(),
  folds: z.coerce
    .number()
    .int()
    .min(0)
    .max(20)
    .refine((folds) => folds !== 1, '0 or 2 to 20 is allowed')
    .default(0),
  rounds: z.coerce.number().int().min(1).max(10_000).optional(),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  name: modelNameSchema.default('model'),
});

/**
 * Trains what is under `root` (`/opt/ml` in a container). On failure nothing is under `model/`, and `output/failure`
 * holds the reason, which SageMaker shows.
 *
 * @returns the exit code
 */
export async function trainContainer(root: string, say: Say): Promise<number> {
  const threads = openTreeThreads(availableParallelism());
  try {
    const input = join(root, 'input/data/train');
    if (!existsSync(input)) throw new InvalidDataError(`${input}: the channel "train" is not there`);
    const files = existsSync(join(input, 'model.json'))
      ? await trainRun(input, threads, say)
      : await trainTable(input, readHyperParameters(root), threads, say);
    mkdirSync(join(root, 'model'), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'model', name), content);
    say('done');
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    mkdirSync(join(root, 'output'), { recursive: true });
    writeFileSync(join(root, 'output/failure'), reason.slice(0, 1024));
    say(reason);
    return 1;
  } finally {
    await threads.close();
  }
}

async function trainRun(input: string, threads: TreeThreads, say: Say): Promise<Files> {
  const model = modelRecordSchema.parse(JSON.parse(readFileSync(join(input, 'model.json'), 'utf8')));
  const read = (file: string) => decodeRows<LabelledRow>(readFileSync(join(input, file)));
  const rows = { recent: await read('recent.ndjson.gz'), baseline: await read('baseline.ndjson.gz') };
  say(`${model.name}: ${rows.recent.length} recent rows, ${rows.baseline.length} of the baseline`);
  const { name, candidate } = bestCandidate(model, rows, { threads, say });
  const { record, files } = trainedCandidate(name, candidate);
  return { ...files, 'metrics.json': `${JSON.stringify(record, null, 2)}\n` };
}

function readHyperParameters(root: string): z.infer<typeof hyperParametersSchema> {
  const file = join(root, 'input/config/hyperparameters.json');
  const given: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const parsed = hyperParametersSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'hyper-parameters'}: ${message}`,
  );
  throw new InvalidDataError(`the hyper-parameters cannot be used: ${faults.join('; ')}`);
}

async function trainTable(
  input: string,
  { target, trainer, exclude, time, folds, rounds, seed, name }: z.infer<typeof hyperParametersSchema>,
  threads: TreeThreads,
  say: Say,
): Promise<Files> {
  const files = readdirSync(input).filter((file) => !file.startsWith('.'));
  if (files.length !== 1)
    throw new InvalidDataError(
      `${input} holds ${files.length} files (${files.slice(0, 5).join(', ') || 'none'}): one table, or model.json and its rows, is expected`,
    );
  const set = await readTrainingSet(await openTable(join(input, files[0]!)), {
    target,
    exclude,
    ...(time === undefined ? {} : { time }),
  });
  say(`${set.data.rows} rows, ${set.schema.features.length} features, ${set.target.task}`);
  const now = Date.now();
  const trained = await trainSet(set, {
    name,
    version: versionName(now, shortHash(`${name}#${now}`)),
    source: files[0]!,
    trainer,
    seed,
    folds,
    testShare: 0.2,
    now,
    threads,
    ...(rounds === undefined ? {} : { rounds }),
    onStage: everySeconds((stage, share) => say(`${stage} ${Math.floor(100 * share)} %`), 10),
  });
  return {
    'model.onnx': trained.onnx,
    'metrics.json': `${JSON.stringify(metricsFile(trained), null, 2)}\n`,
    'manifest.json': `${JSON.stringify(trained.manifest, null, 2)}\n`,
  };
}

function everySeconds<Args extends unknown[]>(
  tell: (...args: Args) => void,
  seconds: number,
): (...args: Args) => void {
  let told = 0;
  return (...args) => {
    if (Date.now() - told < seconds * 1000) return;
    told = Date.now();
    tell(...args);
  };
}
