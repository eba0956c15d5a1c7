/** The instances of a batch request, each checked by itself: one bad row fails alone. */
import { ProblemError } from '#shared/errors.ts';
import { type DecodedImage, defaultImageLimits, type ImageLimits } from '#shared/images/decode-image.ts';
import { createPause } from '#shared/in-turns.ts';
import { requestIdPattern } from '#shared/log/prediction-log.ts';
import type { Tokenise } from '#shared/privacy/tokeniser.ts';
import { checkRow } from '#shared/schema/check-row.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import type { FeatureRow } from '#shared/schema/rows.ts';

export type Instance =
  | {
      readonly ok: true;
      readonly id: string;
      readonly row: FeatureRow;
      readonly image?: DecodedImage | undefined;
    }
  | { readonly ok: false; readonly problem: Record<string, unknown> };

const maxInstances = 1000;
/** Of a request's images together: their decoded pixels are in memory at once, and decoding takes its time. */
const maxBatchPixels = 4 * defaultImageLimits.maxPixels;
/** With ':' and a number below 1000 it makes a request id. */
const maxBatchId = 124;

/** Throws a 400 problem when the list itself is unusable; a bad row becomes its own problem. What is pii leaves here as tokens. */
export async function readBatch(
  schema: ModelSchema,
  instances: unknown,
  batchId: string,
  tokenise: Tokenise,
): Promise<readonly Instance[]> {
  if (!Array.isArray(instances) || instances.length === 0 || instances.length > maxInstances)
    throw new ProblemError(400, `instances: a list of 1 to ${maxInstances} rows is expected`, {
      errors: [
        {
          pointer: '/instances',
          detail: Array.isArray(instances) ? `${instances.length} rows` : 'not a list',
        },
      ],
    });
  let pixelsLeft = maxBatchPixels;
  const takePixels = (pixels: number) => {
    pixelsLeft -= pixels;
    return pixelsLeft >= 0;
  };
  const limits = { ...defaultImageLimits, takePixels };
  const read: Instance[] = [];
  const pause = createPause();
  for (const [at, instance] of instances.entries()) {
    await pause();
    const one = readInstance(schema, instance, at, batchId, limits);
    read.push(one.ok ? { ...one, row: tokenise(one.row) } : one);
  }
  return read;
}

function readInstance(
  schema: ModelSchema,
  instance: unknown,
  at: number,
  batchId: string,
  limits: ImageLimits,
): Instance {
  const pointer = `/instances/${at}`;
  const wrapped =
    typeof instance === 'object' && instance !== null && 'features' in instance
      ? (instance as { request_id?: unknown; features: unknown })
      : { features: instance, flat: true };
  const given = 'request_id' in wrapped ? wrapped.request_id : undefined;
  const id = given ?? derivedId(batchId, at);
  if (typeof id !== 'string' || !requestIdPattern.test(id))
    return failed(null, 400, [
      { pointer: `${pointer}/request_id`, detail: '1 to 128 of A-Z a-z 0-9 . _ : - is expected' },
    ]);
  const place = 'flat' in wrapped ? pointer : `${pointer}/features`;
  const check = checkRow(schema, wrapped.features, place, limits);
  return check.ok
    ? { ok: true, id, row: check.row, image: check.image }
    : failed(id, check.status, check.faults);
}

function derivedId(batchId: string, at: number): string {
  if (batchId.length > maxBatchId)
    throw new ProblemError(
      400,
      `batch_id has ${batchId.length} characters; at most ${maxBatchId} leave room for row numbers`,
    );
  return `${batchId}:${at}`;
}

function failed(id: string | null, status: number, errors: readonly unknown[]): Instance {
  return { ok: false, problem: { request_id: id, error: { status, errors } } };
}
