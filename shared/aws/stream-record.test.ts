import { describe, expect, test } from 'vitest';
import { parseStreamRecord, UnreadableStreamRecordError } from './stream-record.ts';

const keys = { pk: { S: 'churn#1' }, sk: { S: 'prediction' } };
const image = {
  ...keys,
  rev: { N: '3' },
  token: { S: 'c0ffee' },
  exp: { N: '1800000000' },
  data: { S: '{"score":1e-7,"text":"é"}' },
};
const record = {
  eventID: 'c4ca4238a0b923820dcc509a6f75849b',
  eventName: 'INSERT',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-west-1',
  dynamodb: {
    ApproximateCreationDateTime: 1700000000.123,
    Keys: keys,
    NewImage: image,
    SequenceNumber: '4421584500000000017450439091',
    SizeBytes: 26,
    StreamViewType: 'NEW_IMAGE',
  },
  eventSourceARN: 'arn:aws:dynamodb:eu-west-1:111122223333:table/predictions/stream/2026-01-01T00:00:00.000',
};

describe('parseStreamRecord', () => {
  test.each(['INSERT', 'MODIFY'])('reads the item that an %s left', (eventName) => {
    expect(parseStreamRecord({ ...record, eventName })).toEqual({
      eventId: record.eventID,
      kind: 'put',
      key: { pk: 'churn#1', sk: 'prediction' },
      value: { score: 1e-7, text: 'é' },
      revision: 3,
      expiresAt: 1_800_000_000,
      streamTimeMs: 1_700_000_000_123,
    });
  });

  test('keeps every millisecond of the stream time', () => {
    for (let ms = 1_700_000_000_000; ms < 1_700_000_001_000; ms++) {
      const dynamodb = { ...record.dynamodb, ApproximateCreationDateTime: ms / 1000 };
      expect(parseStreamRecord({ ...record, dynamodb }).streamTimeMs).toBe(ms);
    }
  });

  test('tells a removal by a caller from one by the table’s TTL', () => {
    const { NewImage: _, ...dynamodb } = record.dynamodb;
    const removal = { ...record, eventName: 'REMOVE', dynamodb };
    const expected = { eventId: record.eventID, key: { pk: 'churn#1', sk: 'prediction' }, kind: 'remove' };
    expect(parseStreamRecord(removal)).toMatchObject({ ...expected, isExpiry: false });
    const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
    expect(parseStreamRecord({ ...removal, userIdentity })).toMatchObject({ ...expected, isExpiry: true });
  });

  const withImage = (change: object) => ({
    ...record,
    dynamodb: { ...record.dynamodb, NewImage: { ...image, ...change } },
  });
  test.each([
    ['nothing', undefined, 'eventID is missing'],
    ['a record without an id', { ...record, eventID: '' }, 'eventID is missing'],
    ['an unknown event', { ...record, eventName: 'SCAN' }, 'eventName is "SCAN"'],
    ['no change', { ...record, dynamodb: undefined }, 'Keys are missing'],
    [
      'a view without images',
      { ...record, dynamodb: { ...record.dynamodb, NewImage: undefined } },
      'NewImage',
    ],
    [
      'no time',
      { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: 'x' } },
      'want Unix',
    ],
    [
      'a foreign key',
      { ...record, dynamodb: { ...record.dynamodb, Keys: { id: { N: '1' } } } },
      'attribute pk',
    ],
    ['an item without data', withImage({ data: undefined }), 'attribute data is undefined'],
    ['data that is not JSON', withImage({ data: { S: '{' } }), 'JSON'],
    ['a revision that is no number', withImage({ rev: { N: 'x' } }), 'attribute rev is {"N":"x"}'],
  ])('refuses %s and says why', (_, raw, message) => {
    expect(() => parseStreamRecord(raw)).toThrow(UnreadableStreamRecordError);
    expect(() => parseStreamRecord(raw)).toThrow(message);
  });
});
