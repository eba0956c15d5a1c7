/** A PUT that S3 takes from whoever holds it: signed for one key, one length, one hash, and only where there is no object yet. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { PresignedPut, UploadBinding } from '../ports/objects.ts';

const checksumHeader = 'x-amz-checksum-sha256';

/**
 * S3 refuses a request whose signed headers differ (403), whose bytes have another checksum (400), and one whose object is
 * there already (412).
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export async function presignedPut(
  client: S3Client,
  target: UploadBinding & { readonly bucket: string; readonly key: string },
): Promise<PresignedPut> {
  const checksum = Buffer.from(target.sha256, 'hex').toString('base64');
  const command = new PutObjectCommand({
    Bucket: target.bucket,
    Key: target.key,
    ContentLength: target.bytes,
    ChecksumSHA256: checksum,
    IfNoneMatch: '*',
  });
  const url = await getSignedUrl(client, command, {
    expiresIn: target.expiresSeconds,
    // in the query it would only be said, as a header it is checked
    unhoistableHeaders: new Set([checksumHeader]),
  });
  return {
    method: 'PUT',
    url,
    headers: { 'content-length': String(target.bytes), 'if-none-match': '*', [checksumHeader]: checksum },
  };
}
