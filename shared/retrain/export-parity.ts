/** The gate of every export: whether a session answers as the trainer does, on rows made to show where it would not. */
import type { OnnxSession } from '../onnx/session.ts';
import { seedFrom } from '../random.ts';
import type { Columns } from '../schema/columns.ts';
import { compareParity, type Parity, parityRows } from '../training/parity.ts';
import { scoresOf } from './evaluate-output.ts';
import { type TrainedModel, trainerOf } from './trainers.ts';

/** @param seed decides which rows are changed to probe splits */
export async function exportParity(
  model: TrainedModel,
  session: OnnxSession,
  heldOut: Columns,
  seed: string,
): Promise<Parity> {
  const { task, classes } = model;
  const rows = parityRows(model, heldOut, seedFrom(seed));
  const expected = trainerOf(model).predict(model, rows);
  const output = await session.run(rows);
  return compareParity(expected, scoresOf(output), {
    task,
    outputs: Math.max(1, classes.length),
    ...(output.task === 'classification' ? { labels: { actual: output.labels, classes } } : {}),
  });
}

/** Why a model that did not pass is not written. */
export function parityReason({ maxAbsolute, worstRow, rows, labelDifferences }: Parity): string {
  const labels = labelDifferences > 0 ? `, and name another class in ${labelDifferences} rows` : '';
  return `onnxruntime and the trainer differ by ${maxAbsolute} at row ${worstRow} of ${rows}${labels}`;
}
