/** The rows beside an uploaded model: read from what was sent, bounded, checked against the schema. */
import { InvalidDataError } from '../errors.ts';
import { presenceOf } from '../privacy/presence.ts';
import { MAX_BASELINE_ROWS } from '../registry/upload.ts';
import type { AnsweredRow } from '../retrain/version-files.ts';
import { checkRow } from '../schema/check-row.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { labelOf, lineName, parseLine, readLines, timeOf } from './baseline-lines.ts';

/**
 * Reads lines of `{"features": {…}, "label": …, "at": …}`; `label` and `at` (Unix milliseconds) may be absent. Of a pii feature a line says
 * `true` (it was there) or null.
 *
 * @throws InvalidDataError with the line and what is wrong with it, or when there are too few or too many
 */
export async function readBaselineRows(schema: ModelSchema, bytes: Uint8Array): Promise<AnsweredRow[]> {
  const lines = await readLines(bytes, MAX_BASELINE_ROWS, 'rows');
  return lines.map((line, at) => readLine(schema, line, at));
}

function readLine(schema: ModelSchema, line: string, at: number): AnsweredRow {
  const row = parseLine(schema, line, at);
  const checked = checkRow(schema, row.features, '/features');
  if (!checked.ok) {
    const [fault] = checked.faults;
    throw new InvalidDataError(`${lineName(at)}: ${fault?.pointer}: ${fault?.detail}`);
  }
  return {
    at: timeOf(row.at, at),
    features: presenceOf(schema, checked.row),
    ...labelOf(schema, row.label, at),
  };
}
