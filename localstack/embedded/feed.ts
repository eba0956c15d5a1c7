/** The feed's moving half: hands a table's changes to capture, batch by batch, the way a stream mapping calls a Lambda. */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { toStreamEvent } from './feed-event.ts';
import type { FeedLog, LogEntry } from './feed-log.ts';

type FeedHandler = (event: DynamoDBStreamEvent) => Promise<unknown>;

interface DeliverOptions {
  /** At most so many records in an event; 1000 unless told. */
  readonly batchSize?: number;
  /** How long a batch that is not full waits for more; 20 ms unless told. */
  readonly maxWaitMs?: number;
  /** Wait after a handler's first failure, doubled at each further one up to 10 s; 100 ms unless told. */
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

interface Delivery {
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
  private readonly finished: Promise<void>;
  private isStopping = false;
  private endWait = (): void => {};

  constructor(log: FeedLog, handler: FeedHandler, options: DeliverOptions = {}) {
    this.log = log;
    this.handler = handler;
    const onError = (error: unknown, attempt: number) =>
      console.error(`delivery of feed ${log.tableName} failed (attempt ${attempt}), trying again:`, error);
    this.options = { batchSize: 1000, maxWaitMs: 20, retryMs: 100, onError, ...options };
    this.finished = this.run();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.endWait();
    await this.finished;
  }

  private async run(): Promise<void> {
    let batch: readonly LogEntry[] = [];
    let attempt = 0;
    while (!this.isStopping) {
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
        await this.wait(Math.min(this.options.retryMs * 2 ** (attempt - 1), MAX_RETRY_MS));
      }
    }
  }

  /** Empty when nothing came, or while stopping. */
  private async nextBatch(): Promise<readonly LogEntry[]> {
    const { batchSize, maxWaitMs } = this.options;
    const pending = this.log.readPending(batchSize, MAX_BATCH_BYTES);
    if (pending.length === 0) {
      await this.wait(POLL_MS, 1);
      return [];
    }
    if (pending.length === batchSize || maxWaitMs === 0) return pending;
    await this.wait(maxWaitMs, batchSize);
    if (this.isStopping) return [];
    return this.log.readPending(batchSize, MAX_BATCH_BYTES);
  }

  /** Until the time is up, so many records are pending, or the delivery is to stop. */
  private wait(ms: number, enough = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.endWait(), ms);
      const unsubscribe = this.log.onWake(() => {
        if (this.log.pendingCount() >= enough) this.endWait();
      });
      this.endWait = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
    });
  }
}
