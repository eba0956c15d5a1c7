/** What every operator action reads first: its model, and a body with a reason; and who it is that asks. */
import * as z from 'zod';
import { callerOf } from '#shared/api/caller.ts';
import { type HttpEvent, parseObject } from '#shared/api/http.ts';
import { unexpectedMembers } from '#shared/api/unexpected-members.ts';
import type { Deps } from '#shared/deps.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';

/** Where somebody is authenticated, `actor` is that principal, and what the body says is only for whom it claims to act. */
export const actor = {
  actor: z.string().min(1).max(200).default('operator'),
  on_behalf_of: z.string().min(1).max(200).optional(),
};
export const reason = z.string().min(1).max(2000);

/** @throws ProblemError 404 with the models there are */
export function named(deps: Deps, event: HttpEvent): Promise<ModelRecord> {
  return resolveModel(deps, event.pathParameters?.model ?? undefined);
}

/** @throws ProblemError 400 with a pointer to every member that is wrong */
export function readBody<Schema extends z.ZodType>(
  deps: Deps,
  event: HttpEvent,
  schema: Schema,
): z.infer<Schema> {
  const body = parseObject(event, deps.settings.MAX_BODY_BYTES, { optional: true });
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw unexpectedMembers(parsed.error);
  const caller = callerOf(event);
  if (!caller) return parsed.data;
  const claim = body.on_behalf_of ?? body.actor;
  return {
    ...(parsed.data as object),
    actor: caller.name,
    ...(claim === undefined || claim === caller.name ? {} : { on_behalf_of: claim }),
  } as z.infer<Schema>;
}

interface Claimed {
  readonly on_behalf_of?: string | undefined;
}

/** The claim as a ledger entry has it: a member, or none. */
export function claimOf({ on_behalf_of }: Claimed): { readonly on_behalf_of?: string } {
  return on_behalf_of === undefined ? {} : { on_behalf_of };
}
