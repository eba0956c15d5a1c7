/** Test support: answered and labelled traffic as capture would have left it, in the archive and in partials. */
import { type ArchiveRow, encodeRows } from '../capture/archive.ts';
import { buildPartial, encodePartial } from '../capture/partial.ts';
import { closeGranules } from '../capture/rollup.ts';
import { readSegmentColumns } from '../capture/segment-columns.ts';
import type { Answer } from '../log/prediction-log.ts';
import { answersOf } from '../onnx/answers.ts';
import { openSession } from '../onnx/session.ts';
import { readManifest, readOnnx } from '../registry/artefacts.ts';
import { createAnchorsCache } from '../registry/baseline.ts';
import { objectKeys } from '../registry/keys.ts';
import { featuresOf } from '../retrain/labelled-data.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';
import type { MemoryDeps } from './memory-deps.ts';

export interface TrafficOptions {
  /** Label every row a second after its answer; so unless told. */
  readonly isLabelled?: boolean;
  /** Names the batch: another one in the same granule needs another name. */
  readonly blob?: string;
}

/** Rows answered by a version of the model, each in the granule of its time. */
export async function addTraffic(
  deps: MemoryDeps,
  model: string,
  version: string,
  rows: readonly LabelledRow[],
  options: TrafficOptions = {},
): Promise<void> {
  const { isLabelled = true, blob = 'traffic' } = options;
  const granuleMs = deps.settings.GRANULE_MS;
  const answers = await answersTo(deps, model, version, rows);
  const granules = new Map<number, ArchiveRow[]>();
  rows.forEach(({ id, at, features, label }, row) => {
    const answer = answers[row]!;
    const granule = Math.floor(at / granuleMs) * granuleMs;
    const here = granules.get(granule) ?? [];
    granules.set(granule, here);
    here.push({ kind: 'prediction', id, version, at, features, context: {}, answer });
    if (isLabelled)
      here.push({ kind: 'label', id, label, labelled_at: at + 1000, prediction: { version, at, answer } });
  });
  const anchorsOf = createAnchorsCache(deps);
  const segments = await readSegmentColumns(deps, model);
  for (const [granule, of] of granules) {
    await deps.objects.put(objectKeys.archive(model, granule, blob), await encodeRows(of));
    const partial = await buildPartial({ model, granule, rows: of, segments }, anchorsOf);
    await deps.objects.put(objectKeys.partial(model, granule, blob), await encodePartial(partial));
  }
}

async function answersTo(
  deps: MemoryDeps,
  model: string,
  version: string,
  rows: readonly LabelledRow[],
): Promise<readonly Answer[]> {
  const manifest = await readManifest(deps, model, version);
  const session = await openSession(await readOnnx(deps, manifest));
  try {
    return answersOf(manifest.schema, await session.run(featuresOf(manifest.schema, rows)));
  } finally {
    await session.release();
  }
}

/** Moves the clock there and closes every granule that ends by then. */
export async function closeUntil(deps: MemoryDeps, model: string, until: number): Promise<void> {
  deps.clock.ms = Math.max(deps.clock.ms, until);
  await closeGranules(deps, model, until, createAnchorsCache(deps));
}
