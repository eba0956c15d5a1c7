/** Objects on S3: archive, profiles, artefacts and reports of the AWS and local-cloud deployments. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  assertBinding,
  assertObjectKey,
  type ListOptions,
  type ObjectSummary,
  type Objects,
  type PresignedPut,
  type UploadBinding,
} from '../ports/objects.ts';
import { presignedPut } from './s3-presign.ts';

export interface S3ObjectsOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

const PAGE_LIMIT = 1000;
/** S3 answers 409 while another conditional write of the key is under way; the documented remedy is to send it again. */
const CONFLICT_DELAYS_MS = [50, 100, 200, 400, 800];

/**
 * The {@link Objects} of a general purpose bucket (a directory bucket does not list in key order).
 *
 * @example
 * const objects = createS3Objects({ client: new S3Client({}), bucket: 'archive' });
 * await objects.putIfAbsent('granules/m/1.json', bytes); // true, and false from then on
 */
export function createS3Objects(options: S3ObjectsOptions): Objects {
  return new S3Objects(options);
}

class S3Objects implements Objects {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor({ client, bucket }: S3ObjectsOptions) {
    this.client = client;
    this.bucket = bucket;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    assertObjectKey(key);
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return await Body!.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey || statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    assertObjectKey(key);
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: bytes }));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    assertObjectKey(key);
    const writer = randomUUID();
    for (const delayMs of [...CONFLICT_DELAYS_MS, undefined]) {
      try {
        await this.putNew(key, bytes, writer);
        return true;
      } catch (error) {
        if (statusOf(error) === 412) return await this.isWrittenBy(key, writer);
        if (statusOf(error) !== 409 || delayMs === undefined) throw error;
        await sleep(delayMs);
      }
    }
    return false;
  }

  async list(prefix: string, { startAfter, limit }: ListOptions = {}): Promise<readonly ObjectSummary[]> {
    const wanted = limit ?? Number.POSITIVE_INFINITY;
    const found: ObjectSummary[] = [];
    let token: string | undefined;
    while (found.length < wanted) {
      const page = await this.client.send(
        new ListObjectsV2Command({
          Bucket: this.bucket,
          Prefix: prefix,
          MaxKeys: Math.min(PAGE_LIMIT, wanted - found.length),
          ...(token ? { ContinuationToken: token } : startAfter ? { StartAfter: startAfter } : {}),
        }),
      );
      for (const { Key = '', Size = 0 } of page.Contents ?? []) found.push({ key: Key, bytes: Size });
      token = page.NextContinuationToken;
      if (!token) break;
    }
    return found;
  }

  async presignPut(key: string, binding: UploadBinding): Promise<PresignedPut> {
    assertObjectKey(key);
    assertBinding(binding);
    return presignedPut(this.client, { bucket: this.bucket, key, ...binding });
  }

  private async putNew(key: string, bytes: Uint8Array, writer: string): Promise<void> {
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: key,
        Body: bytes,
        IfNoneMatch: '*',
        Metadata: { writer },
      }),
    );
  }

  /** The object that stands in the way may be our own, from an attempt whose reply was lost. */
  private async isWrittenBy(key: string, writer: string): Promise<boolean> {
    const head = await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }));
    return head.Metadata?.writer === writer;
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
