/** Rows that come after their granule has closed: which of them no partial has counted, and the open granule they are counted with. */
import type { ArchiveRow } from '#shared/capture/archive.ts';
import { type PartialInput, rowHash, unpackPartial } from '#shared/capture/partial.ts';
import { countOutcomes, countServed } from '#shared/capture/served.ts';
import type { Deps } from '#shared/deps.ts';
import { objectKeys, timeKey } from '#shared/registry/keys.ts';

export interface LateBatch {
  readonly model: string;
  /** That the rows belong to. */
  readonly granule: number;
  readonly blob: string;
  /** Each once. */
  readonly rows: readonly ArchiveRow[];
  /** Granules before it are closed. */
  readonly next: number;
}

export const lateName = (blob: string, granule: number): string => `${blob}-late-${granule}`;

/** Clocks differ by less than this; a cursor further ahead is one that a wrong clock has set. */
const clockSkewMs = 60_000;

/** The granule of now, where late rows can still be seen; the next one that is open by another's clock. */
function openGranule({ now, settings }: Pick<Deps, 'now' | 'settings'>, next: number): number {
  const { GRANULE_MS } = settings;
  const current = Math.floor(now() / GRANULE_MS) * GRANULE_MS;
  return next <= now() + clockSkewMs ? Math.max(current, next) : current;
}

/**
 * Leaves out the rows that a partial of their own granule holds, and those that another late partial does: a batch may be delivered
 * again, cut otherwise, hours after it was counted. A late partial of this very batch that is still open is written anew.
 */
export async function countLate(
  deps: Pick<Deps, 'objects' | 'now' | 'settings'>,
  { model, granule, blob, rows, next }: LateBatch,
): Promise<Pick<PartialInput, 'granule' | 'late' | 'lateCounts'>> {
  const prefix = objectKeys.partials(model);
  const own = `/${lateName(blob, granule)}.json.gz`;
  const counted = new Set<string>();
  let target = openGranule(deps, next);
  for (const { key } of await deps.objects.list(prefix, { startAfter: `${prefix}${timeKey(granule)}/` })) {
    const folder = Number(key.slice(prefix.length).split('/')[0]);
    const isLate = key.endsWith(`-late-${granule}.json.gz`);
    if (folder !== granule && !isLate) continue;
    if (folder >= next && key.endsWith(own)) {
      target = folder;
      continue;
    }
    const bytes = await deps.objects.get(key);
    if (!bytes) continue;
    const { hashes, late_counts } = await unpackPartial(bytes);
    for (const hash of isLate ? (late_counts?.hashes ?? []) : hashes) counted.add(hash);
  }
  const uncounted = rows.filter(({ id, kind }) => !counted.has(rowHash(id, kind)));
  return {
    granule: target,
    late: uncounted.length,
    lateCounts: {
      served: countServed(uncounted),
      outcomes: countOutcomes(uncounted),
      hashes: uncounted.map(({ id, kind }) => rowHash(id, kind)),
    },
  };
}
