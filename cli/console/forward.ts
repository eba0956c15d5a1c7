/** One signed request to the API and its whole answer, without what belongs to the connection alone. */
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Throws {@link UnreachableError}. */
export type Forward = (request: Outgoing) => Promise<Exchange>;

/** Nobody answers, or not in time; the message is for a person. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** API Gateway gives up after 29 seconds. */
const TIMEOUT_MS = 35_000;

/** RFC 9110, section 7.6.1; the length is that of the body as it is sent on. */
const ofTheConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);

export function createForward(): { readonly forward: Forward; close(): void } {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  };
  const forward: Forward = ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:';
      const request = (isSecure ? httpsRequest : httpRequest)(
        url,
        {
          method,
          agent: isSecure ? agents['https:'] : agents['http:'],
          headers: { ...headers, ...(body.length > 0 ? { 'content-length': String(body.length) } : {}) },
          timeout: TIMEOUT_MS,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (cause: Error) => reject(unreachable(url, cause)));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 502,
              headers: endToEnd(response.headers),
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      request.on('error', (cause: Error) => reject(unreachable(url, cause)));
      request.end(body);
    });
  return { forward, close: () => Object.values(agents).forEach((agent) => void agent.destroy()) };
}

function unreachable(url: URL, cause: Error): UnreachableError {
  const why = (cause as NodeJS.ErrnoException).code ?? cause.message;
  return new UnreachableError(`the API does not answer at ${url.host} (${why})`, { cause });
}

/** Also without what the sender lists in `connection`. */
function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const listed = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !ofTheConnection.has(name) && !listed.includes(name),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
