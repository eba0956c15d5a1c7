/** Second step: freeze the rows of the run. Training and holdout are files from here on, so every later step sees the same. */
import { type ArchiveRow, encodeRows, readArchive } from '#shared/capture/archive.ts';
import type { Deps } from '#shared/deps.ts';
import { queryAll } from '#shared/ports/query-all.ts';
import { objectKeys, shortHash, stateKeys } from '#shared/registry/keys.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { readPointer, resolveModel } from '#shared/registry/registry.ts';
import { candidateNames } from '#shared/retrain/candidates.ts';
import { readLabelled } from '#shared/retrain/labelled-data.ts';
import { representativeness } from '#shared/retrain/representative.ts';
import { type RunRequest, runRequestSchema } from '#shared/retrain/request.ts';
import { searchFolds } from '#shared/retrain/search.ts';
import {
  featureHashes,
  inputsHash,
  type Joined,
  joinLabels,
  type LabelledRow,
  splitByTime,
  withoutFeaturesOf,
} from '#shared/retrain/snapshot.ts';
import type { Settings } from '#shared/settings.ts';

export interface SnapshotEvent {
  readonly execution: string;
  readonly model: string;
  readonly request: unknown;
  readonly champion: string;
  readonly ingested: { readonly status: 'none' } | { readonly status: 'ingested'; readonly key: string };
}

const maxBaselineRows = 50_000;
const minTrainingRows = 30;

export function createSnapshotHandler(deps: Deps) {
  return async ({ execution, model: name, request: given, champion, ingested }: SnapshotEvent) => {
    const model = await resolveModel(deps, name);
    const changePoint = await changePointOf(deps, model, runRequestSchema.parse(given));
    const now = deps.now();
    const joined =
      ingested.status === 'ingested'
        ? fromSource(await readLabelled(deps, ingested.key))
        : joinLabels(await archivedRows(deps, model, changePoint, now), now, model.retrain.maturity_ms);
    const usable = joined.labelled.filter((row) => isKnownLabel(model, row)).slice(-model.retrain.max_rows);
    const split = splitByTime(usable, await spentThrough(deps, model.name), inputsHash(model.schema));
    const facts = {
      change_point: changePoint,
      labelled: joined.labelled.length,
      unlabelled: joined.unlabelled.length,
      immature: joined.immature,
      maturity_ms: joined.maturityMs,
      unknown_labels:
        joined.labelled.length - joined.labelled.filter((row) => isKnownLabel(model, row)).length,
      training_rows: split.training.length,
      holdout_rows: split.holdout.length,
      overlapping_dropped: split.overlapping,
    };
    if (split.holdout.length < model.retrain.min_holdout_rows || split.training.length < minTrainingRows)
      return {
        status: 'insufficient_labels',
        reason: `${split.holdout.length} rows are left to hold out and ${split.training.length} to train on; at least ${model.retrain.min_holdout_rows} and ${minTrainingRows} are needed`,
        ...facts,
      };
    const baseline = await baselineRows(deps, model, champion, split.holdout);
    const key = (file: string) => objectKeys.run(model.name, execution, file);
    const inputs = { recent: await encodeRows(split.training), baseline: await encodeRows(baseline) };
    await deps.objects.put(key('train/recent.ndjson.gz'), inputs.recent);
    await deps.objects.put(key('train/baseline.ndjson.gz'), inputs.baseline);
    await deps.objects.put(key('train/model.json'), Buffer.from(JSON.stringify(model)));
    await deps.objects.put(key('holdout.ndjson.gz'), await encodeRows(split.holdout));
    return {
      status: 'ready',
      ...facts,
      ...(ingested.status === 'ingested' ? asSourced : representativeness(model, joined)),
      place: placeOf(
        deps.settings,
        split.training.length + baseline.length,
        inputs.recent.length + inputs.baseline.length,
      ),
      job: {
        name: `tidemark-${shortHash(execution)}`,
        input: key('train/'),
        output: key('job'),
      },
      folds: foldsOf(model.retrain.search_folds, split.training.length),
      champion,
      baseline_rows: baseline.length,
      holdout_through: split.holdout.reduce((newest, row) => Math.max(newest, row.at), 0),
      recent: key('train/recent.ndjson.gz'),
      holdout: key('holdout.ndjson.gz'),
      baseline: key('train/baseline.ndjson.gz'),
      candidates: candidateNames.map((candidate) => ({ name: candidate })),
    };
  };
}

/** Rows of a source are as old and as labelled as whoever made it decided. */
function fromSource(labelled: readonly LabelledRow[]): Joined {
  return { labelled, unlabelled: [], maturityMs: 0, immature: 0 };
}

const asSourced = {
  coverage: 1,
  labels_representative: true,
  labels_reason: 'the rows come from the source that the policy names',
};

function placeOf(settings: Settings, rows: number, bytes: number): 'function' | 'container' {
  if (settings.TRAIN_CONTAINER === 'none') return 'function';
  const isLarge = rows > settings.TRAIN_FUNCTION_MAX_ROWS || bytes > settings.TRAIN_FUNCTION_MAX_BYTES;
  return isLarge ? 'container' : 'function';
}

function foldsOf(wanted: number, rows: number): { readonly at: number; readonly of: number }[] {
  const folds = searchFolds(wanted, rows);
  return Array.from({ length: folds }, (_, at) => ({ at, of: folds }));
}

async function changePointOf(deps: Deps, model: ModelRecord, request: RunRequest): Promise<number> {
  if (request.change_point !== undefined) return request.change_point;
  return (await readPointer(deps, model.name))?.change.at ?? 0;
}

/** Predictions of quarantined windows never train anything; labels that came in them belong to whatever they answer. */
async function archivedRows(deps: Deps, model: ModelRecord, from: number, to: number): Promise<ArchiveRow[]> {
  const quarantined: { readonly start: number; readonly end: number }[] = [];
  for await (const item of queryAll(deps.state, stateKeys.of(model.name), { prefix: 'quarantine#' }))
    quarantined.push(item.value as { start: number; end: number });
  const rows: ArchiveRow[] = [];
  // a champion begins to serve within a granule, so its first rows are chosen by their own time
  for await (const file of readArchive(deps, model.name, from - deps.settings.GRANULE_MS, to)) {
    const isBad = quarantined.some(({ start, end }) => file.granule >= start && file.granule < end);
    for (const row of file.rows)
      if (row.kind === 'label' || (row.kind === 'prediction' && row.at >= from && !isBad)) rows.push(row);
  }
  return rows;
}

function isKnownLabel(model: ModelRecord, row: LabelledRow): boolean {
  const { classes } = model.schema.target;
  return classes ? classes.includes(String(row.label)) : Number.isFinite(Number(row.label));
}

/** Time of the newest row that an earlier decision was made on: one look per decision. */
async function spentThrough(deps: Deps, model: string): Promise<number> {
  const item = await deps.state.get(stateKeys.spent(model));
  return item ? (item.value as { through: number }).through : Number.NEGATIVE_INFINITY;
}

async function baselineRows(
  deps: Deps,
  { name, schema }: ModelRecord,
  champion: string,
  holdout: readonly LabelledRow[],
): Promise<readonly LabelledRow[]> {
  const rows = await readLabelled(deps, objectKeys.version(name, champion, 'train.ndjson.gz'));
  const hashOf = inputsHash(schema);
  return withoutFeaturesOf(rows.slice(-maxBaselineRows), featureHashes(holdout, hashOf), hashOf);
}
