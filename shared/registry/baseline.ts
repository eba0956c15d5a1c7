/** What a version is expected to serve: its anchors and reference profile, from its artefacts or an operator's re-basing. */
import type { Deps } from '../deps.ts';
import type { NotComputable } from '../drift/measure.ts';
import type { ExpectedLoss } from '../performance/expected-loss.ts';
import type { Anchors } from '../profile/anchors.ts';
import { anchorsFromJson, anchorsToJson } from '../profile/anchors-json.ts';
import { decodeProfile, encodeProfile } from '../profile/encode.ts';
import { featureOf, type Profile } from '../profile/profile.ts';
import type { Window } from '../windows/due.ts';
import { DAY_MS, seasonalReference } from '../windows/seasonal.ts';
import { ArtefactError, readManifest } from './artefacts.ts';
import {
  type BaselineContext,
  contextFile,
  decodeContext,
  encodeContext,
  type MeasuredContext,
} from './baseline-context.ts';
import { readExpectedLoss } from './expected-loss-file.ts';
import { objectKeys, stateKeys } from './keys.ts';
import type { Manifest } from './model.ts';

export interface Baseline extends BaselineContext {
  readonly manifest: Manifest;
  readonly anchors: Anchors;
  readonly reference: Profile;
  /** The file the reference came from. */
  readonly file: string;
  /** What the version's held-out rows say of its errors; of the version, whatever baseline is in force. */
  readonly expectedLoss?: ExpectedLoss | NotComputable;
}

/** The files of a baseline, to be stored with its version. */
export async function baselineFiles(
  anchors: Anchors,
  reference: Profile,
  context: MeasuredContext,
): Promise<Readonly<Record<string, Uint8Array>>> {
  return {
    'anchors.json': Buffer.from(JSON.stringify(anchorsToJson(anchors))),
    ...(await referenceFiles('baseline.bin', reference, context)),
  };
}

/** The context first: whoever reads the profile finds the whole. */
export async function referenceFiles(
  file: string,
  reference: Profile,
  context: MeasuredContext,
): Promise<Readonly<Record<string, Uint8Array>>> {
  return { [contextFile(file)]: await encodeContext(context), [file]: encodeProfile(reference) };
}

/** The baseline in force: the version's own, or the one an operator has accepted since. */
export async function readBaseline(
  deps: Pick<Deps, 'objects' | 'state'>,
  model: string,
  version: string,
): Promise<Baseline> {
  const accepted = await deps.state.get(stateKeys.baseline(model, version));
  const file = accepted ? (accepted.value as { file: string }).file : 'baseline.bin';
  const [{ manifest, anchors }, bytes, contextBytes, expectedLoss] = await Promise.all([
    readAnchors(deps, model, version),
    deps.objects.get(objectKeys.version(model, version, file)),
    deps.objects.get(objectKeys.version(model, version, contextFile(file))),
    readExpectedLoss(deps, model, version),
  ]);
  if (!bytes) throw new ArtefactError(`version "${version}" of "${model}" has no baseline (${file})`);
  const context = await decodeContext(anchors, contextBytes).catch((cause: unknown) =>
    damaged(model, version, contextFile(file), cause),
  );
  try {
    const reference = decodeProfile(anchors, bytes);
    return Object.assign(context, { manifest, anchors, reference, file, expectedLoss });
  } catch (cause) {
    return damaged(model, version, file, cause);
  }
}

async function readAnchors(
  deps: Pick<Deps, 'objects'>,
  model: string,
  version: string,
): ReturnType<AnchorsOf> {
  const [manifest, bytes] = await Promise.all([
    readManifest(deps, model, version),
    deps.objects.get(objectKeys.version(model, version, 'anchors.json')),
  ]);
  if (!bytes) throw new ArtefactError(`version "${version}" of "${model}" has no baseline (anchors.json)`);
  try {
    return { manifest, anchors: anchorsFromJson(JSON.parse(Buffer.from(bytes).toString('utf8'))) };
  } catch (cause) {
    return damaged(model, version, 'anchors.json', cause);
  }
}

function damaged(model: string, version: string, file: string, cause: unknown): never {
  throw new ArtefactError(
    `version "${version}" of "${model}": ${file} cannot be read (${(cause as Error).message})`,
    { cause },
  );
}

export interface WindowReference {
  readonly reference: Profile;
  /** Whether `reference` is of the window's hours of the day only. */
  readonly seasonal: boolean;
  /** Why a window shorter than a day is compared with the whole baseline. */
  readonly note?: string;
}

/**
 * What a window is compared with: the same hours of the day where the baseline knows them, else the whole of it.
 * Labels and losses always come from the whole: they are counted when they arrive, not at the hour of their prediction.
 */
export function referenceFor(baseline: Baseline, window: Window): WindowReference {
  const { anchors, reference, seasonal } = baseline;
  if (window.end - window.start >= DAY_MS) return { reference, seasonal: false };
  const hours = seasonalReference(seasonal, window);
  if (!hours.computable) return { reference, seasonal: false, note: `seasonal reference: ${hours.reason}` };
  const late = anchors.anchors.filter(({ channel }) => channel === 'label' || channel === 'loss');
  const features = new Map(hours.profile.features);
  for (const { name } of late) features.set(name, featureOf(reference, name));
  return { reference: { ...hours.profile, features }, seasonal: true };
}

export type AnchorsOf = (
  model: string,
  version: string,
) => Promise<{ readonly manifest: Manifest; readonly anchors: Anchors }>;

/** Anchors never change within a version, so a process reads them once. */
export function createAnchorsCache(deps: Pick<Deps, 'objects'>): AnchorsOf {
  const cache = new Map<string, ReturnType<AnchorsOf>>();
  return (model, version) => {
    const key = `${model}/${version}`;
    let found = cache.get(key);
    if (!found) {
      found = readAnchors(deps, model, version);
      found.catch(() => cache.delete(key));
      cache.set(key, found);
      for (const oldest of cache.keys()) {
        if (cache.size <= 32) break;
        cache.delete(oldest);
      }
    }
    return found;
  };
}
