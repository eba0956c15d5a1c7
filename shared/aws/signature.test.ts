import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSignature } from './signature.ts';

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Uint8Array, data: string) => createHmac('sha256', key).update(data).digest();

/** Signature Version 4 step by step, as the AWS documentation has it. */
function signatureByHand(
  headers: Readonly<Record<string, string>>,
  path: string,
  body: Uint8Array,
  secret: string,
) {
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    path,
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const scope = '20261121/eu-west-1/aps/aws4_request';
  const toSign = ['AWS4-HMAC-SHA256', '20261121T120000Z', scope, sha256(canonical)].join('\n');
  const key = ['20261121', 'eu-west-1', 'aps', 'aws4_request'].reduce<string | Uint8Array>(
    (before, part) => hmac(before, part),
    `AWS4${secret}`,
  );
  return hmac(key as Uint8Array, toSign).toString('hex');
}

test.each([undefined, 'a session token'])(
  'a signature for AMP is the one made by hand (session token: %s)',
  async (sessionToken) => {
    const credentials = {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
    const url = new URL('https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write');
    const body = Buffer.from('snappy');
    const given = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
    const sign = createSignature({
      service: 'aps',
      region: 'eu-west-1',
      credentials: async () => credentials,
    });
    const headers = await sign(
      { method: 'POST', url, headers: given, body },
      new Date('2026-11-21T12:00:00Z'),
    );
    const [, signed, signature] = /SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization!,
    )!;
    expect(signed!.split(';')).toEqual(
      expect.arrayContaining(['host', 'x-amz-date', ...(sessionToken ? ['x-amz-security-token'] : [])]),
    );
    const meant = Object.fromEntries(signed!.split(';').map((name) => [name, headers[name]!]));
    expect(meant.host).toBe('aps-workspaces.eu-west-1.amazonaws.com');
    expect(signature).toBe(signatureByHand(meant, url.pathname, body, credentials.secretAccessKey));
    expect(headers).toMatchObject(given);
  },
);
