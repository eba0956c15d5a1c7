/** Feed → archive rows and one profile partial per granule. Throws on IO only; what cannot be read goes to quarantine. */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { parseStreamRecord } from '#shared/aws/stream-record.ts';
import {
  type ArchiveRow,
  deduplicate,
  encodeRows,
  type LabelRow,
  readArchiveFile,
} from '#shared/capture/archive.ts';
import { buildPartial, encodePartial } from '#shared/capture/partial.ts';
import { readGranuleCursor } from '#shared/capture/rollup.ts';
import { readSegmentColumns } from '#shared/capture/segment-columns.ts';
import type { Deps } from '#shared/deps.ts';
import type { PredictionRecord } from '#shared/log/prediction-log.ts';
import { createAnchorsCache } from '#shared/registry/baseline.ts';
import { objectKeys, predictionKey, shortHash } from '#shared/registry/keys.ts';
import { type Batch, type Captured, groupBatches, readRow } from './group.ts';
import { countLate, lateName } from './late.ts';

type Answered = Pick<PredictionRecord, 'version' | 'at' | 'answer'>;

export function createCaptureHandler(deps: Deps): (event: DynamoDBStreamEvent) => Promise<void> {
  const anchorsOf = createAnchorsCache(deps);
  return async (event) => {
    const blob = shortHash(event.Records[0]?.eventID ?? deps.newId());
    const { captured, unreadable } = readRecords(event);
    if (unreadable.length > 0) await quarantine(blob, unreadable);
    const answered = answersIn(captured);
    for (const batch of groupBatches(captured, deps.settings.GRANULE_MS))
      await capture(batch, answered, blob);
  };

  async function quarantine(blob: string, unreadable: readonly Unreadable[]): Promise<void> {
    const key = objectKeys.quarantine(blob);
    await deps.objects.put(key, Buffer.from(JSON.stringify(unreadable)));
    deps.measure('QuarantinedRecords', unreadable.length);
    deps.log('error', 'records of the stream cannot be read; they are in quarantine', {
      key,
      records: unreadable.length,
    });
  }

  async function capture(batch: Batch, answered: ReadonlyMap<string, Answered>, blob: string): Promise<void> {
    const { model, granule } = batch;
    const delivered = await Promise.all(
      batch.rows.map((row) => (row.kind === 'label' ? joinLabel(model, row, answered) : row)),
    );
    const key = objectKeys.archive(model, granule, blob);
    // a batch delivered again starts with the same record and may be longer or shorter: nothing is lost, nothing stands twice
    const before = await readArchiveFile(deps, key);
    const rows = deduplicate([...before, ...delivered]);
    await deps.objects.put(key, await encodeRows(rows));
    const { next } = await readGranuleCursor(deps, model);
    if (granule < next) {
      const late = await countLate(deps, { model, granule, blob, rows, next });
      if (late.late) deps.measure('LateRows', late.late);
      const partial = await buildPartial({ model, rows: [], ...late }, anchorsOf);
      const key = objectKeys.partial(model, partial.granule, lateName(blob, granule));
      await deps.objects.put(key, await encodePartial(partial));
      return;
    }
    const segments = await readSegmentColumns(deps, model);
    const partial = await buildPartial({ model, granule, rows, segments }, anchorsOf);
    await deps.objects.put(objectKeys.partial(model, granule, blob), await encodePartial(partial));
  }

  async function joinLabel(
    model: string,
    row: LabelRow,
    answered: ReadonlyMap<string, Answered>,
  ): Promise<ArchiveRow> {
    const found =
      answered.get(`${model}#${row.id}`) ??
      ((await deps.predictions.get(predictionKey(model, row.id)))?.value as unknown as Answered | undefined);
    if (!found) return row;
    return { ...row, prediction: { version: found.version, at: found.at, answer: found.answer } };
  }
}

interface Unreadable {
  readonly error: string;
  readonly record: unknown;
}

function readRecords(event: DynamoDBStreamEvent): { captured: Captured[]; unreadable: Unreadable[] } {
  const captured: Captured[] = [];
  const unreadable: Unreadable[] = [];
  for (const raw of event.Records) {
    try {
      const record = parseStreamRecord(raw);
      // only expiry removes items, and an expired item was captured when it was put
      const read = record.kind === 'put' ? readRow(record) : undefined;
      if (read) captured.push(read);
    } catch (error) {
      unreadable.push({ error: String(error), record: raw });
    }
  }
  return { captured, unreadable };
}

function answersIn(captured: readonly Captured[]): Map<string, Answered> {
  const found = new Map<string, Answered>();
  for (const { model, row } of captured) if (row.kind === 'prediction') found.set(`${model}#${row.id}`, row);
  return found;
}
