/** Feed → archive rows and one profile partial per granule. Throws on IO only; what cannot be read goes to quarantine. */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { parseStreamRecord, type StreamRecord } from '#shared/aws/stream-record.ts';
import { type ArchiveRow, encodeRows } from '#shared/capture/archive.ts';
import { buildPartial, encodePartial } from '#shared/capture/partial.ts';
import { readGranuleCursor } from '#shared/capture/rollup.ts';
import type { Deps } from '#shared/deps.ts';
import type { PredictionRecord } from '#shared/log/prediction-log.ts';
import { createAnchorsCache } from '#shared/registry/baseline.ts';
import { objectKeys, predictionKey, shortHash } from '#shared/registry/keys.ts';
import { type Batch, groupBatches } from './group.ts';

export function createCaptureHandler(deps: Deps): (event: DynamoDBStreamEvent) => Promise<void> {
  const anchorsOf = createAnchorsCache(deps);
  return async (event) => {
    const blob = shortHash(event.Records[0]?.eventID ?? deps.newId());
    const { records, unreadable } = readRecords(event);
    if (unreadable.length > 0)
      await deps.objects.put(objectKeys.quarantine(blob), Buffer.from(JSON.stringify(unreadable)));
    const batches = groupBatches(records, deps.settings.GRANULE_MS);
    const answers = answersIn(records);
    for (const batch of batches) await capture(batch, answers, blob);
  };

  async function capture(
    batch: Batch,
    answers: ReadonlyMap<string, PredictionRecord>,
    blob: string,
  ): Promise<void> {
    const rows = await Promise.all(
      batch.rows.map((row) => (row.kind === 'prediction' ? row : joinLabel(batch.model, row, answers))),
    );
    const { model, granule, outcomes } = batch;
    if (rows.length > 0)
      await deps.objects.put(objectKeys.archive(model, granule, blob), await encodeRows(rows));
    const isLate = await hasClosed(model, granule);
    const partial = isLate
      ? await buildPartial(
          { model, granule: await openGranule(), rows: [], outcomes, late: rows.length },
          anchorsOf,
        )
      : await buildPartial({ model, granule, rows, outcomes }, anchorsOf);
    const name = isLate ? `${blob}-late-${granule}` : blob;
    await deps.objects.put(objectKeys.partial(model, partial.granule, name), await encodePartial(partial));
  }

  async function joinLabel(
    model: string,
    row: Extract<ArchiveRow, { kind: 'label' }>,
    answers: ReadonlyMap<string, PredictionRecord>,
  ): Promise<ArchiveRow> {
    const found =
      answers.get(`${model}#${row.id}`) ??
      ((await deps.predictions.get(predictionKey(model, row.id)))?.value as unknown as
        | PredictionRecord
        | undefined);
    if (!found) return row;
    return { ...row, prediction: { version: found.version, at: found.at, answer: found.answer } };
  }

  async function hasClosed(model: string, granule: number): Promise<boolean> {
    return granule < (await readGranuleCursor(deps, model)).next;
  }

  /** Counted where it can still be seen: the granule of now. */
  async function openGranule(): Promise<number> {
    return Math.floor(deps.now() / deps.settings.GRANULE_MS) * deps.settings.GRANULE_MS;
  }
}

type ReadRecord = StreamRecord & { readonly kind: 'put' };

function readRecords(event: DynamoDBStreamEvent): { records: ReadRecord[]; unreadable: unknown[] } {
  const records: ReadRecord[] = [];
  const unreadable: unknown[] = [];
  for (const raw of event.Records) {
    try {
      const record = parseStreamRecord(raw);
      // only expiry removes items, and an expired item was captured when it was put
      if (record.kind === 'put') records.push(record);
    } catch (error) {
      unreadable.push({ error: String(error), record: raw });
    }
  }
  return { records, unreadable };
}

function answersIn(records: readonly ReadRecord[]): Map<string, PredictionRecord> {
  const found = new Map<string, PredictionRecord>();
  for (const record of records)
    if (record.key.sk === 'prediction') found.set(record.key.pk, record.value as unknown as PredictionRecord);
  return found;
}
