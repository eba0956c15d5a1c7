/** One remote write request: tried again for what passes (5xx, 429, no connection), never for what the receiver refuses. */
import http from 'node:http';
import https from 'node:https';
import type { Sign } from '../aws/signature.ts';

export type Sent =
  | { readonly kind: 'accepted' }
  /** The receiver will never take this request. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** It may take it later. */
  | { readonly kind: 'undelivered'; readonly reason: string };

export interface SendOptions {
  readonly url: URL;
  /** Adds the headers that say who sends; absent for a receiver that does not ask. */
  readonly sign?: Sign | undefined;
  /** Told when the receiver does not know the sender (401, 403): what `sign` has kept may be out of date. */
  readonly forget?: (() => void) | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const maxAttempts = 4;
const firstBackoffMs = 250;
/** Longest a `Retry-After` is obeyed within one publication. */
const maxWaitMs = 10_000;
const requestMs = 10_000;
const shownCharacters = 300;
/** More than is shown, so that a token which is repeated in it is whole. */
const readCharacters = 16_384;

/**
 * @param body as `encodeWriteRequest` makes it
 * @param until nothing is begun after it, Unix milliseconds
 * @returns never throws: what could not be sent is a value
 */
export async function send(body: Uint8Array, until: number, options: SendOptions): Promise<Sent> {
  let reason = 'the time for it was over';
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const left = until - options.now();
    if (left <= 0) break;
    const answer = await request(body, Math.min(requestMs, left), options);
    if (answer.kind !== 'again') return answer;
    reason = answer.reason;
    // a time that is over already asks for nothing
    const askedMs = Math.min(answer.retryAfterMs ?? 0, maxWaitMs);
    const backoffMs = Math.max(askedMs, firstBackoffMs * 2 ** (attempt - 1));
    if (attempt === maxAttempts || options.now() + backoffMs >= until) break;
    await options.wait(backoffMs);
  }
  return { kind: 'undelivered', reason };
}

type Answer =
  | Exclude<Sent, { kind: 'undelivered' }>
  | { readonly kind: 'again'; readonly reason: string; readonly retryAfterMs?: number };

async function request(
  body: Uint8Array,
  timeoutMs: number,
  { url, sign, forget, now }: SendOptions,
): Promise<Answer> {
  const plain = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    'user-agent': 'tidemark',
  };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const signing = sign?.({ method: 'POST', url, headers: plain, body }, new Date(now())) ?? plain;
    const { host: _, ...headers } = (await before(signal, signing)) as Record<string, string>;
    const { status, retryAfter, message: said } = await post(url, headers, body, signal);
    if (status >= 200 && status < 300) return { kind: 'accepted' };
    const message = withoutCredentials(said, headers.authorization).slice(0, shownCharacters);
    if (status === 401 || status === 403) forget?.();
    if (status !== 429 && status < 500) return { kind: 'refused', status, message };
    const retryAfterMs = waitOf(retryAfter, now());
    const reason = `the receiver answers ${status}: ${message}`;
    return { kind: 'again', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  } catch (error) {
    if (signal.aborted) return { kind: 'again', reason: `no answer within ${timeoutMs} ms` };
    const { message, code } = error as NodeJS.ErrnoException;
    // of several addresses tried in vain Node says the code alone
    return { kind: 'again', reason: message.trim() || (code ?? 'no connection') };
  }
}

/** Whoever keeps credentials may hang as well as a receiver does. */
function before<T>(signal: AbortSignal, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    Promise.resolve(work).then(resolve, reject);
  });
}

/** A receiver may repeat what it was sent; a token alone is as good as the header. */
function withoutCredentials(text: string, authorization: string | undefined): string {
  const [scheme, secret] = (authorization ?? '').split(' ', 2);
  const isSecret = secret !== undefined && secret !== '' && /^(basic|bearer)$/i.test(scheme ?? '');
  return isSecret ? text.replaceAll(secret, '***') : text;
}

interface Response {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of the body. */
  readonly message: string;
}

/** By Node's own client: `fetch` would be a fifth of the publisher's memory. Follows no redirect. */
function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Response> {
  const { request: open } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sizes = { 'content-length': String(body.length) };
    const sending = open(url, { method: 'POST', headers: { ...headers, ...sizes }, signal }, (response) => {
      let message = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (message.length < readCharacters) message += text;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          message,
        }),
      );
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** `Retry-After` in seconds or as a date. */
function waitOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
