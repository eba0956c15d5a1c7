/** Test support: an API that admits what is signed as AWS documents it, written from that text and not from a signer. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface SignedApi {
  readonly url: URL;
  readonly heard: Heard[];
  readonly server: Server;
  /** What an admitted request is answered. */
  answer: (heard: Heard) => { readonly status?: number; readonly headers?: object; readonly body: string };
  close(): Promise<void>;
}

/** On a free port of 127.0.0.1; 403 with the reason for a request whose signature is not that of {@link keys}. */
export async function startSignedApi(region = 'eu-west-1', stage = '/dev'): Promise<SignedApi> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const fault = faultOf(request, body, region);
    if (fault !== undefined) {
      response.writeHead(403, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ title: 'invalid signature', status: 403, detail: fault }));
      return;
    }
    const one = {
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      body: body.toString(),
    };
    heard.push(one);
    const answer = api.answer(one);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}${stage}`);
  const api: SignedApi = {
    url,
    heard,
    server,
    answer: () => ({ body: '{}' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string) => createHmac('sha256', key).update(data).digest();

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function faultOf(request: IncomingMessage, body: Buffer, region: string): string | undefined {
  const given = request.headers.authorization ?? '';
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    given,
  );
  if (!parts) return `no signature in ${JSON.stringify(given)}`;
  const [, credential = '', signed = '', signature] = parts;
  const at = String(request.headers['x-amz-date']);
  const scope = `${at.slice(0, 8)}/${region}/execute-api/aws4_request`;
  if (credential !== `${keys.accessKeyId}/${scope}`) return `the credential is ${credential}`;
  const names = signed.split(';');
  if (!names.includes('host')) return 'the host is not signed';
  const given256 = request.headers['x-amz-content-sha256'];
  if (given256 !== undefined && given256 !== sha256(body)) return 'the hash is not that of the body';
  const [path = '', query = ''] = request.url!.split('?');
  const canonical = [
    request.method,
    // for every service but S3 the path is encoded once more
    path.split('/').map(encode).join('/'),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    sha256(body),
  ].join('\n');
  const key = ['execute-api', 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(hmac(`AWS4${keys.secretAccessKey}`, at.slice(0, 8)), region),
  );
  const expected = hmac(key, ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n')).toString('hex');
  return signature === expected
    ? undefined
    : `the signature does not match; canonical request:\n${canonical}`;
}

/** By code point of the encoded name, then of the value; a name without `=` has an empty value. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value))] as const;
  });
  const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  pairs.sort(([a, x], [b, y]) => order(a, b) || order(x, y));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

const unreserved = /^[A-Za-z0-9\-._~]$/;

function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const sign = String.fromCharCode(byte);
      return unreserved.test(sign) ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
