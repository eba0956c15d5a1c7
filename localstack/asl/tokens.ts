/** Task tokens: answered durably by whoever holds one, awaited by the task that handed it out. */
import type { Json } from '#shared/json.ts';
import type { Table } from '#shared/ports/table.ts';
import { TaskTokenUsedError, UnknownTaskTokenError } from './errors.ts';
import { MAX_PAYLOAD_BYTES, payloadBytes, toJson } from './payload.ts';
import { type TokenOutcome, type TokenRecord, tokenKey } from './records.ts';
import { recordOf } from './store.ts';

/** How long a used token is told apart from an unknown one. */
const REMEMBERED_SECONDS = 30 * 24 * 3600;

export class TaskTokens {
  private readonly table: Table;
  private readonly now: () => number;
  private readonly waiting = new Map<string, (outcome: TokenOutcome) => void>();

  constructor(table: Table, now: () => number) {
    this.table = table;
    this.now = now;
  }

  /** Makes the token known, so that it can be answered from now on. */
  async open(token: string): Promise<void> {
    await this.table.putIfAbsent(tokenKey(token), { kind: 'waiting' } satisfies TokenRecord);
  }

  /** The answer, now or later; one that came while nobody waited (before a restart) is there at once. */
  async outcome(token: string): Promise<TokenOutcome> {
    const later = new Promise<TokenOutcome>((resolve) => this.waiting.set(token, resolve));
    const record = recordOf<TokenRecord>(await this.table.get(tokenKey(token)));
    return record?.kind === 'answered' ? record.outcome : later;
  }

  /**
   * Answers a token.
   *
   * @throws UnknownTaskTokenError | TaskTokenUsedError
   */
  async answer(token: string, outcome: TokenOutcome): Promise<void> {
    const item = await this.table.get(tokenKey(token));
    if (item === undefined) throw new UnknownTaskTokenError(token);
    if (recordOf<TokenRecord>(item)!.kind !== 'waiting') throw new TaskTokenUsedError(token);
    const record = { kind: 'answered', outcome: bounded(outcome) } satisfies TokenRecord;
    const result = await this.table.putIfRevision(tokenKey(token), record, item.revision);
    if (!result.stored) throw new TaskTokenUsedError(token);
    this.waiting.get(token)?.(record.outcome);
  }

  /** Whether the task that handed the token out was given up. */
  async isClosed(token: string): Promise<boolean> {
    return recordOf<TokenRecord>(await this.table.get(tokenKey(token)))?.kind === 'closed';
  }

  /** Gives up waiting. An answer that was accepted before is returned: its sender was told it counts. */
  async abandon(token: string): Promise<TokenOutcome | undefined> {
    this.waiting.delete(token);
    return this.close(token, 'waiting');
  }

  /** Drops the answer once the task's result is stored elsewhere. */
  async forget(token: string): Promise<void> {
    this.waiting.delete(token);
    await this.close(token, 'answered');
  }

  /** Closes a token that is at most so far; answers what it was answered if it is further. */
  private async close(token: string, upTo: 'waiting' | 'answered'): Promise<TokenOutcome | undefined> {
    const expiresAt = Math.floor(this.now() / 1000) + REMEMBERED_SECONDS;
    for (;;) {
      const item = await this.table.get(tokenKey(token));
      const record = recordOf<TokenRecord>(item);
      if (item === undefined || record === undefined || record.kind === 'closed') return undefined;
      if (record.kind === 'answered' && upTo === 'waiting') return record.outcome;
      const closed = { kind: 'closed' } satisfies TokenRecord;
      const result = await this.table.putIfRevision(tokenKey(token), closed, item.revision, { expiresAt });
      if (result.stored) return undefined;
    }
  }
}

/** An answer that is too large to be a payload is stored as the failure it leads to, so that the item stays small. */
function bounded(outcome: TokenOutcome): TokenOutcome {
  if (!outcome.ok)
    return { ...outcome, error: outcome.error.slice(0, 256), cause: outcome.cause.slice(0, 32_768) };
  const output: Json = toJson(outcome.output);
  const bytes = payloadBytes(output);
  if (bytes <= MAX_PAYLOAD_BYTES) return { ok: true, output };
  const cause = `the task's answer has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are allowed`;
  return { ok: false, error: 'States.DataLimitExceeded', cause };
}
