/** The rows of a retrain run, judged: what forbids to learn from them, and what is only told. */
import { checkTrainingData } from '../quality/training-checks.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { LabelledRow } from './snapshot.ts';

/** A run's rows as its snapshot froze them. */
interface SnapshotRows {
  readonly recent: readonly LabelledRow[];
  readonly baseline: readonly LabelledRow[];
  /** Labels that came for matured rows, and how many of them are none of the model's. */
  readonly labelled: number;
  readonly unknownLabels: number;
}

/** In words; no problems when the rows are fit. */
export function judgeTrainingData(
  schema: ModelSchema,
  { recent, baseline, labelled, unknownLabels }: SnapshotRows,
): { readonly problems: readonly string[]; readonly warnings: readonly string[] } {
  const findings = checkTrainingData({
    schema,
    rows: recent,
    baseline,
    unknownLabels: { hits: unknownLabels, rows: labelled },
  });
  const messages = (wanted: 'hard' | 'soft') =>
    findings.filter(({ severity }) => severity === wanted).map(({ message }) => message);
  return { problems: messages('hard'), warnings: messages('soft') };
}
