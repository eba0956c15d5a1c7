/** Due windows → contributions of a sample of their rows, before the monitor is told: only for versions whose trees are stored. */
import { decodeRows, readGranuleFiles, uniqueRows } from '../capture/archive.ts';
import type { GranuleIndex } from '../capture/rollup.ts';
import type { Deps } from '../deps.ts';
import { type AttributionSample, MIN_EXPLAINED_ROWS } from '../explain/attribution-drift.ts';
import { evenly } from '../explain/evenly.ts';
import { isTreeEnsemble, type TreeExplainer, treeShapley } from '../explain/tree-shapley.ts';
import { inTurns } from '../in-turns.ts';
import type { ObjectSummary } from '../ports/objects.ts';
import { queryAll } from '../ports/query-all.ts';
import { seededRandom, seedFrom, shuffledIndices } from '../random.ts';
import { readManifest } from '../registry/artefacts.ts';
import { objectKeys, stateKeys, timeKey } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';
import { readBackground, readTrainer } from '../retrain/stored-trainer.ts';
import type { ModelSchema } from '../schema/feature-schema.ts';
import { type FeatureRow, rowsToColumns } from '../schema/rows.ts';
import { dueWindows, type Window } from '../windows/due.ts';
import { readExplained, storeExplained } from './explained-rows.ts';

type ExplainDeps = Pick<Deps, 'state' | 'objects' | 'settings' | 'log'>;

/** Held-out rows on the other side, explained once per process. */
const BASELINE_ROWS = 200;
const BACKGROUND_ROWS = 50;
/** Granules read for one window: rows are drawn from the ones that a systematic sample of all rows meets. */
const GRANULES_READ = 10;
/** Of each of them: a busy granule has thousands, and each holds rows of the granule as they came. */
const FILES_READ = 20;
const VERSIONS_KEPT = 8;
const ROWS_AT_ONCE = 5;
/** For the held-out rows of a version, and for the rows of a window; those done by then are all. */
const SAMPLE_MS = 5000;

interface Reference {
  readonly schema: ModelSchema;
  /** The model's, in the order of contributions. */
  readonly columns: readonly string[];
  readonly explainer: TreeExplainer;
  readonly baseline: AttributionSample;
}

/**
 * Explains before windows are announced. A window that cannot be explained, or for which there is no time left, is announced all the
 * same.
 *
 * @returns a function of a model and of what says that no more windows are to be begun
 */
export function createWindowExplainer(
  deps: ExplainDeps,
): (model: ModelRecord, isOver?: () => boolean) => Promise<void> {
  const referenceOf = createReferences(deps);
  return async (model, isOver = () => false) => {
    const wanted = model.monitor.explain_rows;
    if (wanted === 0) return;
    const failed = (error: unknown, detail: { readonly version?: string } = {}) =>
      deps.log('error', 'rows of a window could not be explained', {
        model: model.name,
        ...detail,
        error: String(error),
      });
    try {
      for (const window of await dueWindows(deps, model))
        for (const [version, granules] of await countRows(deps, model.name, window)) {
          if (isOver()) {
            deps.log('warn', 'no time was left to explain rows of a window', { model: model.name, version });
            return;
          }
          await explainWindow(deps, model.name, version, window, granules, wanted, referenceOf).catch(
            (error) => failed(error, { version }),
          );
        }
    } catch (error) {
      failed(error);
    }
  };
}

type ReferenceOf = (model: string, version: string) => Promise<Reference | undefined>;

async function explainWindow(
  deps: ExplainDeps,
  model: string,
  version: string,
  window: Window,
  granules: readonly GranuleRows[],
  wanted: number,
  referenceOf: ReferenceOf,
): Promise<void> {
  const rows = granules.reduce((sum, one) => sum + one.rows, 0);
  if (rows < MIN_EXPLAINED_ROWS || (await readExplained(deps, model, version, window))) return;
  const reference = await referenceOf(model, version);
  if (!reference) return;
  const random = seededRandom(seedFrom(`${model}/${version}/${window.start}`));
  const sample: FeatureRow[] = [];
  for (const { start, take } of drawGranules(granules, wanted, random))
    sample.push(...(await drawRows(deps, model, version, start, take, random)));
  const current = await explainRows(reference, sample, random);
  if (current.rows < MIN_EXPLAINED_ROWS) {
    deps.log('warn', 'too few rows of a window were explained in the time there is', { model, version });
    return;
  }
  const { columns, baseline } = reference;
  await storeExplained(deps, model, version, window, { columns, baseline, current });
}

interface GranuleRows {
  readonly start: number;
  readonly rows: number;
}

/** Predictions by version and granule, oldest first. */
async function countRows(
  deps: Pick<Deps, 'state'>,
  model: string,
  window: Window,
): Promise<ReadonlyMap<string, readonly GranuleRows[]>> {
  const found = new Map<string, GranuleRows[]>();
  for await (const { value } of queryAll(deps.state, stateKeys.of(model), {
    from: `granule#${timeKey(window.start)}`,
    before: `granule#${timeKey(window.end)}`,
  })) {
    const { start, versions } = value as unknown as GranuleIndex;
    for (const [version, { predictions }] of Object.entries(versions)) {
      const granules = found.get(version) ?? [];
      granules.push({ start, rows: predictions });
      found.set(version, granules);
    }
  }
  return found;
}

/**
 * Which granules to read and how many rows to take of each, so that every row of the window is as likely: equally spaced
 * places among all rows, from a random first one (systematic sampling with probability proportional to size).
 *
 * @example drawGranules([{ start: 0, rows: 900 }, { start: 60_000, rows: 100 }], 100, random) // 90 and 10 rows
 */
export function drawGranules(
  granules: readonly GranuleRows[],
  wanted: number,
  random: () => number,
): readonly { readonly start: number; readonly take: number }[] {
  const rows = granules.reduce((sum, one) => sum + one.rows, 0);
  const places = Math.min(GRANULES_READ, wanted, rows);
  const first = random();
  const taken = new Map<number, number>();
  let [at, passed] = [0, 0];
  for (let place = 0; place < places; place++) {
    const position = ((place + first) / places) * rows;
    while (at < granules.length - 1 && passed + granules[at]!.rows <= position)
      passed += granules[at++]!.rows;
    const { start } = granules[at]!;
    const share = Math.floor(((place + 1) * wanted) / places) - Math.floor((place * wanted) / places);
    taken.set(start, (taken.get(start) ?? 0) + share);
  }
  return [...taken].map(([start, take]) => ({ start, take }));
}

async function drawRows(
  deps: Pick<Deps, 'objects'>,
  model: string,
  version: string,
  granule: number,
  take: number,
  random: () => number,
): Promise<FeatureRow[]> {
  const someOf = (files: readonly ObjectSummary[]) =>
    files.length <= FILES_READ
      ? files
      : Array.from(shuffledIndices(files.length, random).subarray(0, FILES_READ), (at) => files[at]!);
  const rows: FeatureRow[] = [];
  for await (const some of uniqueRows(readGranuleFiles(deps, model, granule, someOf)))
    for (const row of some) if (row.kind === 'prediction' && row.version === version) rows.push(row.features);
  return Array.from(shuffledIndices(rows.length, random).subarray(0, take), (at) => rows[at]!);
}

/** Of several scores that of each row's own predicted class is explained. In random order, so that any first rows stand for all. */
async function explainRows(
  { schema, explainer }: Pick<Reference, 'schema' | 'explainer'>,
  rows: readonly FeatureRow[],
  random: () => number,
): Promise<AttributionSample> {
  const outputs = explainer.baseValues.length;
  const shuffled = Array.from(shuffledIndices(rows.length, random), (at) => rows[at]!);
  const contributions: number[] = [];
  const end = performance.now() + SAMPLE_MS;
  let done = 0;
  while (done < rows.length && performance.now() < end) {
    const data = rowsToColumns(schema, shuffled.slice(done, done + ROWS_AT_ONCE));
    const scores = explainer.scores(data);
    const likeliest = Array.from({ length: data.rows }, (_, row) => {
      const own = scores.subarray(row * outputs, (row + 1) * outputs);
      return own.indexOf(Math.max(...own));
    });
    for (const one of await inTurns(explainer.steps(data, likeliest)))
      contributions.push(...one.contributions);
    done += data.rows;
  }
  return { rows: done, contributions: Float32Array.from(contributions) };
}

/** Versions never change, so a process explains their held-out rows once. */
function createReferences(deps: Pick<Deps, 'objects' | 'log'>): ReferenceOf {
  const kept = new Map<string, Promise<Reference | undefined>>();
  return (model, version) => {
    const key = `${model}/${version}`;
    let found = kept.get(key);
    if (!found) {
      found = readReference(deps, model, version);
      found.catch(() => kept.delete(key));
      kept.set(key, found);
      for (const oldest of kept.keys()) {
        if (kept.size <= VERSIONS_KEPT) break;
        kept.delete(oldest);
      }
    }
    return found;
  };
}

async function readReference(
  deps: Pick<Deps, 'objects' | 'log'>,
  name: string,
  version: string,
): Promise<Reference | undefined> {
  const model = await readTrainer(deps, name, version);
  if (!isTreeEnsemble(model)) return undefined;
  const [{ schema }, background, bytes] = await Promise.all([
    readManifest(deps, name, version),
    readBackground(deps, name, version),
    deps.objects.get(objectKeys.version(name, version, 'holdout.ndjson.gz')),
  ]);
  const heldOut = bytes ? await decodeRows<LabelledRow>(bytes) : [];
  const explainer = treeShapley(model, rowsToColumns(schema, evenly(background, BACKGROUND_ROWS)));
  if (!explainer.computable) return undefined;
  const rows = evenly(heldOut, BASELINE_ROWS).map(({ features }) => features);
  const random = seededRandom(seedFrom(`${name}/${version}`));
  const baseline = await explainRows({ schema, explainer }, rows, random);
  if (baseline.rows < Math.min(MIN_EXPLAINED_ROWS, rows.length)) {
    deps.log('warn', 'the trees are too many to be explained in the time there is', { model: name, version });
    return undefined;
  }
  return { schema, columns: model.columns.map(({ name: column }) => column), explainer, baseline };
}
