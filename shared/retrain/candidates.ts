/** The candidates of a run: which rows, with which weight, and the fit whose size an inner validation split decides. */

import type { TrainingTarget } from '#shared/training/training-target.ts';
import { exportGbdt } from '../onnx/export-gbdt.ts';
import type { Columns } from '../schema/columns.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { fitGbdt, type GbdtModel, type GbdtOptions, predictGbdt } from '../training/gbdt.ts';
import { featuresOf, targetOf } from './labelled-data.ts';
import type { LabelledRow } from './snapshot.ts';

export const candidateNames = ['recent', 'recent_and_weighted_baseline', 'all'] as const;
export type CandidateName = (typeof candidateNames)[number];

export interface TrainingRows {
  /** Since the change point, in order of time. */
  readonly recent: readonly LabelledRow[];
  /** What the champion was trained on, oldest first. */
  readonly baseline: readonly LabelledRow[];
}

export interface Candidate {
  readonly model: GbdtModel;
  readonly onnx: Uint8Array;
  readonly rows: number;
  readonly rounds: number;
  /** Mean loss (squared error, or cross-entropy) on the newest recent rows, which this fit had not seen. */
  readonly validationLoss: number;
}

const validationShare = 0.2;
const maxRounds = 200;
/** The baseline's newest row weighs this much, its oldest a tenth of it. */
const baselineWeight = 0.3;

/**
 * Fits one candidate twice: with the newest fifth of the recent rows held back, to find the number of rounds and a comparable
 * validation loss; then on everything with that number of rounds.
 */
export function trainCandidate(
  name: CandidateName,
  schema: ModelSchema,
  rows: TrainingRows,
  metadata: Readonly<Record<string, string>>,
): Candidate {
  const cut = Math.ceil(rows.recent.length * (1 - validationShare));
  const validation = rows.recent.slice(cut);
  const inner = assemble(name, { recent: rows.recent.slice(0, cut), baseline: rows.baseline });
  const probe = fitRows(schema, inner, {
    rounds: maxRounds,
    earlyStoppingRounds: 15,
    validation: { data: featuresOf(schema, validation), target: targetOf(schema, validation) },
  });
  const rounds = Math.max(1, probe.trees.length / probe.baseValues.length);
  const whole = assemble(name, rows);
  const model = fitRows(schema, whole, { rounds });
  return {
    model,
    onnx: exportGbdt(model, metadata),
    rows: whole.rows.length,
    rounds,
    validationLoss: meanLoss(probe, featuresOf(schema, validation), targetOf(schema, validation)),
  };
}

interface Weighted {
  readonly rows: readonly LabelledRow[];
  readonly weights?: Float32Array;
}

function assemble(name: CandidateName, { recent, baseline }: TrainingRows): Weighted {
  if (name === 'recent') return { rows: recent };
  const rows = [...baseline, ...recent];
  if (name === 'all') return { rows };
  const weights = Float32Array.from(rows, (_, at) =>
    at < baseline.length ? baselineWeight * (0.1 + 0.9 * (at / baseline.length)) : 1,
  );
  return { rows, weights };
}

function fitRows(schema: ModelSchema, { rows, weights }: Weighted, options: GbdtOptions): GbdtModel {
  return fitGbdt(featuresOf(schema, rows), targetOf(schema, rows), {
    ...options,
    ...treeSize(rows.length),
    ...(weights ? { weights } : {}),
  });
}

/** Leaves of 20 rows are right for thousands of rows and too coarse for a few hundred. */
function treeSize(rows: number): GbdtOptions {
  return {
    minRowsPerLeaf: Math.min(20, Math.max(3, Math.round(rows / 200))),
    maxLeaves: rows < 1000 ? 15 : 31,
  };
}

function meanLoss(model: GbdtModel, data: Columns, target: TrainingTarget): number {
  const outputs = predictGbdt(model, data);
  let sum = 0;
  for (let row = 0; row < data.rows; row++) {
    if (target.task === 'regression') sum += (outputs[row]! - target.values[row]!) ** 2;
    else sum -= Math.log(Math.max(outputs[row * target.classes.length + target.labels[row]!]!, 1e-7));
  }
  return sum / Math.max(1, data.rows);
}
