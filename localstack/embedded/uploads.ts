/** Presigned uploads of the embedded host: the counterpart of S3's, on the host's own address. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { json, problem } from '#shared/api/http.ts';
import { assertObjectKey, InvalidObjectKeyError } from '#shared/ports/objects.ts';
import type { FolderStore, SignUpload } from './folder-objects.ts';

export interface Uploads {
  readonly sign: SignUpload;
  /** Answers a PUT to a signed URL. */
  receive(request: IncomingMessage, url: URL): Promise<APIGatewayProxyResult>;
}

export interface UploadsOptions {
  readonly dataDir: string;
  /** Where the host listens, known when it does. */
  readonly origin: () => string;
  readonly now: () => number;
  readonly objects: Pick<FolderStore, 'receive'>;
}

/** What an upload's path starts with; the rest of it is the object's key. */
export const uploadPath = '/uploads/';

/**
 * A URL carries key, length, hash and expiry under an HMAC of the data directory's own secret, so a host that was
 * restarted still knows what it signed. It is good for one object: once that is there, nothing replaces it.
 */
export function createUploads({ dataDir, origin, now, objects }: UploadsOptions): Uploads {
  const secret = readSecret(dataDir);
  const signatureOf = (...parts: readonly string[]) =>
    createHmac('sha256', secret).update(parts.join('\n')).digest();

  return {
    sign(key, { bytes, sha256, expiresSeconds }) {
      const expires = String(now() + 1000 * expiresSeconds);
      const signature = signatureOf(key, String(bytes), sha256, expires).toString('base64url');
      const query = new URLSearchParams({ bytes: String(bytes), sha256, expires, signature });
      return {
        method: 'PUT',
        url: `${origin()}${uploadPath}${key}?${query}`,
        headers: { 'content-length': String(bytes) },
      };
    },

    async receive(request, url) {
      const given = (name: string) => url.searchParams.get(name) ?? '';
      const key = url.pathname.slice(uploadPath.length);
      const [bytes, sha256, expires] = [given('bytes'), given('sha256'), given('expires')];
      const expected = signatureOf(key, bytes, sha256, expires);
      const signature = Buffer.from(given('signature'), 'base64url');
      if (!isKey(key) || signature.length !== expected.length || !timingSafeEqual(signature, expected))
        return refused(request, 403, 'the URL was not signed by this host');
      if (now() > Number(expires))
        return refused(
          request,
          403,
          `the URL expired at ${new Date(Number(expires)).toISOString()}; announce the version again for a new one`,
        );
      const length = request.headers['content-length'];
      if (length !== bytes)
        return refused(
          request,
          400,
          `content-length is ${length ?? 'not given'}; the URL is for exactly ${bytes} bytes`,
        );
      const received = await unlessCutOff(objects.receive(key, request, { bytes: Number(bytes), sha256 }));
      if (!received) return problem(400, 'the upload was cut off', {}, { connection: 'close' });
      if (received.status === 'stored') return json(200, { bytes: Number(bytes), sha256 });
      if (received.status === 'exists') return refused(request, 409, 'the file is there already');
      return refused(request, 400, received.reason);
    },
  };
}

/** What is left of the body is not read: the connection ends with the answer. */
function refused(request: IncomingMessage, status: number, detail: string): APIGatewayProxyResult {
  request.resume();
  return problem(status, detail, {}, { connection: 'close' });
}

/** Undefined when the sender went away. */
async function unlessCutOff<T>(receiving: Promise<T>): Promise<T | undefined> {
  try {
    return await receiving;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return undefined;
    throw error;
  }
}

function isKey(key: string): boolean {
  try {
    assertObjectKey(key);
    return true;
  } catch (error) {
    if (error instanceof InvalidObjectKeyError) return false;
    throw error;
  }
}

/** Made on the first start; the host is alone on its data directory. */
function readSecret(dataDir: string): Buffer {
  const file = join(dataDir, 'upload-secret');
  try {
    const secret = readFileSync(file);
    if (secret.length === secretBytes) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(secretBytes);
  writeFileSync(file, secret, { mode: 0o600 });
  return secret;
}

const secretBytes = 32;
