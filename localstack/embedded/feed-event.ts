/** Log entries as the Lambda event that DynamoDB Streams would send: capture cannot tell the difference. */
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { toAttributes } from '#shared/aws/stored-item.ts';
import type { LogEntry } from './feed-log.ts';

export function toStreamEvent(tableName: string, entries: readonly LogEntry[]): DynamoDBStreamEvent {
  return { Records: entries.map((entry) => toRecord(tableName, entry)) };
}

function toRecord(tableName: string, { sequence, streamTimeMs, kind, stored }: LogEntry): DynamoDBRecord {
  const { pk, sk, data } = stored;
  const keys = { pk: { S: pk }, sk: { S: sk } };
  const isRemoval = kind === 'REMOVE';
  const keyBytes = Buffer.byteLength(pk) + Buffer.byteLength(sk);
  return {
    eventID: `${tableName}-${String(sequence).padStart(16, '0')}`,
    eventName: kind,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'local',
    dynamodb: {
      ApproximateCreationDateTime: streamTimeMs / 1000,
      Keys: keys,
      ...(isRemoval ? {} : { NewImage: toAttributes(stored) }),
      SequenceNumber: String(sequence).padStart(21, '0'),
      SizeBytes: isRemoval ? keyBytes : 2 * keyBytes + Buffer.byteLength(data),
      StreamViewType: 'NEW_IMAGE',
    },
    eventSourceARN: `arn:aws:dynamodb:local:000000000000:table/${tableName}/stream/local`,
  };
}
