/** Stream records sorted into one batch per (model, granule of stream time). */
import type { StreamRecord } from '#shared/aws/stream-record.ts';
import type { ArchiveRow } from '#shared/capture/archive.ts';
import type { LabelRecord, OutcomeRecord, PredictionRecord } from '#shared/log/prediction-log.ts';

export interface Batch {
  readonly model: string;
  readonly granule: number;
  readonly rows: ArchiveRow[];
  readonly outcomes: Record<string, number>;
}

type Put = StreamRecord & { readonly kind: 'put' };

/** Items of other kinds are not ours to archive and are passed over. */
export function groupBatches(records: readonly Put[], granuleMs: number): Batch[] {
  const batches = new Map<string, Batch>();
  for (const record of records) {
    const granule = Math.floor(record.streamTimeMs / granuleMs) * granuleMs;
    const { model } = record.value as { model?: unknown };
    if (typeof model !== 'string') continue;
    const key = `${granule}#${model}`;
    const batch = batches.get(key) ?? { model, granule, rows: [], outcomes: {} };
    batches.set(key, batch);
    addTo(batch, record);
  }
  return [...batches.values()];
}

function addTo(batch: Batch, record: Put): void {
  if (record.key.sk === 'prediction') {
    const value = record.value as unknown as PredictionRecord;
    const { request_id: id, version, at, features, context, answer } = value;
    batch.rows.push({ kind: 'prediction', id, version, at, features, context, answer });
  } else if (record.key.sk === 'label') {
    const { request_id: id, label, labelled_at } = record.value as unknown as LabelRecord;
    batch.rows.push({ kind: 'label', id, label, labelled_at });
  } else if (record.key.sk === 'outcome') {
    const status = String((record.value as unknown as OutcomeRecord).status);
    batch.outcomes[status] = (batch.outcomes[status] ?? 0) + 1;
  }
}
