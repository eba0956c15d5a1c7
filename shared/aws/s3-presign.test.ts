import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { createS3Objects } from './s3-objects.ts';

const client = new S3Client({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not a secret' },
});
const objects = createS3Objects({ client, bucket: 'tidemark-test' });
/** Of `hello`. */
const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

describe('a presigned PUT to S3', () => {
  test('signs length, checksum and the condition that there is no object, each as a header that S3 checks', async () => {
    const put = await objects.presignPut('uploads/m/v=1/model.onnx', {
      bytes: 5,
      sha256,
      expiresSeconds: 900,
    });
    const url = new URL(put.url);
    expect(url.origin).toBe('https://tidemark-test.s3.eu-central-1.amazonaws.com');
    expect(url.pathname).toBe('/uploads/m/v%3D1/model.onnx');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe(
      'content-length;host;if-none-match;x-amz-checksum-sha256',
    );
    expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
    expect([...url.searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
    expect(put.headers).toEqual({
      'content-length': '5',
      'if-none-match': '*',
      // the same hash in base64
      'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
    });
  });
});
