/** Hard checks on the rows a model is about to be trained on. */
import type { ModelSchema } from '../schema/feature-schema.ts';
import type { LabelledRow } from './snapshot.ts';

const maxUnknownLabelShare = 0.1;
const maxMissingRise = 0.15;

/** What makes the rows unfit, in words; none when they are fit. */
export function trainingDataFaults(
  schema: ModelSchema,
  recent: readonly LabelledRow[],
  baseline: readonly LabelledRow[],
  unknownLabelShare: number,
): readonly string[] {
  const faults: string[] = [];
  const distinct = new Set(recent.map((row) => row.label));
  if (distinct.size < 2)
    faults.push(`the label is constant (${[...distinct][0] ?? 'no rows'}): nothing to learn`);
  if (unknownLabelShare > maxUnknownLabelShare)
    faults.push(
      `${percent(unknownLabelShare)} of the labels are none of the model's classes; at most ${percent(maxUnknownLabelShare)} are allowed`,
    );
  for (const feature of schema.features) {
    if (feature.kind === 'id') continue;
    const now = missingShare(recent, feature.name);
    const before = missingShare(baseline, feature.name);
    if (now - before > maxMissingRise)
      faults.push(
        `"${feature.name}" is missing in ${percent(now)} of the recent rows, ${percent(before)} before`,
      );
  }
  return faults;
}

function missingShare(rows: readonly LabelledRow[], feature: string): number {
  if (rows.length === 0) return 0;
  let missing = 0;
  for (const row of rows)
    if (row.features[feature] === null || row.features[feature] === undefined) missing += 1;
  return missing / rows.length;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
