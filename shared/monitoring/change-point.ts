/** Where a confirmed drift began: the granules of its first windows are split until the step stands out. */

import { addEncodedPartial, type Partial } from '../capture/partial.ts';
import type { Deps } from '../deps.ts';
import { locateChange } from '../drift/change-point.ts';
import { queryAll } from '../ports/query-all.ts';
import { emptyProfile, type Profile } from '../profile/profile.ts';
import { type AnchorsOf, type Baseline, referenceFor } from '../registry/baseline.ts';
import { objectKeys, stateKeys, timeKey } from '../registry/keys.ts';
import type { ModelRecord } from '../registry/model.ts';
import type { Report } from './report.ts';

const driftSignal = 'drift:';

/**
 * The report with the episode's change point, for the window that opens an episode of drift; any other as it is. The
 * window before the first one that drifted is searched as well: a change late in it may have been too small to show.
 */
export async function withChangePoint(
  deps: Pick<Deps, 'state' | 'objects' | 'settings'>,
  model: ModelRecord,
  report: Report,
  baseline: Baseline,
  anchorsOf: AnchorsOf,
): Promise<Report> {
  const { episode, signals } = report.verdict;
  const start = episode.state === 'opened' && episode.kind === 'drift' ? episode.start : undefined;
  if (start === undefined) return report;
  const end = Date.parse(report.window.end);
  const length = end - Date.parse(report.window.start);
  const features = signals
    .filter((signal) => signal.startsWith(driftSignal))
    .map((signal) => signal.slice(driftSignal.length));
  const from = Date.parse(start) - length;
  const granules = await readGranules(deps, model.name, from, end);
  const firstGranule = [...granules.keys()][0];
  if (firstGranule === undefined) return report;
  const { GRANULE_MS } = deps.settings;
  const change = await locateChange({
    granules: Math.round((end - firstGranule) / GRANULE_MS),
    read: (low, high) =>
      sumOf(granules, firstGranule + low * GRANULE_MS, firstGranule + high * GRANULE_MS, {
        version: report.version,
        baseline,
        anchorsOf,
      }),
    reference: referenceFor(baseline, { start: Date.parse(report.window.start), end }).reference,
    features,
    designEffect: Math.max(1, ...features.map((name) => baseline.designEffects.get(name) ?? 1)),
  });
  if (!change.located || change.mayBeEarlier) return report;
  const changePoint = new Date(firstGranule + change.granule * GRANULE_MS).toISOString();
  return { ...report, verdict: { ...report.verdict, episode: { ...episode, changePoint } } };
}

/** Still encoded, by start, in order: a few kilobytes each where decoded ones are megabytes. */
async function readGranules(
  deps: Pick<Deps, 'state' | 'objects'>,
  model: string,
  from: number,
  before: number,
): Promise<ReadonlyMap<number, Uint8Array>> {
  const granules = new Map<number, Uint8Array>();
  for await (const item of queryAll(deps.state, stateKeys.of(model), {
    from: `granule#${timeKey(Math.max(0, from))}`,
    before: `granule#${timeKey(before)}`,
  })) {
    const { start } = item.value as { start: number };
    const bytes = await deps.objects.get(objectKeys.granule(model, start));
    if (bytes) granules.set(start, bytes);
  }
  return granules;
}

async function sumOf(
  granules: ReadonlyMap<number, Uint8Array>,
  from: number,
  before: number,
  of: { readonly version: string; readonly baseline: Baseline; readonly anchorsOf: AnchorsOf },
): Promise<Profile> {
  let sum: Partial | undefined;
  for (const [start, bytes] of granules)
    if (start >= from && start < before) sum = await addEncodedPartial(sum, bytes, of.anchorsOf);
  return sum?.versions.get(of.version)?.profile ?? emptyProfile(of.baseline.anchors);
}
