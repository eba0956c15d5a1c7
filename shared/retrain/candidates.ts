/** The candidates of a run: which rows, with which weight, and the fit whose size an inner validation split decides. */

import type { ModelSchema } from '../schema/feature-schema.ts';
import { type FitOptions, fitSized, type SizedFit } from './fit-sized.ts';
import { featuresOf, targetOf } from './labelled-data.ts';
import type { LabelledRow } from './snapshot.ts';
import { trainerOf } from './trainers.ts';
import { type TrainingRows, withoutLoneRows } from './training-rows.ts';

export const candidateNames = ['recent', 'recent_and_weighted_baseline', 'all'] as const;
export type CandidateName = (typeof candidateNames)[number];

export interface CandidateRows {
  /** Since the change point, in order of time. */
  readonly recent: readonly LabelledRow[];
  /** What the champion was trained on, oldest first. */
  readonly baseline: readonly LabelledRow[];
}

export interface Candidate extends SizedFit {
  readonly onnx: Uint8Array;
  readonly rows: number;
}

const validationShare = 0.2;
/** The baseline's newest row weighs this much, its oldest a tenth of it. */
const baselineWeight = 0.3;

/**
 * Fits one candidate twice: with the newest fifth of the recent rows held back, to find its size and a comparable
 * validation loss; then on everything with that size.
 */
export function trainCandidate(
  name: CandidateName,
  schema: ModelSchema,
  rows: CandidateRows,
  metadata: Readonly<Record<string, string>>,
  options: FitOptions = { trainer: 'gbdt', seed: 1 },
): Candidate {
  const cut = Math.ceil(rows.recent.length * (1 - validationShare));
  const validation = trainingRows(schema, rows.recent.slice(cut));
  const inner = assemble(name, schema, { recent: rows.recent.slice(0, cut), baseline: rows.baseline });
  const whole = withoutLoneRows(assemble(name, schema, rows));
  const fit = fitSized(inner, validation, whole, options);
  return { ...fit, onnx: trainerOf(fit.model).toOnnx(fit.model, metadata), rows: whole.data.rows };
}

function trainingRows(schema: ModelSchema, rows: readonly LabelledRow[]): TrainingRows {
  return { data: featuresOf(schema, rows), target: targetOf(schema, rows) };
}

/** Also what a search is made on. */
export function assemble(
  name: CandidateName,
  schema: ModelSchema,
  { recent, baseline }: CandidateRows,
): TrainingRows {
  if (name === 'recent') return trainingRows(schema, recent);
  const rows = [...baseline, ...recent];
  if (name === 'all') return trainingRows(schema, rows);
  const weights = Float32Array.from(rows, (_, at) =>
    at < baseline.length ? baselineWeight * (0.1 + 0.9 * (at / baseline.length)) : 1,
  );
  return { ...trainingRows(schema, rows), weights };
}
