/** AWS Signature Version 4 for a remote write to Amazon Managed Service for Prometheus, or a message to a topic. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface SignedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type Sign = (request: SignedRequest, at: Date) => Promise<Readonly<Record<string, string>>>;

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

/**
 * Answers the headers to send: those given, and those that sign them.
 *
 * @param credentials asked anew each time: those of a function are exchanged while it runs
 */
export function createSigner(
  region: string,
  credentials: () => Promise<Credentials>,
  service: 'aps' | 'sns' = 'aps',
): Sign {
  const signer = new SignatureV4({ service, region, credentials, sha256: NodeSha256 });
  return async ({ url, headers, body }, at) => {
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { ...headers, host: url.host },
        body,
      },
      { signingDate: at },
    );
    return signed.headers;
  };
}
