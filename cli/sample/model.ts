/** The sample model of `npm start`: gem prices, judged every half minute so that there is something to see. */
import { modelRecordSchema } from '#shared/registry/model.ts';
import type { LabelledRow } from '#shared/retrain/snapshot.ts';
import { parseCsv } from '#shared/schema/csv.ts';
import { inferRows, type LabelledRows } from '#shared/schema/infer.ts';
import { registerFirstVersion } from '../first-version.ts';
import { gemsCsv } from './gems.ts';

export const sampleName = 'gems';
const modelSeed = 11;
const trafficSeed = 12;

export async function registerSample(dataDir: string): Promise<void> {
  const data = gems(4000, modelSeed);
  const rows = labelledRows(data);
  const cut = Math.floor(rows.length * 0.7);
  await registerFirstVersion(dataDir, {
    record: modelRecordSchema.parse({
      name: sampleName,
      task: data.task,
      schema: data.schema,
      monitor: { window_ms: 30_000 },
      retrain: {},
      created_at: new Date().toISOString(),
    }),
    training: rows.slice(0, cut),
    holdout: rows.slice(cut),
    source: 'generated gem sales',
    now: Date.now(),
  });
}

/** Rows the model has not seen. */
export function sampleRows(): readonly LabelledRow[] {
  return labelledRows(gems(4000, trafficSeed));
}

function gems(rows: number, seed: number): LabelledRows {
  return inferRows(parseCsv(gemsCsv(rows, seed)), { target: 'price' });
}

/** Rows of a file in the trainer's form; they have no time of their own, so their order is their time. */
export function labelledRows(data: LabelledRows): LabelledRow[] {
  return data.rows.map((features, at) => ({
    id: `row-${data.sources[at]}`,
    at,
    features,
    label: data.labels[at]!,
  }));
}
