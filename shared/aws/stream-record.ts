/** A change of the table as the feed delivers it, read into the domain's terms; the first thing capture does. */
import type { Json } from '../json.ts';
import type { Key } from '../ports/table.ts';
import { fromAttributes, readString } from './stored-item.ts';

interface RecordBase {
  /** Unique per change and the same at each redelivery. */
  readonly eventId: string;
  readonly key: Key;
  /** Unix milliseconds at which the change entered the stream; never decreases within a partition key. */
  readonly streamTimeMs: number;
}

export type StreamRecord =
  | (RecordBase & {
      readonly kind: 'put';
      readonly value: Json;
      readonly revision: number;
      /** Unix seconds. */
      readonly expiresAt?: number;
    })
  /** `isExpiry`: removed by the table's own TTL, not by a caller. */
  | (RecordBase & { readonly kind: 'remove'; readonly isExpiry: boolean });

/** A stream record that does not have the layout of our items; the message names the event and what is wrong. */
export class UnreadableStreamRecordError extends Error {
  override readonly name = 'UnreadableStreamRecordError';
}

interface RawRecord {
  readonly eventID?: unknown;
  readonly eventName?: unknown;
  readonly dynamodb?: {
    readonly ApproximateCreationDateTime?: unknown;
    readonly Keys?: { readonly [name: string]: unknown };
    readonly NewImage?: { readonly [name: string]: unknown };
  };
  readonly userIdentity?: { readonly principalId?: unknown } | null;
}

/**
 * Reads one record of a DynamoDB Streams Lambda event (view type `NEW_IMAGE` or `NEW_AND_OLD_IMAGES`), from AWS or from the
 * embedded feed.
 *
 * @throws {UnreadableStreamRecordError} when it is not a change of one of our items
 * @example
 * for (const record of event.Records) parseStreamRecord(record).streamTimeMs; // 1700000000123
 */
export function parseStreamRecord(record: unknown): StreamRecord {
  const raw = (record ?? {}) as RawRecord;
  try {
    return readRecord(raw);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableStreamRecordError(`stream record ${JSON.stringify(raw.eventID)}: ${reason}`, {
      cause,
    });
  }
}

function readRecord(raw: RawRecord): StreamRecord {
  const base = {
    eventId: readEventId(raw),
    key: readKey(raw),
    streamTimeMs: readStreamTime(raw),
  };
  if (raw.eventName === 'REMOVE') {
    const isExpiry = raw.userIdentity?.principalId === 'dynamodb.amazonaws.com';
    return { ...base, kind: 'remove', isExpiry };
  }
  if (raw.eventName !== 'INSERT' && raw.eventName !== 'MODIFY')
    throw new TypeError(`eventName is ${JSON.stringify(raw.eventName)}, want INSERT, MODIFY or REMOVE`);
  if (!raw.dynamodb?.NewImage) throw new TypeError('NewImage is missing');
  const stored = fromAttributes(raw.dynamodb.NewImage);
  return {
    ...base,
    kind: 'put',
    value: JSON.parse(stored.data) as Json,
    revision: stored.rev,
    ...(stored.exp === undefined ? {} : { expiresAt: stored.exp }),
  };
}

function readEventId({ eventID }: RawRecord): string {
  if (typeof eventID === 'string' && eventID !== '') return eventID;
  throw new TypeError('eventID is missing');
}

function readKey({ dynamodb }: RawRecord): Key {
  if (!dynamodb?.Keys) throw new TypeError('Keys are missing');
  return { pk: readString(dynamodb.Keys, 'pk'), sk: readString(dynamodb.Keys, 'sk') };
}

/** The event carries seconds, in the embedded feed with a fraction. */
function readStreamTime({ dynamodb }: RawRecord): number {
  const seconds = dynamodb?.ApproximateCreationDateTime;
  if (typeof seconds === 'number' && Number.isFinite(seconds)) return Math.round(seconds * 1000);
  throw new TypeError(`ApproximateCreationDateTime is ${JSON.stringify(seconds)}, want Unix seconds`);
}
