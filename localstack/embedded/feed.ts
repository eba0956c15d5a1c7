/** The feed's moving half: hands a table's changes to capture, batch by batch, the way a stream mapping calls a Lambda. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { toStreamEvent } from './feed-event.ts';
import type { FeedLog, LogEntry } from './feed-log.ts';

export type FeedHandler = (event: DynamoDBStreamEvent) => Promise<unknown>;

export interface DeliverOptions {
  /** At most so many records in an event; 1000 unless told. */
  readonly batchSize?: number;
  /** How long a batch that is not full waits for more; 20 ms unless told. */
  readonly maxWaitMs?: number;
  /** Wait after a handler's first failure, doubled at each further one up to {@link MAX_RETRY_MS}; 100 ms unless told. */
  readonly retryMs?: number;
  /** Hears of every failed delivery; prints to stderr unless told. */
  readonly onError?: (error: unknown, attempt: number) => void;
}

/** A feed has one consumer. */
export class FeedTakenError extends Error {
  override readonly name = 'FeedTakenError';
}

export interface Feed {
  /**
   * Starts to deliver from the checkpoint: in order, one batch at a time, each at least once. The checkpoint moves on once the
   * handler has resolved; a batch whose handler fails is sent again, and after a crash delivery starts at the same first
   * record. Throws {@link FeedTakenError} while another delivery of this feed runs.
   */
  deliver(handler: FeedHandler, options?: DeliverOptions): Delivery;
  /**
   * The stream time (Unix ms) such that every record with an earlier one has been delivered and checkpointed and none will
   * ever get an earlier one; of an idle feed, now.
   */
  closedBefore(): Promise<number>;
  /** Drops delivered records older than a day; answers how many. */
  trim(): Promise<number>;
  /** Ends the delivery, if one runs. */
  close(): Promise<void>;
}

export interface Delivery {
  /** Resolves after the batch in flight; what was not delivered waits for the next start. */
  close(): Promise<void>;
}

/** What a Lambda is sent at most in one call. */
const MAX_BATCH_BYTES = 6_000_000;
const RETENTION_MS = 24 * 3_600_000;
const MAX_RETRY_MS = 10_000;
/** How long a write of another process may stay unnoticed. */
const POLL_MS = 200;

export function createFeed(log: FeedLog, now: () => number): Feed {
  let running: DeliveryLoop | undefined;
  async function close(): Promise<void> {
    await running?.stop();
    running = undefined;
  }
  return {
    deliver(handler, options) {
      if (running) throw new FeedTakenError(`feed of table ${log.tableName} is already being delivered`);
      running = new DeliveryLoop(log, handler, options);
      return { close };
    },
    closedBefore: () => log.closedBefore(),
    trim: () => log.trim(now() - RETENTION_MS),
    close,
  };
}

class DeliveryLoop {
  private readonly log: FeedLog;
  private readonly handler: FeedHandler;
  private readonly options: Required<DeliverOptions>;
  private readonly stopping = new AbortController();
  private readonly finished: Promise<void>;

  constructor(log: FeedLog, handler: FeedHandler, options: DeliverOptions = {}) {
    this.log = log;
    this.handler = handler;
    const onError = (error: unknown, attempt: number) =>
      console.error(`delivery of feed ${log.tableName} failed (attempt ${attempt}), trying again:`, error);
    this.options = { batchSize: 1000, maxWaitMs: 20, retryMs: 100, onError, ...options };
    this.finished = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  private async run(): Promise<void> {
    let batch: readonly LogEntry[] = [];
    let attempt = 0;
    while (!this.stopping.signal.aborted) {
      try {
        if (batch.length === 0) batch = await this.nextBatch();
        if (batch.length === 0) continue;
        await this.handler(toStreamEvent(this.log.tableName, batch));
        await this.log.advanceTo(batch.at(-1)!.sequence);
        batch = [];
        attempt = 0;
      } catch (error) {
        attempt++;
        this.options.onError(error, attempt);
        await pause(Math.min(this.options.retryMs * 2 ** (attempt - 1), MAX_RETRY_MS), this.stopping.signal);
      }
    }
  }

  /** Empty when nothing came, or while stopping. */
  private async nextBatch(): Promise<readonly LogEntry[]> {
    const { batchSize, maxWaitMs } = this.options;
    const pending = this.log.readPending(batchSize, MAX_BATCH_BYTES);
    if (pending.length === 0) {
      await this.until(1, POLL_MS);
      return [];
    }
    if (pending.length === batchSize || maxWaitMs === 0) return pending;
    await this.until(batchSize, maxWaitMs);
    if (this.stopping.signal.aborted) return [];
    return this.log.readPending(batchSize, MAX_BATCH_BYTES);
  }

  /** So many records are waiting, the time is up, or the delivery is to stop. */
  private async until(pending: number, ms: number): Promise<void> {
    const enough = new AbortController();
    const unsubscribe = this.log.onWake(() => {
      if (this.log.pendingCount() >= pending) enough.abort();
    });
    await pause(ms, AbortSignal.any([enough.signal, this.stopping.signal]));
    unsubscribe();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {}); // rejects only when woken early
}
