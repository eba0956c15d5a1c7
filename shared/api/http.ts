/** Between API Gateway's v1 proxy event and a handler: body parsing, problem+json answers, operation dispatch. */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { ProblemError } from '../errors.ts';
import { logContext } from '../telemetry/log-context.ts';

/** The part of the v1 proxy event that Tidemark reads. */
export type HttpEvent = Pick<
  APIGatewayProxyEvent,
  | 'httpMethod'
  | 'resource'
  | 'path'
  | 'body'
  | 'isBase64Encoded'
  | 'headers'
  | 'pathParameters'
  | 'queryStringParameters'
> & {
  /** Absent where an event is written by hand. */
  readonly requestContext?: RequestContext;
};

/** Who asks and by which address, as API Gateway found out. */
export interface RequestContext {
  /** Of SigV4: the ARN of the caller. */
  readonly identity?: { readonly userArn?: string | null };
  /** What the authorizer of a browser route said of the session. */
  readonly authorizer?: Readonly<Record<string, unknown>> | null;
  /** With the stage, or the base path of a domain name, before it. */
  readonly path?: string;
  readonly domainName?: string;
}
export type HttpResult = APIGatewayProxyResult;

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResult {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** RFC 9457. `detail` is for a person; `extra` members are for a program; `instance` is the request's id, as in the gateway's own answers. */
export function problem(
  status: number,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): HttpResult {
  const { http_request_id: instance } = logContext();
  const title = reasons[status] ?? 'Error';
  const body = { type: 'about:blank', title, status, detail, ...(instance && { instance }), ...extra };
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify(body),
  };
}

/** Runs an operation; a {@link ProblemError} becomes its problem, anything else is thrown on. */
export async function answering(run: () => Promise<HttpResult>): Promise<HttpResult> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ProblemError)
      return problem(error.status, error.message, error.extra, error.headers);
    throw error;
  }
}

/** The parsed JSON body. Throws a {@link ProblemError}: 413 over the limit, 400 when it is not JSON. */
export function parseBody(event: HttpEvent, maxBytes: number): unknown {
  const text = bodyText(event);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw new ProblemError(413, `the body has ${bytes} bytes; at most ${maxBytes} are accepted`);
  if (text === '') throw new ProblemError(400, 'the body is empty; a JSON object is expected');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ProblemError(400, `the body is not valid JSON: ${withoutQuotes((error as Error).message)}`);
  }
}

/** The parser's words without the part of the body it quotes: that may be about a person. */
function withoutQuotes(message: string): string {
  return message.replace(/,? (\.\.\.)?"[\s\S]*$/, '');
}

/** The body as an object; an absent body is an empty one where the operation has no required member. */
export function parseObject(
  event: HttpEvent,
  maxBytes: number,
  options = { optional: false },
): Record<string, unknown> {
  if (options.optional && bodyText(event) === '') return {};
  const body = parseBody(event, maxBytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ProblemError(
      400,
      `the body is ${Array.isArray(body) ? 'an array' : body === null ? 'null' : `a ${typeof body}`}; a JSON object is expected`,
    );
  return body as Record<string, unknown>;
}

function bodyText(event: HttpEvent): string {
  const body = event.body ?? '';
  return event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

/** A header whatever its case. */
export function header(event: Pick<HttpEvent, 'headers'>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(event.headers ?? {}))
    if (key.toLowerCase() === wanted) return value;
  return undefined;
}

/** A whole-number query parameter within bounds, or the fallback; 400 otherwise. */
export function integerQuery(
  event: HttpEvent,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = event.queryStringParameters?.[name];
  if (text === undefined || text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new ProblemError(
      400,
      `${name}=${text} is not allowed: a whole number from ${min} to ${max} is expected`,
    );
  return value;
}

/** The first moment that no longer fits the 13 digits of a time in a key. */
const latestTime = 10_000_000_000_000;

/** An ISO 8601 query parameter as Unix milliseconds; 400 when it is no time. */
export function timeQuery(event: HttpEvent, name: string): number | undefined {
  const text = event.queryStringParameters?.[name];
  if (text === undefined || text === null) return undefined;
  const value = Date.parse(text);
  if (!(value >= 0 && value < latestTime))
    throw new ProblemError(
      400,
      `${name}=${text} is not a time from 1970 to 2286: ISO 8601 is expected, e.g. 2026-11-21T08:00:00Z`,
    );
  return value;
}
