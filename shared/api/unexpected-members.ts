/** A body that does not have the members a route expects, as a problem with a pointer to each. */
import type * as z from 'zod';
import { ProblemError } from '../errors.ts';
import { escapePointer } from '../schema/rows.ts';

/** The 400 problem of a body that its schema refused. */
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
