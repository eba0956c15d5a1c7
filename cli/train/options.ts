/** The words of `tidemark train`, checked. */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { modelNameSchema } from '#shared/registry/model.ts';
import { type TrainerKind, trainerKinds } from '#shared/training/trainer-kind.ts';
import { readOptions, UsageError, wholeNumber } from '../usage.ts';

export interface TrainOptions {
  /** A file, or a PostgreSQL connection. */
  readonly data: string;
  readonly query?: string;
  readonly target: string;
  readonly out: string;
  readonly name: string;
  readonly trainer: TrainerKind;
  readonly task?: 'regression' | 'classification';
  readonly exclude: readonly string[];
  readonly pii: readonly string[];
  readonly time?: string;
  readonly rounds?: number;
  /** 0: no search. */
  readonly folds: number;
  readonly testShare: number;
  readonly minClassRows?: number;
  readonly threads: number;
  readonly seed: number;
  readonly json: boolean;
  readonly force: boolean;
}

export const trainHelp = `usage: tidemark train --data SOURCE --target COLUMN --out DIR [options]
       tidemark train --images DIR --labels FILE --out DIR [options]

Trains a model on a table of any size and writes DIR/model.onnx, manifest.json and metrics.json. What preprocessing
there is (categories, missing values, scaling) is inside the ONNX file, and the file is only written once onnxruntime
has answered as the trainer does.

  --data SOURCE         .csv, .tsv, .ndjson, .jsonl, each also .gz, or .parquet; or postgres://user:password@host/db
  --query SQL           what to read from PostgreSQL: one SELECT, run read-only; $TIDEMARK_DATABASE can hold the address
  --target COLUMN       what to predict
  --out DIR             where to write; created if it is not there
  --task TASK           regression or classification (found from the target)
  --trainer NAME        gbdt (boosted trees, the default), forest (random forest) or network (linear or multi-layer)
  --search              try the trainer's few settings by cross-validation; --folds N folds (5)
  --rounds N            so many trees, rounds or epochs (found on rows held back from the fit)
  --exclude COLUMN      leave a column out; may be repeated
  --pii COLUMN          about people: the schema has it, the model does not; may be repeated
  --time COLUMN         hold out the newest rows instead of a random part; not a feature
  --test-share SHARE    of the rows, held out for the figures (0.2)
  --min-class-rows N    leave classes with fewer rows out
  --threads N           cores to use (all); the model does not depend on it
  --seed N              of the split, the sampling and the weights (1)
  --name NAME           of the model, in the manifest (from the data's name)
  --force               overwrite what is in DIR
  --json                one JSON object on stdout

An image model (a small network on the pixels) is trained on a folder of PNG and JPEG files:

  --images DIR          the folder
  --labels FILE         CSV with the columns file (its path in the folder) and label
  --size WxH            what images are resized to, each side 4 to 64 (28x28)
  --channels N          1 for grey, 3 for colour (3)

Exit 0: written; 1: the ONNX file does not answer as the trainer does, or could not be written; 2: the data or the
words cannot be used.
`;

const words = {
  data: { type: 'string' },
  query: { type: 'string' },
  target: { type: 'string' },
  out: { type: 'string' },
  name: { type: 'string' },
  task: { type: 'string' },
  trainer: { type: 'string', default: 'gbdt' },
  search: { type: 'boolean', default: false },
  folds: { type: 'string' },
  rounds: { type: 'string' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  pii: { type: 'string', multiple: true, default: [] as string[] },
  time: { type: 'string' },
  'test-share': { type: 'string', default: '0.2' },
  'min-class-rows': { type: 'string' },
  threads: { type: 'string' },
  seed: { type: 'string', default: '1' },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const tasks = ['regression', 'classification'] as const;

/** Throws {@link UsageError}. */
export function readTrainOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): TrainOptions {
  const given = readOptions(args, words);
  const { target, out, query, time } = given;
  const data = given.data ?? (query === undefined ? undefined : env.TIDEMARK_DATABASE);
  if (data === undefined) throw new UsageError('--data is needed: a file, or postgres://…');
  if (target === undefined) throw new UsageError('--target is needed: the column to predict');
  if (out === undefined || out === '') throw new UsageError('--out is needed: the folder to write');
  const isDatabase = /^postgres(ql)?:/.test(data);
  if (isDatabase !== (query !== undefined))
    throw new UsageError(
      isDatabase
        ? '--query is needed: the SELECT to run'
        : `--query needs a database: --data ${data} is a file`,
    );
  const task = oneOf('task', given.task, tasks);
  const rounds = whole('rounds', given.rounds, 1, 10_000);
  const minClassRows = whole('min-class-rows', given['min-class-rows'], 1, 1_000_000);
  return {
    data,
    target,
    out,
    name: modelNameFrom(given.name, isDatabase ? target : data),
    trainer: oneOf('trainer', given.trainer, trainerKinds) ?? 'gbdt',
    exclude: given.exclude,
    pii: given.pii,
    folds: foldsOf(given.search, whole('folds', given.folds, 2, 20)),
    testShare: shareFrom('test-share', given['test-share']),
    threads: whole('threads', given.threads, 1, 64) ?? availableParallelism(),
    seed: whole('seed', given.seed, 0, 2 ** 32 - 1) ?? 1,
    json: given.json,
    force: given.force,
    ...(query === undefined ? {} : { query }),
    ...(task === undefined ? {} : { task }),
    ...(time === undefined ? {} : { time }),
    ...(rounds === undefined ? {} : { rounds }),
    ...(minClassRows === undefined ? {} : { minClassRows }),
  };
}

function foldsOf(isSearched: boolean, folds: number | undefined): number {
  if (folds !== undefined && !isSearched)
    throw new UsageError('--folds is of --search, which was not asked for');
  return isSearched ? (folds ?? 5) : 0;
}

function oneOf<Name extends string>(
  word: string,
  given: string | undefined,
  allowed: readonly Name[],
): Name | undefined {
  if (given === undefined) return undefined;
  const found = allowed.find((name) => name === given);
  if (found === undefined)
    throw new UsageError(`--${word} ${given} is not allowed: ${allowed.join(', ')} are`);
  return found;
}

function whole(word: string, given: string | undefined, least: number, most: number): number | undefined {
  return given === undefined ? undefined : wholeNumber(word, given, least, most);
}

export function shareFrom(word: string, given: string): number {
  const number = given.trim() === '' ? Number.NaN : Number(given);
  if (!(number >= 0.05 && number <= 0.5))
    throw new UsageError(`--${word} ${given} is not allowed: a number from 0.05 to 0.5 is`);
  return number;
}

/** Made fit from a file's name; refused where a person chose it. */
export function modelNameFrom(given: string | undefined, source: string): string {
  if (given !== undefined) {
    const parsed = modelNameSchema.safeParse(given);
    if (!parsed.success) throw new UsageError(`--name ${given}: ${parsed.error.issues[0]!.message}`);
    return given;
  }
  const stem = basename(source).split('.')[0]!.toLowerCase();
  return (
    stem
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'model'
  );
}
