import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { describeObjects } from '../ports/objects.contract.ts';
import { createS3Objects } from './s3-objects.ts';

interface Stored {
  readonly bytes: Uint8Array;
  readonly metadata: Record<string, string>;
}

function refusal(status: number, name: string): S3ServiceException {
  return new S3ServiceException({
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
    message: name,
  });
}

/** A bucket in memory that keeps S3's rules: conditional puts, pages in key order. */
class FakeS3 {
  readonly stored = new Map<string, Stored>();
  readonly sent: object[] = [];
  /** Taken from the front by each put: what goes wrong with it. */
  readonly faults: (Error | 'lost reply')[] = [];
  readonly pageSize: number;

  constructor(pageSize = 1000) {
    this.pageSize = pageSize;
  }

  /** What signing asks of a client. */
  readonly signing = new S3Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not a secret' },
  });
  readonly config = this.signing.config;
  readonly middlewareStack = this.signing.middlewareStack;

  async send(command: unknown): Promise<object> {
    this.sent.push(command as object);
    if (command instanceof GetObjectCommand) return this.get(command.input.Key!);
    if (command instanceof HeadObjectCommand)
      return { Metadata: this.stored.get(command.input.Key!)?.metadata };
    if (command instanceof PutObjectCommand) return this.put(command.input);
    if (command instanceof ListObjectsV2Command) return this.list(command.input);
    throw new TypeError('unexpected command');
  }

  private get(key: string): object {
    const found = this.stored.get(key);
    if (!found) throw new NoSuchKey({ $metadata: { httpStatusCode: 404 }, message: 'no such key' });
    return { Body: { transformToByteArray: async () => found.bytes } };
  }

  /** As the service with the SDK's retry before it: a lost reply means that the same request comes again. */
  private put(input: PutObjectCommand['input']): object {
    const fault = this.faults.shift();
    if (fault instanceof Error) throw fault;
    if (input.IfNoneMatch === '*' && this.stored.has(input.Key!)) throw refusal(412, 'PreconditionFailed');
    const bytes = Uint8Array.from(input.Body as Uint8Array);
    this.stored.set(input.Key!, { bytes, metadata: input.Metadata ?? {} });
    return fault === 'lost reply' ? this.put(input) : {};
  }

  private list({
    Prefix = '',
    StartAfter = '',
    ContinuationToken,
    MaxKeys = 1000,
  }: ListObjectsV2Command['input']) {
    const after = ContinuationToken ?? StartAfter;
    const keys = [...this.stored.keys()].filter((key) => key.startsWith(Prefix) && key > after).sort();
    const page = keys.slice(0, Math.min(MaxKeys, this.pageSize));
    return {
      Contents: page.map((Key) => ({ Key, Size: this.stored.get(Key)!.bytes.length })),
      ...(page.length < keys.length ? { NextContinuationToken: page.at(-1) } : {}),
    };
  }
}

function open(fake: FakeS3) {
  return createS3Objects({ client: fake as unknown as S3Client, bucket: 'archive' });
}

for (const pageSize of [1000, 2])
  describeObjects(`the S3 bucket in pages of ${pageSize}`, async () => ({
    objects: open(new FakeS3(pageSize)),
    close: async () => {},
  }));

describe('putIfAbsent on S3', () => {
  const bytes = Buffer.from('x');

  test('is sent again when another conditional write is under way (409)', async () => {
    const fake = new FakeS3();
    fake.faults.push(refusal(409, 'ConditionalRequestConflict'), refusal(409, 'ConditionalRequestConflict'));
    expect(await open(fake).putIfAbsent('k', bytes)).toBe(true);
    expect(fake.sent).toHaveLength(3);
  });

  test('gives up when the conflict (409) stays', async () => {
    const fake = new FakeS3();
    fake.faults.push(...Array.from({ length: 6 }, () => refusal(409, 'ConditionalRequestConflict')));
    await expect(open(fake).putIfAbsent('k', bytes)).rejects.toThrow('ConditionalRequestConflict');
    expect(fake.stored.size).toBe(0);
  });

  test('knows its own object when the reply was lost and the SDK sent the put again (412)', async () => {
    const fake = new FakeS3();
    fake.faults.push('lost reply');
    expect(await open(fake).putIfAbsent('k', bytes)).toBe(true);
    expect(await open(fake).putIfAbsent('k', bytes)).toBe(false);
  });

  test('passes on what is no answer to the condition', async () => {
    const fake = new FakeS3();
    fake.faults.push(refusal(403, 'AccessDenied'));
    await expect(open(fake).putIfAbsent('k', bytes)).rejects.toThrow('AccessDenied');
  });
});
