/** What a model says of the rows of its baseline, and whether that can be an answer. */
import { InvalidDataError } from '../errors.ts';
import type { Answer } from '../log/prediction-log.ts';
import { answersOf } from '../onnx/answers.ts';
import type { ServingPlan } from '../onnx/foreign.ts';
import { type OnnxOutput, openSession } from '../onnx/session.ts';
import { checkOutput } from '../onnx/session-check.ts';
import type { AnsweredRow } from '../retrain/version-files.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { rowsToColumns } from '../schema/rows.ts';
import { readBaselineRows } from './baseline-rows.ts';

/** A baseline with the model's answers, one per row. */
export interface Tried {
  readonly rows: readonly AnsweredRow[];
  readonly answers: readonly Answer[];
  readonly notes: readonly string[];
}

/** Rows whose answers are looked at before all of them are asked for. */
const TRIAL_ROWS = 2000;

/**
 * A few rows first: what is wrong with those is said before many are run.
 *
 * @throws InvalidDataError for rows that do not fit the schema, or answers that are none; OnnxModelError when it cannot run
 */
export async function tryRows(schema: ModelSchema, plan: ServingPlan, baseline: Uint8Array): Promise<Tried> {
  const rows = await readBaselineRows(schema, baseline);
  const columns = (some: readonly AnsweredRow[]) =>
    rowsToColumns(
      schema,
      some.map(({ features }) => features),
    );
  const session = await openSession(plan.onnx, plan.serving);
  const sane = async (some: readonly AnsweredRow[]) => {
    const output = await session.run(columns(some));
    assertSane(schema, plan, output);
    return output;
  };
  try {
    const tried = await sane(rows.slice(0, TRIAL_ROWS));
    const answers = answersOf(schema, rows.length <= TRIAL_ROWS ? tried : await sane(rows));
    return { rows, answers, notes: [] };
  } finally {
    await session.release();
  }
}

/** Throws {@link InvalidDataError} for answers that no model of the schema gives. */
export function assertSane({ target }: ModelSchema, plan: ServingPlan, output: OnnxOutput): void {
  const classes = plan.serving.label === undefined ? undefined : plan.classes;
  const fault = checkOutput(output, target.classes?.length, classes);
  if (fault !== undefined) throw new InvalidDataError(`the answers to the baseline are not sane: ${fault}`);
}
