/** One POST to a receiver of alerts: a few tries within a budget, never following a redirect, and no word of its address in what is said about it. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Sent =
  | { readonly kind: 'sent' }
  | { readonly kind: 'not_configured'; readonly reason: string }
  /** `isDown`: it would fare no better with another alert just now; `isBusy`: it has too many. `retryAfterMs` is what the receiver asks for. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly isDown?: boolean;
      readonly isBusy?: boolean;
      readonly retryAfterMs?: number;
    };

export interface PostLimits {
  /** Of one try, milliseconds. */
  readonly timeoutMs: number;
  /** Of all tries and the waits between them, milliseconds. */
  readonly budgetMs: number;
  readonly tries: number;
  /** Before the second try; twice as long before the third. */
  readonly backoffMs: number;
}

export const defaultLimits: PostLimits = { timeoutMs: 5_000, budgetMs: 16_000, tries: 3, backoffMs: 500 };

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Never shown, whoever repeats them. */
  readonly secrets: readonly string[];
  /** Of a receiver that says so in the body of a 200. */
  readonly isRefusal?: (said: string) => boolean;
}

/**
 * @returns never throws. What a receiver refuses (4xx) is not tried again here: the next round may find the setting mended.
 */
export async function post(what: Post, limits: PostLimits): Promise<Sent> {
  const until = performance.now() + limits.budgetMs;
  for (let attempt = 1; ; attempt++) {
    const left = until - performance.now();
    const answer = await once(what, Math.max(1, Math.ceil(Math.min(limits.timeoutMs, left))));
    if (answer.kind === 'sent') return answer;
    const waitMs = answer.retryAfterMs ?? limits.backoffMs * 2 ** (attempt - 1);
    // whoever has more for it has to wait as well, and knows them all
    if (answer.isBusy && answer.retryAfterMs !== undefined) return answer;
    if (!answer.isDown || attempt >= limits.tries || performance.now() + waitMs >= until) return answer;
    await sleep(waitMs);
  }
}

async function once(
  { url, headers, body, secrets, isRefusal = () => false }: Post,
  timeoutMs: number,
): Promise<Exclude<Sent, { kind: 'not_configured' }>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'user-agent': 'tidemark', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const said = await beginningOf(response);
    if (response.ok && !isRefusal(said)) return { kind: 'sent' };
    const { status } = response;
    const retryAfterMs = waitOf(response.headers.get('retry-after'));
    return {
      kind: 'failed',
      reason: redacted(`the receiver answers ${status}: ${said}`, secrets),
      isBusy: status === 429,
      isDown: status === 408 || status === 429 || status >= 500,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  } catch (error) {
    const { name, message, cause } = error as Error;
    const code = (cause as { readonly code?: unknown } | undefined)?.code;
    const reason = name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : String(code ?? message);
    return { kind: 'failed', reason: redacted(reason, secrets), isDown: true };
  }
}

const shownBytes = 300;

/** An answer without end must not fill the memory; one that breaks off after a 200 is still a 200. */
async function beginningOf(response: Response): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= shownBytes) break;
    }
  } catch (error) {
    if (!response.ok) throw error;
  }
  return Buffer.concat(chunks)
    .subarray(0, shownBytes)
    .toString('utf8')
    .replace(/\p{Cc}/gu, ' ');
}

/** @example redacted('403 for key abcdef123', ['abcdef123']) // '403 for key ***' */
function redacted(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => (URL.canParse(secret) ? [secret, pathOf(secret)] : [secret]))
    .reduce((shown, secret) => (secret.length < 2 ? shown : shown.replaceAll(secret, '***')), text);
}

/** Of an address it is the path and query that nobody may know. */
function pathOf(address: string): string {
  const { pathname, search } = new URL(address);
  return pathname.slice(1) + search;
}

/** `Retry-After` in seconds or as a date. */
function waitOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * An address that may be sent to: HTTPS, or a program of this computer.
 *
 * @example isSafeAddress('http://127.0.0.1:9999/hook') // true
 */
export function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username } = new URL(address);
  if (username !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));
}
