/** The embedded API: 127.0.0.1 only, Host and Origin allow-listed, POSTs of JSON or its own forms, graceful shutdown, next free port when busy. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { problem } from '#shared/api/http.ts';
import { requestIdHeader } from '#shared/api/names.ts';
import type { FunctionName } from '#shared/api/surface.ts';
import type { Deps } from '#shared/deps.ts';
import { wasLogged } from '#shared/telemetry/invocation.ts';
import { withLogContext } from '#shared/telemetry/log-context.ts';
import { listenOnLoopback, loopback, loopbackHosts, readLimited, refuseForeign } from './loopback.ts';
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

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: 65_000 });
  const port = await listenOnLoopback(server, options.port);
  const allowedHosts = loopbackHosts(port);
  let isClosing = false;
  server.on('request', (request, response) => {
    const respond = (result: APIGatewayProxyResult) => {
      // a connection that stays open would hold up the end
      if (isClosing) response.setHeader('connection', 'close');
      send(response, result);
    };
    const id = randomUUID();
    response.setHeader(requestIdHeader, id);
    void withLogContext({ http_request_id: id }, () =>
      answer(request, allowedHosts, options, id)
        .then(respond)
        .catch((error: unknown) => {
          if (!wasLogged(error))
            options.log('error', 'a request failed', { error: String(error), path: request.url ?? '' });
          if (response.headersSent) response.destroy();
          else respond(problem(500, 'internal error; the log has the cause'));
        }),
    );
  });
  return {
    url: `http://${loopback}:${port}`,
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 5000).unref();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  allowedHosts: ReadonlySet<string>,
  options: HttpServerOptions,
  id: string,
): Promise<APIGatewayProxyResult> {
  const refusal = refuseForeign(request, allowedHosts);
  if (refusal) return refusal;
  const target = request.url ?? '/';
  // not resolved against a base: "//x" would name another host
  const absolute = target.startsWith('/') ? `http://${loopback}${target}` : target;
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
  const body = await readLimited(request, options.maxBodyBytes);
  if (body === undefined)
    return problem(413, `the body is larger than ${options.maxBodyBytes} bytes`, {}, { connection: 'close' });
  const { match } = matching;
  return options.call(match.route.handler, proxyEvent(request, url, body.toString('utf8'), match, id));
}

function send(response: ServerResponse, result: APIGatewayProxyResult): void {
  const headers = { ...result.headers, ...result.multiValueHeaders } as Record<string, string | string[]>;
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(result.statusCode, { ...headers, 'content-length': String(body.length) });
  response.end(body);
}
