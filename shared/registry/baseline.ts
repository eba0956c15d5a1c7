/** What a version is expected to serve: its anchors and reference profile, from its artefacts or an operator's re-basing. */
import type { Deps } from '../deps.ts';
import type { Anchors } from '../profile/anchors.ts';
import { anchorsFromJson, anchorsToJson } from '../profile/anchors-json.ts';
import { decodeProfile, encodeProfile } from '../profile/encode.ts';
import type { Profile } from '../profile/profile.ts';
import { ArtefactError, readManifest } from './artefacts.ts';
import { objectKeys, stateKeys } from './keys.ts';
import type { Manifest } from './model.ts';

export interface Baseline {
  readonly manifest: Manifest;
  readonly anchors: Anchors;
  readonly reference: Profile;
  /** The file the reference came from. */
  readonly file: string;
}

/** The files of a baseline, to be stored with its version. */
export function baselineFiles(anchors: Anchors, reference: Profile): Readonly<Record<string, Uint8Array>> {
  return {
    'anchors.json': Buffer.from(JSON.stringify(anchorsToJson(anchors))),
    'baseline.bin': encodeProfile(reference),
  };
}

/** The baseline in force: the version's own, or the one an operator has accepted since. */
export async function readBaseline(
  deps: Pick<Deps, 'objects' | 'state'>,
  model: string,
  version: string,
): Promise<Baseline> {
  const accepted = await deps.state.get(stateKeys.baseline(model, version));
  const file = accepted ? (accepted.value as { file: string }).file : 'baseline.bin';
  const [manifest, anchorsBytes, bytes] = await Promise.all([
    readManifest(deps, model, version),
    deps.objects.get(objectKeys.version(model, version, 'anchors.json')),
    deps.objects.get(objectKeys.version(model, version, file)),
  ]);
  if (!anchorsBytes || !bytes)
    throw new ArtefactError(`version "${version}" of "${model}" has no baseline (${file})`);
  const anchors = anchorsFromJson(JSON.parse(Buffer.from(anchorsBytes).toString('utf8')));
  return { manifest, anchors, reference: decodeProfile(anchors, bytes), file };
}

export type AnchorsOf = (
  model: string,
  version: string,
) => Promise<{ readonly manifest: Manifest; readonly anchors: Anchors }>;

/** Anchors never change within a version, so a process reads them once. */
export function createAnchorsCache(deps: Pick<Deps, 'objects' | 'state'>): AnchorsOf {
  const cache = new Map<string, ReturnType<AnchorsOf>>();
  return (model, version) => {
    const key = `${model}/${version}`;
    let found = cache.get(key);
    if (!found) {
      found = readBaseline(deps, model, version);
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
