/** From a training set to a checked model: what `tidemark train` and the training container do, and nothing is written. */

import { InvalidDataError } from '../errors.ts';
import { type Evaluation, flatMetrics } from '../evaluation/evaluate.ts';
import { type LeakSuspect, leakSuspects } from '../evaluation/leak-suspects.ts';
import { type RowSplit, rowHashes, splitByHash, splitByTime } from '../ingest/split-rows.ts';
import type { TrainingSet } from '../ingest/training-set.ts';
import { openSession } from '../onnx/session.ts';
import { manifestHead } from '../registry/manifest-head.ts';
import type { Manifest } from '../registry/model.ts';
import { takeRows } from '../schema/columns.ts';
import { blockFolds, type Choice, chooseSetting, hashFolds } from '../training/folds.ts';
import type { TrainingTarget } from '../training/training-target.ts';
import type { TreeThreads } from '../training/tree-threads.ts';
import { evaluateOutput } from './evaluate-output.ts';
import { exportParity, parityReason } from './export-parity.ts';
import { type FitOptions, fitSized, type SizedFit } from './fit-sized.ts';
import { foldLosses } from './search.ts';
import { type TrainedModel, type TrainerSettings, trainerNamed, trainerOf } from './trainers.ts';
import { type TrainingRows, takeTarget, takeTrainingRows } from './training-rows.ts';

export interface TrainSetRequest extends Pick<FitOptions, 'trainer' | 'rounds' | 'seed'> {
  /** Of the model. */
  readonly name: string;
  readonly version: string;
  /** Where the rows came from, for the manifest. */
  readonly source: string;
  /** Of the rows, held out for the figures; 0.05 to 0.5. */
  readonly testShare: number;
  /** Folds of a search over the trainer's settings; 0 takes the default ones. */
  readonly folds: number;
  readonly threads?: TreeThreads;
  /** Unix milliseconds. */
  readonly now: number;
  readonly onStage?: (stage: TrainStage, share: number) => void;
}

export type TrainStage = 'search' | 'fit' | 'check';

export interface TrainedSet {
  readonly model: TrainedModel;
  readonly onnx: Uint8Array;
  readonly manifest: Manifest;
  readonly evaluation: Evaluation;
  readonly search: Search | undefined;
  readonly leaks: readonly LeakSuspect[];
}

/** What was tried, in the trainer's order, and what came of it. */
interface Search extends Choice {
  readonly folds: number;
  readonly settings: readonly TrainerSettings[];
}

/** The exported file does not answer as its trainer: no fault of the data. */
export class ParityError extends Error {
  override readonly name = 'ParityError';
}

/** Held back from the fit that finds its size. */
const VALIDATION_SHARE = 0.2;
const LEAK_ROWS = 20_000;
const LEAST_ROWS = 20;

/**
 * Splits, searches if asked to, fits, exports, and holds the ONNX file to its trainer and to the held-out rows.
 *
 * @throws InvalidDataError when too few rows are left on one side, a class has fewer than two to train on, or too many
 *   rows have the same time
 * @throws ParityError when onnxruntime answers differently from the trainer
 * @throws TrainingDataError for rows the trainer refuses
 */
export async function trainSet(set: TrainingSet, request: TrainSetRequest): Promise<TrainedSet> {
  const split = checkedSplit(set, request);
  const whole = takeTrainingRows(set, split.training);
  const heldOut = takeTrainingRows(set, split.heldOut);
  const search = request.folds > 0 ? searched(whole, set.times !== undefined, request) : undefined;
  const fit = fitChecked(whole, set.times !== undefined, request, search?.chosen ?? 0);
  request.onStage?.('check', 0);
  const metadata = { model: request.name, version: request.version };
  const onnx = trainerOf(fit.model).toOnnx(fit.model, metadata);
  const checked = await checkExport(fit.model, onnx, heldOut, request);
  const manifest = manifestOf(set, request, fit, onnx, checked, {
    training_rows: split.training.length,
    holdout_rows: split.heldOut.length,
  });
  request.onStage?.('check', 1);
  const { evaluation } = checked;
  return { model: fit.model, onnx, manifest, evaluation, search, leaks: leaksOf(set, split) };
}

function checkedSplit(set: TrainingSet, { testShare, seed }: TrainSetRequest): RowSplit {
  const split = set.times
    ? splitByTime(set.times, testShare)
    : splitByHash(set.data, set.target, testShare, seed);
  const training = set.times ? inOrder(split.training, set.times) : split.training;
  const smaller = Math.min(training.length, split.heldOut.length);
  if (smaller < LEAST_ROWS)
    throw new InvalidDataError(
      `${set.data.rows} rows with a target fell into ${training.length} to train on and ${split.heldOut.length} to check with: at least ${LEAST_ROWS} of each are needed; equal rows stay together`,
    );
  if (set.times && split.heldOut.length > (testShare + 0.25) * set.data.rows)
    throw new InvalidDataError(
      `${split.heldOut.length} of ${set.data.rows} rows would be held out instead of ${100 * testShare} %: too many have the same time`,
    );
  checkClasses(set.target, training);
  return { ...split, training };
}

function inOrder(rows: Int32Array, times: Float64Array): Int32Array {
  // a row without a time is as old as can be
  const timeOf = (row: number) => (Number.isNaN(times[row]) ? Number.NEGATIVE_INFINITY : times[row]!);
  return rows.slice().sort((one, other) => timeOf(one) - timeOf(other) || one - other);
}

/** A row alone of its class can be learnt or judged, not both. */
function checkClasses(target: TrainingTarget, rows: Int32Array): void {
  if (target.task === 'regression') return;
  const counts = new Int32Array(target.classes.length);
  for (const row of rows) counts[target.labels[row]!]!++;
  const small = counts.findIndex((count) => count < 2);
  if (small >= 0)
    throw new InvalidDataError(
      `class "${target.classes[small]}" has ${counts[small]} of its rows left to train on, and 2 are needed: leave small classes out with --min-class-rows`,
    );
}

function searched(
  whole: TrainingRows,
  isOrdered: boolean,
  { trainer, folds, seed, threads, onStage }: TrainSetRequest,
): Search {
  const cuts = isOrdered
    ? blockFolds(whole.data.rows, folds)
    : hashFolds(rowHashes(whole.data, whole.target, `folds#${seed}`), folds);
  if (cuts.length < 2)
    throw new InvalidDataError(
      `the ${whole.data.rows} rows to train on are too few different ones for a search by ${folds} folds`,
    );
  const losses = cuts.map((fold, at) =>
    foldLosses(whole, fold, trainer, {
      seed,
      ...(threads ? { threads } : {}),
      onProgress: (share) => onStage?.('search', (at + share) / cuts.length),
    }),
  );
  const settings = trainerNamed(trainer).settings(whole.data.rows);
  return { ...chooseSetting(losses), folds: cuts.length, settings };
}

function fitChecked(
  whole: TrainingRows,
  isOrdered: boolean,
  { trainer, rounds, seed, threads, onStage }: TrainSetRequest,
  setting: number,
): SizedFit {
  const { training, heldOut } = isOrdered
    ? newest(whole.data.rows, VALIDATION_SHARE)
    : splitByHash(whole.data, whole.target, VALIDATION_SHARE, seed + 1);
  return fitSized(takeTrainingRows(whole, training), takeTrainingRows(whole, heldOut), whole, {
    trainer,
    seed,
    setting,
    ...(rounds === undefined ? {} : { rounds }),
    ...(threads ? { threads } : {}),
    onProgress: (share) => onStage?.('fit', share),
  });
}

/** Of rows in order of time. */
function newest(rows: number, share: number): RowSplit {
  const cut = Math.ceil((1 - share) * rows);
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  return { training: all.subarray(0, cut), heldOut: all.subarray(cut) };
}

interface CheckedExport {
  readonly evaluation: Evaluation;
  readonly parity: NonNullable<Manifest['parity']>;
}

async function checkExport(
  model: TrainedModel,
  onnx: Uint8Array,
  heldOut: TrainingRows,
  { version, seed }: TrainSetRequest,
): Promise<CheckedExport> {
  const session = await openSession(onnx);
  try {
    const parity = await exportParity(model, session, heldOut.data, version);
    if (!parity.passed) throw new ParityError(`${parityReason(parity)}: the model is not written`);
    const { rows, maxAbsolute, maxRelative } = parity;
    return {
      evaluation: evaluateOutput(await session.run(heldOut.data), heldOut.data, heldOut.target, String(seed)),
      parity: { rows, max_absolute: maxAbsolute, max_relative: maxRelative },
    };
  } finally {
    await session.release();
  }
}

function manifestOf(
  { schema, target }: TrainingSet,
  request: TrainSetRequest,
  { model, settings, rounds, validationLoss }: SizedFit,
  onnx: Uint8Array,
  { evaluation, parity }: CheckedExport,
  rows: Record<'training_rows' | 'holdout_rows', number>,
): Manifest {
  return {
    ...manifestHead({ name: request.name, task: target.task, schema }, request.version, request.now, onnx),
    trainer: {
      kind: model.kind,
      rounds,
      seed: request.seed,
      validation_loss: validationLoss,
      settings: JSON.stringify(settings),
    },
    snapshot: { source: request.source, ...rows },
    metrics: flatMetrics(evaluation),
    importance: trainerOf(model).importance(model),
    parity,
  };
}

/** On some of the rows: a column that gives the target away does so on a few thousand. */
function leaksOf({ data, target }: TrainingSet, { training, heldOut }: RowSplit): readonly LeakSuspect[] {
  const some = (rows: Int32Array) => {
    const step = Math.max(1, Math.ceil(rows.length / LEAK_ROWS));
    const chosen = rows.filter((_, at) => at % step === 0);
    return { data: takeRows(data, chosen), labels: labelsOf(takeTarget(target, chosen)) };
  };
  const [train, held] = [some(training), some(heldOut)];
  const classes = target.task === 'classification' ? target.classes : undefined;
  return leakSuspects(train.data, train.labels, held.data, held.labels, classes);
}

function labelsOf(target: TrainingTarget): (number | string)[] {
  if (target.task === 'regression') return Array.from(target.values);
  return Array.from(target.labels, (label) => target.classes[label]!);
}
