/** Last step, and the net under every failed execution: record the outcome, give the lease back. Safe to repeat. */
import * as z from 'zod';
import type { Deps } from '#shared/deps.ts';
import type { JsonObject } from '#shared/json.ts';
import { rejectVersion, resolveModel } from '#shared/registry/registry.ts';
import { endRun, type RunOutcome, reasonOf } from '#shared/registry/run.ts';

const stepSchema = z.object({
  execution: z.string(),
  model: z.string(),
  outcome: z.enum([
    'promoted',
    'rejected',
    'expired',
    'superseded',
    // of an execution that began before there were approvals
    'awaiting_promotion',
    'insufficient_labels',
    'invalid_data',
    'parity_failed',
    'conflict',
    'failed',
  ]),
  detail: z.record(z.string(), z.unknown()),
});

/** What Step Functions says of an execution that ended badly; the embedded engine says the same. */
const statusChangeSchema = z.object({
  detail: z.object({
    executionArn: z.string(),
    status: z.string(),
    input: z.string(),
    cause: z.string().nullish(),
  }),
});

export function createReleaseHandler(deps: Deps) {
  return async (event: unknown) => {
    const { execution, model: name, outcome, detail } = readEvent(event);
    const model = await resolveModel(deps, name);
    // of one that the gate rejected there is no more to be done; one that a person rejected is named
    if (outcome === 'rejected' && typeof detail.version === 'string')
      await rejectVersion(deps, model.name, detail.version, reasonOf(detail));
    const record = (await endRun(deps, model, execution, outcome, detail)) ?? { outcome, detail };
    return { outcome: record.outcome, reason: reasonOf(record.detail) };
  };
}

function readEvent(event: unknown): {
  execution: string;
  model: string;
  outcome: RunOutcome;
  detail: JsonObject;
} {
  const change = statusChangeSchema.safeParse(event);
  if (!change.success) return stepSchema.parse(event) as ReturnType<typeof readEvent>;
  const { executionArn, status, input, cause } = change.data.detail;
  const { model } = z.object({ model: z.string() }).parse(JSON.parse(input));
  return { execution: executionArn, model, outcome: 'failed', detail: { Error: status, Cause: cause ?? '' } };
}
