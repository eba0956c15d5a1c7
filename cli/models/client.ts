/** The `models` command's only way to a host: HTTP, with failures told in the host's own words. */
import { randomUUID } from 'node:crypto';
import type { PresignedPut } from '#shared/ports/objects.ts';
import { CredentialsError, canonicalUrl, type Sign } from '../http/signer.ts';

/** The host refused, failed or does not answer; the message is for a person. */
export class HostError extends Error {
  override readonly name = 'HostError';
  /** Absent when nobody answered. */
  readonly status: number | undefined;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}

export interface Client {
  get<Answer>(path: string): Promise<Answer>;
  /** As `get`, but undefined where there is nothing. */
  find<Answer>(path: string): Promise<Answer | undefined>;
  /** With an Idempotency-Key, so that a request whose answer is lost can be sent again. */
  post<Answer>(path: string, body: object): Promise<Answer>;
  /** Sends a file to where the host said; one that is there already is left. */
  upload(put: PresignedPut, bytes: Uint8Array): Promise<void>;
}

/**
 * @param base where the host listens, e.g. `http://127.0.0.1:8000`
 * @param sign puts AWS signatures on the requests, where the host asks for them
 */
export function createClient(base: string, sign?: Sign): Client {
  const url = base.replace(/\/+$/, '');

  async function call<Answer>(path: string, init: SentRequest = {}): Promise<Answer> {
    const request = await prepared(`${url}${path}`, init, sign);
    const response = await reach(request.target, request.init, url);
    const text = await response.text();
    if (!response.ok) throw failure(response.status, text, path);
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      throw new HostError(`${url}${path} did not answer JSON: is it a Tidemark host`, { cause });
    }
  }

  return {
    get: call,
    async find<Answer>(path: string) {
      try {
        return await call<Answer>(path);
      } catch (error) {
        if (error instanceof HostError && error.status === 404) return undefined;
        throw error;
      }
    },
    post: (path, body) =>
      call(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      }),
    async upload({ method, url: target, headers }, bytes) {
      // the length is that of the body
      const { 'content-length': _, ...rest } = headers;
      const response = await reach(target, { method, headers: rest, body: Buffer.from(bytes) }, url);
      const text = await response.text();
      const isThere = response.status === 409 || response.status === 412;
      if (!response.ok && !isThere) throw failure(response.status, text, new URL(target).pathname);
    },
  };
}

/** The request as it is sent: with a signature the address is what {@link canonicalUrl} makes of it. */
async function prepared(target: string, init: SentRequest, sign: Sign | undefined) {
  if (!sign) return { target, init };
  const { method = 'GET', headers = {}, body } = init;
  const url = canonicalUrl(new URL(target));
  try {
    const { host: _, ...signed } = await sign({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return { target: url.href, init: { ...init, headers: signed } };
  } catch (error) {
    if (error instanceof CredentialsError) throw new HostError(error.message, { cause: error });
    throw error;
  }
}

interface SentRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function reach(target: string, init: RequestInit, base: string): Promise<Response> {
  try {
    return await fetch(target, init);
  } catch (cause) {
    const inner = (cause as Error).cause as NodeJS.ErrnoException | undefined;
    throw new HostError(
      `no host answers at ${base} (${inner?.code ?? (cause as Error).message}); start one with "tidemark start --data-dir DIR --no-sample", or name another with --url`,
      { cause },
    );
  }
}

interface Problem {
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly models?: readonly string[];
}

function failure(status: number, text: string, path: string): HostError {
  const problem = readProblem(text);
  if (problem?.detail === undefined)
    return new HostError(`${status} from ${path}: ${text.slice(0, 300)}`, { status });
  const { detail, errors = [], models } = problem;
  const more = errors.slice(0, 5).map((one) => `${one.pointer || 'the body'}: ${one.detail}`);
  if (models) more.push(models.length > 0 ? `there are ${models.join(', ')}` : 'there is none yet');
  return new HostError([detail, ...more].join('; '), { status });
}

function readProblem(text: string): Problem | undefined {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return undefined;
  }
}
