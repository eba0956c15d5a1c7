/** What every operator action reads first: its model, and a body with an actor and a reason. */
import * as z from 'zod';
import { type HttpEvent, parseObject } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { ModelRecord } from '#shared/registry/model.ts';
import { resolveModel } from '#shared/registry/registry.ts';
import { escapePointer } from '#shared/schema/rows.ts';

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

export function unexpectedMembers(error: z.ZodError): ProblemError {
  return new ProblemError(400, 'the body does not have the expected members', {
    errors: error.issues.flatMap((issue) => {
      const extra = issue.code === 'unrecognized_keys' ? issue.keys : undefined;
      if (!extra) return [{ pointer: pointerTo(issue.path), detail: issue.message }];
      return extra.map((name) => ({
        pointer: pointerTo([...issue.path, name]),
        detail: 'not expected here',
      }));
    }),
  });
}

function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((name) => `/${escapePointer(String(name))}`).join('');
}
