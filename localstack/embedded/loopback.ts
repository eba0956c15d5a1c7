/** A server for this computer's own browser and programs: on 127.0.0.1, and deaf to pages of other sites. */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { problem } from '#shared/api/http.ts';

export const loopback = '127.0.0.1';
const portsToTry = 50;

/**
 * Listens on the first free port from `first` on; 0 asks the system for one.
 *
 * @returns the port
 */
export async function listenOnLoopback(server: Server, first: number): Promise<number> {
  const last = Math.min(first + portsToTry - 1, 65_535);
  for (let port = first; port <= last; port++) {
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      const onError = (error: NodeJS.ErrnoException) => resolve(error);
      server.once('error', onError);
      server.listen(port, loopback, () => {
        server.off('error', onError);
        resolve(undefined);
      });
    });
    if (!failure) return (server.address() as AddressInfo).port;
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
  throw new Error(`no free port from ${first} to ${last}`);
}

/** What a browser may call such a server; a rebound name is none of these. */
export const loopbackHosts = (port: number): ReadonlySet<string> =>
  new Set([`127.0.0.1:${port}`, `localhost:${port}`]);

/**
 * A page of another site must not reach this server through a visitor's browser.
 *
 * @returns the refusal, or undefined for a request that may go on
 */
export function refuseForeign(
  request: Pick<IncomingMessage, 'headers' | 'method'>,
  allowedHosts: ReadonlySet<string>,
): APIGatewayProxyResult | undefined {
  const { host: asked, origin } = request.headers;
  if (asked === undefined || !allowedHosts.has(asked))
    return problem(
      403,
      `the Host ${JSON.stringify(asked ?? '')} is not served here; use ${[...allowedHosts].join(' or ')}`,
    );
  if (origin !== undefined && !allowedHosts.has(origin.replace(/^http:\/\//, '')))
    return problem(403, `the Origin ${JSON.stringify(origin)} is not allowed`);
  if (request.method !== 'POST') return undefined;
  const type = request.headers['content-type'];
  const hasBody =
    request.headers['content-length'] !== '0' &&
    (request.headers['content-length'] ?? request.headers['transfer-encoding']) !== undefined;
  if (hasBody && !isAcceptedBody(type ?? '', origin))
    return problem(415, `content-type ${JSON.stringify(type ?? '')} is not accepted; send application/json`);
  return undefined;
}

/** A form any site can send without asking; one that says it comes from a page of this server does. */
function isAcceptedBody(type: string, origin: string | undefined): boolean {
  if (/^application\/json\s*(;|$)/i.test(type)) return true;
  return origin !== undefined && /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type);
}

/** The body, or undefined where it is larger. */
export async function readLimited(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    // a little past the limit is read and dropped so that the client can see the answer; a flood is cut
    else if (bytes > 2 * maxBytes) return undefined;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks);
}
