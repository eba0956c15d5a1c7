/** Test support: stored items as the records a DynamoDB stream would deliver. */
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { newStoredItem, type StoredItem, toAttributes } from '../aws/stored-item.ts';
import type { Json } from '../json.ts';
import { featuresHash, type LabelRecord, type PredictionRecord } from '../log/prediction-log.ts';
import type { Key } from '../ports/table.ts';
import { labelKey, outcomeKey, predictionKey } from '../registry/keys.ts';
import type { LabelledRow } from '../retrain/snapshot.ts';

export function streamRecord(stored: StoredItem, sequence: number, streamTimeMs: number): DynamoDBRecord {
  return {
    eventID: `event-${String(sequence).padStart(8, '0')}`,
    eventName: stored.rev === 1 ? 'INSERT' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'eu-west-1',
    dynamodb: {
      ApproximateCreationDateTime: streamTimeMs / 1000,
      Keys: { pk: { S: stored.pk }, sk: { S: stored.sk } },
      NewImage: toAttributes(stored),
      SequenceNumber: String(sequence).padStart(21, '0'),
      StreamViewType: 'NEW_IMAGE',
    },
  };
}

/** A record of an item that no table need hold. */
export function recordOf(key: Key, value: Json, sequence: number, streamTimeMs: number): DynamoDBRecord {
  return streamRecord(newStoredItem(key, value, 1), sequence, streamTimeMs);
}

/** The removal that DynamoDB's TTL makes. */
export function expiryOf({ pk, sk }: Key, sequence: number, streamTimeMs: number): DynamoDBRecord {
  const { NewImage: _, ...dynamodb } = recordOf({ pk, sk }, null, sequence, streamTimeMs).dynamodb!;
  return {
    ...recordOf({ pk, sk }, null, sequence, streamTimeMs),
    eventName: 'REMOVE',
    dynamodb,
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  };
}

export const eventOf = (records: readonly DynamoDBRecord[]): DynamoDBStreamEvent => ({
  Records: [...records],
});

/** What capture is sent of a prediction, its label or a refused request. */
export function predictionRecord(
  model: string,
  version: string,
  row: LabelledRow,
  sequence: number,
  streamTimeMs: number,
): DynamoDBRecord {
  const value: PredictionRecord = {
    model,
    version,
    request_id: row.id,
    at: row.at,
    features: row.features,
    context: {},
    answer: typeof row.label === 'number' ? { prediction: row.label } : classAnswer(row.label),
    hash: featuresHash(row.features),
  };
  return recordOf(predictionKey(model, row.id), value as unknown as Json, sequence, streamTimeMs);
}

function classAnswer(label: string): PredictionRecord['answer'] {
  return { predicted_class: label, confidence: 0.9, probabilities: { [label]: 0.9 } };
}

export function labelRecord(
  model: string,
  id: string,
  label: number | string,
  labelledAt: number,
  sequence: number,
  streamTimeMs: number,
): DynamoDBRecord {
  const value: LabelRecord = {
    model,
    request_id: id,
    label,
    labelled_at: labelledAt,
    received_at: streamTimeMs,
  };
  return recordOf(labelKey(model, id), value as unknown as Json, sequence, streamTimeMs);
}

export function outcomeRecord(
  model: string,
  id: string,
  status: number,
  sequence: number,
  streamTimeMs: number,
): DynamoDBRecord {
  return recordOf(outcomeKey(model, id), { model, at: streamTimeMs, status }, sequence, streamTimeMs);
}
