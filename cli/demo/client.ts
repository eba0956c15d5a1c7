/** The demo's only way to the host: real HTTP. */
import type { FeatureRow } from '#shared/schema/rows.ts';

export interface Target {
  readonly url: string;
  readonly model: string;
}

export interface SentRow {
  readonly id: string;
  readonly features: FeatureRow;
  readonly label: number | string;
}

class RequestFailedError extends Error {
  override readonly name = 'RequestFailedError';
}

/** POSTs or GETs JSON; throws with the answer's own words unless it is a 2xx. */
export async function call<Answer>(url: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new RequestFailedError(`${response.status} from ${url}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Answer;
}

interface BatchAnswer {
  readonly predictions: readonly { readonly request_id: string | null; readonly error?: unknown }[];
}

interface FeedbackAnswer {
  readonly accepted: number;
}

/** Predictions first, then their labels; one row goes by the single routes. Throws when a row was refused. */
export async function sendRows({ url, model }: Target, rows: readonly SentRow[]): Promise<void> {
  const [first] = rows;
  if (first && rows.length === 1) {
    await call(`${url}/models/${model}/predict`, { request_id: first.id, features: first.features });
    await call(`${url}/models/${model}/feedback`, { request_id: first.id, label: first.label });
    return;
  }
  const instances = rows.map(({ id, features }) => ({ request_id: id, features }));
  const { predictions } = await call<BatchAnswer>(`${url}/models/${model}/predict/batch`, { instances });
  const refused = predictions.find((one) => one.error !== undefined);
  if (refused) throw new RequestFailedError(`a row was refused: ${JSON.stringify(refused)}`);
  const labels = rows.map(({ id, label }) => ({ request_id: id, label }));
  const { accepted } = await call<FeedbackAnswer>(`${url}/models/${model}/feedback`, labels);
  if (accepted !== rows.length)
    throw new RequestFailedError(`${rows.length - accepted} of ${rows.length} labels were refused`);
}
