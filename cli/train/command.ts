/** `tidemark train`: a file or a query in, a checked ONNX model with its manifest and figures out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spoolQuery } from '#shared/ingest/postgres.ts';
import { readTrainingSet, type TrainingSet } from '#shared/ingest/training-set.ts';
import { shortHash } from '#shared/registry/keys.ts';
import { metricsFile } from '#shared/retrain/metrics-file.ts';
import { ParityError, type TrainedSet, trainSet } from '#shared/retrain/train-set.ts';
import { versionName } from '#shared/retrain/version-name.ts';
import { openTable } from '#shared/tabular/table.ts';
import { openTreeThreads } from '#shared/training/tree-threads.ts';
import { runTrainImages } from './images.ts';
import { readTrainOptions, type TrainOptions } from './options.ts';
import { checkOut, writeFiles } from './output.ts';
import { type TrainProgress, trainProgress } from './progress.ts';

export { trainHelp } from './options.ts';

/** Throws UsageError, InvalidDataError or TrainingDataError for what cannot be used. */
export async function runTrain(args: readonly string[]): Promise<number> {
  if (args.some((word) => /^--images(=|$)/.test(word))) return runTrainImages(args);
  const options = readTrainOptions(args, process.env);
  checkOut(options.out, options.force);
  const progress = trainProgress(process.stderr);
  try {
    const set = await readSource(options, progress);
    describe(set, progress);
    const trained = await train(set, options, progress);
    writeFiles(options.out, trained.onnx, metricsFile(trained), trained.manifest);
    report(options, trained, progress);
    return 0;
  } catch (error) {
    if (!(error instanceof ParityError)) throw error;
    progress.say(`tidemark train: ${error.message}`);
    return 1;
  } finally {
    progress.end();
  }
}

async function readSource(options: TrainOptions, progress: TrainProgress): Promise<TrainingSet> {
  if (options.query === undefined) return readFile(options.data, options, progress);
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-query-'));
  try {
    const file = join(folder, 'query.csv');
    progress.say('running the query');
    const rows = await spoolQuery({ connection: options.data, query: options.query }, file);
    progress.say(`${rows} rows`);
    return await readFile(file, options, progress);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readFile(file: string, options: TrainOptions, progress: TrainProgress): Promise<TrainingSet> {
  if (options.query === undefined) progress.say(`reading ${file}`);
  const { target, exclude, pii, time, task, minClassRows } = options;
  return readTrainingSet(await openTable(file), {
    target,
    exclude,
    pii,
    ...(time === undefined ? {} : { time }),
    ...(task === undefined ? {} : { task }),
    ...(minClassRows === undefined ? {} : { minClassRows }),
    onProgress: ({ bytes, ofBytes }) => progress.at('read', ofBytes > 0 ? bytes / ofBytes : 1),
  });
}

function describe({ schema, target, data, excluded, notes }: TrainingSet, progress: TrainProgress): void {
  const classes = target.task === 'classification' ? `, ${target.classes.length} classes` : '';
  progress.say(`${data.rows} rows, ${schema.features.length} features, ${target.task}${classes}`);
  for (const { column, reason } of excluded) progress.say(`left out: ${column} (${reason})`);
  for (const note of notes) progress.say(`note: ${note}`);
}

async function train(set: TrainingSet, options: TrainOptions, progress: TrainProgress): Promise<TrainedSet> {
  const { name, trainer, rounds, seed, folds, testShare } = options;
  const now = Date.now();
  const threads = options.threads > 1 ? openTreeThreads(options.threads) : undefined;
  try {
    return await trainSet(set, {
      name,
      version: versionName(now, shortHash(`${name}#${now}`)),
      source: options.query === undefined ? options.data : 'a PostgreSQL query',
      trainer,
      seed,
      folds,
      testShare,
      now,
      ...(rounds === undefined ? {} : { rounds }),
      ...(threads ? { threads } : {}),
      onStage: (stage, share) => progress.at(stage, share),
    });
  } finally {
    await threads?.close();
  }
}

function report(options: TrainOptions, trained: TrainedSet, progress: TrainProgress): void {
  const { manifest, search, leaks } = trained;
  for (const { column, score } of leaks)
    progress.say(
      `WARNING: "${column}" alone predicts the target (held-out score ${score}): is it a leak? Figures made with it mean nothing in use; --exclude ${column} leaves it out`,
    );
  if (hasLearntNothing(manifest))
    progress.say('WARNING: on held-out rows the model is no better than one that looks at nothing');
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ out: options.out, ...metricsFile(trained) })}\n`);
    return;
  }
  const { metrics, parity, importance, trainer } = manifest;
  if (search)
    progress.say(
      `of ${search.settings.length} settings ${search.chosen === 0 ? 'the default stays: none is better by more than chance' : `number ${search.chosen + 1} is best`} (${search.folds} folds)`,
    );
  const shown = (
    ['rmse', 'mae', 'r2', 'accuracy', 'balanced_accuracy', 'log_loss', 'roc_auc'] as const
  ).flatMap((name) => {
    const interval = trained.evaluation.intervals[name];
    const range = interval ? ` [${interval.map(short).join(', ')}]` : '';
    return metrics[name] === undefined ? [] : [`  ${name.padEnd(18)} ${short(metrics[name])}${range}`];
  });
  const most = importance.slice(0, 6).map(({ name, share }) => `${name} ${Math.round(100 * share)} %`);
  process.stdout.write(
    [
      `${options.out}/model.onnx  ${Math.ceil(manifest.bytes / 1024)} KB, ${trainer.kind}, ${trainer.rounds} rounds`,
      `on ${metrics.rows} held-out rows, with 95 % intervals:`,
      ...shown,
      ...(most.length > 0 ? [`  it looks at         ${most.join(', ')}`] : []),
      `onnxruntime answers as the trainer on ${parity?.rows} rows (largest difference ${parity?.max_absolute.toPrecision(2)})`,
      '',
    ].join('\n'),
  );
}

/** No better than the mean, or than a class drawn by lot. */
function hasLearntNothing({ metrics, schema }: TrainedSet['manifest']): boolean {
  const { r2, balanced_accuracy: balanced } = metrics;
  const classes = schema.target.classes?.length ?? 0;
  return r2 !== undefined ? r2 <= 0 : balanced !== undefined && balanced <= 1 / classes;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
