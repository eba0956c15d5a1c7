/** The S3 adapter against MiniStack's S3, presigned uploads included. */
import { createHash } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, inject, test } from 'vitest';
import { createS3Objects } from '#shared/aws/s3-objects.ts';
import { describeObjects } from '#shared/ports/objects.contract.ts';
import { cloudClients } from './clients.ts';

const { s3 } = cloudClients(inject('endpoints').url);
let buckets = 0;

async function openObjects() {
  const bucket = `contract-${buckets++}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return { objects: createS3Objects({ client: s3, bucket }), async close() {} };
}

// Without `send`: the emulator keeps no body from a presigned PUT whose hash differs. What else it refuses is below.
describeObjects('the S3 adapter in the local cloud', openObjects);

test('a presigned PUT is held to its length, its headers and its key, and is done once', async () => {
  const { objects } = await openObjects();
  const bytes = Buffer.from('seven b');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const put = await objects.presignPut('uploads/a', { bytes: bytes.length, sha256, expiresSeconds: 60 });
  // fetch sets the length itself, from the body
  const { 'content-length': _, ...headers } = put.headers;
  const send = async (body: Buffer, more: Record<string, string> = {}, url = put.url) =>
    (await fetch(url, { method: put.method, headers: { ...headers, ...more }, body })).status;
  expect(await send(Buffer.from('six by'))).toBe(403);
  expect(await send(bytes, { 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` })).toBe(403);
  expect(await send(bytes, { 'if-none-match': 'other' })).toBe(403);
  expect(await send(bytes, {}, put.url.replace('uploads/a', 'uploads/b'))).toBe(403);
  expect(await objects.list('')).toEqual([]);
  expect(await send(bytes)).toBe(200);
  expect(await send(bytes)).toBe(412);
  expect(await objects.list('')).toEqual([{ key: 'uploads/a', bytes: bytes.length }]);
});
