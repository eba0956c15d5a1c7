/** AWS Signature Version 4, where no client of the SDK signs: remote writes, messages to a topic, requests to an API of API Gateway. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface SignedRequest {
  readonly method: string;
  /** As it goes over the wire. */
  readonly url: URL;
  /** Those that the signature covers beside host and date; the rest of a request is not signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** @param at of the signature; now unless told */
export type Sign = (request: SignedRequest, at?: Date) => Promise<Readonly<Record<string, string>>>;

/** SHA-256, or HMAC with a key, in the form the signer wants. */
class NodeSha256 {
  private readonly hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = key === undefined ? createHash('sha256') : createHmac('sha256', asBytes(key));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(asBytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('a digest is used once');
  }
}

function asBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

interface SignatureOptions {
  readonly service: 'aps' | 'execute-api' | 'sns';
  readonly region: string;
  /** Asked anew as they expire: those of a function are exchanged while it runs. */
  readonly credentials: Credentials | (() => Promise<Credentials>);
}

/** Answers the headers to send: those given, and those that sign them. */
export function createSignature({ service, region, credentials }: SignatureOptions): Sign {
  const signer = new SignatureV4({ service, region, credentials, sha256: NodeSha256 });
  return async ({ method, url, headers, body }, at) => {
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: url.pathname,
        query: queryOf(url),
        headers: { ...headers, host: url.host },
        ...(body === undefined ? {} : { body }),
      },
      at === undefined ? {} : { signingDate: at },
    );
    return signed.headers;
  };
}

function queryOf({ searchParams }: URL): Record<string, string | string[]> {
  return Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
}
