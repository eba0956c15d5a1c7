/** Archived rows: NDJSON.gz under Hive keys, one file per (model, granule, batch). The table forgets; the archive does not. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Deps } from '../deps.ts';
import type { Answer } from '../log/prediction-log.ts';
import type { ObjectSummary } from '../ports/objects.ts';
import { readAhead } from '../read-ahead.ts';
import { objectKeys, timeKey } from '../registry/keys.ts';
import type { FeatureRow } from '../schema/rows.ts';

export interface PredictionRow {
  readonly kind: 'prediction';
  readonly id: string;
  readonly version: string;
  readonly at: number;
  readonly features: FeatureRow;
  readonly context: Readonly<Record<string, number>>;
  readonly answer: Answer;
  /** Of the handler; absent from what was served elsewhere, or before it was kept. */
  readonly duration_ms?: number | undefined;
}

export interface LabelRow {
  readonly kind: 'label';
  readonly id: string;
  readonly label: number | string;
  readonly labelled_at: number;
  /** The prediction it belongs to, when that was already there. */
  readonly prediction?: { readonly version: string; readonly at: number; readonly answer: Answer };
}

/** A request that was refused or failed; in the archive so that a second delivery is counted once. */
interface OutcomeRow {
  readonly kind: 'outcome';
  readonly id: string;
  readonly at: number;
  readonly status: number;
  /** Requests it stands for; one unless told. */
  readonly count?: number | undefined;
}

export type ArchiveRow = PredictionRow | LabelRow | OutcomeRow;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

export async function encodeRows(rows: readonly unknown[]): Promise<Uint8Array> {
  return compress(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { level: 4 });
}

export async function decodeRows<Row>(bytes: Uint8Array): Promise<Row[]> {
  const text = (await decompress(bytes)).toString('utf8');
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
}

/**
 * Every archived row of one granule, as often as it was delivered, file by file.
 *
 * @param choose which of its files are read; all unless told
 */
export async function* readGranuleFiles(
  deps: Pick<Deps, 'objects'>,
  model: string,
  granule: number,
  choose: (files: readonly ObjectSummary[]) => readonly ObjectSummary[] = (files) => files,
): AsyncGenerator<readonly ArchiveRow[]> {
  const files = await deps.objects.list(`${objectKeys.archiveHour(model, granule)}${timeKey(granule)}-`);
  yield* readAhead(choose(files), filesAhead, ({ key }) => readArchiveFile(deps, key));
}

/** Of a thousand rows each; enough to hide the store's latency behind the reading of them. */
const filesAhead = 4;

/** The rows of one file; none when it is not there. */
export async function readArchiveFile(deps: Pick<Deps, 'objects'>, key: string): Promise<ArchiveRow[]> {
  const bytes = await deps.objects.get(key);
  return bytes ? decodeRows<ArchiveRow>(bytes) : [];
}

/** Rows whose granule starts within [fromMs, toMs), oldest file first; each with the granule it stands in. */
export async function* readArchive(
  deps: Pick<Deps, 'objects'>,
  model: string,
  fromMs: number,
  toMs: number,
): AsyncGenerator<{ readonly granule: number; readonly rows: readonly ArchiveRow[] }> {
  const prefix = objectKeys.archiveOf(model);
  let startAfter = objectKeys.archiveHour(model, Math.max(0, fromMs));
  for (;;) {
    const files = await deps.objects.list(prefix, { limit: pageFiles, startAfter });
    for (const { key } of files) {
      const granule = Number(key.slice(key.lastIndexOf('/') + 1).split('-')[0]);
      // keys are in order of time, so nothing after this one is wanted
      if (granule >= toMs) return;
      if (granule >= fromMs) yield { granule, rows: await readArchiveFile(deps, key) };
    }
    if (files.length < pageFiles) return;
    startAfter = files.at(-1)!.key;
  }
}

const pageFiles = 1000;

/** One row per (kind, id): the first prediction, the latest label (of one delivered twice, that which found its prediction). */
export function deduplicate(rows: readonly ArchiveRow[]): ArchiveRow[] {
  const kept = new Map<string, ArchiveRow>();
  for (const row of rows) {
    const key = `${row.kind}#${row.id}`;
    const before = kept.get(key);
    if (!before || (before.kind === 'label' && row.kind === 'label' && isBetterLabel(row, before)))
      kept.set(key, row);
  }
  return [...kept.values()];
}

/**
 * What {@link deduplicate} keeps, for more rows than memory holds: predictions and outcomes with the file in which they are first,
 * then the labels. Of what has passed it remembers keys, and whole rows of labels only.
 */
export async function* uniqueRows(
  files: AsyncIterable<readonly ArchiveRow[]>,
): AsyncGenerator<readonly ArchiveRow[]> {
  const seen = new Set<string>();
  const labels = new Map<string, LabelRow>();
  for await (const rows of files) {
    const first: ArchiveRow[] = [];
    for (const row of rows) {
      if (row.kind === 'label') {
        const before = labels.get(row.id);
        if (!before || isBetterLabel(row, before)) labels.set(row.id, row);
        continue;
      }
      const key = `${row.kind}#${row.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      first.push(row);
    }
    yield first;
  }
  yield [...labels.values()];
}

function isBetterLabel(row: LabelRow, than: LabelRow): boolean {
  if (row.labelled_at !== than.labelled_at) return row.labelled_at > than.labelled_at;
  return than.prediction === undefined && row.prediction !== undefined;
}
