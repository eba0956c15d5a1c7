/** An operator changes how a model is monitored or retrained: single settings, checked as a whole, in the ledger. */
import * as z from 'zod';
import { type HttpEvent, type HttpResult, json } from '#shared/api/http.ts';
import { unexpectedMembers } from '#shared/api/unexpected-members.ts';
import type { Deps } from '#shared/deps.ts';
import type { JsonObject } from '#shared/json.ts';
import { updateItem } from '#shared/ports/update.ts';
import { stateKeys } from '#shared/registry/keys.ts';
import { appendLedger } from '#shared/registry/ledger.ts';
import { type ModelRecord, modelRecordSchema } from '#shared/registry/model.ts';
import { actor, claimOf, named, readBody, reason } from './operator-body.ts';

/** Settings by name; null takes one back to its default. What they may be, the record's own schema says. */
const settings = z.record(z.string(), z.json());
const policyBody = z
  .strictObject({ ...actor, reason, monitor: settings.optional(), retrain: settings.optional() })
  .refine(
    ({ monitor, retrain }) => monitor ?? retrain,
    'monitor or retrain is expected, with what is to change',
  );

/**
 * Holds from the next window, and the next run, on; windows that were judged stand. The ledger entry rides in the record,
 * as a champion's does in its pointer: after a crash between the two writes the next change writes it.
 */
export async function changePolicy(deps: Deps, event: HttpEvent): Promise<HttpResult> {
  const { name } = await named(deps, event);
  const body = readBody(deps, event, policyBody);
  let before: ModelRecord['policy_change'];
  const changed = await updateItem<ModelRecord>(deps.state, stateKeys.record(name), (record) => {
    if (!record) return undefined;
    before = record.policy_change;
    const parsed = modelRecordSchema.safeParse({
      ...record,
      monitor: patched(record.monitor, body.monitor),
      retrain: patched(record.retrain, body.retrain),
      policy_change: {
        at: Math.max(deps.now(), (record.policy_change?.at ?? 0) + 1),
        action: 'policy',
        actor: body.actor,
        ...claimOf(body),
        reason: body.reason,
        detail: {
          ...(body.monitor ? { monitor: body.monitor } : {}),
          ...(body.retrain ? { retrain: body.retrain } : {}),
        },
      },
    });
    if (!parsed.success) throw unexpectedMembers(parsed.error);
    return parsed.data;
  });
  for (const entry of [before, changed?.policy_change]) if (entry) await appendLedger(deps, name, entry);
  return json(200, { model: name, monitor: changed?.monitor, retrain: changed?.retrain });
}

function patched(policy: object, changes: JsonObject = {}): object {
  const all = Object.entries({ ...policy, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}
