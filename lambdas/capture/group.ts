/** Stream records read into rows, and rows sorted into one batch per (model, granule of stream time). */
import * as z from 'zod';
import { type StreamRecord, UnreadableStreamRecordError } from '#shared/aws/stream-record.ts';
import type { ArchiveRow } from '#shared/capture/archive.ts';
import type { Answer } from '#shared/log/prediction-log.ts';
import { modelNameSchema } from '#shared/registry/model.ts';

export interface Captured {
  readonly model: string;
  readonly streamTimeMs: number;
  readonly row: ArchiveRow;
}

export interface Batch {
  readonly model: string;
  readonly granule: number;
  readonly rows: ArchiveRow[];
}

type Put = StreamRecord & { readonly kind: 'put' };

const idSchema = z.string().min(1);

const predictionSchema = z.object({
  model: modelNameSchema,
  version: z.string().regex(/^[A-Za-z0-9=._:-]+$/),
  request_id: idSchema,
  at: z.number(),
  features: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  context: z.record(z.string(), z.number()).default({}),
  duration_ms: z.number().nonnegative().optional(),
  answer: z.union([
    z.looseObject({ prediction: z.unknown() }),
    z.looseObject({ predicted_class: z.string() }),
  ]),
});

const labelSchema = z.object({
  model: modelNameSchema,
  request_id: idSchema,
  label: z.union([z.number(), z.string()]),
  labelled_at: z.number(),
});

const outcomeSchema = z.object({
  model: modelNameSchema,
  at: z.number(),
  status: z.number(),
  count: z.number().int().positive().optional(),
});

/** Items of other kinds are not ours to archive: undefined. Throws {@link UnreadableStreamRecordError} when one is not what its key says. */
export function readRow(record: Put): Captured | undefined {
  const { key, streamTimeMs } = record;
  if (key.sk === 'prediction') {
    const { model, request_id: id, answer, ...rest } = parsed(predictionSchema, record);
    return { model, streamTimeMs, row: { kind: 'prediction', id, ...rest, answer: answer as Answer } };
  }
  if (key.sk === 'label') {
    const { model, request_id: id, ...rest } = parsed(labelSchema, record);
    return { model, streamTimeMs, row: { kind: 'label', id, ...rest } };
  }
  if (key.sk === 'outcome') {
    const { model, ...rest } = parsed(outcomeSchema, record);
    return { model, streamTimeMs, row: { kind: 'outcome', id: key.pk.slice(model.length + 1), ...rest } };
  }
  return undefined;
}

function parsed<Schema extends z.ZodType>(schema: Schema, { eventId, key, value }: Put): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UnreadableStreamRecordError(
    `stream record ${JSON.stringify(eventId)}: not a ${key.sk}: ${z.prettifyError(result.error)}`,
  );
}

export function groupBatches(captured: readonly Captured[], granuleMs: number): Batch[] {
  const batches = new Map<string, Batch>();
  for (const { model, streamTimeMs, row } of captured) {
    const granule = Math.floor(streamTimeMs / granuleMs) * granuleMs;
    const key = `${granule}#${model}`;
    const batch = batches.get(key) ?? { model, granule, rows: [] };
    batches.set(key, batch);
    batch.rows.push(row);
  }
  return [...batches.values()];
}
