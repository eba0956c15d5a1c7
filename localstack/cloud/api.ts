/** The deployed REST API of one model, as a program would use it: what the story does and what it looks at. */
import type { Endpoints } from './endpoints.ts';
import type { Sale } from './world.ts';

export interface RunRow {
  readonly id: string;
  readonly status: 'RUNNING' | 'ENDED';
  readonly outcome?: string;
}

interface ReportRow {
  readonly id: string;
  readonly version: string;
  readonly rows: number;
  readonly outcome: { readonly kind: string; readonly confirmed: boolean };
}

class RequestFailedError extends Error {
  override readonly name = 'RequestFailedError';
}

/** POSTs or GETs JSON; throws with the answer's own words unless it is a 2xx. */
export async function call<Answer>(url: string, body?: unknown): Promise<Answer> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, body === undefined ? {} : post);
  const text = await response.text();
  if (!response.ok) throw new RequestFailedError(`${response.status} from ${url}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Answer;
}

/** Runs the tick now, as its schedule does once a minute. */
export async function tick({ url }: Endpoints): Promise<{ readonly failed: readonly string[] }> {
  return await call(`${url}/2015-03-31/functions/tidemark-local-tick/invocations`, {});
}

/** Asks until it holds; answers false when the time is up. */
export async function until(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; !(await holds()); ) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return true;
}

/** One model of a deployment. */
export class ModelClient {
  readonly name: string;
  private readonly url: string;
  private sent = 0;

  constructor(api: string, name: string) {
    this.name = name;
    this.url = `${api}/models/${name}`;
  }

  get<Answer>(path: string): Promise<Answer> {
    return call(this.url + path);
  }

  post<Answer>(path: string, body: object): Promise<Answer> {
    return call(this.url + path, body);
  }

  /** Predictions in one batch, then their labels in one list. @returns the predictions, in order */
  async send(sales: readonly Sale[]): Promise<number[]> {
    const named = sales.map((sale) => ({ ...sale, request_id: `${this.name}-${this.sent++}` }));
    const answers = await this.predict(named);
    const labels = named.map(({ request_id, label }) => ({ request_id, label }));
    const { accepted } = await this.post<{ accepted: number }>('/feedback', labels);
    if (accepted !== sales.length)
      throw new RequestFailedError(`${sales.length - accepted} of ${sales.length} labels were refused`);
    return answers;
  }

  private async predict(rows: readonly (Sale & { readonly request_id: string })[]): Promise<number[]> {
    const instances = rows.map(({ request_id, features }) => ({ request_id, features }));
    const { predictions } = await this.post<{
      predictions: readonly { readonly prediction?: number; readonly error?: unknown }[];
    }>('/predict/batch', { instances });
    return predictions.map((one) => {
      if (one.prediction === undefined)
        throw new RequestFailedError(`a row was refused: ${JSON.stringify(one)}`);
      return one.prediction;
    });
  }

  /** Rows sent so far. */
  get rows(): number {
    return this.sent;
  }

  /** Oldest first. */
  async reports(): Promise<readonly ReportRow[]> {
    return (await this.get<{ reports: ReportRow[] }>('/reports?limit=200')).reports.toReversed();
  }

  /** Oldest first. */
  async runs(): Promise<readonly RunRow[]> {
    return (await this.get<{ runs: RunRow[] }>('/runs?limit=100')).runs.toReversed();
  }

  async champion(): Promise<string> {
    return (await this.get<{ champion: string }>('')).champion;
  }
}
