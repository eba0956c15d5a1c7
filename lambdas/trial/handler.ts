/** An uploaded version → READY with its files, or REJECTED with the reason and none. Safe to repeat at any point. */
import * as z from 'zod';
import { functions } from '#shared/api/surface.ts';
import { tryVersion } from '#shared/byo/trial.ts';
import type { Deps } from '#shared/deps.ts';
import { writeArtefacts } from '#shared/registry/artefacts.ts';
import { objectKeys } from '#shared/registry/keys.ts';
import { modelRecordSchema } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { uploadFile } from '#shared/registry/upload.ts';
import {
  announceSettled,
  beginTrial,
  forgetTrial,
  settleVersion,
  type UploadedVersion,
} from '#shared/registry/uploaded.ts';

/** `id` is the event's own: a retry has the same. */
const eventSchema = z.object({
  id: z.string().optional(),
  detail: z.object({ model: z.string(), version: z.string() }),
});
const limitMs = 1000 * functions.trial.timeoutSeconds;

export function createTrialHandler(deps: Deps) {
  return async (event: unknown): Promise<{ status: string }> => {
    const { id, detail } = eventSchema.parse(event);
    const { model } = detail;
    const found = await beginTrial(deps, model, detail.version, { event: id, limitMs });
    if (!found) return { status: 'unknown' };
    const settled = found.begun ? await settle(model, found.version) : found.version;
    if (settled && settled.status !== 'PENDING') await announceSettled(deps, model, settled);
    return { status: settled?.status ?? 'unknown' };
  };

  async function settle(model: string, begun: UploadedVersion): Promise<UploadedVersion | undefined> {
    const { version } = begun;
    try {
      const result = await tryUploaded(model, begun);
      if (!result.passed) {
        const { sha256 } = begun;
        return await settleVersion(deps, model, version, {
          status: 'REJECTED',
          sha256,
          metrics: {},
          reason: result.reason,
        });
      }
      await writeArtefacts(deps, result.manifest, result.files);
      const { sha256, metrics } = result.manifest;
      return await settleVersion(deps, model, version, {
        status: 'READY',
        sha256,
        metrics,
        notes: result.notes,
      });
    } catch (error) {
      await forgetTrial(deps, model, version);
      throw error;
    }
  }

  async function tryUploaded(model: string, { version, created_at, upload }: UploadedVersion) {
    const record = modelRecordSchema.parse(await resolveModel(deps, model));
    const read = (file: keyof typeof uploadFile) =>
      deps.objects.get(objectKeys.upload(model, version, upload.id, uploadFile[file]));
    const [onnx, baseline] = await Promise.all([read('onnx'), read('baseline')]);
    if (!onnx || !baseline)
      return {
        passed: false,
        reason: `${onnx ? 'the baseline' : 'the model file'} is no longer there`,
      } as const;
    return tryVersion({ record, version, createdAt: created_at, upload, onnx, baseline });
  }
}
