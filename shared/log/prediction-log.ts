/** The prediction log: one item per answered request, one per label; what capture and `GET /logs` read. */
import { createHash } from 'node:crypto';
import type { Deps } from '../deps.ts';
import type { Json } from '../json.ts';
import { isNeverStorable, ValueTooLargeError } from '../ports/errors.ts';
import type { Item, PutResult } from '../ports/table.ts';
import { labelKey, outcomeKey, predictionKey } from '../registry/keys.ts';
import type { FeatureRow } from '../schema/rows.ts';

export type Answer =
  | {
      readonly predicted_class: string;
      readonly confidence: number;
      readonly probabilities: Readonly<Record<string, number>>;
    }
  | { readonly prediction: number };

export interface PredictionRecord {
  readonly model: string;
  readonly version: string;
  readonly request_id: string;
  /** Unix milliseconds of the answer. */
  readonly at: number;
  readonly features: FeatureRow;
  /** Days since the baseline, for each date. */
  readonly context: Readonly<Record<string, number>>;
  readonly answer: Answer;
  /** Of the handler, from the request to the answer that is put here; to the microsecond. */
  readonly duration_ms?: number;
  /** Of the features: tells a repeat from a reused id. */
  readonly hash: string;
}

export interface LabelRecord {
  readonly model: string;
  readonly request_id: string;
  readonly label: number | string;
  /** Unix milliseconds; the latest wins. */
  readonly labelled_at: number;
  readonly received_at: number;
}

/** A request that was refused or failed: counted, never its features. */
export interface OutcomeRecord {
  readonly model: string;
  readonly at: number;
  readonly status: number;
  /** Requests it stands for, where more failed than are written down one by one. */
  readonly count?: number;
}

export type LogResult =
  | { readonly kind: 'stored' }
  /** The same request was answered before: that answer holds. */
  | { readonly kind: 'replayed'; readonly record: PredictionRecord }
  /** The id was used for another body. */
  | { readonly kind: 'conflict' }
  /** The store did not take it; the record is in the spool. */
  | { readonly kind: 'spooled' }
  /** No store would ever take it: it is neither logged nor in the spool, so it must not be answered. */
  | { readonly kind: 'too_large'; readonly bytes: number; readonly allowed: number };

type LogDeps = Pick<Deps, 'predictions' | 'settings' | 'now' | 'spool' | 'log' | 'measure'>;

const daySeconds = 86_400;

export const requestIdPattern = /^[A-Za-z0-9._:-]{1,128}$/;

/** Stable over key order because checked rows follow the schema. */
export function featuresHash(features: FeatureRow): string {
  return createHash('sha256').update(JSON.stringify(features)).digest('base64url').slice(0, 22);
}

/**
 * One conditional put; two quick tries, then the spool. Never throws for a store that is down; a record that no store would take
 * is not spooled, since its replay could not end well either.
 */
export async function logPrediction(deps: LogDeps, record: PredictionRecord): Promise<LogResult> {
  const key = predictionKey(record.model, record.request_id);
  const value = record as unknown as Json;
  const expiresAt = Math.floor(deps.now() / 1000) + deps.settings.LOG_TTL_DAYS * daySeconds;
  try {
    const put = await twice(() => deps.predictions.putIfAbsent(key, value, { expiresAt }));
    if (put.stored) return { kind: 'stored' };
    const existing = put.existing?.value as unknown as PredictionRecord | undefined;
    if (existing?.hash === record.hash) return { kind: 'replayed', record: existing };
    return { kind: 'conflict' };
  } catch (error) {
    if (error instanceof ValueTooLargeError)
      return { kind: 'too_large', bytes: error.bytes, allowed: error.allowed };
    if (isNeverStorable(error)) throw error;
    deps.spool({ ...key, value, expiresAt });
    deps.measure('UnloggedPredictions', 1);
    deps.log('warn', 'prediction log failed; the record is in the spool', { error: String(error) });
    return { kind: 'spooled' };
  }
}

async function twice(put: () => Promise<PutResult>): Promise<PutResult> {
  try {
    return await put();
  } catch (error) {
    if (isNeverStorable(error)) throw error;
    return put();
  }
}

export type LabelResult = 'stored' | 'updated' | 'unchanged';

/** The latest `labelled_at` wins, in whatever order labels arrive. A label may come before its prediction. */
export async function logLabel(
  deps: Pick<Deps, 'predictions' | 'settings' | 'now'>,
  record: LabelRecord,
): Promise<LabelResult> {
  const key = labelKey(record.model, record.request_id);
  const value = record as unknown as Json;
  const options = { expiresAt: Math.floor(deps.now() / 1000) + deps.settings.LOG_TTL_DAYS * daySeconds };
  let put = await deps.predictions.putIfAbsent(key, value, options);
  if (put.stored) return 'stored';
  while (!put.stored) {
    const existing: Item | undefined = put.existing;
    const current = existing?.value as unknown as LabelRecord | undefined;
    if (current && (current.labelled_at >= record.labelled_at || isRetry(current, record)))
      return 'unchanged';
    put = existing
      ? await deps.predictions.putIfRevision(key, value, existing.revision, options)
      : await deps.predictions.putIfAbsent(key, value, options);
  }
  return 'updated';
}

/** The same label again, with no time of its own but that of its arrival: counted once. */
function isRetry(current: LabelRecord, record: LabelRecord): boolean {
  return current.label === record.label && record.labelled_at === record.received_at;
}

/** Best effort: a failure to count a failure is only logged. */
export async function logOutcome(deps: LogDeps, id: string, record: OutcomeRecord): Promise<void> {
  const expiresAt = Math.floor(deps.now() / 1000) + daySeconds;
  try {
    await deps.predictions.putIfAbsent(outcomeKey(record.model, id), record as unknown as Json, {
      expiresAt,
    });
  } catch (error) {
    deps.log('warn', 'an outcome could not be counted', { error: String(error) });
  }
}
