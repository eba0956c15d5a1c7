/** A version that was trained elsewhere: announced with its files' hashes, uploaded past this API, completed, tried. */
import * as z from 'zod';
import { type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import { functions } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Json } from '#shared/json.ts';
import { objectKeys, shortHash, stateKeys } from '#shared/registry/keys.ts';
import { appendLedger } from '#shared/registry/ledger.ts';
import { type VersionRecord, versionNameSchema } from '#shared/registry/model.ts';
import { readPointer } from '#shared/registry/registry.ts';
import { servingHintsSchema, type Upload, uploadFile, uploadFilesSchema } from '#shared/registry/upload.ts';
import {
  isOnTrial,
  isUploaded,
  markUploaded,
  publishUploaded,
  type UploadedVersion,
} from '#shared/registry/uploaded.ts';
import { versionName } from '#shared/retrain/version-name.ts';
import { actor, claimOf, named, readBody, reason } from './operator-body.ts';
import { namedVersion } from './read-version.ts';

const URL_SECONDS = 3600;

const announceBody = z.strictObject({
  ...actor,
  ...servingHintsSchema.shape,
  reason: reason.default('registered by an operator'),
  version: versionNameSchema.optional(),
  files: uploadFilesSchema,
});
const completeBody = z.strictObject({ ...actor });

/** 201 with a URL for each file. The same announcement again, while it is PENDING, has new URLs for the same upload. */
export async function announceVersion(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const { version: wanted, on_behalf_of, ...announced } = readBody(deps, event, announceBody);
  const id = deps.newId();
  // of the upload, not of the file: one that was rejected may be sent again with other declarations
  const version = wanted ?? versionName(deps.now(), shortHash(id));
  const created = new Date(deps.now()).toISOString();
  const record: UploadedVersion = {
    version,
    status: 'PENDING',
    created_at: created,
    sha256: announced.files.onnx.sha256,
    metrics: {},
    upload: { id: shortHash(id), ...announced, ...claimOf({ on_behalf_of }) },
  };
  const put = await deps.state.putIfAbsent(stateKeys.version(name, version), record as unknown as Json);
  const stored = put.stored ? record : (put.existing?.value as unknown as VersionRecord);
  if (!isUploaded(stored) || stored.status !== 'PENDING' || !isSame(stored.upload, announced))
    throw new ProblemError(
      409,
      `version "${version}" of "${name}" is ${stored.status}${stored.status === 'PENDING' ? ' with other files' : ''}; a version never changes, choose another name`,
    );
  await appendLedger(deps, name, {
    at: Date.parse(stored.created_at),
    action: 'upload',
    actor: stored.upload.actor,
    ...claimOf(stored.upload),
    reason: stored.upload.reason,
    detail: { version, onnx: stored.upload.files.onnx.sha256, baseline: stored.upload.files.baseline.sha256 },
  });
  return json(201, {
    model: name,
    version,
    status: 'PENDING',
    upload: stored.upload.id,
    expires_at: new Date(deps.now() + 1000 * URL_SECONDS).toISOString(),
    put: await signedPuts(deps, name, stored),
  });
}

async function signedPuts(deps: Deps, model: string, { version, upload }: UploadedVersion) {
  const signed = (file: keyof typeof uploadFile) =>
    deps.objects.presignPut(objectKeys.upload(model, version, upload.id, uploadFile[file]), {
      bytes: upload.files[file].bytes,
      sha256: upload.files[file].sha256,
      expiresSeconds: URL_SECONDS,
    });
  return { onnx: await signed('onnx'), baseline: await signed('baseline') };
}

function isSame(
  stored: Upload,
  { files, activation, outputs }: Pick<Upload, 'files' | 'activation' | 'outputs'>,
) {
  const content = (one: Pick<Upload, 'files' | 'activation' | 'outputs'>) =>
    JSON.stringify([
      one.files.onnx.sha256,
      one.files.baseline.sha256,
      one.activation ?? null,
      one.outputs?.scores ?? null,
      one.outputs?.label ?? null,
      one.outputs?.embedding ?? null,
    ]);
  return content(stored) === content({ files, activation, outputs } as Upload);
}

/**
 * 202, and the trial begins. Safe to repeat: a trial that is under way is left alone, one that died is begun anew, and a
 * version that has its answer keeps it.
 */
export async function completeVersion(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  readBody(deps, event, completeBody);
  const found = await namedVersion(deps, name, event);
  if (!isUploaded(found))
    throw new ProblemError(409, `version "${found.version}" of "${name}" was trained here, not uploaded`);
  if (found.status === 'PENDING') {
    await assertUploaded(deps, name, found);
    await markUploaded(deps, name, found.version);
    if (!isOnTrial(found, deps.now(), trialMs)) await publishUploaded(deps, name, found.version);
  } else if (found.status === 'READY' && !(await readPointer(deps, name))) {
    // its trial was ended between its answer and the pointer
    await publishUploaded(deps, name, found.version);
  }
  return json(202, { model: name, version: found.version, status: found.status });
}

const trialMs = 1000 * functions.trial.timeoutSeconds;

async function assertUploaded(
  deps: Deps,
  model: string,
  { version, upload }: UploadedVersion,
): Promise<void> {
  for (const file of ['onnx', 'baseline'] as const) {
    const key = objectKeys.upload(model, version, upload.id, uploadFile[file]);
    const [stored] = await deps.objects.list(key, { limit: 1 });
    if (stored?.key !== key)
      throw new ProblemError(
        409,
        `${uploadFile[file]} of version "${version}" is not uploaded; announce the version again for new URLs if they have expired`,
      );
  }
}
