/** The instances of a batch request, each checked by itself: one bad row fails alone. */
import { ProblemError } from '#shared/errors.ts';
import { requestIdPattern } from '#shared/log/prediction-log.ts';
import type { ModelSchema } from '#shared/schema/feature-schema.ts';
import { checkRow, type FeatureRow } from '#shared/schema/rows.ts';

export type Instance =
  | { readonly ok: true; readonly id: string; readonly row: FeatureRow }
  | { readonly ok: false; readonly problem: Record<string, unknown> };

const maxInstances = 1000;
/** With ':' and a number below 1000 it makes a request id. */
const maxBatchId = 124;

/** Throws a 400 problem when the list itself is unusable; a bad row becomes its own problem. */
export function readBatch(schema: ModelSchema, instances: unknown, batchId: string): readonly Instance[] {
  if (!Array.isArray(instances) || instances.length === 0 || instances.length > maxInstances)
    throw new ProblemError(400, `instances: a list of 1 to ${maxInstances} rows is expected`, {
      errors: [
        {
          pointer: '/instances',
          detail: Array.isArray(instances) ? `${instances.length} rows` : 'not a list',
        },
      ],
    });
  return instances.map((instance: unknown, at) => readInstance(schema, instance, at, batchId));
}

function readInstance(schema: ModelSchema, instance: unknown, at: number, batchId: string): Instance {
  const pointer = `/instances/${at}`;
  const wrapped =
    typeof instance === 'object' && instance !== null && 'features' in instance
      ? (instance as { request_id?: unknown; features: unknown })
      : { features: instance, flat: true };
  const given = 'request_id' in wrapped ? wrapped.request_id : undefined;
  const id = given ?? derivedId(batchId, at);
  if (typeof id !== 'string' || !requestIdPattern.test(id))
    return failed(null, [
      { pointer: `${pointer}/request_id`, detail: '1 to 128 of A-Z a-z 0-9 . _ : - is expected' },
    ]);
  const check = checkRow(schema, wrapped.features, 'flat' in wrapped ? pointer : `${pointer}/features`);
  return check.ok ? { ok: true, id, row: check.row } : failed(id, check.faults);
}

function derivedId(batchId: string, at: number): string {
  if (batchId.length > maxBatchId)
    throw new ProblemError(
      400,
      `batch_id has ${batchId.length} characters; at most ${maxBatchId} leave room for row numbers`,
    );
  return `${batchId}:${at}`;
}

function failed(id: string | null, errors: readonly unknown[]): Instance {
  return { ok: false, problem: { request_id: id, error: { status: 400, errors } } };
}
