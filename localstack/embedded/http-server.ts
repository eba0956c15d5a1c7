/** The embedded API: 127.0.0.1 only, Host and Origin allow-listed, JSON-only POSTs, graceful shutdown, next free port when busy. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { problem } from '#shared/api/http.ts';
import type { FunctionName } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import { proxyEvent } from './proxy-event.ts';
import { matchRoute } from './router.ts';
import { type Uploads, uploadPath } from './uploads.ts';

export interface HttpServerOptions {
  readonly port: number;
  readonly maxBodyBytes: number;
  readonly log: Deps['log'];
  readonly uploads: Pick<Uploads, 'receive'>;
  readonly call: (name: FunctionName, event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;
}

export interface HttpServer {
  readonly url: string;
  /** Stops accepting, answers what is under way, then closes. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const portsToTry = 50;

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: 65_000 });
  const port = await listen(server, options.port);
  const allowedHosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  let isClosing = false;
  server.on('request', (request, response) => {
    const respond = (result: APIGatewayProxyResult) => {
      // a connection that stays open would hold up the end
      if (isClosing) response.setHeader('connection', 'close');
      send(response, result);
    };
    answer(request, allowedHosts, options).then(respond, (error: unknown) => {
      options.log('error', 'a request failed', { error: String(error), path: request.url ?? '' });
      respond(problem(500, 'internal error; the log has the cause'));
    });
  });
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 5000).unref();
      }),
  };
}

/** Port 0 asks the system for a free one. */
async function listen(server: Server, first: number): Promise<number> {
  const last = Math.min(first + portsToTry - 1, 65_535);
  for (let port = first; port <= last; port++) {
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      const onError = (error: NodeJS.ErrnoException) => resolve(error);
      server.once('error', onError);
      server.listen(port, host, () => {
        server.off('error', onError);
        resolve(undefined);
      });
    });
    if (!failure) return (server.address() as AddressInfo).port;
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
  throw new Error(`no free port from ${first} to ${last}`);
}

async function answer(
  request: IncomingMessage,
  allowedHosts: ReadonlySet<string>,
  options: HttpServerOptions,
): Promise<APIGatewayProxyResult> {
  const refusal = refuse(request, allowedHosts);
  if (refusal) return refusal;
  const target = request.url ?? '/';
  // not resolved against a base: "//x" would name another host
  const absolute = target.startsWith('/') ? `http://${host}${target}` : target;
  if (!URL.canParse(absolute)) return problem(400, `${JSON.stringify(target)} is not a path`);
  const url = new URL(absolute);
  if (request.method === 'PUT' && url.pathname.startsWith(uploadPath))
    return options.uploads.receive(request, url);
  const matching = matchRoute(request.method ?? 'GET', url.pathname);
  if (matching.kind === 'malformed')
    return problem(400, `the path ${url.pathname} is not valid percent-encoding`);
  if (matching.kind === 'not_found')
    return problem(404, `there is nothing at ${url.pathname}; GET / lists the endpoints`);
  if (matching.kind === 'wrong_method')
    return problem(405, `${request.method} is not allowed here`, {}, { allow: matching.allowed.join(', ') });
  const body = await readBody(request, options.maxBodyBytes);
  if (body === undefined)
    return problem(413, `the body is larger than ${options.maxBodyBytes} bytes`, {}, { connection: 'close' });
  const { match } = matching;
  return options.call(match.route.handler, proxyEvent(request, url, body, match));
}

/** A page of another site must not reach this server through a visitor's browser. */
function refuse(
  request: IncomingMessage,
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
  if (hasBody && !/^application\/json\s*(;|$)/i.test(type ?? ''))
    return problem(415, `content-type ${JSON.stringify(type ?? '')} is not accepted; send application/json`);
  return undefined;
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    // a little past the limit is read and dropped so that the client can see the answer; a flood is cut
    else if (bytes > 2 * maxBytes) return undefined;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, result: APIGatewayProxyResult): void {
  const headers = { ...result.headers } as Record<string, string>;
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(result.statusCode, { ...headers, 'content-length': String(body.length) });
  response.end(body);
}
