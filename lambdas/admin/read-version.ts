/** One version, whole: its record, what its manifest says of the model, and how it did on held-out rows. */
import { type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import { ArtefactError, readManifest } from '#shared/registry/artefacts.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { type VersionRecord, versionNameSchema } from '#shared/registry/model.ts';
import { findVersion, readPointer } from '#shared/registry/registry.ts';
import { named } from './operator-body.ts';

export async function version(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const found = await namedVersion(deps, name, event);
  const pointer = await readPointer(deps, name);
  return json(200, {
    model: name,
    ...found,
    champion: found.version === pointer?.champion,
    ...(await trainedAs(deps, name, found.version)),
  });
}

/** Nothing of a version that waits for its trial or failed it. */
async function trainedAs(deps: Deps, model: string, version: string): Promise<Record<string, unknown>> {
  try {
    const { trainer, snapshot, importance, parity, serving } = await readManifest(deps, model, version);
    const bytes = await deps.objects.get(objectKeys.version(model, version, 'evaluation.json'));
    const evaluation: unknown = bytes && JSON.parse(Buffer.from(bytes).toString('utf8'));
    return { trainer, snapshot, importance, parity, serving, evaluation };
  } catch (error) {
    if (error instanceof ArtefactError) return {};
    throw error;
  }
}

/** @throws ProblemError 404 with the name that no version has */
export async function namedVersion(deps: Deps, model: string, event: HttpEvent): Promise<VersionRecord> {
  const wanted = event.pathParameters?.version ?? '';
  const found = versionNameSchema.safeParse(wanted).success
    ? await findVersion(deps, model, wanted)
    : undefined;
  if (!found) throw new ProblemError(404, `model "${model}" has no version "${wanted}"`);
  return found;
}
