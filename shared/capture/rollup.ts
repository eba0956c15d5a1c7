/** Closed granules → one roll-up each: partials added up, or rebuilt from the archive when a row was delivered twice. */
import type { Deps } from '../deps.ts';
import type { Json } from '../json.ts';
import { addClasses } from '../metrics/class-names.ts';
import { addHistograms, type StoredHistogram } from '../metrics/histogram.ts';
import { updateItem } from '../ports/update.ts';
import { readAhead } from '../read-ahead.ts';
import type { AnchorsOf } from '../registry/baseline.ts';
import { objectKeys, stateKeys, timeKey } from '../registry/keys.ts';
import { readGranuleFiles, uniqueRows } from './archive.ts';
import { setBackFromFuture } from './clock-set-back.ts';
import {
  addEncodedPartial,
  addStoredPartial,
  buildPartial,
  encodePartial,
  type Partial,
  unpackPartial,
} from './partial.ts';
import { RowHashes } from './row-hashes.ts';
import { readSegmentColumns } from './segment-columns.ts';
import { addCounts, addServed, nothingServed, type Served, totalOf } from './served.ts';

type RollupDeps = Pick<Deps, 'state' | 'objects' | 'settings'>;

/** Thousands of partials make a busy granule: one at a time they would wait for the store longer than a tick may take. */
const partialsAhead = 32;

/** What the index of a granule says without opening it. */
export interface GranuleIndex {
  readonly start: number;
  readonly versions: Readonly<Record<string, { readonly predictions: number; readonly labels: number }>>;
  readonly unmatched_labels: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly late: number;
  readonly unprofiled: number;
}

/**
 * Rolls up every granule of the model that ends by `closedBefore`, in time order, each exactly once: the roll-up and its index
 * are put-if-absent, counters and cursor move after them, so a crash anywhere is repaired by the next call.
 *
 * @returns how many granules were closed
 */
export async function closeGranules(
  deps: RollupDeps,
  model: string,
  closedBefore: number,
  anchorsOf: AnchorsOf,
): Promise<number> {
  const granuleMs = deps.settings.GRANULE_MS;
  const closedUntil = Math.floor(closedBefore / granuleMs) * granuleMs;
  await setBackFromFuture(deps, model, closedBefore, closedUntil);
  const end = await moveCursor(deps, model, 'next', closedUntil);
  const closed = await rollUpPending(deps, model, end, anchorsOf);
  await moveCursor(deps, model, 'rolled', end);
  return closed;
}

/** How far a model's granules are done: `next` closed to capture, `rolled` rolled up and readable. Unix milliseconds. */
export interface GranuleCursor {
  readonly next: number;
  readonly rolled: number;
}

const noGranules: GranuleCursor = { next: 0, rolled: 0 };

export async function readGranuleCursor(deps: Pick<Deps, 'state'>, model: string): Promise<GranuleCursor> {
  const item = await deps.state.get(stateKeys.granuleCursor(model));
  return item ? (item.value as unknown as GranuleCursor) : noGranules;
}

/** Only ever forward, also when the clock is not; {@link setBackFromFuture} is the one exception. Answers where the cursor stands. */
async function moveCursor(
  deps: RollupDeps,
  model: string,
  mark: keyof GranuleCursor,
  to: number,
): Promise<number> {
  const cursor = await updateItem<GranuleCursor>(
    deps.state,
    stateKeys.granuleCursor(model),
    (before = noGranules) => (before[mark] >= to ? undefined : { ...before, [mark]: to }),
  );
  return cursor?.[mark] ?? 0;
}

/** Also what an earlier call closed and did not finish: everything after the newest counted granule. */
async function rollUpPending(
  deps: RollupDeps,
  model: string,
  end: number,
  anchorsOf: AnchorsOf,
): Promise<number> {
  const prefix = objectKeys.partials(model);
  const counted = await readCounters(deps, model);
  let startAfter = `${prefix}${timeKey(counted.through)}/~`;
  let closed = 0;
  for (;;) {
    const [first] = await deps.objects.list(prefix, { startAfter, limit: 1 });
    const granule = first ? Number(first.key.slice(prefix.length).split('/')[0]) : Number.POSITIVE_INFINITY;
    if (granule >= end) return closed;
    await rollUp(deps, model, granule, anchorsOf);
    startAfter = `${prefix}${timeKey(granule)}/~`;
    closed += 1;
  }
}

async function rollUp(deps: RollupDeps, model: string, granule: number, anchorsOf: AnchorsOf): Promise<void> {
  const files = await deps.objects.list(`${objectKeys.partials(model)}${timeKey(granule)}/`);
  const read = async ({ key }: { readonly key: string }) => {
    const bytes = await deps.objects.get(key);
    return bytes && unpackPartial(bytes);
  };
  const seen = new RowHashes();
  let merged: Partial | undefined;
  for await (const partial of readAhead(files, partialsAhead, read)) {
    if (!partial) continue;
    const { hashes, ...counted } = partial;
    seen.add(hashes);
    merged = await addStoredPartial(merged, { ...counted, hashes: [] }, anchorsOf);
  }
  if (!merged) throw new Error(`no partial of granule ${granule} of "${model}" can be read`);
  const whole = seen.hasRepeats() ? await rebuild(deps, merged, anchorsOf) : merged;
  // nothing is compared with a roll-up, so it needs no hashes
  const lateCounts = whole.lateCounts && { ...whole.lateCounts, hashes: [] };
  const stored = await encodePartial({ ...whole, lateCounts, hashes: [] });
  await deps.objects.putIfAbsent(objectKeys.granule(model, granule), stored);
  const index: GranuleIndex = {
    start: granule,
    versions: Object.fromEntries(
      [...whole.versions].map(([version, { predictions, labels }]) => [version, { predictions, labels }]),
    ),
    unmatched_labels: whole.unmatchedLabels,
    outcomes: whole.outcomes,
    late: whole.late,
    unprofiled: whole.unprofiled,
  };
  await deps.state.putIfAbsent(stateKeys.granule(model, granule), index as unknown as Json);
  await count(deps, model, index, whole);
}

/** File by file: a busy granule has more rows than a tick has memory for. */
async function rebuild(deps: RollupDeps, merged: Partial, anchorsOf: AnchorsOf): Promise<Partial> {
  const { model, granule, late, lateCounts } = merged;
  const segments = await readSegmentColumns(deps, model);
  let whole = await buildPartial({ model, granule, rows: [], late, lateCounts }, anchorsOf);
  for await (const rows of uniqueRows(readGranuleFiles(deps, model, granule))) {
    const part = await buildPartial({ model, granule, rows, segments }, anchorsOf);
    whole = await addEncodedPartial(whole, await encodePartial({ ...part, hashes: [] }), anchorsOf);
  }
  return whole;
}

/** Since the model was registered; every counted granule is in exactly once. */
export interface Counters {
  /** Start of the newest granule counted; -1 before the first. */
  readonly through: number;
  /** Granules after `through` that a wrong clock opened and that are counted already. */
  readonly ahead?: readonly number[];
  readonly predictions: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, number>>;
  readonly unmatched_labels: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly late: number;
  readonly unprofiled: number;
  /** Logged answers, also those of no profile. Absent, as what follows, from counters of before it was counted. */
  readonly answered?: number;
  /** Seconds. */
  readonly durations?: StoredHistogram;
  /** The first 50 by name, the rest as one. */
  readonly classes?: Readonly<Record<string, number>>;
  readonly confidences?: StoredHistogram;
}

export async function readCounters(deps: Pick<Deps, 'state'>, model: string): Promise<Counters> {
  const item = await deps.state.get(stateKeys.counters(model));
  return item ? (item.value as unknown as Counters) : noCounts;
}

const noCounts: Counters = {
  through: -1,
  predictions: {},
  labels: {},
  unmatched_labels: 0,
  outcomes: {},
  late: 0,
  unprofiled: 0,
};

async function count(deps: RollupDeps, model: string, index: GranuleIndex, whole: Partial): Promise<void> {
  const countsOf = (pick: (part: GranuleIndex['versions'][string]) => number) =>
    Object.fromEntries(Object.entries(index.versions).map(([version, part]) => [version, pick(part)]));
  const served = addServed(whole.served ?? nothingServed, whole.lateCounts?.served ?? nothingServed);
  await updateItem<Counters>(deps.state, stateKeys.counters(model), (before = noCounts) => {
    if (before.through >= index.start) return undefined;
    if (before.ahead?.includes(index.start)) return { ...before, through: index.start };
    return {
      ...before,
      through: index.start,
      predictions: addCounts(
        before.predictions,
        countsOf(({ predictions }) => predictions),
      ),
      labels: addCounts(
        before.labels,
        countsOf(({ labels }) => labels),
      ),
      unmatched_labels: before.unmatched_labels + index.unmatched_labels,
      outcomes: addCounts(before.outcomes, addCounts(index.outcomes, whole.lateCounts?.outcomes ?? {})),
      late: before.late + index.late,
      unprofiled: before.unprofiled + index.unprofiled,
      ...countedServed(before, served),
    };
  });
}

function countedServed(before: Counters, { answered, classes, durations, confidences }: Served) {
  const sums = {
    durations: addHistograms(before.durations, durations),
    confidences: addHistograms(before.confidences, confidences),
  };
  return {
    answered: (before.answered ?? totalOf(before.predictions)) + answered,
    classes: addClasses(before.classes ?? {}, classes),
    ...(sums.durations ? { durations: sums.durations } : {}),
    ...(sums.confidences ? { confidences: sums.confidences } : {}),
  };
}
