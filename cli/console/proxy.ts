/** The proxy behind `tidemark console`: on loopback, for one API, with the user's signature on every request. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { problem } from '#shared/api/http.ts';
import {
  listenOnLoopback,
  loopback,
  loopbackHosts,
  readLimited,
  refuseForeign,
} from '../../localstack/embedded/loopback.ts';
import { CredentialsError, canonicalUrl, type Sign } from '../http/signer.ts';
import { type Exchange, type Forward, UnreachableError } from './forward.ts';

export interface ProxyOptions {
  /** The API with its stage, `https://….execute-api.eu-west-1.amazonaws.com/dev`. */
  readonly api: URL;
  readonly sign: Sign;
  readonly forward: Forward;
  /** First port tried; 0 takes any free one. */
  readonly port: number;
  /** A line for the person at the terminal. */
  readonly tell: (line: string) => void;
}

export interface ConsoleProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** What the deployment itself takes at most. */
const MAX_BODY_BYTES = 4_194_304;

/** A request to the API, or the answer of the proxy itself. */
export async function startProxy(options: ProxyOptions): Promise<ConsoleProxy> {
  const server = createServer();
  const port = await listenOnLoopback(server, options.port);
  const hosts = loopbackHosts(port);
  server.on('request', (request, response) => {
    answer(request, hosts, options).then(
      (exchange) => send(response, exchange),
      (error: unknown) => send(response, failed(error, options)),
    );
  });
  return {
    url: `http://${loopback}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  hosts: ReadonlySet<string>,
  { api, sign, forward }: ProxyOptions,
): Promise<Exchange> {
  const refusal = refuseForeign(request, hosts) ?? refuseEmbedded(request);
  if (refusal) return own(refusal);
  const url = targetOf(request.url ?? '/', api);
  if (!url) return own(problem(400, `${JSON.stringify(request.url)} is not a path of the API`));
  const method = request.method ?? 'GET';
  if (method !== 'GET' && method !== 'POST')
    return own(problem(405, `${method} is not allowed here`, {}, { allow: 'GET, POST' }));
  const body = await readLimited(request, MAX_BODY_BYTES);
  if (!body) return own(problem(413, `the body is larger than ${MAX_BODY_BYTES} bytes`));
  const type = request.headers['content-type'];
  const headers = type === undefined ? {} : { 'content-type': type };
  const signed = await sign({ method, url, headers, body });
  return forward({ method, url, headers: { ...passedOn(request.headers), ...signed }, body });
}

/** A page of another site may link here; it may not have the browser load or frame what is here. Browsers say which it is. */
function refuseEmbedded({ headers, method }: IncomingMessage) {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  const isLink = method === 'GET' && headers['sec-fetch-dest'] === 'document';
  return isLink ? undefined : problem(403, `a page of another site (${String(site)}) is not answered`);
}

/** The pages' links carry the API's stage, what a person types need not; both lead to it, and nothing leads elsewhere. */
function targetOf(target: string, api: URL): URL | undefined {
  if (!target.startsWith('/')) return undefined;
  // not resolved against the API: "//x" would name another host
  const path = URL.canParse(`${api.origin}${target}`) ? new URL(`${api.origin}${target}`) : undefined;
  if (path?.origin !== api.origin) return undefined;
  const stage = api.pathname.replace(/\/+$/, '');
  const isWhole = path.pathname === stage || path.pathname.startsWith(`${stage}/`);
  if (!isWhole) path.pathname = `${stage}${path.pathname}`;
  try {
    return canonicalUrl(path);
  } catch {
    return undefined;
  }
}

/** What means something to the API. Cookies of other programs on this computer do not: ports share them. */
const passed = ['accept', 'accept-encoding', 'accept-language', 'idempotency-key', 'user-agent', 'x-api-key'];

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of passed) {
    const value = headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  const cookies = (headers.cookie ?? '').split(';').map((one) => one.trim());
  const ours = cookies.filter((one) => one.startsWith('tidemark-'));
  if (ours.length > 0) kept.cookie = ours.join('; ');
  return kept;
}

function failed(error: unknown, { tell, api }: ProxyOptions): Exchange {
  const message = (error as Error).message;
  tell(message);
  if (error instanceof CredentialsError) return own(problem(503, message));
  if (error instanceof UnreachableError) return own(problem(502, message));
  return own(problem(500, `the request to ${api.host} failed: ${message}`));
}

function own({ statusCode, headers, body }: ReturnType<typeof problem>): Exchange {
  return { status: statusCode, headers: headers as Record<string, string>, body: Buffer.from(body) };
}

function send(response: ServerResponse, { status, headers, body }: Exchange): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  response.end(body);
}
