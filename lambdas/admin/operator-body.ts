/** What every operator action reads first: its model, and a body with an actor and a reason. */
import * as z from 'zod';
import { type HttpEvent, parseObject } from '#shared/api/http.ts';
import { unexpectedMembers } from '#shared/api/unexpected-members.ts';
import type { Deps } from '#shared/deps.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';

export const actor = { actor: z.string().min(1).max(200).default('operator') };
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
  const parsed = schema.safeParse(parseObject(event, deps.settings.MAX_BODY_BYTES, { optional: true }));
  if (parsed.success) return parsed.data;
  throw unexpectedMembers(parsed.error);
}
