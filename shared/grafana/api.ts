/** Grafana's HTTP API with a token: what passes (5xx, 429, no connection) is tried again, what is refused is thrown. */

/** Grafana will not do this, however often it is asked. */
class GrafanaRefusedError extends Error {
  readonly status: number;

  constructor(what: string, status: number, message: string) {
    super(`grafana answers ${status} to ${what}: ${message}`);
    this.name = 'GrafanaRefusedError';
    this.status = status;
  }
}

interface Answer {
  readonly status: number;
  /** Parsed; an empty object where it is no JSON. */
  readonly body: unknown;
}

export interface GrafanaApiOptions {
  /** Without a path. */
  readonly url: string;
  readonly token: string;
  /** Nothing is begun after it, Unix milliseconds. */
  readonly until: number;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export type GrafanaApi = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  more?: {
    readonly body?: object;
    /** Statuses beside 2xx that are an answer and no refusal. */
    readonly expect?: readonly number[];
  },
) => Promise<Answer>;

const firstBackoffMs = 1000;
const maxBackoffMs = 16_000;
const requestMs = 15_000;
const shownCharacters = 300;

/**
 * @returns asks one thing; throws {@link GrafanaRefusedError}, or the reason why there was no answer in time
 *
 * @example await api('GET', '/api/folders/tidemark', { expect: [404] }) // {status: 404, body: {message: 'folder not found'}}
 */
export function createGrafanaApi({ url, token, until, now, wait }: GrafanaApiOptions): GrafanaApi {
  return async (method, path, { body, expect = [] } = {}) => {
    const what = `${method} ${path}`;
    for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(2 * backoffMs, maxBackoffMs)) {
      const answer = await ask(method, path, body).catch((error: Error) => error);
      if (!(answer instanceof Error)) {
        const { status } = answer;
        if ((status >= 200 && status < 300) || expect.includes(status)) return answer;
        if (status < 500 && status !== 429) throw new GrafanaRefusedError(what, status, messageOf(answer));
      }
      if (now() + backoffMs >= until) throw notInTime(what, answer);
      await wait(backoffMs);
    }
  };

  /** Follows no redirect: where there is one, it leads to a page for people to sign in. */
  async function ask(method: string, path: string, body: object | undefined): Promise<Answer> {
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestMs),
    });
    return { status: response.status, body: parsed(await response.text()) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const messageOf = ({ body }: Answer): string =>
  String((body as { readonly message?: unknown } | null)?.message ?? 'no reason is given').slice(
    0,
    shownCharacters,
  );

const notInTime = (what: string, last: Answer | Error) =>
  new Error(
    `grafana does not answer ${what} in time; last: ${last instanceof Error ? last.message : `${last.status} ${messageOf(last)}`}`,
    last instanceof Error ? { cause: last } : {},
  );
