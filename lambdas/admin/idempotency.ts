/** `Idempotency-Key` on an operator's POST: the same key and body again gets the first answer, and nothing happens twice. */
import { createHash } from 'node:crypto';
import { answering, type HttpEvent, type HttpResult, header } from '#shared/api/http.ts';
import type { Deps } from '#shared/deps.ts';
import { ProblemError } from '#shared/errors.ts';
import type { Json } from '#shared/json.ts';
import { stateKeys } from '#shared/registry/keys.ts';

interface Stored {
  readonly hash: string;
  /** Absent while the first request is under way. */
  readonly result?: { readonly statusCode: number; readonly body: string };
}

const keepSeconds = 86_400;
/** A request that died without an answer gives its key back after this long. */
const pendingSeconds = 60;

type Operation = (deps: Deps, event: HttpEvent) => Promise<HttpResult>;

export function idempotent(operation: Operation): Operation {
  return async (deps, event) => {
    const given = header(event, 'idempotency-key');
    if (given === undefined) return operation(deps, event);
    if (given.length === 0 || given.length > 255)
      throw new ProblemError(400, `Idempotency-Key has ${given.length} characters; 1 to 255 are allowed`);
    const key = stateKeys.idempotency(event.path, given);
    const hash = createHash('sha256')
      .update(event.body ?? '')
      .digest('base64url');
    const nowSeconds = Math.floor(deps.now() / 1000);
    const claim = await deps.state.putIfAbsent(key, { hash }, { expiresAt: nowSeconds + pendingSeconds });
    if (!claim.stored) return replay(claim.existing?.value as unknown as Stored, hash, given);
    const result = await answering(() => operation(deps, event));
    if (result.statusCode >= 500) await deps.state.delete(key, claim.item.revision);
    else {
      const stored: Stored = { hash, result: { statusCode: result.statusCode, body: result.body } };
      await deps.state.putIfRevision(key, stored as unknown as Json, claim.item.revision, {
        expiresAt: nowSeconds + keepSeconds,
      });
    }
    return result;
  };
}

function replay(stored: Stored, hash: string, key: string): HttpResult {
  if (stored.hash !== hash)
    throw new ProblemError(409, `Idempotency-Key "${key}" was used with another body`);
  if (!stored.result)
    throw new ProblemError(409, `a request with Idempotency-Key "${key}" is still under way`);
  const type = stored.result.statusCode >= 400 ? 'application/problem+json' : 'application/json';
  return { ...stored.result, headers: { 'content-type': type, 'idempotent-replayed': 'true' } };
}
