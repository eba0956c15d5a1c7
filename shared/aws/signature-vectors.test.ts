import { expect, test } from 'vitest';
import { createSignature } from './signature.ts';

/**
 * Examples that AWS computed and published, with the body's hash among the headers as ours have it; their service is part of the key.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const host = 'https://examplebucket.s3.amazonaws.com';

test.each([
  [
    'an object, a header of its own among the signed',
    '/test.txt',
    { range: 'bytes=0-9' },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'a name without a value',
    '/?lifecycle',
    {},
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'a query',
    '/?max-keys=2&prefix=J',
    {},
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('a signature is that of AWS’s own example: %s', async (_, path, headers, signature) => {
  const sign = createSignature({ service: 's3' as 'aps', region: 'us-east-1', credentials });
  const url = new URL(host + path);
  const signed = await sign({ method: 'GET', url, headers }, new Date('2013-05-24T00:00:00Z'));
  expect(signed.authorization).toMatch(new RegExp(`Signature=${signature}$`));
});
